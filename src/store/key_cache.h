// Data keys in memory: 32 bytes an owner, wiped when they go.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/secret.h"
#include "store/store.h"

namespace ponte::store {

/// At most `capacity` unsealed data keys. A key that had to go is read from the database again. Thread-safe.
class KeyCache {
 public:
  explicit KeyCache(std::size_t capacity = 16384) : capacity_(capacity) {}

  std::optional<Secret<32>> find(const Owner& owner) const {
    std::lock_guard lock(mutex_);
    auto it = keys_.find(owner);
    if (it == keys_.end()) return std::nullopt;
    return it->second.copy();
  }
  void put(const Owner& owner, const Secret<32>& key) {
    std::lock_guard lock(mutex_);
    if (keys_.size() >= capacity_ && !keys_.contains(owner)) keys_.erase(keys_.begin());
    keys_.insert_or_assign(owner, key.copy());
  }
  void erase(const Owner& owner) {
    std::lock_guard lock(mutex_);
    keys_.erase(owner);
  }
  void clear() {
    std::lock_guard lock(mutex_);
    keys_.clear();
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return keys_.size();
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_map<Owner, Secret<32>> keys_;
};

}  // namespace ponte::store
