// Figures that code counts as it goes and somebody else reads: no lock, no name, no text. What they are called where
// they are shown is the composition root's affair.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace ponte {

/// Counts up. Any thread.
class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

#define PONTE_ONE_MORE(name, text) +1
inline constexpr std::size_t kCauses = 0 PONTE_CAUSES(PONTE_ONE_MORE);
#undef PONTE_ONE_MORE

/// One counter per cause: as many as there are causes, whatever happens. Any thread.
class CauseCounters {
 public:
  void add(Cause cause) { counters_[static_cast<std::size_t>(cause)].add(); }
  std::uint64_t value(Cause cause) const { return counters_[static_cast<std::size_t>(cause)].value(); }

 private:
  std::array<Counter, kCauses> counters_;
};

/// How long things took, in buckets. Any thread.
class Histogram {
 public:
  /// `bounds`: upper ends of the buckets in seconds, ascending; they outlive it.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(std::make_unique<Counter[]>(bounds.size() + 1)) {}

  void observe(std::chrono::nanoseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    std::size_t bucket = 0;
    while (bucket < bounds_.size() && seconds > bounds_[bucket]) ++bucket;
    counts_[bucket].add();
    sum_.add(took.count() > 0 ? static_cast<std::uint64_t>(took.count()) : 0);
  }

  struct Snapshot {
    std::span<const double> bounds;
    std::vector<std::uint64_t> cumulative;  ///< one more than bounds: the last has all
    double sum = 0;                         ///< seconds
  };
  Snapshot snapshot() const {
    Snapshot out{bounds_, {}, static_cast<double>(sum_.value()) * 1e-9};
    std::uint64_t all = 0;
    for (std::size_t i = 0; i <= bounds_.size(); ++i) out.cumulative.push_back(all += counts_[i].value());
    return out;
  }

 private:
  const std::span<const double> bounds_;
  const std::unique_ptr<Counter[]> counts_;
  Counter sum_;  ///< nanoseconds
};

/// Time since it was made, finer than a Clock tells it. For figures only.
class Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - begun_; }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace ponte
