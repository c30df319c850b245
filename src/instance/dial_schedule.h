// When an instance dials next by itself.
#pragma once

#include <algorithm>
#include <optional>

#include "base/random.h"
#include "base/time.h"
#include "instance/backoff.h"
#include "instance/dial_pacer.h"

namespace ponte::instance {

/// At most one dial is due at a time. Those that nobody waits for take a slot of the pacer when their time has come.
/// Loop thread; the pacer is shared.
class DialSchedule {
 public:
  /// `pacer` and `random` outlive it.
  DialSchedule(DialPacer& pacer, RandomSource& random) : pacer_(pacer), random_(random) {}

  /// At once: the restart after pairing (515).
  void soon(Mono now) { set(now, false); }
  /// After the start of the process: as soon as the pacer allows.
  void restored(Mono now) { set(now + pacer_.reserve(now), false); }
  /// After a failure, with backoff, but not before `at_least` has passed. `extra_steps` for a server that asked for
  /// more.
  void retry(Mono now, unsigned extra_steps = 0, Milliseconds at_least = {}) {
    set(now + std::max(backoff_.next(now, random_, extra_steps), at_least), true);
  }
  /// The same while somebody waits: `at_most` later.
  void retry_within(Mono now, Milliseconds at_most);
  /// At a time that the server has named.
  void at(Mono when) { set(when, true); }
  /// At a time that a caller waits for.
  void asked_at(Mono when) { set(when, false); }
  void cancel() { at_.reset(); }

  /// True once when it is time to dial.
  bool due(Mono now);
  std::optional<Mono> next() const { return at_; }

  void on_online(Mono now) { backoff_.on_online(now); }
  void reset_backoff() { backoff_.reset(); }

 private:
  void set(Mono when, bool paced) {
    at_ = when;
    paced_ = paced;
  }

  DialPacer& pacer_;
  RandomSource& random_;
  Backoff backoff_;
  std::optional<Mono> at_;
  bool paced_ = false;  ///< a slot is still to be taken
};

}  // namespace ponte::instance
