#include "crypto/system_random.h"

#include <sodium.h>

#include "base/hex.h"
#include "crypto/digest.h"

namespace ponte::crypto {
namespace {

static_assert(randombytes_SEEDBYTES == 32);

std::string uuid_text(ByteArray<16> bytes, std::uint8_t version) {
  // RFC 9562 4: the version in the high half of byte 6, the variant 10 in the top bits of byte 8.
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | version << 4);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  const std::string hex = to_hex(bytes);
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

}  // namespace

void SystemRandom::fill(MutableByteView out) {
  initialize();
  if (!out.empty()) randombytes_buf(out.data(), out.size());
}

void expand_seed(const ByteArray<32>& seed, MutableByteView out) {
  if (!out.empty()) randombytes_buf_deterministic(out.data(), out.size(), seed.data());
}

std::string uuid_v4(RandomSource& random) {
  return uuid_text(random.array<16>(), 4);
}

std::string uuid_v7(RandomSource& random, std::int64_t unix_milliseconds) {
  auto bytes = random.array<16>();
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(unix_milliseconds >> (40 - 8 * i));
  return uuid_text(bytes, 7);
}

}  // namespace ponte::crypto
