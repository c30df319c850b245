// The hash over all records of a collection (wire: messages.md 5.3).
#pragma once

#include "base/bytes.h"

namespace ponte::protocol::appstate {

/// MAC of an index or a value, or of a state.
using Mac = ByteArray<32>;

/// A sum over value MACs: what is added and subtracted in whatever order gives the same. Starts as the hash of nothing.
class LtHash {
 public:
  static constexpr std::size_t kSize = 128;

  LtHash() = default;
  explicit LtHash(const ByteArray<kSize>& bytes) : bytes_(bytes) {}

  void add(const Mac& value_mac);
  void subtract(const Mac& value_mac);
  const ByteArray<kSize>& bytes() const { return bytes_; }

  bool operator==(const LtHash&) const = default;

 private:
  ByteArray<kSize> bytes_{};
};

}  // namespace ponte::protocol::appstate
