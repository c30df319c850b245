#include "protocol/appstate/lthash.h"

#include "crypto/kdf.h"

namespace ponte::protocol::appstate {
namespace {

constexpr std::string_view kInfo = "WhatsApp Patch Integrity";

ByteArray<LtHash::kSize> expanded(const Mac& value_mac) {
  ByteArray<LtHash::kSize> out;
  crypto::hkdf_sha256(value_mac, {}, as_bytes(kInfo), out);
  return out;
}

std::uint16_t lane(const ByteArray<LtHash::kSize>& bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

void set_lane(ByteArray<LtHash::kSize>& bytes, std::size_t at, int value) {
  bytes[at] = static_cast<std::uint8_t>(value);
  bytes[at + 1] = static_cast<std::uint8_t>(value >> 8);
}

}  // namespace

void LtHash::add(const Mac& value_mac) {
  const auto term = expanded(value_mac);
  for (std::size_t at = 0; at < kSize; at += 2) set_lane(bytes_, at, lane(bytes_, at) + lane(term, at));
}

void LtHash::subtract(const Mac& value_mac) {
  const auto term = expanded(value_mac);
  for (std::size_t at = 0; at < kSize; at += 2) set_lane(bytes_, at, lane(bytes_, at) - lane(term, at));
}

}  // namespace ponte::protocol::appstate
