#include "protocol/pairing/device_identity.h"

#include <gtest/gtest.h>

#include "adv.pb.h"
#include "crypto/digest.h"
#include "protocol/wire/node_codec.h"
#include "support/scripted_random.h"
#include "support/session_fixtures.h"

namespace ponte::protocol::pairing {
namespace {

using test::vector_bytes;

class PairSuccess : public ::testing::Test {
 protected:
  Result<Approval> run(const wire::Node& pair_success) {
    test::ScriptedRandom random;
    random.add_repeated(0, 64);
    return approve(pair_success, credentials_, random);
  }
  /// <pair-success> of the vector with another container.
  wire::Node with_container(ByteView container) {
    wire::Node node = node_;
    for (auto& child : std::get<wire::Node::Children>(node.content)) {
      if (child.tag == "device-identity") child.content = to_bytes(container);
    }
    return node;
  }
  wire::Node without(std::string_view tag) {
    wire::Node node = node_;
    std::erase_if(std::get<wire::Node::Children>(node.content), [&](const wire::Node& n) { return n.tag == tag; });
    return node;
  }
  /// A container around `identity` with a right HMAC.
  Bytes sealed(const std::string& identity, proto::ADVEncryptionType type = proto::E2EE) {
    proto::ADVSignedDeviceIdentityHMAC container;
    container.set_details(identity);
    const ByteArray<2> hosted = {0x06, 0x05};
    container.set_hmac(to_text(crypto::hmac_sha256(
        credentials_.adv_secret.view(), type == proto::HOSTED ? ByteView(hosted) : ByteView(), as_bytes(identity))));
    container.set_account_type(type);
    return to_bytes(std::string_view(container.SerializeAsString()));
  }
  proto::ADVSignedDeviceIdentity identity() {
    proto::ADVSignedDeviceIdentity out;
    const Bytes bytes = vector_bytes(file_, "signed_device_identity");
    EXPECT_TRUE(out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    return out;
  }

  VecFile file_ = test::load_vectors("pairing/pair_success.vec");
  store::Credentials credentials_ = test::vector_credentials();
  wire::Node frame_ = *wire::decode_frame(vector_bytes(file_, "pair_success_frame"));
  wire::Node node_ = *frame_.find("pair-success");
};

TEST_F(PairSuccess, AgreesWithTheVector) {
  const auto approval = run(node_);
  ASSERT_TRUE(approval.ok()) << approval.error().message;
  EXPECT_EQ(approval->account.jid, "551199887766:33@s.whatsapp.net");
  EXPECT_EQ(approval->account.lid, "236395184570386:33@lid");
  EXPECT_EQ(approval->account.business_name, "Acme");
  EXPECT_EQ(approval->account.platform, "android");
  EXPECT_EQ(approval->key_index, "7");
  EXPECT_EQ(approval->reply_identity, vector_bytes(file_, "reply_identity"));
  proto::ADVSignedDeviceIdentity kept;
  ASSERT_TRUE(kept.ParseFromArray(approval->account.signed_device_identity.data(),
                                  static_cast<int>(approval->account.signed_device_identity.size())));
  EXPECT_EQ(kept.account_signature_key().size(), 32U) << "kept for prekey messages, though not sent now";
  EXPECT_EQ(to_bytes(std::string_view(kept.device_signature())), vector_bytes(file_, "device_signature"));
}

TEST_F(PairSuccess, AHostedContainerUsesItsOwnPrefix) {
  proto::ADVSignedDeviceIdentityHMAC container;
  container.set_details(to_text(vector_bytes(file_, "signed_device_identity")));
  container.set_hmac(to_text(vector_bytes(file_, "hosted_hmac")));
  container.set_account_type(proto::HOSTED);
  EXPECT_TRUE(run(with_container(to_bytes(std::string_view(container.SerializeAsString())))).ok());
  container.set_account_type(proto::E2EE);
  const auto refused = run(with_container(to_bytes(std::string_view(container.SerializeAsString()))));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kPairingHmacMismatch);
}

TEST_F(PairSuccess, EveryFlippedBitOfTheContainerIsRefused) {
  const Bytes container = vector_bytes(file_, "container");
  for (const Bytes& damaged : test::bit_flips(container)) {
    const auto approval = run(with_container(damaged));
    if (approval.ok()) {
      // The account type's own bytes lie outside the HMAC; any value but HOSTED reads as E2EE.
      EXPECT_TRUE(
          equal(ByteView(damaged).first(container.size() - 2), ByteView(container).first(container.size() - 2)));
      continue;
    }
    EXPECT_TRUE(approval.error().cause == Cause::kPairingHmacMismatch ||
                approval.error().cause == Cause::kPairingMalformed)
        << cause_name(approval.error().cause);
  }
  for (const Bytes& damaged : test::truncations(container)) {
    // Without its last field the container still says everything that the HMAC covers.
    if (damaged.size() == container.size() - 2) continue;
    EXPECT_FALSE(run(with_container(damaged)).ok()) << damaged.size();
  }
}

TEST_F(PairSuccess, TheSecretOfAnotherQrIsRefused) {
  credentials_.adv_secret = Secret<32>{};
  const auto approval = run(node_);
  ASSERT_FALSE(approval.ok());
  EXPECT_EQ(approval.error().code, Errc::kUntrusted);
  EXPECT_EQ(approval.error().cause, Cause::kPairingHmacMismatch);
}

TEST_F(PairSuccess, AnAccountSignatureForAnotherDeviceIsRefused) {
  credentials_.identity = crypto::key_pair_from_private(credentials_.noise.private_key.copy());
  const auto approval = run(node_);
  ASSERT_FALSE(approval.ok());
  EXPECT_EQ(approval.error().cause, Cause::kPairingSignatureMismatch);
}

TEST_F(PairSuccess, DamagedSignaturesAndKeysBehindARightHmacAreRefused) {
  const auto refused = [&](const proto::ADVSignedDeviceIdentity& identity) {
    const auto approval = run(with_container(sealed(identity.SerializeAsString())));
    return approval.ok() ? Cause::kInternal : approval.error().cause;
  };
  ASSERT_TRUE(run(with_container(sealed(identity().SerializeAsString()))).ok());
  for (const std::size_t size : {0U, 63U, 65U}) {
    auto damaged = identity();
    damaged.mutable_account_signature()->resize(size);
    EXPECT_EQ(refused(damaged), Cause::kPairingSignatureMismatch);
  }
  for (const std::size_t size : {0U, 31U, 33U}) {
    auto damaged = identity();
    damaged.mutable_account_signature_key()->resize(size);
    EXPECT_EQ(refused(damaged), Cause::kPairingSignatureMismatch);
  }
  for (std::size_t i = 0; i < 64; ++i) {
    auto damaged = identity();
    (*damaged.mutable_account_signature())[i] ^= 0x01;
    EXPECT_EQ(refused(damaged), Cause::kPairingSignatureMismatch) << i;
  }
  auto garbage = identity();
  garbage.set_details("\xFF\xFF\xFF");
  EXPECT_EQ(refused(garbage), Cause::kPairingMalformed);
}

TEST_F(PairSuccess, MissingPartsAreNamed) {
  for (const char* tag : {"device-identity", "device"}) {
    const auto approval = run(without(tag));
    ASSERT_FALSE(approval.ok());
    EXPECT_EQ(approval.error().cause, Cause::kPairingMalformed);
    EXPECT_NE(approval.error().message.find(tag), std::string::npos);
  }
  EXPECT_TRUE(run(without("biz")).ok());
  EXPECT_TRUE(run(without("platform")).ok());
}

TEST_F(PairSuccess, TheRefusalSaysWhatTheServerExpects) {
  EXPECT_EQ(refusal({Errc::kUntrusted, Cause::kPairingHmacMismatch, ""}),
            wire::Node("error").with("code", "401").with("text", "hmac-mismatch"));
  EXPECT_EQ(refusal({Errc::kUntrusted, Cause::kPairingSignatureMismatch, ""}),
            wire::Node("error").with("code", "401").with("text", "signature-mismatch"));
  EXPECT_EQ(refusal({Errc::kMalformed, Cause::kPairingMalformed, ""}),
            wire::Node("error").with("code", "500").with("text", "internal-error"));
}

}  // namespace
}  // namespace ponte::protocol::pairing
