// Linking by passkey ("Shortcake"): what is derived and what is said (wire: pairing.md 7). Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/curve25519.h"

namespace ponte::protocol::pairing {

/// DeviceProps.PlatformType of a Chrome companion; it is also part of a key's derivation.
inline constexpr int kPasskeyDeviceType = 1;

/// Serialized CompanionEphemeralIdentity.
Bytes companion_ephemeral_identity(const crypto::PublicKey& ephemeral, std::string_view ref);
/// Serialized ProloguePayload: the identity, and SHA-256 over it and the nonce.
Bytes prologue_payload(ByteView ephemeral_identity, const ByteArray<32>& companion_nonce);

/// From the ADV secret that was in use until the server asked for the passkey.
Secret<32> handoff_key(const Secret<32>& adv_secret);
/// HMAC-SHA256: tells the phone that it is still the companion whose code it took.
ByteArray<32> handoff_proof(const Secret<32>& handoff_key, ByteView prologue_payload);

/// The phone's half.
struct PrimaryEphemeralIdentity {
  crypto::PublicKey public_key{};
  ByteArray<32> nonce{};
};
/// kMalformed/kPairingMalformed where it does not parse or its fields are not of 32 bytes.
Result<PrimaryEphemeralIdentity> parse_primary_identity(ByteView bytes);

/// The key that the pairing request travels under.
Secret<32> pairing_request_key(const Secret<32>& agreement, int device_type, std::string_view ref);
/// 8 symbols that phone and companion show alike.
std::string verification_code(const ByteArray<32>& companion_nonce, const PrimaryEphemeralIdentity& primary);

/// Serialized EncryptedPairingRequest: noise key, identity key and ADV secret under `key` and `iv`.
Bytes encrypted_pairing_request(const Secret<32>& key, const ByteArray<12>& iv, const crypto::PublicKey& noise,
                                const crypto::PublicKey& identity, const Secret<32>& adv_secret);

}  // namespace ponte::protocol::pairing
