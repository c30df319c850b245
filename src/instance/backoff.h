// When to try again (wire: pairing.md 9.3): Fibonacci seconds with jitter.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/time.h"

namespace ponte::instance {

/// 1, 1, 2, 3, 5 ... s, at most 900 s, each 10 % more or less. Starts over only after a connection
/// stayed up for 30 s, so that a server that accepts and drops is not hammered.
class Backoff {
 public:
  static constexpr Milliseconds kStableAfter{30'000};
  static constexpr Milliseconds kLongest{900'000};

  void on_online(Mono now) { online_since_ = now; }
  /// The wait before the next try after a failure at `now`; `extra_steps` for a server that asked for more.
  Milliseconds next(Mono now, RandomSource& random, unsigned extra_steps = 0);
  void reset();

 private:
  unsigned step_ = 0;
  std::optional<Mono> online_since_;
};

}  // namespace ponte::instance
