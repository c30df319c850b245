// The two clocks, kept apart by type.
#pragma once

#include <chrono>
#include <cstdint>

namespace ponte {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// Tag clock of the monotonic time line: deadlines and durations, never sent to a peer.
struct MonoClock {
  using duration = Milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};
/// Tag clock of civil time: milliseconds since 1970-01-01T00:00:00Z. Wire timestamps and certificates.
struct WallClock {
  using duration = Milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;
  static constexpr bool is_steady = false;
};

using Mono = MonoClock::time_point;
using Wall = WallClock::time_point;

/// What time it is. Handed to pure code with every input; pure code never reads a clock.
struct Now {
  Mono mono;
  Wall wall;
};

inline std::int64_t unix_seconds(Wall wall) {
  return std::chrono::floor<Seconds>(wall.time_since_epoch()).count();
}
inline std::int64_t unix_milliseconds(Wall wall) {
  return wall.time_since_epoch().count();
}

/// Source of Now for the shells. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Now now() const override;
};

}  // namespace ponte
