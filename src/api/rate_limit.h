// Requests a minute, per token; what has no valid token shares one bucket per client address.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/adjustable.h"
#include "base/time.h"

namespace ponte::api {

/// What a route counts against (contract 0.4).
enum class Limit { kNone, kGlobal, kCreate };

/// For the X-RateLimit headers.
struct RateState {
  unsigned limit = 0;
  unsigned remaining = 0;
  std::int64_t reset = 0;        ///< Unix seconds, rounded up
  std::int64_t retry_after = 0;  ///< seconds until then, at least 1
  bool exceeded = false;
};

/// Thread-safe. Windows of one minute that begin with their first request. The table is bounded: where it is full of
/// live windows, newcomers share one bucket.
class RateLimiter {
 public:
  struct Limits {
    Adjustable<unsigned> global = 100;
    Adjustable<unsigned> create = 20;
    std::size_t most_buckets = 16384;
  };
  explicit RateLimiter(Limits limits) : limits_(limits) {}

  /// Counts one request against `key` (a principal's or an address's name).
  RateState count(std::string_view key, Limit limit, const Now& now);
  /// Counts for every window at once, also for those that have begun. Any thread.
  void set_limits(unsigned global, unsigned create);
  /// The same figures without counting.
  RateState peek(std::string_view key, Limit limit, const Now& now);

 private:
  struct Window {
    Mono end;
    unsigned count = 0;
  };
  RateState state(const Window& window, Limit limit, const Now& now) const;
  Window& window_of(std::string key, const Now& now);

  Limits limits_;
  std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;
  Mono next_sweep_{};
};

}  // namespace ponte::api
