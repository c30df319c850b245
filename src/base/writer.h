// Big-endian writing into a growing buffer.
#pragma once

#include "base/bytes.h"

namespace ponte {

class Writer {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  /// The low `width` bytes of `value`, most significant first; width is 1 to 8.
  void big_endian(std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void bytes(ByteView more) { append(bytes_, more); }
  std::size_t size() const { return bytes_.size(); }
  const Bytes& view() const { return bytes_; }
  Bytes take() && { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// `value` as exactly N big-endian bytes.
template <std::size_t N>
ByteArray<N> big_endian_array(std::uint64_t value) {
  ByteArray<N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * (N - 1 - i)));
  return out;
}

}  // namespace ponte
