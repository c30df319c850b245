#include "store/records.h"

#include <gtest/gtest.h>

#include <functional>

#include "records.pb.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "support/scripted_random.h"
#include "support/vectors.h"

namespace ponte::store {
namespace {

const Owner kOwner = "one";

void commit(Store& store, Transaction& transaction) {
  store.commit(transaction.take(), [](Status status) { ASSERT_TRUE(status.ok()); });
}

void put_raw(Store& store, const Owner& owner, std::string_view key, Bytes value) {
  Transaction transaction(store, owner);
  transaction.put(key, std::move(value));
  commit(store, transaction);
}

Credentials make_credentials() {
  test::SeededRandom random(1);
  Credentials credentials;
  credentials.noise = crypto::generate_key_pair(random);
  credentials.identity = crypto::generate_key_pair(random);
  credentials.signed_prekey = {1, crypto::generate_key_pair(random), random.array<64>()};
  credentials.registration_id = 0x1234;
  random.fill(credentials.adv_secret.mutable_view());
  return credentials;
}

void expect_same(const crypto::KeyPair& left, const crypto::KeyPair& right) {
  EXPECT_TRUE(equal(left.private_key.view(), right.private_key.view()));
  EXPECT_EQ(left.public_key, right.public_key);
}

Account make_account() {
  return {"15551234567:3@s.whatsapp.net",       "98765:3@lid", to_bytes("identity"), "android", "", "Ana", 4,
          Wall(Milliseconds(1'748'736'000'123))};
}

TEST(Records, CredentialsComeBackWithTheirPublicKeys) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  EXPECT_FALSE(get_credentials(transaction).value().has_value());
  const Credentials written = make_credentials();
  put_credentials(transaction, written);
  WriteBatch batch = transaction.take();
  EXPECT_EQ(batch.durability, Durability::kPowerLoss);
  store.commit(std::move(batch), [](Status) {});

  const auto read = get_credentials({store, kOwner});
  ASSERT_TRUE(read.ok() && read->has_value());
  expect_same((*read)->noise, written.noise);
  expect_same((*read)->identity, written.identity);
  expect_same((*read)->signed_prekey.pair, written.signed_prekey.pair);
  EXPECT_EQ((*read)->signed_prekey.id, 1u);
  EXPECT_EQ((*read)->signed_prekey.signature, written.signed_prekey.signature);
  EXPECT_EQ((*read)->registration_id, 0x1234u);
  EXPECT_TRUE(equal((*read)->adv_secret.view(), written.adv_secret.view()));
  expect_same(written.copy().signed_prekey.pair, written.signed_prekey.pair);
}

TEST(Records, DamagedCredentialsAreCorruptAndSayWhatToDo) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  put_credentials(transaction, make_credentials());
  const Bytes good = transaction.get(keys::kCredentials).value().value();

  using Damage = std::function<void(proto::CredentialsRecord&)>;
  const std::vector<std::pair<std::string, Damage>> table{
      {"noise_private", [](auto& m) { m.clear_noise_private(); }},
      {"noise_private", [](auto& m) { m.mutable_noise_private()->pop_back(); }},
      {"identity_private", [](auto& m) { m.mutable_identity_private()->push_back('x'); }},
      {"registration_id", [](auto& m) { m.clear_registration_id(); }},
      {"signed_prekey_id", [](auto& m) { m.clear_signed_prekey_id(); }},
      {"signed_prekey_private", [](auto& m) { m.clear_signed_prekey_private(); }},
      {"signed_prekey_signature", [](auto& m) { m.set_signed_prekey_signature(std::string(32, 's')); }},
      {"adv_secret", [](auto& m) { m.clear_adv_secret(); }},
  };
  for (const auto& [field, damage] : table) {
    proto::CredentialsRecord message;
    ASSERT_TRUE(message.ParseFromArray(good.data(), static_cast<int>(good.size())));
    damage(message);
    put_raw(store, kOwner, keys::kCredentials, to_bytes(message.SerializeAsString()));
    const auto read = get_credentials({store, kOwner});
    ASSERT_FALSE(read.ok()) << field;
    EXPECT_EQ(read.error().code, Errc::kStorage);
    EXPECT_EQ(read.error().cause, Cause::kStoreCorrupt);
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
    EXPECT_NE(read.error().message.find("record credentials of instance one"), std::string::npos);
    EXPECT_NE(read.error().message.find("Restore"), std::string::npos);
  }
}

TEST(Records, NoTruncationOfCredentialsIsTakenForThemOrForNone) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  put_credentials(transaction, make_credentials());
  for (const Bytes& cut : test::truncations(transaction.get(keys::kCredentials).value().value())) {
    put_raw(store, kOwner, keys::kCredentials, cut);
    const auto read = get_credentials({store, kOwner});
    ASSERT_FALSE(read.ok()) << cut.size();
    EXPECT_EQ(read.error().cause, Cause::kStoreCorrupt);
  }
}

TEST(Records, AccountComesBackAndItsTruncationsAreCorrupt) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  EXPECT_FALSE(get_account(transaction).value().has_value());
  put_account(transaction, make_account());
  const auto read = get_account(transaction);
  ASSERT_TRUE(read.ok() && read->has_value());
  EXPECT_EQ((*read)->jid, "15551234567:3@s.whatsapp.net");
  EXPECT_EQ((*read)->lid, "98765:3@lid");
  EXPECT_EQ((*read)->signed_device_identity, to_bytes("identity"));
  EXPECT_EQ((*read)->platform, "android");
  EXPECT_EQ((*read)->push_name, "Ana");
  EXPECT_EQ((*read)->login_counter, 4u);
  EXPECT_EQ((*read)->paired_at, make_account().paired_at);
  for (const Bytes& cut : test::truncations(transaction.get(keys::kAccount).value().value())) {
    put_raw(store, kOwner, keys::kAccount, cut);
    EXPECT_EQ(get_account({store, kOwner}).error().cause, Cause::kStoreCorrupt);
  }
  EXPECT_EQ(transaction.take().durability, Durability::kPowerLoss);
}

TEST(Records, PrekeysAreReadByIdAndByRange) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  test::SeededRandom random(2);
  std::vector<crypto::KeyPair> pairs;
  for (std::uint32_t id = 1; id <= 300; ++id) {
    pairs.push_back(crypto::generate_key_pair(random));
    put_prekey(transaction, id, pairs.back());
  }
  put_prekey_state(transaction, {301, 1});
  EXPECT_EQ(get_prekey_state(transaction).value()->next_id, 301u);
  EXPECT_TRUE(equal(get_prekey(transaction, 256).value()->view(), pairs[255].private_key.view()));
  erase_prekey(transaction, 256);
  EXPECT_FALSE(get_prekey(transaction, 256).value().has_value());
  commit(store, transaction);
  const auto range = get_prekeys({store, kOwner}, 250, 260);
  ASSERT_TRUE(range.ok());
  ASSERT_EQ(range->size(), 9u);
  EXPECT_EQ(range->front().id, 250u);
  EXPECT_EQ((*range)[6].id, 257u);
  expect_same((*range)[6].pair, pairs[256]);
  const auto ids = get_prekey_ids({store, kOwner});
  ASSERT_TRUE(ids.ok());
  ASSERT_EQ(ids->size(), 299u);
  EXPECT_EQ((*ids)[254], 255u);
  EXPECT_EQ((*ids)[255], 257u);
}

TEST(Records, PrekeysOfOlderStoresAreReadWithTheirPublicKeys) {
  MemoryStore store;
  test::SeededRandom random(2);
  const auto pair = crypto::generate_key_pair(random);
  put_raw(store, kOwner, keys::prekey(7), to_bytes(pair.private_key.view()));
  EXPECT_TRUE(equal(get_prekey({store, kOwner}, 7).value()->view(), pair.private_key.view()));
  const auto range = get_prekeys({store, kOwner}, 7, 8);
  ASSERT_TRUE(range.ok() && range->size() == 1);
  expect_same(range->front().pair, pair);
}

TEST(Records, DamagedPrekeysAreCorrupt) {
  MemoryStore store;
  for (const std::size_t size : {0, 31, 33, 63, 65}) {
    put_raw(store, kOwner, keys::prekey(5), Bytes(size));
    EXPECT_EQ(get_prekey({store, kOwner}, 5).error().cause, Cause::kStoreCorrupt) << size;
    EXPECT_EQ(get_prekeys({store, kOwner}, 1, 2).error().cause, Cause::kStoreCorrupt) << size;
    EXPECT_EQ(get_prekey_ids({store, kOwner}).error().cause, Cause::kStoreCorrupt) << size;
  }
  put_raw(store, kOwner, keys::prekey(5), Bytes(32));
  EXPECT_TRUE(get_prekeys({store, kOwner}, 1, 2).ok());
  put_raw(store, kOwner, "prekey/five", Bytes(32));
  EXPECT_EQ(get_prekeys({store, kOwner}, 1, 2).error().cause, Cause::kStoreCorrupt);
  put_raw(store, kOwner, keys::kPrekeyState, {0x08, 0x05});
  EXPECT_EQ(get_prekey_state({store, kOwner}).error().cause, Cause::kStoreCorrupt);
}

TEST(Records, ThePrekeyStateComesBackAndOneThatCannotBeIsCorrupt) {
  MemoryStore store;
  const Wall checked(Milliseconds(1'748'736'000'123));
  for (const PrekeyState& good :
       {PrekeyState{1, 1, {}}, PrekeyState{813, 763, checked}, PrekeyState{1u << 24, 5, {}}}) {
    Transaction transaction(store, kOwner);
    put_prekey_state(transaction, good);
    const auto read = get_prekey_state(transaction).value();
    EXPECT_EQ(read->next_id, good.next_id);
    EXPECT_EQ(read->first_unuploaded_id, good.first_unuploaded_id);
    EXPECT_EQ(read->checked_at, good.checked_at);
    EXPECT_EQ(transaction.take().durability, Durability::kPowerLoss);
  }
  for (const PrekeyState& bad :
       {PrekeyState{0, 0, {}}, PrekeyState{5, 0, {}}, PrekeyState{5, 6, {}}, PrekeyState{(1u << 24) + 1, 5, {}}}) {
    Transaction transaction(store, kOwner);
    put_prekey_state(transaction, bad);
    const auto read = get_prekey_state(transaction);
    ASSERT_FALSE(read.ok()) << bad.next_id << " " << bad.first_unuploaded_id;
    EXPECT_EQ(read.error().cause, Cause::kStoreCorrupt);
  }
}

TEST(Records, WhenTheSignedPrekeyReplacedAnotherComesBack) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  Credentials written = make_credentials();
  put_credentials(transaction, written);
  EXPECT_FALSE(get_credentials(transaction).value()->signed_prekey_at);
  written.signed_prekey_at = Wall(Milliseconds(1'748'736'000'123));
  put_credentials(transaction, written.copy());
  EXPECT_EQ(get_credentials(transaction).value()->signed_prekey_at, written.signed_prekey_at);
}

TEST(Records, RoutingInfoNeedsNoSync) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  put_routing_info(transaction, as_bytes("edge"));
  EXPECT_EQ(get_routing_info(transaction).value(), to_bytes("edge"));
  EXPECT_EQ(transaction.take().durability, Durability::kProcessCrash);
}

TEST(Records, WhyADeviceIsNoLongerLinkedSurvivesPowerLoss) {
  MemoryStore store;
  Transaction transaction(store, "one");
  EXPECT_EQ(get_logged_out(transaction).value(), std::nullopt);
  const LoggedOut why{"LOGGED_OUT", "removed by the phone", Wall(Milliseconds(1'750'000'000'000))};
  put_logged_out(transaction, why);
  EXPECT_EQ(get_logged_out(transaction).value(), why);
  erase_logged_out(transaction);
  EXPECT_EQ(get_logged_out(transaction).value(), std::nullopt);
  EXPECT_EQ(transaction.take().durability, Durability::kPowerLoss);
}

TEST(Records, TruncationsOfLoggedOutAreCorrupt) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  put_logged_out(transaction, {"LOGGED_OUT", "removed by the phone", Wall(Milliseconds(5))});
  for (const Bytes& cut : test::truncations(transaction.get(keys::kLoggedOut).value().value())) {
    put_raw(store, kOwner, keys::kLoggedOut, cut);
    EXPECT_EQ(get_logged_out({store, kOwner}).error().cause, Cause::kStoreCorrupt) << cut.size();
  }
}

TEST(Records, TheServersChainNeedsNoSyncAndItsTruncationsAreCorrupt) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  EXPECT_EQ(get_server_chain(transaction).value(), std::nullopt);
  ServerChain chain;
  chain.leaf = {{1, 2, 3}, 1'742'850'000, 1'753'736'400};
  chain.intermediate = {{4, 5, 6}, 1'741'392'000, 1'804'463'999};
  put_server_chain(transaction, chain);
  EXPECT_EQ(get_server_chain(transaction).value(), chain);
  const Bytes good = transaction.get(keys::kServerChain).value().value();
  EXPECT_EQ(transaction.take().durability, Durability::kProcessCrash);
  for (const Bytes& cut : test::truncations(good)) {
    put_raw(store, kOwner, keys::kServerChain, cut);
    EXPECT_EQ(get_server_chain({store, kOwner}).error().cause, Cause::kStoreCorrupt) << cut.size();
  }
  Transaction removal(store, kOwner);
  erase_server_chain(removal);
  EXPECT_EQ(get_server_chain(removal).value(), std::nullopt);
}

TEST(Records, WhatHoldsADeviceDownSurvivesPowerLoss) {
  MemoryStore store;
  for (const std::optional<Wall> until :
       {std::optional<Wall>(), std::optional(Wall(Milliseconds(1'750'000'000'000)))}) {
    Transaction transaction(store, kOwner);
    EXPECT_EQ(get_hold(transaction).value(), std::nullopt);
    const Hold hold{"TEMPORARILY_BANNED", "too many messages", until};
    put_hold(transaction, hold);
    EXPECT_EQ(get_hold(transaction).value(), hold);
    erase_hold(transaction);
    EXPECT_EQ(get_hold(transaction).value(), std::nullopt);
    EXPECT_EQ(transaction.take().durability, Durability::kPowerLoss);
  }
  put_raw(store, kOwner, keys::kHold, {});
  EXPECT_EQ(get_hold({store, kOwner}).error().cause, Cause::kStoreCorrupt);
  put_raw(store, kOwner, keys::kHold, {0xFF});
  EXPECT_EQ(get_hold({store, kOwner}).error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
