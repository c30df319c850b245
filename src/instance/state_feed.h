// Changes of all instances to whoever follows the account (contract 1.3).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "instance/push_hub.h"
#include "instance/state_listener.h"

namespace ponte::instance {

/// Thread-safe. What happens from now on, in the envelope of an event without the instance's token; the journal of each
/// instance has what went before. No codes: who may link looks at the instance itself.
class StateFeed final : public StateListener {
 public:
  using Id = std::uint64_t;

  explicit StateFeed(std::string base_url) : base_url_(std::move(base_url)) {}

  Id subscribe(std::shared_ptr<EventSink> sink);
  void unsubscribe(Id id);
  /// Calls beat() of all.
  void beat();
  /// Ends all subscriptions, and those that come later. Idempotent.
  void close();

  void on_state(const StateEvent& event) override;

 private:
  const std::string base_url_;
  std::mutex mutex_;
  // Guarded by mutex_.
  bool closed_ = false;
  Id next_id_ = 1;
  std::map<Id, std::shared_ptr<EventSink>> sinks_;  ///< shared with whoever owns the connection
};

}  // namespace ponte::instance
