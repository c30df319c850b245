#include "store/messaging_records.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "store/signal_records.h"

namespace ponte::store {
namespace {

const Owner kOwner = "instance-1";

class MessagingRecords : public ::testing::Test {
 protected:
  template <typename Body>
  WriteBatch write(Body body) {
    Transaction transaction(store_, kOwner);
    body(transaction);
    WriteBatch batch = transaction.take();
    WriteBatch copy = batch;
    store_.commit(std::move(batch), [](const Status& status) { EXPECT_TRUE(status.ok()); });
    return copy;
  }
  RecordSource source() const { return {store_, kOwner}; }

  MemoryStore store_;
};

TEST_F(MessagingRecords, KeepAMappingInBothDirections) {
  write([](Transaction& t) { put_lid_mapping(t, "5511", "200"); });
  EXPECT_EQ(*get_lid_of(source(), "5511"), "200");
  EXPECT_EQ(*get_pn_of(source(), "200"), "5511");
  EXPECT_FALSE(*get_lid_of(source(), "551"));
}

TEST_F(MessagingRecords, TellMessagesApartByChatSenderAndId) {
  const MessageName name{"1@g.us", "2@lid", "a/b"};
  const WriteBatch batch = write([&](Transaction& t) {
    put_retry(t, name, {3, Wall(Seconds(5)), Wall(Seconds(4)), true});
    put_retry(t, {"1@g.us", "3@lid", "a/b"}, {1, Wall(Seconds(6)), Wall(Seconds(6)), false});
  });
  EXPECT_EQ(batch.durability, Durability::kPowerLoss);
  const auto retry = *get_retry(source(), name);
  ASSERT_TRUE(retry);
  EXPECT_EQ(retry->count, 3u);
  EXPECT_EQ(retry->first_at, Wall(Seconds(5)));
  EXPECT_EQ(retry->message_at, Wall(Seconds(4)));
  const auto all = *get_retries(source());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].first, name);
  write([&](Transaction& t) { erase_retry(t, name); });
  EXPECT_FALSE(*get_retry(source(), name));
  EXPECT_EQ(get_retries(source())->size(), 1u);
}

TEST_F(MessagingRecords, KeepWhatWasSentByItsDay) {
  Outgoing outgoing;
  outgoing.to = "2@lid";
  outgoing.content = {1, 2, 3};
  outgoing.at = Wall(Seconds(86'400 * 20'000 + 5));
  outgoing.type = "text";
  outgoing.peer = true;
  outgoing.attempts = 2;
  outgoing.answers = {{"2:1@lid", 4}};
  write([&](Transaction& t) {
    put_outgoing(t, "3EB0", outgoing);
    put_unacknowledged(t, "3EB0");
  });
  const auto kept = *get_outgoing(source(), "3EB0");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->to, outgoing.to);
  EXPECT_EQ(kept->content, outgoing.content);
  EXPECT_EQ(kept->at, outgoing.at);
  EXPECT_TRUE(kept->peer);
  EXPECT_EQ(kept->attempts, 2u);
  EXPECT_EQ(kept->answers, outgoing.answers);
  EXPECT_EQ(*get_unacknowledged(source()), std::vector<std::string>{"3EB0"});
  EXPECT_EQ(*get_outgoing_of_day(source(), 20'000), std::vector<std::string>{"3EB0"});
  EXPECT_TRUE(get_outgoing_of_day(source(), 20'001)->empty());
  write([](Transaction& t) {
    erase_outgoing(t, "3EB0", 20'000);
    erase_unacknowledged(t, "3EB0");
  });
  EXPECT_TRUE(store_.scan(kOwner, "")->empty());
}

TEST_F(MessagingRecords, KeepTokensAndTheSalt) {
  write([](Transaction& t) {
    put_privacy_token(t, "2@lid", {{9, 9}, 1'700'000'000, 1'700'000'001});
    put_nct_salt(t, Bytes(32, 7));
  });
  const auto token = *get_privacy_token(source(), "2@lid");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->token, (Bytes{9, 9}));
  EXPECT_EQ(token->at, 1'700'000'000);
  EXPECT_EQ(token->issued_at, 1'700'000'001);
  EXPECT_EQ(**get_nct_salt(source()), Bytes(32, 7));
  write([](Transaction& t) { put_nct_salt(t, {}); });
  EXPECT_FALSE(*get_nct_salt(source()));
}

TEST_F(MessagingRecords, RefuseWhatIsDamaged) {
  for (const char* key : {"outgoing/A", "retry/1@g.us/2@lid/A"}) {
    write([&](Transaction& t) { t.put(key, Bytes{0xFF}); });
  }
  EXPECT_EQ(get_outgoing(source(), "A").error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(get_retry(source(), {"1@g.us", "2@lid", "A"}).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(get_retries(source()).error().cause, Cause::kStoreCorrupt);
  write([&](Transaction& t) { t.put("outgoing/A", Bytes{}); });
  EXPECT_EQ(get_outgoing(source(), "A").error().cause, Cause::kStoreCorrupt);
  write([&](Transaction& t) { t.put("retry/nothing", Bytes{}); });
  EXPECT_EQ(get_retries(source()).error().cause, Cause::kStoreCorrupt);
}

using SignalRecords = MessagingRecords;

TEST_F(SignalRecords, TellDevicesApartWhoseNamesBeginAlike) {
  write([](Transaction& t) {
    put_signal_session(t, {"5511", 0}, {1});
    put_signal_session(t, {"5511", 12}, {2});
    put_signal_session(t, {"5511.1", 3}, {3});
    put_signal_session(t, {"5511_1", 3}, {4});
  });
  EXPECT_EQ(*get_signal_devices(source(), "5511"), (std::vector<std::int32_t>{0, 12}));
  EXPECT_EQ(*get_signal_devices(source(), "5511.1"), std::vector<std::int32_t>{3});
  EXPECT_EQ(**get_signal_session(source(), {"5511_1", 3}), Bytes{4});
  write([](Transaction& t) { erase_signal_session(t, {"5511", 0}); });
  EXPECT_FALSE(*get_signal_session(source(), {"5511", 0}));
}

TEST_F(SignalRecords, FindTheGroupsOfASender) {
  write([](Transaction& t) {
    put_sender_key(t, {"1@g.us", {"200_1", 3}}, {1});
    put_sender_key(t, {"2@g.us", {"200_1", 3}}, {2});
    put_sender_key(t, {"3@g.us", {"200_1", 13}}, {3});
  });
  EXPECT_EQ(*get_sender_key_groups(source(), {"200_1", 3}), (std::vector<std::string>{"1@g.us", "2@g.us"}));
}

TEST_F(SignalRecords, AreDurableAndKeepKeysApart) {
  const auto batch = write([](Transaction& t) {
    put_handed_prekey(t, 7, crypto::PrivateKey::from(Bytes(32, 1)));
    put_replaced_signed_prekey(t, 7, crypto::PrivateKey::from(Bytes(32, 2)));
    put_signal_identity(t, {"5511", 0}, crypto::PublicKey{3});
    put_sender_key_memo(t, "1@g.us", {{"2@lid", "3:1@lid"}});
  });
  EXPECT_EQ(batch.durability, Durability::kPowerLoss);
  EXPECT_EQ(to_bytes((*get_handed_prekey(source(), 7))->view()), Bytes(32, 1));
  EXPECT_EQ(to_bytes((*get_replaced_signed_prekey(source(), 7))->view()), Bytes(32, 2));
  EXPECT_EQ(*get_replaced_signed_prekey_ids(source()), std::vector<std::uint32_t>{7});
  EXPECT_EQ(**get_signal_identity(source(), {"5511", 0}), crypto::PublicKey{3});
  EXPECT_EQ((*get_sender_key_memo(source(), "1@g.us"))->devices, (std::vector<std::string>{"2@lid", "3:1@lid"}));
  write([](Transaction& t) { t.put("signal/prekey/000007", Bytes(31, 1)); });
  EXPECT_EQ(get_handed_prekey(source(), 7).error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
