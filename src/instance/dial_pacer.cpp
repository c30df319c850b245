#include "instance/dial_pacer.h"

#include <algorithm>

namespace ponte::instance {

Milliseconds DialPacer::reserve(Mono now) {
  using std::chrono::microseconds;
  if (per_second_ == 0) return Milliseconds(0);
  const microseconds present = now.time_since_epoch();
  const std::lock_guard lock(mutex_);
  const microseconds slot = std::max(next_, present);
  next_ = slot + microseconds(std::chrono::seconds(1)) / per_second_;
  return std::chrono::ceil<Milliseconds>(slot - present);
}

}  // namespace ponte::instance
