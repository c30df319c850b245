// Liveness of an established connection (wire: pairing.md 8.7).
#pragma once

#include <optional>

#include "base/random.h"
#include "base/time.h"

namespace ponte::protocol {

/// Says when to ping and when the connection is dead. Any inbound frame proves life.
class Keepalive {
 public:
  static constexpr Milliseconds kReplyWithin{20'000};
  enum class Due { kNothing, kPing, kDead };

  /// Begins; the first ping comes 20 to 30 s later (random). Draws 2 bytes.
  void start(Mono now, RandomSource& random);
  void stop();
  void on_inbound() { dead_at_.reset(); }
  /// What is due now. On kPing the caller sends the ping; draws 2 bytes for the next interval.
  Due on_deadline(Mono now, RandomSource& random);
  std::optional<Mono> next_deadline() const;

 private:
  void schedule(Mono now, RandomSource& random);
  std::optional<Mono> ping_at_;
  std::optional<Mono> dead_at_;
};

}  // namespace ponte::protocol
