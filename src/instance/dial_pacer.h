// How fast instances may dial by themselves.
#pragma once

#include <mutex>

#include "base/time.h"

namespace ponte::instance {

/// Spreads the dials that nobody asked for, after a restart or when a network comes back, so that thousands of
/// instances are no storm. Dials that somebody waits for do not ask it. Thread-safe.
class DialPacer {
 public:
  /// `per_second` 0: no limit.
  explicit DialPacer(unsigned per_second) : per_second_(per_second) {}

  /// Takes the next free slot: how long to wait for it.
  Milliseconds reserve(Mono now);

 private:
  const unsigned per_second_;
  std::mutex mutex_;
  std::chrono::microseconds next_{0};  ///< on the line of Mono; guarded by mutex_
};

}  // namespace ponte::instance
