#include "store/chat_keys.h"

#include <gtest/gtest.h>

namespace ponte::store::keys {
namespace {

const Owner kOwner = "one-chats";

Wall at(std::int64_t milliseconds) {
  return Wall(Milliseconds(milliseconds));
}

TEST(ChatKeys, EveryKeyFallsUnderItsRow) {
  EXPECT_EQ(row_of(kOwner, message({"1@lid", "me", "A"}, at(1)))->value, "MessageRecord");
  EXPECT_EQ(row_of(kOwner, message_id({"1@lid", "me", "A"}))->key, kMessageIdPrefix);
  EXPECT_EQ(row_of(kOwner, message_day(at(1)))->value, "MessageDayRecord");
  EXPECT_EQ(row_of(kOwner, kMessageTotals)->value, "MessageTotalsRecord");
  EXPECT_EQ(row_of(kOwner, chat("1@lid"))->value, "ChatRecord");
  EXPECT_EQ(row_of(kOwner, contact("1@lid"))->value, "ContactRecord");
  EXPECT_EQ(row_of(kOwner, label("3"))->value, "LabelRecord");
  EXPECT_EQ(row_of(kOwner, label_chat("3", "1@lid"))->key, kLabelChatPrefix);
  EXPECT_EQ(row_of(kOwner, chat_label("1@lid", "3"))->key, kChatLabelPrefix);
  EXPECT_EQ(row_of(kOwner, kHistory)->value, "HistoryProgressRecord");
  EXPECT_EQ(row_of(kOwner, history_job(1))->value, "HistoryJobRecord");
  EXPECT_EQ(row_of(kSystem, chat("1@lid")), nullptr);
}

TEST(ChatKeys, NoRowContainsOneOfEitherTable) {
  std::vector<Row> rows(kTable.begin(), kTable.end());
  rows.insert(rows.end(), kChatTable.begin(), kChatTable.end());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (i == j || rows[i].scope != rows[j].scope) continue;
      EXPECT_NE(rows[i].key, rows[j].key);
      if (rows[i].key.ends_with('/')) {
        EXPECT_FALSE(rows[j].key.starts_with(rows[i].key)) << rows[i].key << " " << rows[j].key;
      }
    }
  }
}

TEST(ChatKeys, PartsOfPeersCannotReachOutAndReadBack) {
  EXPECT_EQ(key_part("123@lid"), "123@lid");
  EXPECT_EQ(key_part(std::string("a/b%c d\0\xff", 9)), "a%2Fb%25c%20d%00%FF");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(from_key_part(key_part(all)), all);
  EXPECT_EQ(from_key_part(""), "");
  for (const char* other : {"a/b", "%2f", "%41", "%", "%2", "%zz", "a b", "\x01", "%2F%"})
    EXPECT_FALSE(from_key_part(other).has_value()) << other;
}

TEST(ChatKeys, MessagesSortByTimeWithinTheirChatAndReadBack) {
  EXPECT_EQ(message({"1@lid", "2@lid", "3EB0"}, at(0x123456)), "message/1@lid/000000123456/2@lid/3EB0");
  EXPECT_LT(message({"1@lid", "z", "z"}, at(9)), message({"1@lid", "a", "a"}, at(10)));
  EXPECT_TRUE(message({"1@lid", "z", "z"}, at(9)).starts_with(messages("1@lid")));
  EXPECT_FALSE(message({"1@lid/x", "z", "z"}, at(9)).starts_with(messages("1@lid")));
  EXPECT_LT(message({"1@lid", "z", "z"}, at(9)), messages_from("1@lid", at(10)));
  EXPECT_GT(message({"1@lid", "a", ""}, at(10)), messages_from("1@lid", at(10)));
  const MessageName strange{std::string("a/\0b", 4), "%", "\xff/../x"};
  const auto place = message_place(message(strange, at(7)));
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->name, strange);
  EXPECT_EQ(place->at, at(7));
  for (const char* other : {"message/", "message/1@lid/000000123456/2@lid", "message/1@lid/00000012345/2@lid/x",
                            "message/1@lid/00000012345G/2@lid/x", "message/1@lid/00000012345A/2@lid/x",
                            "message/1@lid/000000123456/2@lid/x/y", "message/%41/000000123456/2@lid/x", "chat/1@lid"})
    EXPECT_FALSE(message_place(other).has_value()) << other;
}

TEST(ChatKeys, TimesThatNoKeyHasAreMovedToTheNearest) {
  EXPECT_EQ(key_time(at(-1)), at(0));
  EXPECT_EQ(key_time(Wall::max()), at(0xFFFF'FFFF'FFFF));
  EXPECT_EQ(message({"c", "me", "i"}, Wall::max()), "message/c/ffffffffffff/me/i");
  EXPECT_EQ(message({"c", "me", "i"}, Wall::min()), "message/c/000000000000/me/i");
}

TEST(ChatKeys, MessagesAreFoundByIdAndReadBack) {
  const MessageName name{"1@g.us", "2@lid", "A/B"};
  EXPECT_EQ(message_id(name), "message_id/A%2FB/1@g.us/2@lid");
  EXPECT_TRUE(message_id(name).starts_with(message_ids("A/B")));
  EXPECT_TRUE(message_id(name).starts_with(message_ids("A/B", "1@g.us")));
  EXPECT_FALSE(message_id(name).starts_with(message_ids("A")));
  EXPECT_EQ(message_id_name(message_id(name)), name);
  for (const char* other :
       {"message_id/", "message_id/a/b", "message_id/a/b/c/d", "message_id/a%2f/b/c", "message/a/b/c"})
    EXPECT_FALSE(message_id_name(other).has_value()) << other;
}

TEST(ChatKeys, DaysAreThoseOfUtc) {
  EXPECT_EQ(message_day(at(0)), "message_day/19700101");
  EXPECT_EQ(message_day(at(1'767'225'599'999)), "message_day/20251231");
  EXPECT_EQ(message_day(at(1'767'225'600'000)), "message_day/20260101");
  EXPECT_EQ(message_day(at(-5)), "message_day/19700101");
  EXPECT_EQ(message_day(Wall::max()), "message_day/99991231");
}

TEST(ChatKeys, LabelsOfAChatAndChatsOfALabelReadBack) {
  EXPECT_EQ(label_chat("1", "2@lid"), "label_chat/1/2@lid");
  EXPECT_EQ(last_part(label_chat("1", "a/b"), label_chats("1")), "a/b");
  EXPECT_EQ(last_part(chat_label("a/b", "7"), chat_labels("a/b")), "7");
  EXPECT_FALSE(last_part("label_chat/1/2/3", label_chats("1")).has_value());
  EXPECT_FALSE(last_part("label_chat/1/2", label_chats("3")).has_value());
}

TEST(ChatKeys, HistoryJobsSortByArrivalAndReadBack) {
  EXPECT_EQ(history_job(0x1A), "history_job/0000001a");
  EXPECT_LT(history_job(9), history_job(10));
  EXPECT_EQ(history_job_arrival(history_job(0xFFFFFFFF)), 0xFFFFFFFF);
  for (const char* other :
       {"history_job/", "history_job/1", "history_job/0000001A", "history_job/00000001/", "history"})
    EXPECT_FALSE(history_job_arrival(other).has_value()) << other;
}

}  // namespace
}  // namespace ponte::store::keys
