#include "store/message_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records.pb.h"
#include "store/chat_keys.h"
#include "store/chat_records.h"
#include "store/memory_store.h"
#include "store/message_counts.h"
#include "support/faulty_store.h"
#include "support/vectors.h"

namespace ponte::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Owner kOwner = "one-chats";
const std::string kGroup = "123-456@g.us";
const std::string kAna = "1001@lid";
const std::string kAnaPn = "5511@s.whatsapp.net";
const std::string kRui = "2002@lid";
constexpr std::int64_t kDay = 86'400'000;

/// Milliseconds after a midnight in UTC.
Wall at(std::int64_t milliseconds) {
  return Wall(Milliseconds(20'000 * kDay + milliseconds));
}

MessageRecord incoming(const std::string& id, std::int64_t time = 0, const std::string& chat = kAna,
                       const std::string& sender = kAna) {
  MessageRecord message;
  message.chat = chat;
  message.id = id;
  message.sender_lid = sender;
  message.at = at(time);
  message.content = to_bytes("content of " + id);
  message.type = "text";
  return message;
}

MessageRecord outgoing(const std::string& id, std::int64_t time = 0, const std::string& chat = kAna) {
  MessageRecord message = incoming(id, time, chat, "");
  message.from_me = true;
  message.state = 1;
  return message;
}

class MessageRecords : public ::testing::Test {
 protected:
  Put put(const MessageRecord& message, Origin origin = Origin::kLive) {
    const auto result = put_message(transaction_, message, origin);
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result.ok() ? *result : Put::kKnown;
  }
  /// The step's batch; another step begins.
  WriteBatch take() {
    WriteBatch batch = step_->take();
    step_.emplace(store_, kOwner);
    return batch;
  }
  void commit() {
    store_.commit(take(), [](Status status) { ASSERT_TRUE(status.ok()); });
  }
  MessageRecord get(const MessageName& name) const {
    const auto message = get_message(transaction_, name);
    EXPECT_TRUE(message.ok()) << message.error().message;
    if (message.ok() && *message) return **message;
    ADD_FAILURE() << "no message " << name.id;
    return {};
  }
  MessageTotals totals() const { return *get_message_totals(transaction_); }
  std::uint64_t kept_in(const std::string& chat) const {
    const auto record = get_chat(transaction_, chat);
    return *record ? (*record)->messages : 0;
  }
  std::vector<std::string> page(const MessageQuery& query) const {
    std::vector<std::string> ids;
    const auto page = messages_before(store_, kOwner, query);
    EXPECT_TRUE(page.ok()) << page.error().message;
    for (const auto& message : page->messages) ids.push_back(message.id);
    return ids;
  }
  /// Each message has its entry in the index, and each entry its message; counts are those of what is there.
  void expect_consistent() {
    commit();
    const auto messages = *store_.scan(kOwner, keys::kMessagePrefix);
    EXPECT_EQ(store_.scan(kOwner, keys::kMessageIdPrefix)->size(), messages.size());
    std::map<std::string, std::uint64_t> by_chat;
    MessageTotals expected;
    for (const auto& [key, value] : messages) {
      const auto place = keys::message_place(key);
      ASSERT_TRUE(place) << key;
      const auto found = get_message({store_, kOwner}, place->name);
      ASSERT_TRUE(found.ok() && *found) << key;
      EXPECT_EQ(keys::message((*found)->name(), (*found)->at), key);
      ++by_chat[place->name.chat];
      ++((*found)->from_me ? expected.counts.outgoing : expected.counts.incoming);
      ++expected.counts.by_type[(*found)->type];
      if ((*found)->from_me) ++expected.outgoing_by_state[(*found)->state];
    }
    for (const auto& [chat, count] : by_chat) {
      EXPECT_EQ(kept_in(chat), count) << chat;
      expected.contacts += is_person(chat) ? 1 : 0;
    }
    const MessageTotals counted = totals();
    EXPECT_EQ(counted.counts, expected.counts);
    EXPECT_EQ(counted.outgoing_by_state, expected.outgoing_by_state);
    EXPECT_EQ(counted.contacts, expected.contacts);
    EXPECT_EQ(get_message_counts_since(transaction_, Wall())->total(), expected.counts.total());
  }

  test::FaultyStore store_;
  std::optional<Transaction> step_{std::in_place, store_, kOwner};
  Transaction& transaction_ = *step_;
};

// ---- putting ----------------------------------------------------------------------------------------

TEST_F(MessageRecords, AMessageComesBackWithAllThatIsKnownOfIt) {
  MessageRecord written = incoming("3EB0", 7);
  written.sender_pn = kAnaPn;
  written.chat_alt = kAnaPn;
  written.push_name = "Ana \xff";
  written.state = 4;
  written.source = "api";
  written.from_offline = written.starred = true;
  written.edited_at = at(8);
  written.delivered_at = at(9);
  written.read_at = at(10);
  written.played_at = at(11);
  EXPECT_EQ(put(written), Put::kAdded);
  EXPECT_EQ(get(written.name()), written);
  EXPECT_EQ(put(written), Put::kKnown);
  WriteBatch batch = take();
  EXPECT_EQ(batch.durability, Durability::kPowerLoss);
  store_.commit(std::move(batch), [](Status) {});
  EXPECT_EQ(get(written.name()), written);
  EXPECT_EQ(get_message({store_, kOwner}, kAna, kAna, "3EB0").value(), written);
  EXPECT_FALSE(get_message(transaction_, kAna, kMe, "3EB0").value().has_value());
  expect_consistent();
}

TEST_F(MessageRecords, WhatCameFromHistoryIsNotSynced) {
  EXPECT_EQ(put(incoming("A"), Origin::kHistory), Put::kAdded);
  EXPECT_TRUE(get(incoming("A").name()).from_history);
  EXPECT_EQ(take().durability, Durability::kProcessCrash);
}

TEST_F(MessageRecords, TwoSendersOfOneChatMayUseOneId) {
  put(incoming("A", 1, kGroup, kAna));
  put(incoming("A", 2, kGroup, kRui));
  put(outgoing("A", 3, kGroup));
  put(incoming("A", 4));
  EXPECT_EQ(get({kGroup, kAna, "A"}).at, at(1));
  EXPECT_EQ(get({kGroup, kRui, "A"}).at, at(2));
  EXPECT_EQ(get({kGroup, kMe, "A"}).at, at(3));
  EXPECT_EQ(find_message(transaction_, "A")->size(), 4u);
  EXPECT_EQ(find_message(transaction_, "A", kGroup)->size(), 3u);
  EXPECT_THAT(*find_message(transaction_, "B"), IsEmpty());
  expect_consistent();
}

TEST_F(MessageRecords, IdsOfStrangersReachNoOtherMessage) {
  const std::string strange("../\0/%2F \xff", 10);
  put(incoming(strange));
  put(incoming("A/" + kGroup));
  EXPECT_EQ(get(incoming(strange).name()).id, strange);
  EXPECT_THAT(*find_message(transaction_, "A"), IsEmpty());
  expect_consistent();
}

TEST_F(MessageRecords, ASenderIsTheSameUnderBothOfHisAddresses) {
  MessageRecord by_number = incoming("A", 0, kGroup, "");
  by_number.sender_pn = kAnaPn;
  put(by_number, Origin::kHistory);
  EXPECT_EQ(get({kGroup, kAnaPn, "A"}).sender_lid, "");
  MessageRecord by_both = incoming("A", 0, kGroup, kAna);
  by_both.sender_pn = kAnaPn;
  EXPECT_EQ(put(by_both), Put::kChanged);
  EXPECT_EQ(get({kGroup, kAna, "A"}).sender_pn, kAnaPn);
  EXPECT_EQ(get({kGroup, kAnaPn, "A"}).sender_lid, kAna) << "found under the other address";
  EXPECT_EQ(put(by_both), Put::kKnown);
  EXPECT_EQ(totals().counts.incoming, 1u);
  expect_consistent();
}

TEST_F(MessageRecords, HistoryIsNeverMoreThanWhatWasSeenLive) {
  MessageRecord live = incoming("A", 5);
  live.state = 4;
  put(live);
  MessageRecord history = incoming("A", 0);
  history.state = 3;
  history.content = to_bytes("another");
  history.push_name = "Ana";
  history.starred = true;
  EXPECT_EQ(put(history, Origin::kHistory), Put::kChanged) << "what lacked is filled in";
  const MessageRecord kept = get(live.name());
  EXPECT_EQ(kept.content, live.content);
  EXPECT_EQ(kept.at, live.at);
  EXPECT_EQ(kept.state, 4);
  EXPECT_EQ(kept.push_name, "Ana");
  EXPECT_TRUE(kept.starred);
  EXPECT_FALSE(kept.from_history);
  expect_consistent();
}

TEST_F(MessageRecords, WhatIsSeenLiveAfterAllCountsMoreThanHistory) {
  put(incoming("A"), Origin::kHistory);
  MessageRecord live = incoming("A");
  live.content = to_bytes("as it came");
  live.type = "image";
  EXPECT_EQ(put(live), Put::kChanged);
  EXPECT_EQ(get(live.name()).content, live.content);
  EXPECT_FALSE(get(live.name()).from_history);
  EXPECT_EQ(totals().counts.by_type, (std::map<std::string, std::uint64_t, std::less<>>{{"image", 1}}));
  expect_consistent();
}

TEST_F(MessageRecords, OneOfOursTakesTheServersTimeWhenItIsAcknowledged) {
  put(outgoing("A", 5));
  MessageRecord acknowledged = outgoing("A", 2 * kDay);
  acknowledged.state = 2;
  EXPECT_EQ(put(acknowledged), Put::kChanged);
  EXPECT_EQ(get({kAna, kMe, "A"}).at, at(2 * kDay));
  EXPECT_EQ(get_chat(transaction_, kAna).value()->last_message_at, at(2 * kDay));
  acknowledged.at = at(3 * kDay);
  EXPECT_EQ(put(acknowledged), Put::kKnown) << "the first acknowledgement counts";
  EXPECT_EQ(totals().outgoing_by_state, (std::array<std::uint64_t, 6>{0, 0, 1, 0, 0, 0}));
  expect_consistent();
}

TEST_F(MessageRecords, TimesThatNobodyHasAreMovedToTheNearest) {
  MessageRecord never = incoming("A");
  never.at = Wall::min();
  put(never);
  MessageRecord late = incoming("B");
  late.at = Wall::max();
  put(late);
  EXPECT_EQ(get(never.name()).at, Wall());
  expect_consistent();
}

TEST_F(MessageRecords, AreThereWithTheirIndexAndCountsOrNotAtAll) {
  for (std::size_t nth = 1; nth <= 3; ++nth) {
    store_.cut_power(nth);
    for (const char* id : {"A", "B", "C"}) {
      put(incoming(std::to_string(nth) + id));
      commit();
    }
    store_.lose_power();
    (void)take();  // of a process that died
    expect_consistent();
  }
}

// ---- changing ---------------------------------------------------------------------------------------

TEST_F(MessageRecords, AStateMovesOnAndNeverBack) {
  struct Row {
    std::uint8_t from, to, becomes;
  };
  for (const Row& row : {Row{1, 0, 0}, Row{1, 2, 2}, Row{2, 3, 3}, Row{3, 4, 4}, Row{4, 5, 5}, Row{4, 3, 4},
                         Row{5, 2, 5}, Row{2, 0, 2}, Row{2, 1, 2}, Row{0, 2, 2}, Row{3, 3, 3}}) {
    MessageRecord message = outgoing("A" + std::to_string(row.from) + std::to_string(row.to));
    message.state = row.from;
    put(message);
    const bool first_time = row.to >= 3 && row.becomes == row.to;
    EXPECT_EQ(set_message_state(transaction_, message.name(), row.to, at(9)).value(),
              row.becomes != row.from || first_time || (row.to >= 3));
    EXPECT_EQ(get(message.name()).state, row.becomes) << int(row.from) << " " << int(row.to);
  }
  EXPECT_FALSE(set_message_state(transaction_, {kAna, kMe, "none"}, 4, at(0)).value());
  expect_consistent();
}

TEST_F(MessageRecords, TheFirstTimeOfEachStateIsKept) {
  put(outgoing("A"));
  commit();
  const MessageName name{kAna, kMe, "A"};
  EXPECT_TRUE(set_message_state(transaction_, name, 4, at(20)).value());
  EXPECT_EQ(take().durability, Durability::kProcessCrash);
  put(outgoing("A"));
  EXPECT_TRUE(set_message_state(transaction_, name, 4, at(20)).value());
  EXPECT_TRUE(set_message_state(transaction_, name, 3, at(30)).value()) << "the other device has it as well";
  EXPECT_FALSE(set_message_state(transaction_, name, 4, at(40)).value());
  EXPECT_FALSE(set_message_state(transaction_, name, 3, at(40)).value());
  EXPECT_TRUE(set_message_state(transaction_, name, 5, at(50)).value());
  const MessageRecord message = get(name);
  EXPECT_EQ(message.state, 5);
  EXPECT_EQ(message.delivered_at, at(30));
  EXPECT_EQ(message.read_at, at(20));
  EXPECT_EQ(message.played_at, at(50));
}

TEST_F(MessageRecords, ARevokedMessageKeepsNoContentWhateverComesLater) {
  put(incoming("A"));
  const MessageName name = incoming("A").name();
  EXPECT_TRUE(mark_revoked(transaction_, name, at(9)).value());
  EXPECT_FALSE(mark_revoked(transaction_, name, at(10)).value());
  EXPECT_FALSE(edit_message(transaction_, name, to_bytes("edited"), at(11)).value());
  EXPECT_EQ(put(incoming("A")), Put::kKnown);
  EXPECT_EQ(put(incoming("A"), Origin::kHistory), Put::kKnown);
  EXPECT_EQ(get(name).revoked_at, at(9));
  EXPECT_TRUE(get(name).content.empty());
  EXPECT_FALSE(mark_revoked(transaction_, {kAna, kAna, "none"}, at(9)).value());
  expect_consistent();
}

TEST_F(MessageRecords, TheNewestEditCounts) {
  put(incoming("A"), Origin::kHistory);
  const MessageName name = incoming("A").name();
  EXPECT_TRUE(edit_message(transaction_, name, to_bytes("second"), at(20)).value());
  EXPECT_FALSE(edit_message(transaction_, name, to_bytes("first"), at(10)).value());
  EXPECT_EQ(to_text(get(name).content), "second");
  put(incoming("A"));
  EXPECT_EQ(to_text(get(name).content), "second") << "the original comes again";
  EXPECT_TRUE(edit_message(transaction_, name, to_bytes("third"), at(30)).value());
  EXPECT_EQ(get(name).edited_at, at(30));
}

TEST_F(MessageRecords, ItsNameIsNotChangedFromOutside) {
  put(incoming("A"));
  EXPECT_TRUE(change_message(transaction_, incoming("A").name(), [](MessageRecord& message) {
                message.chat = message.id = message.sender_lid = message.sender_pn = "x";
                message.from_me = true;
                message.starred = true;
                message.at = at(3 * kDay);
              }).value());
  EXPECT_TRUE(get(incoming("A").name()).starred);
  EXPECT_FALSE(change_message(transaction_, incoming("A").name(), [](MessageRecord&) {}).value());
  expect_consistent();
}

// ---- erasing ----------------------------------------------------------------------------------------

TEST_F(MessageRecords, AnErasedMessageIsNotCountedAnyMore) {
  put(incoming("A"));
  put(outgoing("B"));
  EXPECT_EQ(totals().contacts, 1u);
  EXPECT_TRUE(erase_message(transaction_, {kAna, kMe, "B"}).value());
  EXPECT_FALSE(erase_message(transaction_, {kAna, kMe, "B"}).value());
  expect_consistent();
  EXPECT_TRUE(erase_message(transaction_, incoming("A").name()).value());
  EXPECT_EQ(totals().contacts, 0u);
  EXPECT_EQ(totals().counts, MessageCounts());
  EXPECT_THAT(*transaction_.scan(keys::kMessageDayPrefix), IsEmpty());
}

TEST_F(MessageRecords, AChatIsEmptiedInSteps) {
  const int count = 2 * static_cast<int>(kMessagesAtOnce) + 10;
  for (int i = 0; i < count; ++i) put(incoming(std::to_string(i), i));
  put(incoming("other", 0, kGroup));
  commit();
  int steps = 1;
  while (erase_messages(transaction_, kAna, at(count - 2)).value()) {
    commit();
    ++steps;
  }
  EXPECT_EQ(steps, 3);
  EXPECT_EQ(kept_in(kAna), 1u);
  EXPECT_EQ(kept_in(kGroup), 1u);
  expect_consistent();
}

// ---- pages ------------------------------------------------------------------------------------------

TEST_F(MessageRecords, PagesGoFromTheNewestDown) {
  for (int i = 0; i < 5; ++i) put(incoming(std::to_string(i), i));
  put(incoming("same time", 4));
  put(incoming("other", 9, kGroup));
  commit();
  MessageQuery query{.chat = kAna, .limit = 4};
  EXPECT_THAT(page(query), ElementsAre("same time", "4", "3", "2"));
  query.cursor = messages_before(store_, kOwner, query)->next;
  EXPECT_THAT(page(query), ElementsAre("1", "0"));
  EXPECT_EQ(messages_before(store_, kOwner, query)->next, "") << "there are no older ones";
  query = {.chat = kAna, .from = at(1), .to = at(3)};
  EXPECT_THAT(page(query), ElementsAre("2", "1"));
  query.limit = 1;
  query.cursor = messages_before(store_, kOwner, query)->next;
  EXPECT_THAT(page(query), ElementsAre("1"));
  EXPECT_THAT(page({.chat = "nobody@lid"}), IsEmpty());
}

TEST_F(MessageRecords, APageThatEndsWithTheLastMessageHasNoNext) {
  for (int i = 0; i < 4; ++i) put(incoming(std::to_string(i), i));
  commit();
  EXPECT_EQ(messages_before(store_, kOwner, {.chat = kAna, .limit = 4})->next, "");
  EXPECT_NE(messages_before(store_, kOwner, {.chat = kAna, .limit = 3})->next, "");
}

TEST_F(MessageRecords, CursorsThatNoPageHasGivenAreRefused) {
  put(incoming("A"));
  commit();
  for (const char* cursor : {"x", "000000000000", "000000000000/a", "000000000000/a/b/c", "../000000000000/a/b",
                             "00000000000G/a/b", "000000000000/%/b", "000000000000/a/\xff"}) {
    const auto page = messages_before(store_, kOwner, {.chat = kAna, .cursor = cursor});
    ASSERT_FALSE(page.ok()) << cursor;
    EXPECT_EQ(page.error().cause, Cause::kInvalidRequest);
  }
  EXPECT_THAT(page({.chat = kAna, .cursor = "ffffffffffff/a/b"}), ElementsAre("A"));
}

// ---- counting ---------------------------------------------------------------------------------------

TEST_F(MessageRecords, AreCountedByDayTypeAndState) {
  put(incoming("old", -40 * kDay));
  put(incoming("A", -1));
  put(incoming("B", 0, kGroup));
  put(outgoing("C", 1));
  MessageRecord image = outgoing("D", kDay, kRui);
  image.type = "image";
  image.state = 4;
  put(image);
  commit();
  const MessageTotals counted = totals();
  EXPECT_EQ(counted.counts.incoming, 3u);
  EXPECT_EQ(counted.counts.outgoing, 2u);
  EXPECT_EQ(counted.counts.by_type, (std::map<std::string, std::uint64_t, std::less<>>{{"image", 1}, {"text", 4}}));
  EXPECT_EQ(counted.outgoing_by_state, (std::array<std::uint64_t, 6>{0, 1, 0, 0, 1, 0}));
  EXPECT_EQ(counted.contacts, 2u) << "a group is nobody";
  EXPECT_EQ(counted.first_at, at(-40 * kDay));
  EXPECT_EQ(counted.last_at, at(kDay));
  const RecordSource source(store_, kOwner);
  EXPECT_EQ(get_message_counts_since(source, at(0))->total(), 3u);
  EXPECT_EQ(get_message_counts_since(source, at(kDay - 1))->total(), 3u) << "whole days";
  EXPECT_EQ(get_message_counts_since(source, at(-1))->total(), 4u);
  EXPECT_EQ(get_message_counts_since(source, at(kDay))->by_type.count("text"), 0u);
  EXPECT_EQ(get_message_counts_since(source, at(2 * kDay))->total(), 0u);
  EXPECT_EQ(get_message_counts_since(source, Wall::min())->total(), 5u);
  expect_consistent();
}

TEST_F(MessageRecords, NothingIsCountedWhereNothingIs) {
  EXPECT_EQ(totals(), MessageTotals());
  EXPECT_EQ(get_message_counts_since(transaction_, Wall()).value(), MessageCounts());
}

// ---- merging ----------------------------------------------------------------------------------------

TEST_F(MessageRecords, TwoAddressesOfOnePersonBecomeOneChatInSteps) {
  const int count = static_cast<int>(kMessagesAtOnce) + 20;
  for (int i = 0; i < count; ++i) {
    MessageRecord message =
        i % 2 == 0 ? outgoing(std::to_string(i), i, kAnaPn) : incoming(std::to_string(i), i, kAnaPn, "");
    if (i % 2 == 1) message.sender_pn = kAnaPn;
    put(message, Origin::kHistory);
  }
  put(incoming("1", 1));  // came live under the LID
  put(incoming("new", 900));
  add_label(transaction_, "7", kAnaPn);
  ASSERT_TRUE(change_chat(transaction_, kAnaPn, [](ChatRecord& chat) {
                chat.name = "Ana";
                chat.unread_count = 2;
                chat.muted_until = -1;
                chat.last_message_at = at(1000);
              }).ok());
  ASSERT_TRUE(change_chat(transaction_, kAna, [](ChatRecord& chat) {
                chat.unread_count = 3;
                chat.muted_until = 5;
              }).ok());
  ASSERT_TRUE(change_contact(transaction_, kAnaPn, [](ContactRecord& contact) {
                contact.push_name = "ana";
                contact.full_name = "Ana of old";
              }).ok());
  ASSERT_TRUE(change_contact(transaction_, kAna, [](ContactRecord& contact) { contact.full_name = "Ana S."; }).ok());
  expect_consistent();
  EXPECT_EQ(totals().contacts, 2u);
  EXPECT_TRUE(merge_chats(transaction_, kAnaPn, kAna).value());
  expect_consistent();
  EXPECT_FALSE(merge_chats(transaction_, kAnaPn, kAna).value());
  expect_consistent();
  EXPECT_FALSE(merge_chats(transaction_, kAnaPn, kAna).value());
  EXPECT_TRUE(transaction_.empty()) << "nothing is left";

  EXPECT_EQ(totals().counts.total(), static_cast<std::uint64_t>(count) + 1);
  EXPECT_EQ(totals().contacts, 1u);
  EXPECT_EQ(kept_in(kAna), static_cast<std::uint64_t>(count) + 1);
  EXPECT_FALSE(get_chat(transaction_, kAnaPn).value().has_value());
  const ChatRecord chat = *get_chat(transaction_, kAna).value();
  EXPECT_EQ(chat.name, "Ana");
  EXPECT_EQ(chat.unread_count, 5u);
  EXPECT_EQ(chat.muted_until, 5);
  EXPECT_EQ(chat.last_message_at, at(1000));
  EXPECT_EQ(chat.pn, kAnaPn);
  EXPECT_EQ(chat.lid, kAna);
  EXPECT_FALSE(get_contact(transaction_, kAnaPn).value().has_value());
  const ContactRecord contact = *get_contact(transaction_, kAna).value();
  EXPECT_EQ(contact.push_name, "ana");
  EXPECT_EQ(contact.full_name, "Ana S.");
  EXPECT_EQ(contact.pn, kAnaPn);
  EXPECT_THAT(*get_chat_labels(transaction_, kAna), ElementsAre("7"));
  EXPECT_THAT(*get_label_chats(transaction_, "7"), ElementsAre(kAna));
  const MessageRecord moved = get({kAna, kAna, "3"});
  EXPECT_EQ(moved.sender_pn, kAnaPn);
  EXPECT_EQ(moved.chat_alt, kAnaPn);
  EXPECT_FALSE(get({kAna, kAna, "1"}).from_history) << "what came live is what stays";
  EXPECT_THAT(page({.chat = kAna, .limit = 2}), ElementsAre("new", std::to_string(count - 1)));
}

TEST_F(MessageRecords, AChatIsMergedWithNothingAndWithItselfForNothing) {
  EXPECT_FALSE(merge_chats(transaction_, kAnaPn, kAna).value());
  put(incoming("A"));
  commit();
  EXPECT_FALSE(merge_chats(transaction_, kAna, kAna).value());
  EXPECT_TRUE(transaction_.empty());
}

// ---- damage -----------------------------------------------------------------------------------------

TEST_F(MessageRecords, DamageIsSaidAndNeverTakenForAbsent) {
  const MessageRecord message = incoming("A");
  put(message);
  commit();
  const std::string key = keys::message(message.name(), message.at);
  const Bytes good = *store_.get(kOwner, key).value();
  using Damage = std::function<void()>;
  const std::vector<std::pair<std::string, Damage>> table{
      {"does not parse", [&] { transaction_.put(key, {0xFF}); }},
      {"state",
       [&] {
         proto::MessageRecord raw;
         ASSERT_TRUE(raw.ParseFromArray(good.data(), static_cast<int>(good.size())));
         raw.set_state(6);
         transaction_.put(key, to_bytes(raw.SerializeAsString()));
       }},
      {"sender is not the one",
       [&] {
         proto::MessageRecord raw;
         ASSERT_TRUE(raw.ParseFromArray(good.data(), static_cast<int>(good.size())));
         raw.set_sender_lid("3003@lid");
         transaction_.put(key, to_bytes(raw.SerializeAsString()));
       }},
      {"is not there", [&] { transaction_.erase(key); }},
      {"expected 6 bytes",
       [&] {
         transaction_.put(keys::message_id(message.name()), {1, 2, 3});
       }},
  };
  for (const auto& [text, damage] : table) {
    (void)take();
    damage();
    const auto read = get_message(transaction_, message.name());
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().cause, Cause::kStoreCorrupt);
    EXPECT_NE(read.error().message.find(text), std::string::npos) << read.error().message;
    EXPECT_FALSE(find_message(transaction_, "A").ok());
    EXPECT_FALSE(put_message(transaction_, message, Origin::kLive).ok());
    EXPECT_FALSE(mark_revoked(transaction_, message.name(), at(0)).ok());
  }
  (void)take();
  transaction_.put(key + "/x", good);
  transaction_.put(keys::kMessageTotals, {0xFF});
  EXPECT_EQ(get_message_totals(transaction_).error().cause, Cause::kStoreCorrupt);
  EXPECT_FALSE(put_message(transaction_, incoming("B"), Origin::kLive).ok());
  transaction_.erase(keys::kMessageTotals);
  commit();
  EXPECT_EQ(messages_before(store_, kOwner, {.chat = kAna}).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(erase_messages(transaction_, kAna, at(9)).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(merge_chats(transaction_, kAna, kRui).error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
