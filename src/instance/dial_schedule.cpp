#include "instance/dial_schedule.h"

#include <algorithm>

namespace ponte::instance {

void DialSchedule::retry_within(Mono now, Milliseconds at_most) {
  set(now + std::min(backoff_.next(now, random_), at_most), false);
}

bool DialSchedule::due(Mono now) {
  if (!at_ || *at_ > now) return false;
  const Milliseconds wait = paced_ ? pacer_.reserve(now) : Milliseconds(0);
  if (wait > Milliseconds(0)) {
    set(now + wait, false);
    return false;
  }
  at_.reset();
  return true;
}

}  // namespace ponte::instance
