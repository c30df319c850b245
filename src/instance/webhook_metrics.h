// What deliveries count. Shown by src/app/metrics_page.cpp.
#pragma once

#include <array>
#include <cstdint>

#include "base/metrics.h"
#include "instance/webhook_queue.h"

namespace ponte::instance {

/// One for all webhooks; counted on their loop, read on any thread. Tests are not among the deliveries.
struct WebhookMetrics {
  static constexpr std::array<double, 8> kBounds{0.005, 0.025, 0.1, 0.25, 1, 2.5, 5, 15};
  Histogram delivery{kBounds};                     ///< from the request to its answer, or to its failure
  std::array<Counter, kVerdicts.size()> outcomes;  ///< of tries, by Verdict
  Counter missed;                                  ///< events that left the journal before their turn

  void on_try(Verdict verdict, std::chrono::nanoseconds took) {
    delivery.observe(took);
    outcomes[static_cast<std::size_t>(verdict)].add();
  }
};

/// What waits right now, of all webhooks together.
struct WebhookBacklog {
  std::uint64_t pending = 0;  ///< events that are not settled, of enabled webhooks
  std::uint64_t dead_letters = 0;
};

}  // namespace ponte::instance
