#include "api/rate_limit.h"

#include <algorithm>

namespace ponte::api {
namespace {

constexpr Seconds kWindow{60};
constexpr char kSharedBucket[] = "shared";

std::string bucket_name(std::string_view key, Limit limit) {
  return (limit == Limit::kCreate ? "create|" : "global|") + std::string(key);
}

}  // namespace

RateLimiter::Window& RateLimiter::window_of(std::string key, const Now& now) {
  if (const auto found = windows_.find(key); found != windows_.end()) {
    if (found->second.end <= now.mono) found->second = {now.mono + kWindow, 0};
    return found->second;
  }
  // A sweep costs the whole table, so a full one is swept at most once a second.
  if (windows_.size() >= limits_.most_buckets && next_sweep_ <= now.mono) {
    next_sweep_ = now.mono + Seconds(1);
    std::erase_if(windows_, [&](const auto& entry) { return entry.second.end <= now.mono; });
  }
  if (windows_.size() >= limits_.most_buckets) key = kSharedBucket;
  Window& window = windows_[std::move(key)];
  if (window.end <= now.mono) window = {now.mono + kWindow, 0};
  return window;
}

RateState RateLimiter::state(const Window& window, Limit limit, const Now& now) const {
  RateState out;
  out.limit = limit == Limit::kCreate ? limits_.create : limits_.global;
  out.exceeded = window.count > out.limit;
  out.remaining = out.limit - std::min(window.count, out.limit);
  const auto left = window.end - now.mono;
  out.reset = std::chrono::ceil<Seconds>((now.wall + left).time_since_epoch()).count();
  out.retry_after = std::max<std::int64_t>(1, std::chrono::ceil<Seconds>(left).count());
  return out;
}

void RateLimiter::set_limits(unsigned global, unsigned create) {
  limits_.global.set(global);
  limits_.create.set(create);
}

RateState RateLimiter::count(std::string_view key, Limit limit, const Now& now) {
  const std::lock_guard lock(mutex_);
  Window& window = window_of(bucket_name(key, limit), now);
  if (window.count < ~0U) ++window.count;
  return state(window, limit, now);
}

RateState RateLimiter::peek(std::string_view key, Limit limit, const Now& now) {
  const std::lock_guard lock(mutex_);
  const auto found = windows_.find(bucket_name(key, limit));
  const bool live = found != windows_.end() && found->second.end > now.mono;
  return state(live ? found->second : Window{now.mono + kWindow, 0}, limit, now);
}

}  // namespace ponte::api
