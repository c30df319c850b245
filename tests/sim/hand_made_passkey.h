// The companion's side of passkey pairing, made by hand (wire: pairing.md 7).
#pragma once

#include "companion_reg.pb.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "hand_made_client.h"

namespace ponte::test::by_hand {

inline Secret<32> derived(ByteView input, std::string_view salt, std::string_view info) {
  Secret<32> out;
  crypto::hkdf_sha256(input, as_bytes(salt), as_bytes(info), out.mutable_view());
  return out;
}

/// One companion that links an account with a passkey. Its client is connected already. Public members may be
/// damaged between the steps.
class PasskeyCompanion {
 public:
  PasskeyCompanion(HandMadeClient& client, DeviceKeys& keys, RandomSource& random)
      : client_(client), keys_(keys), random_(random) {}

  /// Takes passkey_prologue_request and acknowledges it; changes the ADV secret. The options, empty without them.
  std::string take_request() {
    const auto notification = client_.next("notification");
    if (!notification || notification->attribute("type") != "passkey_prologue_request") return {};
    client_.acknowledge(*notification);
    handoff_key = derived(keys_.adv_secret.view(), "", "shortcake-passkey-handoff-v1");
    keys_.adv_secret = Secret<32>(random_.array<32>());
    const Node* options = notification->find("passkey_request_options");
    return options && options->leaf() ? to_text(*options->leaf()) : std::string();
  }
  void take_ref() {
    const auto answer = client_.ask("md", "get", Node("ref"));
    const Node* handed_out = answer ? answer->find("ref") : nullptr;
    if (handed_out != nullptr && handed_out->leaf()) ref = to_text(*handed_out->leaf());
  }
  Node prologue(const simulator::Assertion& assertion) {
    ephemeral = crypto::generate_key_pair(random_);
    nonce = random_.array<32>();
    return prologue_again(assertion);
  }
  /// With the keys and the nonce that are there.
  Node prologue_again(const simulator::Assertion& assertion) const {
    proto::CompanionEphemeralIdentity identity;
    identity.set_public_key(to_text(ephemeral.public_key));
    identity.set_device_type(device_type);
    identity.set_ref(ref);
    proto::ProloguePayload payload;
    payload.set_companion_ephemeral_identity(identity.SerializeAsString());
    const auto hash = crypto::sha256(as_bytes(payload.companion_ephemeral_identity()), nonce);
    payload.mutable_commitment()->set_hash(to_text(hash));
    return prologue_with(assertion, payload);
  }
  Node prologue_with(const simulator::Assertion& assertion, const proto::ProloguePayload& payload) const {
    const std::string bytes = payload.SerializeAsString();
    return Node("passkey_prologue")
        .child(Node("credential_id").bytes(assertion.credential_id))
        .child(Node("webauthn_assertion").bytes(as_bytes(assertion.json)))
        .child(Node("prologue_payload").bytes(as_bytes(bytes)))
        .child(Node("pairing_handoff_proof").bytes(crypto::hmac_sha256(handoff_key.view(), as_bytes(bytes))));
  }
  /// Takes crsc_continuation and acknowledges it. False where the phone's identity is not what it must be.
  bool take_continuation() {
    const auto notification = client_.next("notification");
    if (!notification || notification->attribute("type") != "crsc_continuation") return false;
    client_.acknowledge(*notification);
    const Node* content = notification->find("primary_ephemeral_identity");
    if (content == nullptr || !content->leaf()) return false;
    const ByteView bytes = *content->leaf();
    return primary.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && primary.public_key().size() == 32 &&
           primary.nonce().size() == 32;
  }
  /// The code that this companion shows, without a dash.
  std::string code() const {
    const auto digest = crypto::sha256(concat({nonce, as_bytes(primary.public_key())}));
    std::uint64_t bits = 0;
    for (int i = 0; i < 5; ++i) bits = bits << 8 | (digest[i] ^ static_cast<std::uint8_t>(primary.nonce()[i]));
    std::string out;
    for (int shift = 35; shift >= 0; shift -= 5) out += "123456789ABCDEFGHJKLMNPQRSTVWXYZ"[bits >> shift & 31];
    return out;
  }
  proto::PairingRequest pairing_request() const {
    proto::PairingRequest request;
    request.set_companion_public_key(to_text(keys_.noise.public_key));
    request.set_companion_identity_key(to_text(keys_.identity.public_key));
    request.set_adv_secret(to_text(keys_.adv_secret.view()));
    return request;
  }
  Node sealed(const proto::PairingRequest& request) { return sealed(request, random_.array<12>()); }
  Node sealed(const proto::PairingRequest& request, const ByteArray<12>& iv) const {
    const auto shared = crypto::agree(ephemeral.private_key, to_array<32>(as_bytes(primary.public_key())));
    const auto key = derived(shared->view(), "Companion Pairing " + std::to_string(device_type) + " with ref " + ref,
                             "Pairing Information Encryption Key");
    proto::EncryptedPairingRequest envelope;
    envelope.set_encrypted_payload(to_text(crypto::Aes256Gcm(key).seal(iv, as_bytes(request.SerializeAsString()), {})));
    envelope.set_iv(to_text(iv));
    return Node("encrypted_pairing_request").bytes(as_bytes(envelope.SerializeAsString()));
  }
  Node companion_nonce() const { return Node("companion_nonce").bytes(nonce); }
  std::optional<Node> set(Node child) { return client_.ask("md", "set", std::move(child)); }

  int device_type = proto::DeviceProps::CHROME;
  std::string ref;
  Secret<32> handoff_key;
  crypto::KeyPair ephemeral;
  ByteArray<32> nonce{};
  proto::PrimaryEphemeralIdentity primary;

 private:
  HandMadeClient& client_;
  DeviceKeys& keys_;
  RandomSource& random_;
};

}  // namespace ponte::test::by_hand
