#include "protocol/devices/signed_prekey.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "protocol/devices/key_digest.h"
#include "protocol/devices/prekeys.h"
#include "support/prekey_steps.h"
#include "support/scripted_server.h"

namespace ponte::protocol::devices {
namespace {

using test::ScriptedServer;
using wire::Node;

struct SignedPrekey : testing::Test {
  /// As after a first login, with the first batch on the server.
  void SetUp() override {
    server.log_in();
    ASSERT_TRUE(server.answer_count(0));
    ASSERT_TRUE(server.answer("list"));
    first = server.credentials().signed_prekey.pair.public_key;
  }
  /// A login with enough prekeys, and a check that is refused.
  void log_in() {
    server.log_in();
    ASSERT_TRUE(server.answer_count(812));
    (void)server.refuse("digest", 503);
    server.refusals();
  }
  /// What is offered, with its signature found good.
  std::optional<std::pair<std::uint32_t, crypto::PublicKey>> take_offer() {
    const auto iq = server.take("rotate");
    if (!iq) return std::nullopt;
    server.sent_.push_back(*iq);
    const Node* skey = iq->find("rotate")->find("skey");
    const auto key = test::key_in(*skey);
    const auto signature = to_array<64>(*skey->find("signature")->leaf_of_size(64));
    EXPECT_TRUE(signed_by(server.credentials().identity.public_key, key, signature));
    return std::pair{test::id_in(*skey), key};
  }
  std::optional<crypto::PublicKey> stored(std::uint32_t id) {
    return test::stored_signed_prekey(server.store_, ScriptedServer::kOwner, id);
  }
  std::uint32_t current() { return server.credentials().signed_prekey.id; }
  void set_current_id(std::uint32_t id) {
    store::Transaction transaction(server.store_, ScriptedServer::kOwner);
    store::Credentials credentials = server.credentials();
    credentials.signed_prekey.id = id;
    store::put_credentials(transaction, credentials);
    server.store_.commit(transaction.take(), [](const Status&) {});
  }

  ScriptedServer server;
  crypto::PublicKey first{};
};

TEST_F(SignedPrekey, IsReplacedAfterTwentySevenDays) {
  server.clock_.advance(kRotationInterval - Seconds(1));
  log_in();
  server.clock_.advance(Seconds(1));
  log_in();
  const auto offer = take_offer();
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->first, 2u);
  EXPECT_NE(offer->second, first);
  EXPECT_EQ(current(), 1u) << "until the result is here";
  EXPECT_EQ(stored(2), offer->second) << "but the server may hand it out already";
  ASSERT_TRUE(server.answer("rotate"));
  EXPECT_EQ(current(), 2u);
  EXPECT_EQ(server.credentials().signed_prekey_at, server.clock_.now().wall);
  EXPECT_EQ(stored(1), first);
  EXPECT_EQ(stored(2), offer->second);
  log_in();
  EXPECT_FALSE(take_offer());
}

TEST_F(SignedPrekey, IsReplacedOnAConnectionThatLasts) {
  server.clock_.advance(kRotationInterval - Seconds(1));
  server.run_for(Seconds(0));
  EXPECT_FALSE(take_offer());
  server.run_for(Seconds(1));
  EXPECT_TRUE(take_offer());
  ASSERT_TRUE(server.answer("rotate"));
  server.clock_.advance(kRotationInterval - Seconds(1));
  server.run_for(Seconds(0));
  EXPECT_FALSE(take_offer());
  server.run_for(Seconds(1));
  EXPECT_TRUE(take_offer());
  EXPECT_TRUE(server.refusals().empty());
}

TEST_F(SignedPrekey, IsOfferedAgainWithTheSameKeyUntilThereIsAResult) {
  server.clock_.advance(kRotationInterval);
  log_in();
  const auto offer = take_offer();
  ASSERT_TRUE(offer);
  for (int crash = 0; crash < 3; ++crash) {
    server.store_.lose_power();
    log_in();
    EXPECT_EQ(take_offer(), offer);
    EXPECT_EQ(stored(2), offer->second);
  }
  ASSERT_TRUE(server.refuse("rotate", 500));
  EXPECT_EQ(server.refusals().size(), 1u);
  EXPECT_EQ(current(), 1u);
  server.run_for(std::chrono::hours(24) - Seconds(1));
  EXPECT_FALSE(take_offer());
  server.run_for(Seconds(1));
  EXPECT_EQ(take_offer(), offer);
  ASSERT_TRUE(server.answer("rotate"));
  EXPECT_EQ(current(), 2u);
}

TEST_F(SignedPrekey, ThreeThatWereReplacedAreKept) {
  std::vector<crypto::PublicKey> keys = {first};
  for (std::uint32_t id = 2; id <= 6; ++id) {
    server.clock_.advance(kRotationInterval);
    log_in();
    const auto offer = take_offer();
    ASSERT_TRUE(offer);
    EXPECT_EQ(offer->first, id);
    keys.push_back(offer->second);
    ASSERT_TRUE(server.answer("rotate"));
    for (std::uint32_t old = 1; old <= id; ++old) {
      if (old + kReplacedKept < id) {
        EXPECT_FALSE(stored(old)) << old << " of " << id;
      } else {
        EXPECT_EQ(stored(old), keys[old - 1]) << old << " of " << id;
      }
    }
  }
}

TEST_F(SignedPrekey, ACrashAfterTheServerTookItLosesNothing) {
  server.clock_.advance(kRotationInterval);
  log_in();
  const auto offer = take_offer();
  ASSERT_TRUE(offer);
  server.store_.fail_commit(1);
  ASSERT_TRUE(server.answer("rotate"));
  EXPECT_EQ(current(), 1u);
  EXPECT_EQ(stored(2), offer->second);
  ASSERT_TRUE(server.store_.try_resume().ok());
  log_in();
  EXPECT_EQ(take_offer(), offer);
}

TEST_F(SignedPrekey, IsAdoptedWhereTheServerSaysThatItHasIt) {
  server.clock_.advance(kRotationInterval);
  log_in();
  const auto offer = take_offer();
  ASSERT_TRUE(offer);
  const auto rotate = server.take("rotate");
  const Bytes signature = to_bytes(*rotate->find("rotate")->find("skey")->find("signature")->leaf());

  server.log_in();
  ASSERT_TRUE(server.answer_count(812));
  const store::Credentials own = server.credentials();
  KeyDigest listed;
  listed.identity = own.identity.public_key;
  listed.signed_prekey = offer->second;
  listed.signature = to_array<64>(signature);
  ASSERT_TRUE(server.answer("digest", Node("digest")
                                          .child(Node("registration").bytes(big_endian_array<4>(own.registration_id)))
                                          .child(Node("type").bytes(ByteArray<1>{5}))
                                          .child(Node("identity").bytes(listed.identity))
                                          .child(Node("skey")
                                                     .child(Node("id").bytes(big_endian_array<3>(offer->first)))
                                                     .child(Node("value").bytes(listed.signed_prekey))
                                                     .child(Node("signature").bytes(signature)))
                                          .child(Node("list"))
                                          .child(Node("hash").bytes(key_digest_hash(listed, {})))));
  EXPECT_TRUE(server.refusals().empty());
  EXPECT_EQ(current(), 2u);
  EXPECT_EQ(stored(1), first);
  EXPECT_FALSE(take_offer());
}

TEST_F(SignedPrekey, IsNotReplacedWhileAnUploadIsOnItsWay) {
  server.clock_.advance(kRotationInterval);
  server.log_in();
  ASSERT_TRUE(server.answer_count(1));
  ASSERT_TRUE(server.refuse("digest", 503));
  EXPECT_FALSE(take_offer());
  ASSERT_TRUE(server.answer("list"));
  ASSERT_TRUE(take_offer());
  server.notify_count("1");
  EXPECT_FALSE(server.take("list")) << "nor the other way round";
  ASSERT_TRUE(server.answer("rotate"));
  const auto upload = server.take("list");
  ASSERT_TRUE(upload);
  EXPECT_EQ(test::id_in(*upload->find("skey")), 2u);
}

TEST_F(SignedPrekey, AConflictLeadsToACheck) {
  server.clock_.advance(kRotationInterval);
  log_in();
  ASSERT_TRUE(take_offer());
  ASSERT_TRUE(server.refuse("rotate", 409));
  EXPECT_TRUE(server.take("digest"));
}

TEST_F(SignedPrekey, IsKeptWhereAllIdsAreUsedUp) {
  set_current_id(kMaxPrekeyId - 1);
  server.clock_.advance(kRotationInterval);
  log_in();
  EXPECT_EQ(take_offer()->first, kMaxPrekeyId);
  ASSERT_TRUE(server.answer("rotate"));
  server.clock_.advance(kRotationInterval);
  log_in();
  EXPECT_FALSE(take_offer());
  EXPECT_EQ(current(), kMaxPrekeyId);
  EXPECT_EQ(server.session_->phase(), Phase::kOnline);
}

TEST(UntilRotation, CountsFromThePairingOrTheLastRotationAndSurvivesAWrongClock) {
  const Wall day(std::chrono::hours(24 * 20'000));
  store::Credentials credentials;
  store::Account account;
  account.paired_at = day;
  EXPECT_EQ(until_rotation(credentials, account, day), kRotationInterval);
  EXPECT_EQ(until_rotation(credentials, account, day + Seconds(1)), kRotationInterval - Seconds(1));
  EXPECT_EQ(until_rotation(credentials, account, day + kRotationInterval), Milliseconds(0));
  EXPECT_EQ(until_rotation(credentials, account, day - Seconds(1)), kRotationInterval);
  EXPECT_EQ(until_rotation(credentials, account, day - kRotationInterval), Milliseconds(0));
  credentials.signed_prekey_at = day + std::chrono::hours(24);
  EXPECT_EQ(until_rotation(credentials, account, day + kRotationInterval), std::chrono::hours(24));
}

}  // namespace
}  // namespace ponte::protocol::devices
