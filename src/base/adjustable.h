// A setting that may change while others read it.
#pragma once

#include <atomic>
#include <concepts>

namespace ponte {

/// Reads and changes on any thread. A copy takes the value of the moment.
template <typename T>
class Adjustable {
 public:
  template <std::convertible_to<T> U>
  Adjustable(U value) : value_(static_cast<T>(value)) {}                  // NOLINT(google-explicit-constructor)
  Adjustable(const Adjustable& other) : value_(static_cast<T>(other)) {}  // NOLINT(google-explicit-constructor)
  Adjustable& operator=(const Adjustable& other) {
    set(other);
    return *this;
  }

  void set(T value) { value_.store(value, std::memory_order_relaxed); }
  T get() const { return value_.load(std::memory_order_relaxed); }
  operator T() const { return get(); }  // NOLINT(google-explicit-constructor)

 private:
  std::atomic<T> value_;
};

}  // namespace ponte
