#include "simulator/passkey.h"

#include <nlohmann/json.hpp>

#include "companion_reg.pb.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "simulator/code_text.h"

namespace ponte::simulator::passkey {
namespace {

Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kProtobufMalformed, std::move(message)};
}

template <typename Message>
Result<Message> parse(const char* name, ByteView bytes) {
  Message message;
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
  return malformed(std::string(name) + ": expected a message, got other bytes");
}

template <std::size_t N>
Result<ByteArray<N>> sized(const char* field, const std::string& value) {
  if (value.size() == N) return to_array<N>(as_bytes(value));
  return malformed(std::string(field) + ": expected " + std::to_string(N) + " bytes, got " +
                   std::to_string(value.size()));
}

}  // namespace

std::string request_options(std::string_view challenge) {
  using nlohmann::ordered_json;
  const ordered_json options = {{"challenge", challenge},         {"timeout", kTimeout.count()},
                                {"rpId", "whatsapp.com"},         {"allowCredentials", ordered_json::array()},
                                {"userVerification", "required"}, {"extensions", {{"uvm", true}}}};
  return options.dump();
}

Result<Prologue> read_prologue(ByteView payload) {
  PONTE_ASSIGN(const auto message, parse<proto::ProloguePayload>("ProloguePayload", payload));
  Prologue out;
  out.identity = to_bytes(message.companion_ephemeral_identity());
  PONTE_ASSIGN(out.commitment, sized<32>("commitment.hash", message.commitment().hash()));
  PONTE_ASSIGN(const auto identity,
               parse<proto::CompanionEphemeralIdentity>("companionEphemeralIdentity", out.identity));
  PONTE_ASSIGN(out.key, sized<32>("companionEphemeralIdentity.publicKey", identity.public_key()));
  if (!identity.has_device_type()) return malformed("companionEphemeralIdentity.deviceType is missing");
  out.device_type = static_cast<std::uint32_t>(identity.device_type());
  out.ref = identity.ref();
  return out;
}

Secret<32> handoff_key(const Secret<32>& previous_secret) {
  Secret<32> key;
  crypto::hkdf_sha256(previous_secret.view(), {}, as_bytes("shortcake-passkey-handoff-v1"), key.mutable_view());
  return key;
}

ByteArray<32> handoff_proof(const Secret<32>& previous_secret, ByteView payload) {
  return crypto::hmac_sha256(handoff_key(previous_secret).view(), payload);
}

Bytes primary_identity(ByteView key, ByteView nonce) {
  proto::PrimaryEphemeralIdentity message;
  message.set_public_key(to_text(key));
  message.set_nonce(to_text(nonce));
  return to_bytes(message.SerializeAsString());
}

std::string verification_code(const CodeInput& input) {
  const auto digest = crypto::sha256(input.companion_nonce, input.primary_key);
  ByteArray<5> bits{};
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = input.primary_nonce[i] ^ digest[i];
  return code_text(bits);
}

Secret<32> pairing_key(const Secret<32>& shared, std::uint32_t device_type, std::string_view ref) {
  // The readable text is the salt, not the info (wire: pairing.md 13).
  const std::string salt = "Companion Pairing " + std::to_string(device_type) + " with ref " + std::string(ref);
  Secret<32> key;
  crypto::hkdf_sha256(shared.view(), as_bytes(salt), as_bytes("Pairing Information Encryption Key"),
                      key.mutable_view());
  return key;
}

Result<ByteArray<12>> pairing_request_iv(ByteView content) {
  PONTE_ASSIGN(const auto envelope, parse<proto::EncryptedPairingRequest>("EncryptedPairingRequest", content));
  return sized<12>("EncryptedPairingRequest.IV", envelope.iv());
}

Result<PairingRequest> open_pairing_request(ByteView content, const Secret<32>& key) {
  PONTE_ASSIGN(const auto envelope, parse<proto::EncryptedPairingRequest>("EncryptedPairingRequest", content));
  PairingRequest out;
  PONTE_ASSIGN(const auto iv, sized<12>("EncryptedPairingRequest.IV", envelope.iv()));
  PONTE_ASSIGN(const Bytes opened, crypto::Aes256Gcm(key).open(iv, as_bytes(envelope.encrypted_payload()), {}));
  PONTE_ASSIGN(const auto request, parse<proto::PairingRequest>("PairingRequest", opened));
  PONTE_ASSIGN(out.noise, sized<32>("companionPublicKey", request.companion_public_key()));
  PONTE_ASSIGN(out.identity, sized<32>("companionIdentityKey", request.companion_identity_key()));
  PONTE_ASSIGN(const auto adv_secret, sized<32>("advSecret", request.adv_secret()));
  out.adv_secret = Secret<32>(adv_secret);
  return out;
}

}  // namespace ponte::simulator::passkey
