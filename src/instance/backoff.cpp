#include "instance/backoff.h"

#include <algorithm>

namespace ponte::instance {

Milliseconds Backoff::next(Mono now, RandomSource& random, unsigned extra_steps) {
  if (online_since_ && now - *online_since_ >= kStableAfter) step_ = 0;
  online_since_.reset();
  step_ = std::min(step_ + 1 + extra_steps, 32U);
  std::int64_t current = 1;
  std::int64_t following = 1;
  for (unsigned i = 1; i < step_; ++i) {
    const std::int64_t sum = current + following;
    current = following;
    following = sum;
  }
  const Milliseconds wait = std::min<Milliseconds>(Seconds(current), kLongest);
  const auto bytes = random.array<2>();
  const std::int64_t spread = wait.count() / 10;
  const std::int64_t draw = (bytes[0] << 8 | bytes[1]) * (2 * spread + 1) / 65'536;
  return wait - Milliseconds(spread) + Milliseconds(draw);
}

void Backoff::reset() {
  step_ = 0;
  online_since_.reset();
}

}  // namespace ponte::instance
