// The companion's side of a pairing code, made by hand (wire: pairing.md 6).
#pragma once

#include "crypto/aead.h"
#include "crypto/ctr.h"
#include "crypto/kdf.h"
#include "hand_made_client.h"

namespace ponte::test::by_hand {

/// One companion that shows kCode for kNumber. Its client is connected already.
class CodeCompanion {
 public:
  static constexpr const char* kNumber = "5511999990000";
  static constexpr const char* kCode = "ABCD1234";

  CodeCompanion(HandMadeClient& client, DeviceKeys& keys, RandomSource& random)
      : client_(client), keys_(keys), random_(random) {}

  static Secret<32> key_of(ByteView salt) { return crypto::pbkdf2_sha256(as_bytes(kCode), salt, 131072); }

  /// companion_hello with a fresh ephemeral key.
  Node hello() {
    ephemeral = crypto::generate_key_pair(random_);
    const auto salt = random_.array<32>();
    const auto iv = random_.array<16>();
    return hello_with(concat({salt, iv, crypto::aes256_ctr(key_of(salt), iv, ephemeral.public_key)}));
  }
  Node hello_with(ByteView wrapped) const {
    return Node("link_code_companion_reg")
        .with("jid", wire::Jid{kNumber, "s.whatsapp.net"})
        .with("stage", "companion_hello")
        .child(Node("link_code_pairing_wrapped_companion_ephemeral_pub").bytes(wrapped))
        .child(Node("companion_server_auth_key_pub").bytes(keys_.noise.public_key))
        .child(Node("companion_platform_id").bytes(as_bytes("1")))
        .child(Node("companion_platform_display").bytes(as_bytes("Chrome (Linux)")))
        .child(Node("link_code_pairing_nonce").bytes(ByteArray<1>{0}));
  }
  /// Sends a companion_hello; true where a ref came back.
  bool ask(const Node& request) {
    const auto answer = client_.ask("md", "set", request);
    const Node* reg = answer ? answer->find("link_code_companion_reg") : nullptr;
    if (reg == nullptr) return false;
    ref = to_bytes(*reg->find("link_code_pairing_ref")->leaf());
    return true;
  }
  /// The phone's key out of a primary_hello, as this companion's code opens it.
  static crypto::PublicKey primary_key(const Node& primary_hello) {
    const ByteView wrapped = *primary_hello.find("link_code_pairing_wrapped_primary_ephemeral_pub")->leaf();
    return to_array<32>(
        crypto::aes256_ctr(key_of(wrapped.first(32)), to_array<16>(wrapped.subspan(32, 16)), wrapped.subspan(48)));
  }
  /// companion_finish for a primary_hello; derives the ADV secret.
  Node finish(const Node& primary_hello) {
    const auto primary_identity = to_array<32>(*primary_hello.find("primary_identity_pub")->leaf());
    const auto shared = crypto::agree(ephemeral.private_key, primary_key(primary_hello));
    const auto identities = crypto::agree(keys_.identity.private_key, primary_identity);
    const auto nonce = random_.array<32>();
    const auto salt = random_.array<32>();
    const auto iv = random_.array<12>();
    Secret<32> bundle_key;
    crypto::hkdf_sha256(shared->view(), salt, as_bytes("link_code_pairing_key_bundle_encryption_key"),
                        bundle_key.mutable_view());
    const Bytes sealed =
        crypto::Aes256Gcm(bundle_key).seal(iv, concat({keys_.identity.public_key, primary_identity, nonce}), {});
    crypto::hkdf_sha256(concat({shared->view(), identities->view(), nonce}), {}, as_bytes("adv_secret"),
                        keys_.adv_secret.mutable_view());
    return finish_with(concat({salt, iv, sealed}));
  }
  Node finish_with(ByteView bundle) const {
    return Node("link_code_companion_reg")
        .with("jid", wire::Jid{kNumber, "s.whatsapp.net"})
        .with("stage", "companion_finish")
        .child(Node("link_code_pairing_wrapped_key_bundle").bytes(bundle))
        .child(Node("companion_identity_public").bytes(keys_.identity.public_key))
        .child(Node("link_code_pairing_ref").bytes(ref));
  }

  crypto::KeyPair ephemeral;
  Bytes ref;

 private:
  HandMadeClient& client_;
  DeviceKeys& keys_;
  RandomSource& random_;
};

}  // namespace ponte::test::by_hand
