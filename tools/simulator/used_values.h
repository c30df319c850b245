// What no client may use twice.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>

#include "base/bytes.h"

namespace ponte::simulator {

/// Remembers names and their values, the latest kKept of them. One thread.
class UsedValues {
 public:
  static constexpr std::size_t kKept = 100'000;
  enum class Found { kNothing, kSame, kOther };

  /// What was noted under `name` before; where that is nothing, `value` is now. What must never come twice is a
  /// name without a value.
  Found note(ByteView name, ByteView value = {});
  void clear();

 private:
  std::unordered_map<std::string, std::string> values_;
  std::deque<const std::string*> order_;  ///< the keys of values_, oldest first
};

}  // namespace ponte::simulator
