// What a phone tells of the past, taken by a linked session, over the simulator's server and its media host.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "sim/phone_line.h"
#include "store/chat_records.h"
#include "store/history_records.h"
#include "store/keys.h"
#include "store/message_records.h"

namespace ponte::test {
namespace {

using Json = PhoneLine::Json;

class HistoryOfPhone : public ::testing::Test {
 protected:
  void SetUp() override { line_.log_in(); }
  void TearDown() override { EXPECT_EQ(line_.violations(), ""); }

  /// The phone tells of its past; `plan` as the admin API has it.
  void tell(Json plan) {
    plan["number"] = PhoneLine::kNumber;
    line_.admin("history", plan);
    line_.run_for(Seconds(5));
  }
  store::HistoryProgress progress() const {
    return store::get_history_progress({line_.store_, kChats})->value_or(store::HistoryProgress{});
  }
  std::vector<store::MessageRecord> kept(const std::string& chat) const {
    return store::messages_before(line_.store_, kChats, {chat, {}, {}, "", 100'000})->messages;
  }
  std::size_t all_kept() const {
    std::size_t out = 0;
    for (const auto& chat : chats()) out += kept(chat).size();
    return out;
  }
  std::vector<std::string> chats() const {
    std::vector<std::string> out;
    const auto records = *line_.store_.scan(kChats, "chat/");
    for (const auto& record : records) out.push_back(record.first.substr(5));
    return out;
  }
  std::vector<protocol::wire::Node> told_read() const { return line_.sent_.all("receipt", "hist_sync"); }

  static inline const store::Owner kChats = store::keys::chats_owner(SessionLine::kOwner);
  PhoneLine line_;
};

TEST_F(HistoryOfPhone, IsKeptWithoutAnEvent) {
  tell({{"chats", 4}, {"groups", 1}, {"messages", 30}, {"chunks", 3}});
  EXPECT_EQ(all_kept(), 5U * 30);
  const auto now = progress();
  EXPECT_EQ(now.messages, 5U * 30);
  EXPECT_EQ(now.progress, 100U);
  EXPECT_TRUE(now.done);
  EXPECT_EQ(now.failed, 0U);
  EXPECT_TRUE(line_.told_.empty()) << "contract, decision 16";
  // The newest come in line, with those who wrote them; the others as files.
  EXPECT_EQ(line_.fetched_.size(), 4U) << "names and three chunks";
  EXPECT_EQ(told_read().size(), 5U) << "bootstrap, names and three chunks";
  for (const auto& chat : chats()) EXPECT_TRUE(chat.ends_with("@lid") || chat.ends_with("@g.us")) << chat;
}

TEST_F(HistoryOfPhone, OlderDaysThanWereAskedForAreLeftOut) {
  PhoneLine limited(2);
  limited.log_in(1);
  limited.admin("history", {{"number", PhoneLine::kNumber}, {"chats", 1}, {"messages", 3000}, {"chunks", 2}});
  limited.run_for(Seconds(5));
  const auto now = store::get_history_progress({limited.store_, kChats})->value();
  EXPECT_EQ(now.days, 1U);
  EXPECT_GT(now.too_old, 0U);
  EXPECT_EQ(now.messages + now.too_old, 3000U);
  EXPECT_TRUE(now.done);
}

TEST_F(HistoryOfPhone, WhatIsDamagedIsRefusedAndCountedAndTheRestIsKept) {
  const std::vector<std::string> defects = {
      "long-length", "short-length", "bad-mac", "bad-plain-hash", "bad-sealed-hash", "truncated", "bomb",
      "no-zlib",     "no-protobuf",  "empty",   "wrong-key",      "forbidden",       "not-found", "gone"};
  for (const std::string& defect : defects) {
    PhoneLine line(3);
    line.log_in();
    line.admin("history", {{"number", PhoneLine::kNumber},
                           {"chats", 2},
                           {"messages", 30},
                           {"chunks", 3},
                           {"defect", defect},
                           {"damagedChunk", 2},
                           {"bombBytes", 64 << 20}});
    line.run_for(std::chrono::minutes(5));
    const auto now = store::get_history_progress({line.store_, kChats})->value();
    // A file that the host has no more, or not as it was, the phone puts there again.
    const bool comes_again = defect == "forbidden" || defect == "not-found" || defect == "gone";
    EXPECT_EQ(now.failed, comes_again ? 0U : 1U) << defect;
    EXPECT_LT(now.messages, comes_again ? 61U : 60U) << defect;
    EXPECT_GE(now.messages, comes_again ? 60U : 30U) << defect << ": the other chunks are there";
    EXPECT_FALSE(line.has<protocol::event::Ended>() &&
                 line.ended()->disposition != protocol::event::Disposition::kRestart)
        << defect << ": the connection goes on";
    line.admin("send", {{"from", PhoneLine::kPeer}, {"to", PhoneLine::kNumber}, {"text", "still here"}});
    EXPECT_EQ(line.texts(), std::vector<std::string>{"still here"}) << defect;
    EXPECT_EQ(line.violations(), "") << defect;
  }
}

TEST_F(HistoryOfPhone, AHostThatIsAwayForAMomentIsAskedAgain) {
  tell({{"chats", 2}, {"messages", 10}, {"chunks", 1}, {"defect", "unavailable"}, {"damagedChunk", 1}});
  EXPECT_EQ(progress().messages, 20U);
  EXPECT_EQ(progress().failed, 0U);
}

TEST_F(HistoryOfPhone, IsWholeAfterAPowerCutAtEveryCommit) {
  for (std::size_t cut = 1;; ++cut) {
    PhoneLine line(4);
    line.log_in();
    const std::size_t before = line.commits_;
    bool done = true;
    line.before_commit_ = [&](std::size_t number, const store::WriteBatch&) {
      if (number != before + cut) return;
      done = false;
      line.store_.cut_power(1);
    };
    line.admin("history", {{"number", PhoneLine::kNumber}, {"chats", 2}, {"messages", 300}, {"chunks", 2}});
    line.run_for(Seconds(1));
    line.before_commit_ = nullptr;
    if (!done) {
      line.store_.lose_power();
      line.make_session();
      line.open();
      line.run_for(std::chrono::minutes(2));
    }
    const auto now = store::get_history_progress({line.store_, kChats})->value_or(store::HistoryProgress{});
    ASSERT_EQ(now.messages, 600U) << "cut at commit " << cut;
    ASSERT_TRUE(now.done) << cut;
    if (done) {
      EXPECT_GT(cut, 5U);
      break;
    }
  }
}

TEST_F(HistoryOfPhone, OlderMessagesComeWhenAskedFor) {
  tell({{"chats", 1}, {"messages", 100}, {"chunks", 1}, {"defect", "never-told"}, {"damagedChunk", 1}});
  const std::string chat = chats().at(0);
  ASSERT_EQ(kept(chat).size(), 1U) << "the newest alone";
  line_.run(protocol::command::RequestOlder{7, *protocol::wire::Jid::parse(chat), 40});
  line_.run_for(Seconds(2));
  const auto* ended = line_.last<protocol::event::CommandEnded>();
  ASSERT_NE(ended, nullptr);
  EXPECT_EQ(ended->ticket, 7U);
  EXPECT_TRUE(ended->status.ok()) << ended->status.error().message;
  EXPECT_EQ(kept(chat).size(), 41U);
}

TEST_F(HistoryOfPhone, APhoneThatSaysNothingIsToldOf) {
  line_.admin("send", {{"from", PhoneLine::kPeer}, {"to", PhoneLine::kNumber}, {"text", "hello"}});
  // It has no past to tell: the request is for a message that it does not know.
  line_.run(protocol::command::RequestOlder{8, line_.lid(PhoneLine::kPeer), 10});
  line_.run_for(std::chrono::minutes(3));
  const auto* ended = line_.last<protocol::event::CommandEnded>();
  ASSERT_NE(ended, nullptr);
  ASSERT_FALSE(ended->status.ok());
  EXPECT_EQ(ended->status.error().cause, Cause::kHistoryUnanswered);
  line_.run(protocol::command::RequestOlder{9, line_.lid(PhoneLine::kThird), 10});
  EXPECT_EQ(line_.last<protocol::event::CommandEnded>()->status.error().cause, Cause::kMessageNotFound);
}

// ---- files of messages ------------------------------------------------------------------------------

class MediaOfMessage : public HistoryOfPhone {
 protected:
  /// Ana sends a picture; the media host answers requests for it with `status`.
  void send_picture(int status) {
    line_.admin("send", {{"from", PhoneLine::kPeer},
                         {"to", PhoneLine::kNumber},
                         {"image", "89504e470d0a1a0a"},
                         {"text", "look"},
                         {"id", "PICTURE"},
                         {"status", status}});
    const auto record = store::find_message({line_.store_, kChats}, "PICTURE")->at(0);
    line_.run(protocol::command::FetchMedia{5, record.name()});
    line_.run_for(std::chrono::minutes(2));
  }
  const Result<Bytes>& bytes() const { return line_.last<protocol::event::MediaFetched>()->bytes; }
};

TEST_F(MediaOfMessage, IsFetchedAndDecrypted) {
  send_picture(200);
  ASSERT_TRUE(line_.has<protocol::event::MediaFetched>());
  EXPECT_EQ(line_.last<protocol::event::MediaFetched>()->ticket, 5U);
  ASSERT_TRUE(bytes().ok()) << bytes().error().message;
  EXPECT_EQ(to_hex(*bytes()), "89504e470d0a1a0a");
}

TEST_F(MediaOfMessage, ThatIsGoneIsAskedForFromThePhoneOnce) {
  send_picture(410);
  ASSERT_TRUE(line_.has<protocol::event::MediaFetched>());
  ASSERT_TRUE(bytes().ok()) << bytes().error().message;
  EXPECT_EQ(line_.sent_.all("receipt", "server-error").size(), 1U);
  const std::size_t asked = line_.fetched_.size();
  line_.forget_events();
  line_.run(protocol::command::FetchMedia{6, store::find_message({line_.store_, kChats}, "PICTURE")->at(0).name()});
  ASSERT_TRUE(bytes().ok());
  EXPECT_EQ(line_.fetched_.size(), asked + 1) << "its new place is kept";
  EXPECT_EQ(line_.sent_.all("receipt", "server-error").size(), 1U);
}

TEST_F(MediaOfMessage, OfNoMessageIsNone) {
  line_.run(protocol::command::FetchMedia{5, {"a", "b", "c"}});
  EXPECT_EQ(bytes().error().cause, Cause::kMediaNotAvailable);
  line_.admin("send", {{"from", PhoneLine::kPeer}, {"to", PhoneLine::kNumber}, {"text", "words"}, {"id", "WORDS"}});
  line_.run(protocol::command::FetchMedia{6, store::find_message({line_.store_, kChats}, "WORDS")->at(0).name()});
  EXPECT_EQ(bytes().error().cause, Cause::kMediaNotAvailable);
}

// ---- the order of what is kept -----------------------------------------------------------------------

TEST_F(HistoryOfPhone, WhatCameWithinOneSecondStaysInOrder) {
  line_.send(line_.lid(PhoneLine::kPeer), "1");
  for (const char* text : {"2", "3", "4"})
    line_.admin("send", {{"from", PhoneLine::kPeer}, {"to", PhoneLine::kNumber}, {"text", text}});
  line_.send(line_.lid(PhoneLine::kPeer), "5");
  std::string order;
  const auto messages = kept(line_.lid(PhoneLine::kPeer).to_string());
  for (const auto& record : messages) {
    proto::Message message;
    ASSERT_TRUE(message.ParseFromArray(record.content.data(), static_cast<int>(record.content.size())));
    order += message.conversation();
  }
  EXPECT_EQ(order, "54321") << "newest first";
}

// ---- read as soon as it comes -----------------------------------------------------------------------

TEST_F(HistoryOfPhone, MessagesCountAsReadAtOnceWhereThatIsWished) {
  const auto read_receipts = [this] { return line_.sent_.all("receipt", "read").size(); };
  line_.admin("send", {{"from", PhoneLine::kPeer}, {"to", PhoneLine::kNumber}, {"text", "one"}});
  EXPECT_EQ(read_receipts(), 0U);
  line_.run(protocol::command::SetReading{protocol::Reading::kAtOnce});
  line_.admin("send", {{"from", PhoneLine::kPeer}, {"to", PhoneLine::kNumber}, {"text", "two"}, {"id", "TWO"}});
  ASSERT_EQ(read_receipts(), 1U);
  EXPECT_EQ(line_.sent_.all("receipt", "read")[0].attribute("id"), "TWO");
  line_.admin("send", {{"from", PhoneLine::kNumber}, {"to", PhoneLine::kPeer}, {"text", "our own"}});
  EXPECT_EQ(read_receipts(), 1U);
  EXPECT_EQ(store::find_message({line_.store_, kChats}, "TWO")->at(0).state,
            static_cast<std::uint8_t>(protocol::messages::MessageState::kRead));
}

}  // namespace
}  // namespace ponte::test
