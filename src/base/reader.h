// Bounded big-endian reading: every read says whether the bytes were there.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace ponte {

/// Reads from a view without owning it. A read past the end returns nullopt and moves nothing.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  std::size_t remaining() const { return bytes_.size() - position_; }
  std::size_t position() const { return position_; }
  bool at_end() const { return remaining() == 0; }

  std::optional<std::uint8_t> u8() {
    auto bytes = take(1);
    if (!bytes) return std::nullopt;
    return (*bytes)[0];
  }
  std::optional<std::uint8_t> peek_u8() const {
    if (at_end()) return std::nullopt;
    return bytes_[position_];
  }
  /// A big-endian unsigned number of `width` bytes, 1 to 8.
  std::optional<std::uint64_t> big_endian(std::size_t width) {
    auto bytes = take(width);
    if (!bytes) return std::nullopt;
    std::uint64_t value = 0;
    for (std::uint8_t byte : *bytes) value = value << 8 | byte;
    return value;
  }
  /// The next `count` bytes; the view lives as long as the input.
  std::optional<ByteView> take(std::size_t count) {
    if (count > remaining()) return std::nullopt;
    ByteView out = bytes_.subspan(position_, count);
    position_ += count;
    return out;
  }
  ByteView rest() const { return bytes_.subspan(position_); }

 private:
  ByteView bytes_;
  std::size_t position_ = 0;
};

}  // namespace ponte
