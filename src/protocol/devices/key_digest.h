// What the server has of a device: its answer to `<digest/>` (wire: messages.md 1.6).
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/curve25519.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::devices {

struct KeyDigest {
  std::uint32_t registration_id = 0;
  crypto::PublicKey identity{};
  std::uint32_t signed_prekey_id = 0;
  crypto::PublicKey signed_prekey{};
  crypto::Signature signature{};
  std::vector<std::uint32_t> prekey_ids;  ///< as listed; one may come twice
  ByteArray<20> hash{};                   ///< key_digest_hash of what is listed
};

/// Reads the `result` iq. kMalformed/kStanzaUnexpected, naming the node, where one is missing or not of its size, the
/// type is not 05, or an id is 0.
Result<KeyDigest> parse_key_digest(const wire::Node& iq);

/// SHA-1 over identity, signed prekey, its signature and the prekeys as listed, each of them as raw bytes.
ByteArray<20> key_digest_hash(const KeyDigest& digest, const std::vector<ByteView>& prekeys);

}  // namespace ponte::protocol::devices
