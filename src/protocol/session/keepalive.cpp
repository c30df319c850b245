#include "protocol/session/keepalive.h"

#include <algorithm>

namespace ponte::protocol {

void Keepalive::start(Mono now, RandomSource& random) {
  dead_at_.reset();
  schedule(now, random);
}

void Keepalive::stop() {
  ping_at_.reset();
  dead_at_.reset();
}

void Keepalive::schedule(Mono now, RandomSource& random) {
  const auto bytes = random.array<2>();
  const int spread = (bytes[0] << 8 | bytes[1]) % 10'001;
  ping_at_ = now + Milliseconds(20'000 + spread);
}

Keepalive::Due Keepalive::on_deadline(Mono now, RandomSource& random) {
  if (dead_at_ && *dead_at_ <= now) return Due::kDead;
  if (!ping_at_ || *ping_at_ > now) return Due::kNothing;
  // Counted from the first unanswered ping, so that pings cannot put the end off.
  if (!dead_at_) dead_at_ = now + kReplyWithin;
  schedule(now, random);
  return Due::kPing;
}

std::optional<Mono> Keepalive::next_deadline() const {
  if (!ping_at_) return std::nullopt;
  return dead_at_ ? std::min(*ping_at_, *dead_at_) : *ping_at_;
}

}  // namespace ponte::protocol
