// Time that moves only when a test says so.
#pragma once

#include "base/time.h"

namespace ponte::test {

class VirtualClock final : public Clock {
 public:
  /// Starts at a wall time inside the captured production chain's validity (2025-06-01T00:00:00Z).
  VirtualClock() : now_{Mono(Milliseconds(1'000'000)), Wall(Milliseconds(1'748'736'000'000))} {}
  explicit VirtualClock(Now start) : now_(start) {}

  Now now() const override { return now_; }
  void advance(Milliseconds duration) {
    now_.mono += duration;
    now_.wall += duration;
  }
  /// Moves to a deadline; time never goes back.
  void advance_to(Mono deadline) {
    if (deadline > now_.mono) advance(deadline - now_.mono);
  }
  void set_wall(Wall wall) { now_.wall = wall; }

 private:
  Now now_;
};

}  // namespace ponte::test
