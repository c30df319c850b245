#include "protocol/pairing/registration.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "client_payload.pb.h"
#include "companion.pb.h"
#include "support/scripted_random.h"
#include "support/session_fixtures.h"

namespace ponte::protocol::pairing {
namespace {

using test::load_vectors;
using test::vector_bytes;

class Registration : public ::testing::Test {
 protected:
  VecFile file_ = load_vectors("pairing/registration.vec");
  store::Credentials credentials_ = test::vector_credentials();
  SessionConfig config_ = test::vector_config();
};

TEST_F(Registration, KeysComeFromTheDrawsInOrder) {
  test::ScriptedRandom random;
  random.add_repeated(0x22, 32);  // noise
  random.add_repeated(0x11, 32);  // identity
  random.add_repeated(0x33, 32);  // signed prekey
  random.add_repeated(0x00, 64);  // its signature
  random.add(ByteArray<2>{0xD6, 0x78});
  random.add_repeated(0x55, 32);  // ADV secret
  const store::Credentials made = generate_credentials(random);
  EXPECT_EQ(random.remaining(), 0U);
  EXPECT_TRUE(equal(made.noise.public_key, vector_bytes(file_, "noise_public")));
  EXPECT_TRUE(equal(made.noise.private_key.view(), vector_bytes(file_, "noise_private")));
  EXPECT_TRUE(equal(made.identity.public_key, vector_bytes(file_, "identity_public")));
  EXPECT_TRUE(equal(made.signed_prekey.pair.public_key, vector_bytes(file_, "signed_prekey_public")));
  EXPECT_TRUE(equal(made.signed_prekey.signature, vector_bytes(file_, "signed_prekey_signature")));
  EXPECT_TRUE(equal(made.adv_secret.view(), vector_bytes(file_, "adv_secret")));
  EXPECT_EQ(made.signed_prekey.id, 1U);
  EXPECT_EQ(made.registration_id, 0x1678U);
}

TEST_F(Registration, AStuckSourceGivesRegistrationIdOne) {
  test::ScriptedRandom random;
  random.add_repeated(0x00, 32 * 3 + 64 + 2 + 32);
  EXPECT_EQ(generate_credentials(random).registration_id, 1U);
  EXPECT_EQ(random.remaining(), 0U);
}

TEST_F(Registration, DevicePropsAgreeWithTheVectors) {
  EXPECT_EQ(device_props(config_, std::nullopt), vector_bytes(file_, "device_props_recent"));
  EXPECT_EQ(device_props(config_, 365), vector_bytes(file_, "device_props_365"));
}

TEST_F(Registration, AHistoryBelowTheRecentWindowLimitsThatToo) {
  proto::DeviceProps props;
  const Bytes bytes = device_props(config_, 7);
  ASSERT_TRUE(props.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_TRUE(props.require_full_sync());
  EXPECT_EQ(props.history_sync_config().full_sync_days_limit(), 7U);
  EXPECT_EQ(props.history_sync_config().recent_sync_days_limit(), 7U);
}

TEST_F(Registration, TheRegistrationPayloadAgreesWithTheVector) {
  EXPECT_EQ(registration_payload(config_, config_.version, credentials_, std::nullopt),
            vector_bytes(file_, "registration_payload"));
}

TEST_F(Registration, TheBuildHashFollowsTheVersion) {
  config_.version.tertiary = 1045368834;
  proto::ClientPayload payload;
  const Bytes bytes = registration_payload(config_, config_.version, credentials_, std::nullopt);
  ASSERT_TRUE(payload.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_EQ(to_hex(as_bytes(payload.device_pairing_data().build_hash())), "528f6bed7f916ebe49e56631a09e37f6");
  EXPECT_EQ(payload.user_agent().app_version().tertiary(), 1045368834U);
  EXPECT_FALSE(payload.user_agent().has_phone_id());
}

TEST_F(Registration, TheLoginPayloadAgreesWithTheVector) {
  store::Account account;
  account.jid = "551199887766:33@s.whatsapp.net";
  account.login_counter = 1;
  const auto payload = login_payload(config_.version, account);
  ASSERT_TRUE(payload.ok());
  EXPECT_EQ(*payload, vector_bytes(file_, "login_payload"));
}

TEST_F(Registration, AnAccountWithoutAPhoneNumberIsReportedAsCorrupt) {
  for (const char* jid :
       {"", "x@s.whatsapp.net", "236395184570386:33@lid", "99999999999999999999999:1@s.whatsapp.net"}) {
    store::Account account;
    account.jid = jid;
    const auto payload = login_payload(config_.version, account);
    ASSERT_FALSE(payload.ok()) << jid;
    EXPECT_EQ(payload.error().cause, Cause::kStoreCorrupt);
  }
}

}  // namespace
}  // namespace ponte::protocol::pairing
