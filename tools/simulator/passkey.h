// The messages and keys of passkey pairing, from the phone's side (wire: pairing.md 7). Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/curve25519.h"

namespace ponte::simulator::passkey {

/// How long the companion may take from passkey_prologue_request to its confirmation.
inline constexpr Milliseconds kTimeout = std::chrono::minutes(10);
/// How long the handoff key is good.
inline constexpr Milliseconds kHandoffLifetime = std::chrono::minutes(5);

/// The content of `<passkey_request_options>` as JSON. `challenge`: base64url.
std::string request_options(std::string_view challenge);

/// What the companion commits itself to.
struct Prologue {
  Bytes identity;  ///< serialized CompanionEphemeralIdentity, as it came
  crypto::PublicKey key{};
  std::uint32_t device_type = 0;  ///< DeviceProps.PlatformType
  std::string ref;
  ByteArray<32> commitment{};  ///< SHA-256(identity || companion nonce)
};

/// Reads `<prologue_payload>`. kMalformed/kProtobufMalformed, naming the field.
Result<Prologue> read_prologue(ByteView payload);

/// HMAC-SHA256 over the serialized ProloguePayload under a key from the ADV secret that the companion had before.
ByteArray<32> handoff_proof(const Secret<32>& previous_secret, ByteView payload);
/// The key of that HMAC.
Secret<32> handoff_key(const Secret<32>& previous_secret);

/// The serialized PrimaryEphemeralIdentity.
Bytes primary_identity(ByteView key, ByteView nonce);

/// The code that both sides show, XXXX-XXXX. `nonces`: 32 bytes each.
struct CodeInput {
  ByteArray<32> companion_nonce{};
  ByteArray<32> primary_nonce{};
  crypto::PublicKey primary_key{};
};
std::string verification_code(const CodeInput& input);

/// The key of EncryptedPairingRequest. `shared`: the agreement of both ephemeral keys.
Secret<32> pairing_key(const Secret<32>& shared, std::uint32_t device_type, std::string_view ref);

/// What the companion asks to be paired with.
struct PairingRequest {
  crypto::PublicKey noise{};
  crypto::PublicKey identity{};
  Secret<32> adv_secret;
};

/// The IV of `<encrypted_pairing_request>`; kMalformed/kProtobufMalformed.
Result<ByteArray<12>> pairing_request_iv(ByteView content);
/// Opens `<encrypted_pairing_request>`. kMalformed/kProtobufMalformed, naming the field; kUntrusted/kDecryptionFailed.
Result<PairingRequest> open_pairing_request(ByteView content, const Secret<32>& key);

}  // namespace ponte::simulator::passkey
