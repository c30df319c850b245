#include "protocol/pairing/passkey.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "companion_reg.pb.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "support/session_fixtures.h"

namespace ponte::protocol::pairing {
namespace {

using test::vector_bytes;
using test::vector_text;

class PasskeyDerivation : public ::testing::Test {
 protected:
  ByteArray<32> array(const char* key) const { return to_array<32>(vector_bytes(file_, key)); }
  Secret<32> secret(const char* key) const { return Secret<32>(array(key)); }

  VecFile file_ = test::load_vectors("pairing/passkey.vec");
};

TEST_F(PasskeyDerivation, TheKeyOfThePairingRequestIsTheVectors) {
  const Secret<32> key = pairing_request_key(secret("agreement"), 1, vector_text(file_, "ref"));
  EXPECT_EQ(to_hex(key.view()), vector_text(file_, "pairing_request_key"));
  EXPECT_NE(to_hex(pairing_request_key(secret("agreement"), 2, "REF123").view()), to_hex(key.view()));
  EXPECT_NE(to_hex(pairing_request_key(secret("agreement"), 1, "REF124").view()), to_hex(key.view()));
}

TEST_F(PasskeyDerivation, TheHandoffKeyIsTheVectors) {
  const Secret<32> key = handoff_key(secret("adv_secret"));
  EXPECT_EQ(to_hex(key.view()), vector_text(file_, "handoff_key"));
  EXPECT_EQ(handoff_proof(key, as_bytes("payload")), crypto::hmac_sha256(key.view(), as_bytes("payload")));
}

TEST_F(PasskeyDerivation, TheCodeThatBothSidesShowIsTheVectors) {
  const PrimaryEphemeralIdentity primary{array("primary_public"), array("primary_nonce")};
  EXPECT_EQ(verification_code(array("companion_nonce"), primary), vector_text(file_, "verification_code"));
  PrimaryEphemeralIdentity other = primary;
  other.nonce[4] ^= 1;
  EXPECT_NE(verification_code(array("companion_nonce"), other), vector_text(file_, "verification_code"));
}

TEST_F(PasskeyDerivation, ThePrologueCommitsToIdentityAndNonce) {
  const crypto::PublicKey ephemeral = array("primary_public");
  const auto nonce = array("companion_nonce");
  const Bytes identity = companion_ephemeral_identity(ephemeral, "REF123");
  // 1: the key, raw; 2: device type 1; 3: the ref.
  EXPECT_EQ(to_hex(identity), "0a20" + to_hex(ephemeral) + "10011a06" + to_hex(as_bytes("REF123")));
  proto::ProloguePayload payload;
  ASSERT_TRUE(payload.ParseFromString(to_text(prologue_payload(identity, nonce))));
  EXPECT_EQ(to_bytes(payload.companion_ephemeral_identity()), identity);
  EXPECT_EQ(to_hex(as_bytes(payload.commitment().hash())), to_hex(crypto::sha256(concat({identity, nonce}))));
}

TEST_F(PasskeyDerivation, ThePairingRequestCarriesOurKeysUnderTheKey) {
  const store::Credentials own = test::vector_credentials();
  const ByteArray<12> iv = {1, 2, 3};
  const Secret<32> key = secret("pairing_request_key");
  proto::EncryptedPairingRequest message;
  ASSERT_TRUE(message.ParseFromString(
      to_text(encrypted_pairing_request(key, iv, own.noise.public_key, own.identity.public_key, own.adv_secret))));
  EXPECT_EQ(to_hex(as_bytes(message.iv())), to_hex(iv));
  const auto opened = crypto::Aes256Gcm(key).open(iv, as_bytes(message.encrypted_payload()), {});
  ASSERT_TRUE(opened.ok());
  proto::PairingRequest request;
  ASSERT_TRUE(request.ParseFromString(to_text(*opened)));
  EXPECT_EQ(request.companion_public_key(), to_text(own.noise.public_key));
  EXPECT_EQ(request.companion_identity_key(), to_text(own.identity.public_key));
  EXPECT_EQ(request.adv_secret(), to_text(own.adv_secret.view()));
}

TEST_F(PasskeyDerivation, ThePhonesIdentityIsReadOrRefusedByName) {
  proto::PrimaryEphemeralIdentity message;
  message.set_public_key(to_text(array("primary_public")));
  message.set_nonce(to_text(array("primary_nonce")));
  const Bytes good = to_bytes(message.SerializeAsString());
  const auto primary = parse_primary_identity(good);
  ASSERT_TRUE(primary.ok());
  EXPECT_EQ(primary->public_key, array("primary_public"));
  EXPECT_EQ(primary->nonce, array("primary_nonce"));

  std::vector<Bytes> damaged = test::truncations(good);
  for (const auto& change : {+[](proto::PrimaryEphemeralIdentity& m) { m.mutable_public_key()->push_back('x'); },
                             +[](proto::PrimaryEphemeralIdentity& m) { m.mutable_nonce()->pop_back(); },
                             +[](proto::PrimaryEphemeralIdentity& m) { m.clear_nonce(); }}) {
    proto::PrimaryEphemeralIdentity other = message;
    change(other);
    damaged.push_back(to_bytes(other.SerializeAsString()));
  }
  for (const Bytes& bytes : damaged) {
    const auto refused = parse_primary_identity(bytes);
    ASSERT_FALSE(refused.ok()) << to_hex(bytes);
    EXPECT_EQ(refused.error().cause, Cause::kPairingMalformed);
    EXPECT_NE(refused.error().message.find("primary_ephemeral_identity"), std::string::npos);
  }
}

}  // namespace
}  // namespace ponte::protocol::pairing
