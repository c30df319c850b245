#include "protocol/pairing/passkey.h"

#include "companion_reg.pb.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "protocol/pairing/link_code.h"

namespace ponte::protocol::pairing {
namespace {

template <typename Message>
Bytes serialized(const Message& message) {
  Bytes out(message.ByteSizeLong());
  message.SerializeToArray(out.data(), static_cast<int>(out.size()));
  return out;
}

}  // namespace

Bytes companion_ephemeral_identity(const crypto::PublicKey& ephemeral, std::string_view ref) {
  proto::CompanionEphemeralIdentity message;
  message.set_public_key(to_text(ephemeral));
  message.set_device_type(kPasskeyDeviceType);
  message.set_ref(std::string(ref));
  return serialized(message);
}

Bytes prologue_payload(ByteView ephemeral_identity, const ByteArray<32>& companion_nonce) {
  proto::ProloguePayload message;
  message.set_companion_ephemeral_identity(to_text(ephemeral_identity));
  message.mutable_commitment()->set_hash(to_text(crypto::sha256(ephemeral_identity, companion_nonce)));
  return serialized(message);
}

Secret<32> handoff_key(const Secret<32>& adv_secret) {
  Secret<32> key;
  crypto::hkdf_sha256(adv_secret.view(), {}, as_bytes("shortcake-passkey-handoff-v1"), key.mutable_view());
  return key;
}

ByteArray<32> handoff_proof(const Secret<32>& handoff_key, ByteView prologue_payload) {
  return crypto::hmac_sha256(handoff_key.view(), prologue_payload);
}

Result<PrimaryEphemeralIdentity> parse_primary_identity(ByteView bytes) {
  const auto malformed = [](std::string what) {
    return Error{Errc::kMalformed, Cause::kPairingMalformed, "passkey: primary_ephemeral_identity: " + std::move(what)};
  };
  proto::PrimaryEphemeralIdentity message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return malformed(std::to_string(bytes.size()) + " bytes that do not parse");
  }
  if (message.public_key().size() != 32 || message.nonce().size() != 32) {
    return malformed("expected a key and a nonce of 32 bytes, got " + std::to_string(message.public_key().size()) +
                     " and " + std::to_string(message.nonce().size()));
  }
  return PrimaryEphemeralIdentity{to_array<32>(as_bytes(message.public_key())),
                                  to_array<32>(as_bytes(message.nonce()))};
}

Secret<32> pairing_request_key(const Secret<32>& agreement, int device_type, std::string_view ref) {
  // The readable text is the salt, and the constant the info (wire: pairing.md 7).
  const std::string salt = "Companion Pairing " + std::to_string(device_type) + " with ref " + std::string(ref);
  Secret<32> key;
  crypto::hkdf_sha256(agreement.view(), as_bytes(salt), as_bytes("Pairing Information Encryption Key"),
                      key.mutable_view());
  return key;
}

std::string verification_code(const ByteArray<32>& companion_nonce, const PrimaryEphemeralIdentity& primary) {
  const auto digest = crypto::sha256(companion_nonce, primary.public_key);
  ByteArray<5> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = primary.nonce[i] ^ digest[i];
  return code_symbols(bytes);
}

Bytes encrypted_pairing_request(const Secret<32>& key, const ByteArray<12>& iv, const crypto::PublicKey& noise,
                                const crypto::PublicKey& identity, const Secret<32>& adv_secret) {
  proto::PairingRequest request;
  request.set_companion_public_key(to_text(noise));
  request.set_companion_identity_key(to_text(identity));
  request.set_adv_secret(to_text(adv_secret.view()));
  const SecretBytes plaintext(serialized(request));
  std::string& copy = *request.mutable_adv_secret();
  wipe({reinterpret_cast<std::uint8_t*>(copy.data()), copy.size()});

  proto::EncryptedPairingRequest message;
  message.set_encrypted_payload(to_text(crypto::Aes256Gcm(key).seal(iv, plaintext.view(), {})));
  message.set_iv(to_text(iv));
  return serialized(message);
}

}  // namespace ponte::protocol::pairing
