#include "simulator/derived_random.h"

#include "base/writer.h"
#include "crypto/digest.h"

namespace ponte::simulator {

DerivedRandom::DerivedRandom(const Seed& seed, std::string_view label)
    : prefix_(concat({ByteView(seed), as_bytes(label)})) {}

void DerivedRandom::fill(MutableByteView out) {
  for (std::uint8_t& byte : out) {
    if (used_ == block_.size()) {
      block_ = crypto::sha256(prefix_, big_endian_array<8>(counter_++));
      used_ = 0;
    }
    byte = block_[used_++];
  }
}

std::string derived_digits(const Seed& seed, std::string_view label, std::size_t digits) {
  DerivedRandom random(seed, label);
  std::string out;
  while (out.size() < digits) {
    const unsigned value = random.array<1>()[0];
    // 250 is the largest multiple of ten in a byte: no digit is likelier than another.
    if (value >= 250 || (out.empty() && value % 10 == 0)) continue;
    out.push_back(static_cast<char>('0' + value % 10));
  }
  return out;
}

}  // namespace ponte::simulator
