#include "protocol/devices/prekey_check.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "protocol/devices/prekeys.h"
#include "support/prekey_steps.h"
#include "support/scripted_server.h"

namespace ponte::protocol::devices {
namespace {

using test::offered_in;
using test::ScriptedServer;
using wire::Node;
using Keys = std::map<std::uint32_t, crypto::PublicKey>;

constexpr Milliseconds kDay = std::chrono::hours(24);

struct PrekeyCheck : testing::Test {
  /// As after a first login, with the first batch on the server.
  void SetUp() override {
    server.log_in();
    ASSERT_TRUE(server.answer_count(0));
    const auto iq = server.take("list");
    ASSERT_TRUE(iq);
    keys = offered_in(*iq);
    server.sent_.push_back(*iq);
    ASSERT_TRUE(server.answer("list"));
    const store::Credentials own = server.credentials();
    digest.registration_id = own.registration_id;
    digest.identity = own.identity.public_key;
    digest.signed_prekey_id = own.signed_prekey.id;
    digest.signed_prekey = own.signed_prekey.pair.public_key;
    digest.signature = own.signed_prekey.signature;
    for (const auto& [id, key] : keys) digest.prekey_ids.push_back(id);
  }

  /// The digest with the hash of what is listed.
  Node node() {
    std::vector<ByteView> listed;
    for (const std::uint32_t id : digest.prekey_ids) listed.push_back(keys[id]);
    if (!hash) hash = key_digest_hash(digest, listed);
    Node list("list");
    for (const std::uint32_t id : digest.prekey_ids) list.child(Node("id").bytes(big_endian_array<3>(id)));
    return Node("digest")
        .child(Node("registration").bytes(big_endian_array<4>(digest.registration_id)))
        .child(Node("type").bytes(ByteArray<1>{5}))
        .child(Node("identity").bytes(digest.identity))
        .child(Node("skey")
                   .child(Node("id").bytes(big_endian_array<3>(digest.signed_prekey_id)))
                   .child(Node("value").bytes(digest.signed_prekey))
                   .child(Node("signature").bytes(digest.signature)))
        .child(std::move(list))
        .child(Node("hash").bytes(*hash));
  }

  void log_in(std::size_t count = 812) {
    server.log_in();
    server.refusals();
    ASSERT_TRUE(server.answer_count(count));
  }
  void log_in_a_day_later() {
    server.clock_.advance(kDay);
    log_in();
  }
  /// Nothing is asked and nothing offered.
  void expect_quiet() {
    for (const char* asked : {"digest", "list", "rotate", "count"}) EXPECT_FALSE(server.take(asked)) << asked;
  }

  ScriptedServer server;
  KeyDigest digest;
  Keys keys;
  std::optional<ByteArray<20>> hash;
};

TEST_F(PrekeyCheck, IsMadeOnceADay) {
  log_in();
  expect_quiet();
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest", node()));
  EXPECT_TRUE(server.refusals().empty());
  expect_quiet();
  EXPECT_EQ(server.state().checked_at, server.clock_.now().wall);
  log_in();
  expect_quiet();
  log_in_a_day_later();
  EXPECT_TRUE(server.take("digest"));
}

TEST_F(PrekeyCheck, IsMadeAgainAtTheNextLoginWhereItWasNotAnswered) {
  log_in_a_day_later();
  ASSERT_TRUE(server.refuse("digest", 503));
  EXPECT_EQ(server.refusals().size(), 1u);
  expect_quiet();
  log_in();
  EXPECT_TRUE(server.take("digest"));
}

TEST_F(PrekeyCheck, IsMadeOutOfTurnOnceWhereTheServerHasMoreThanThereAre) {
  log_in(813);
  ASSERT_TRUE(server.answer("digest", node()));
  EXPECT_TRUE(server.refusals().empty());
  server.notify_count("99999999");
  expect_quiet();
}

TEST_F(PrekeyCheck, IsMadeOutOfTurnWhereNoneAreLeftThoughNobodyUsedThem) {
  log_in(0);
  digest.prekey_ids.clear();
  ASSERT_TRUE(server.answer("digest", node()));
  const auto more = server.take("list");
  ASSERT_TRUE(more);
  EXPECT_EQ(offered_in(*more).begin()->first, kFirstUpload + 1);
  EXPECT_TRUE(server.refusals().empty());
}

TEST_F(PrekeyCheck, IsMadeWhereTheServerAsksForIt) {
  log_in();
  server.notify(Node("digest"));
  ASSERT_TRUE(server.answer("digest", node()));
  server.notify(Node("digest"));
  expect_quiet();
  EXPECT_TRUE(server.refusals().empty());
}

TEST_F(PrekeyCheck, OffersEverythingThatIsStoredWhereTheServerHasNothing) {
  const auto handed = test::hand_out_prekey(server.store_, ScriptedServer::kOwner, server.random_, server.clock_.now());
  test::consume_prekey(server.store_, ScriptedServer::kOwner, 3);
  keys.erase(3);
  log_in_a_day_later();
  ASSERT_TRUE(server.refuse("digest", 404));
  EXPECT_EQ(server.refusals().size(), 1u);
  EXPECT_EQ(server.state().first_unuploaded_id, 1u);
  const auto all = server.take("list");
  ASSERT_TRUE(all);
  EXPECT_EQ(offered_in(*all), keys);
  EXPECT_FALSE(offered_in(*all).contains(handed->id));

  // The process dies; what is not acknowledged is still to be offered.
  log_in(0);
  const auto again = server.take("list");
  ASSERT_TRUE(again);
  EXPECT_EQ(offered_in(*again), keys);
}

TEST_F(PrekeyCheck, OffersMoreThanFitInOneUploadOneAfterTheOther) {
  for (int batch = 0; batch < 3; ++batch) {
    server.notify_count("1");
    ASSERT_TRUE(server.answer("list"));
  }
  log_in_a_day_later();
  ASSERT_TRUE(server.refuse("digest", 404));
  const auto first = server.take("list");
  ASSERT_TRUE(first);
  EXPECT_EQ(offered_in(*first).size(), kFirstUpload);
  server.sent_.push_back(*first);
  ASSERT_TRUE(server.answer("list"));
  const auto second = server.take("list");
  ASSERT_TRUE(second);
  EXPECT_EQ(offered_in(*second).size(), 3 * kTopUp);
  EXPECT_EQ(offered_in(*second).begin()->first, kFirstUpload + 1);
  server.sent_.push_back(*second);
  ASSERT_TRUE(server.answer("list"));
  ASSERT_TRUE(server.answer_count(962));
  expect_quiet();
}

TEST_F(PrekeyCheck, MakesAFirstBatchWhereTheServerHasNothingAndNeitherHasTheStore) {
  for (const auto& [id, key] : keys) test::consume_prekey(server.store_, ScriptedServer::kOwner, id);
  log_in_a_day_later();
  ASSERT_TRUE(server.refuse("digest", 404));
  const auto all = server.take("list");
  ASSERT_TRUE(all);
  EXPECT_EQ(offered_in(*all).size(), kFirstUpload);
  EXPECT_EQ(offered_in(*all).begin()->first, kFirstUpload + 1);
}

TEST_F(PrekeyCheck, RefusesAnotherDevicesKeysAndOffersItsOwnOncePerConnection) {
  const KeyDigest good = digest;
  for (const bool identity : {true, false}) {
    digest = good;
    if (identity) digest.identity[0] ^= 1;
    if (!identity) ++digest.registration_id;
    log_in_a_day_later();
    ASSERT_TRUE(server.answer("digest", node()));
    const auto told = server.refusals();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_NE(told[0].find(identity ? "identity" : "registration id"), std::string::npos) << told[0];
    const auto all = server.take("list");
    ASSERT_TRUE(all);
    EXPECT_EQ(offered_in(*all), keys);
    EXPECT_EQ(to_bytes(*all->find("identity")->leaf()), to_bytes(good.identity));
    server.sent_.push_back(*all);
    ASSERT_TRUE(server.answer("list"));
    ASSERT_TRUE(server.answer_count(812));
    server.notify(Node("digest"));
    ASSERT_TRUE(server.answer("digest", node()));
    EXPECT_EQ(server.refusals().size(), 1u);
    expect_quiet();
    EXPECT_EQ(server.state().first_unuploaded_id, kFirstUpload + 1);
  }
}

TEST_F(PrekeyCheck, OffersInPlaceOfAnotherDevicesKeysOnlyWhatTheServerLists) {
  ++digest.registration_id;
  digest.prekey_ids = {812, 5, 5, 900};
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest", node()));
  const auto some = server.take("list");
  ASSERT_TRUE(some);
  EXPECT_EQ(offered_in(*some), (Keys{{5, keys[5]}, {812, keys[812]}}));

  digest.prekey_ids = {900};
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest", node()));
  const auto others = server.take("list");
  ASSERT_TRUE(others);
  EXPECT_EQ(offered_in(*others).size(), kTopUp) << "the upload carries the identity too";
  EXPECT_EQ(offered_in(*others).begin()->first, kFirstUpload + 1);
}

TEST_F(PrekeyCheck, DoesNotInsistWhereTheServerKeepsAnotherDevicesKeys) {
  ++digest.registration_id;
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest", node()));
  ASSERT_TRUE(server.refuse("list", 406));
  server.run_for(Seconds(1));
  ASSERT_TRUE(server.answer_count(812));
  server.run_for(Seconds(700));
  expect_quiet();
  log_in();
  EXPECT_TRUE(server.take("digest")) << "at the next login it is looked at again";
}

TEST_F(PrekeyCheck, RefusesADamagedAnswerWithoutHarm) {
  const store::PrekeyState before = server.state();
  const Node good = node();
  for (std::size_t child = 0; child < good.children().size(); ++child) {
    Node bad = good;
    auto& children = std::get<Node::Children>(bad.content);
    children.erase(children.begin() + static_cast<std::ptrdiff_t>(child));
    log_in_a_day_later();
    ASSERT_TRUE(server.answer("digest", bad));
    EXPECT_EQ(server.refusals().size(), 1u) << child;
    expect_quiet();
  }
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest"));
  EXPECT_EQ(server.refusals().size(), 1u);
  EXPECT_EQ(server.state().next_id, before.next_id);
  EXPECT_EQ(server.state().first_unuploaded_id, before.first_unuploaded_id);
  EXPECT_EQ(server.session_->phase(), Phase::kOnline);
}

TEST_F(PrekeyCheck, TellsOfAHashThatIsNotThatOfItsKeys) {
  hash = ByteArray<20>{1, 2, 3};
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest", node()));
  ASSERT_EQ(server.refusals().size(), 1u);
  expect_quiet();
}

TEST_F(PrekeyCheck, TellsOfPrekeysWhosePrivateKeysAreGone) {
  test::consume_prekey(server.store_, ScriptedServer::kOwner, 7);
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest", node()));
  const auto told = server.refusals();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("of 812 are not 1"), std::string::npos) << told[0];
  EXPECT_EQ(server.state().next_id, kFirstUpload + 1);
  expect_quiet();
}

TEST_F(PrekeyCheck, PassesOverIdsThatWereGivenOutBeforeTheStoreWasPutBack) {
  digest.prekey_ids = {1, 900, 850, 0xFFFFFF};
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest", node()));
  EXPECT_EQ(server.refusals().size(), 1u);
  EXPECT_EQ(server.state().next_id, 901u) << "one far off does not use up the ids";
  server.notify_count("1");
  const auto more = server.take("list");
  ASSERT_TRUE(more);
  EXPECT_EQ(offered_in(*more).begin()->first, 901u);
}

TEST_F(PrekeyCheck, OffersItsSignedPrekeyWhereTheServerHasAnother) {
  const auto other = crypto::generate_key_pair(server.random_);
  const KeyDigest good = digest;
  const store::Credentials own = server.credentials();
  for (int damage = 0; damage < 3; ++damage) {
    digest = good;
    hash.reset();
    if (damage == 0) digest.signature[0] ^= 1;
    if (damage == 1) ++digest.signed_prekey_id;
    if (damage == 2) {
      digest.signed_prekey = other.public_key;
      digest.signature =
          crypto::xeddsa_sign(own.identity.private_key, concat({ByteArray<1>{5}, other.public_key}), server.random_);
    }
    log_in_a_day_later();
    ASSERT_TRUE(server.answer("digest", node()));
    EXPECT_EQ(server.refusals().size(), 1u) << damage;
    const auto rotate = server.take("rotate");
    ASSERT_TRUE(rotate) << damage;
    const Node* skey = rotate->find("rotate")->find("skey");
    EXPECT_EQ(test::id_in(*skey), 1u);
    EXPECT_EQ(test::key_in(*skey), good.signed_prekey);
    server.sent_.push_back(*rotate);
    ASSERT_TRUE(server.answer("rotate"));
    expect_quiet();
    EXPECT_EQ(server.credentials().signed_prekey.id, 1u);
  }
}

TEST_F(PrekeyCheck, ASignatureMadeAnewIsAsGood) {
  const store::Credentials own = server.credentials();
  digest.signature =
      crypto::xeddsa_sign(own.identity.private_key, concat({ByteArray<1>{5}, digest.signed_prekey}), server.random_);
  ASSERT_NE(digest.signature, own.signed_prekey.signature);
  log_in_a_day_later();
  ASSERT_TRUE(server.answer("digest", node()));
  EXPECT_TRUE(server.refusals().empty());
  expect_quiet();
}

}  // namespace
}  // namespace ponte::protocol::devices
