// Texts in both directions between a linked session and phones, over the simulator's server.
#include <gtest/gtest.h>

#include "sim/phone_line.h"

namespace ponte::test {
namespace {

using protocol::messages::StatusChange;
using Texts = std::vector<std::string>;

class MessagesExchange : public ::testing::Test {
 protected:
  void SetUp() override {
    line_.log_in();
    line_.admin("phone", {{"number", PhoneLine::kPeer}, {"pushName", "Ana"}});
    line_.admin("phone", {{"number", PhoneLine::kThird}});
  }
  void TearDown() override { EXPECT_EQ(line_.violations(), ""); }

  PhoneLine line_;
};

const std::string kPeer = PhoneLine::kPeer;
const std::string kThird = PhoneLine::kThird;

TEST_F(MessagesExchange, SendsATextThatThePhoneReads) {
  const auto ticket = line_.send(line_.pn(kPeer), "hello");
  ASSERT_EQ(line_.outcome(ticket), "sent");
  EXPECT_EQ(line_.read_by(kPeer), Texts{"hello"});
  EXPECT_EQ(line_.read_by(PhoneLine::kNumber), Texts{"hello"}) << "our own phone has a copy";
  const auto& sent = **line_.ended_send(ticket);
  EXPECT_EQ(sent.chat.jid, line_.lid(kPeer));
  EXPECT_EQ(sent.chat.other.pn, line_.pn(kPeer));
  EXPECT_EQ(line_.texts(), Texts{"hello"}) << "told once, as outgoing";
  EXPECT_TRUE(line_.told<protocol::event::MessageExchanged>()[0].message.from_me);
}

TEST_F(MessagesExchange, IsToldThatItWasDeliveredAndRead) {
  line_.send(line_.lid(kPeer), "hello", "3EB0AA");
  line_.admin("receipt", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"ids", {"3EB0AA"}}, {"type", "read"}});
  std::vector<StatusChange::Kind> kinds;
  for (const auto& change : line_.changes()) {
    EXPECT_EQ(change.message_ids, Texts{"3EB0AA"});
    EXPECT_EQ(change.chat.jid, line_.lid(kPeer));
    kinds.push_back(change.kind);
  }
  EXPECT_EQ(kinds, (std::vector{StatusChange::Kind::kDelivered, StatusChange::Kind::kRead}));
}

TEST_F(MessagesExchange, TalksInBothDirectionsOnOneSession) {
  line_.send(line_.lid(kPeer), "one");
  line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", "two"}});
  line_.send(line_.lid(kPeer), "three");
  line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", "four"}});
  EXPECT_EQ(line_.texts(), (Texts{"one", "two", "three", "four"}));
  EXPECT_EQ(line_.read_by(kPeer), (Texts{"one", "three"}));
  EXPECT_TRUE(line_.sent_.all("receipt", "retry").empty());
}

TEST_F(MessagesExchange, ReachesEveryDeviceOfBothSides) {
  const auto theirs = line_.admin("companion", {{"number", kPeer}})["device"].get<std::uint16_t>();
  const auto ours = line_.admin("companion", {{"number", PhoneLine::kNumber}})["device"].get<std::uint16_t>();
  ASSERT_EQ(line_.outcome(line_.send(line_.lid(kPeer), "to all")), "sent");
  for (const auto& [number, device] : {std::pair(kPeer, theirs), std::pair(PhoneLine::kNumber, ours)}) {
    const auto* companion = line_.server_.world().phones.find({number, device});
    ASSERT_NE(companion, nullptr);
    ASSERT_EQ(companion->read().size(), 1u);
    EXPECT_EQ(companion->read()[0].text, "to all");
  }
  line_.admin("send", {{"from", PhoneLine::kNumber}, {"to", kPeer}, {"text", "from my phone"}});
  EXPECT_EQ(line_.texts(), (Texts{"to all", "from my phone"}));
  EXPECT_TRUE(line_.told<protocol::event::MessageExchanged>()[1].message.from_me);
}

TEST_F(MessagesExchange, LearnsOfANewDeviceAndOfOneThatIsGone) {
  line_.send(line_.lid(kPeer), "first");
  const auto device = line_.admin("companion", {{"number", kPeer}})["device"].get<std::uint16_t>();
  line_.send(line_.lid(kPeer), "second");
  const auto* companion = line_.server_.world().phones.find({kPeer, device});
  ASSERT_EQ(companion->read().size(), 1u);
  EXPECT_EQ(companion->read()[0].text, "second");
  line_.admin("unlink", {{"number", kPeer}, {"device", device}});
  EXPECT_EQ(line_.outcome(line_.send(line_.lid(kPeer), "third")), "sent");
  EXPECT_EQ(line_.read_by(kPeer), (Texts{"first", "second", "third"}));
}

TEST_F(MessagesExchange, WritesToAGroupOfThree) {
  const auto group = line_.group({kThird, PhoneLine::kNumber});
  ASSERT_EQ(line_.outcome(line_.send(group, "to all of you")), "sent");
  line_.send(group, "and again");
  for (const std::string& number : {kPeer, kThird, PhoneLine::kNumber})
    EXPECT_EQ(line_.read_by(number), (Texts{"to all of you", "and again"})) << number;
  line_.admin("send", {{"from", kThird}, {"group", group.to_string()}, {"text", "heard"}});
  EXPECT_EQ(line_.texts(), (Texts{"to all of you", "and again", "heard"}));
  EXPECT_EQ(line_.told<protocol::event::MessageExchanged>()[2].message.chat.jid, group);
  // The key goes out once.
  const auto sent = line_.sent_.all("message");
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_NE(sent[0].find("participants"), nullptr);
  EXPECT_EQ(sent[1].find("participants"), nullptr);
}

TEST_F(MessagesExchange, TakesANewGroupKeyWhenSomebodyLeaves) {
  const auto group = line_.group({kThird, PhoneLine::kNumber});
  line_.send(group, "one");
  line_.admin("group/remove", {{"group", group.to_string()}, {"members", {kThird}}, {"by", kPeer}});
  line_.send(group, "two");
  EXPECT_EQ(line_.read_by(kThird), Texts{"one"});
  EXPECT_EQ(line_.read_by(kPeer), (Texts{"one", "two"}));
  const auto sent = line_.sent_.all("message");
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_NE(sent[1].find("participants"), nullptr) << "under another key";
}

TEST_F(MessagesExchange, GivesTheKeyToWhoJoins) {
  const auto group = line_.group({PhoneLine::kNumber});
  line_.send(group, "one");
  line_.admin("group/add", {{"group", group.to_string()}, {"members", {kThird}}, {"by", kPeer}});
  line_.send(group, "two");
  EXPECT_EQ(line_.read_by(kThird), Texts{"two"});
}

TEST_F(MessagesExchange, AnswersAPhoneThatHasLostItsSessions) {
  line_.send(line_.lid(kPeer), "one");
  line_.admin("forget-sessions", {{"number", kPeer}});
  line_.send(line_.lid(kPeer), "two", "3EB0BB");
  EXPECT_EQ(line_.read_by(kPeer), (Texts{"one", "two"}));
  const auto changes = line_.changes();
  EXPECT_TRUE(std::any_of(changes.begin(), changes.end(), [](const auto& change) {
    return change.kind == StatusChange::Kind::kRetry && change.message_ids == Texts{"3EB0BB"};
  }));
  line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", "three"}});
  EXPECT_EQ(line_.texts(), (Texts{"one", "two", "three"}));
}

TEST_F(MessagesExchange, AnswersAMemberThatHasLostItsKeys) {
  const auto group = line_.group({kThird, PhoneLine::kNumber});
  line_.send(group, "one");
  line_.admin("forget-sessions", {{"number", kThird}});
  line_.send(group, "two");
  EXPECT_EQ(line_.read_by(kThird), (Texts{"one", "two"}));
  line_.send(group, "three");
  EXPECT_EQ(line_.read_by(kThird), (Texts{"one", "two", "three"}));
}

TEST_F(MessagesExchange, GetsAgainWhatCameUnderASessionThatNobodyKnows) {
  line_.send(line_.lid(kPeer), "one");
  line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", "two"}, {"defect", "unknown-session"}});
  line_.run_for(Seconds(10));
  line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", "three"}});
  EXPECT_EQ(line_.texts(), (Texts{"one", "two", "three"}));
}

TEST_F(MessagesExchange, SaysWhatTheServerRefuses) {
  for (const auto& [code, cause] : {std::pair(463, "SEND_REACH_OUT_LOCKED"), std::pair(475, "SEND_NEW_CHAT_LIMIT"),
                                    std::pair(429, "SEND_RATE_LIMITED"), std::pair(403, "SEND_FORBIDDEN")}) {
    line_.admin("refuse", {{"number", PhoneLine::kNumber}, {"code", code}, {"next", 1}});
    EXPECT_EQ(line_.outcome(line_.send(line_.lid(kPeer), "refused")), cause);
  }
  EXPECT_TRUE(line_.read_by(kPeer).empty());
  const auto changes = line_.changes();
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(changes[0].kind, StatusChange::Kind::kServerError);
  ASSERT_TRUE(changes[0].why);
  EXPECT_EQ(line_.outcome(line_.send(line_.lid(kPeer), "taken")), "sent");
}

TEST_F(MessagesExchange, TriesOnceMoreWithNewListsWhereOldOnesAreRefused) {
  line_.admin("refuse", {{"number", PhoneLine::kNumber}, {"code", 479}, {"next", 1}});
  EXPECT_EQ(line_.outcome(line_.send(line_.lid(kPeer), "once more", "3EB0CC")), "sent");
  EXPECT_EQ(line_.read_by(kPeer), Texts{"once more"});
  line_.admin("refuse", {{"number", PhoneLine::kNumber}, {"code", 479}, {"next", 2}});
  EXPECT_EQ(line_.outcome(line_.send(line_.lid(kPeer), "never")), "SEND_REFUSED");
}

TEST_F(MessagesExchange, RefusesANumberThatIsNotOnWhatsApp) {
  EXPECT_EQ(line_.outcome(line_.send(jid_of("5511000000009@s.whatsapp.net"), "x")), "NOT_ON_WHATSAPP");
  EXPECT_EQ(line_.outcome(line_.send(jid_of("5/5@s.whatsapp.net"), "x")), "INVALID_NUMBER");
}

TEST_F(MessagesExchange, SendsTheSameIdOnce) {
  line_.send(line_.lid(kPeer), "once", "3EB0DD");
  const auto again = line_.send(line_.lid(kPeer), "once", "3EB0DD");
  EXPECT_EQ(line_.outcome(again), "sent");
  EXPECT_EQ(line_.read_by(kPeer), Texts{"once"});
  EXPECT_EQ(line_.texts(), Texts{"once"});
}

TEST_F(MessagesExchange, KeepsWhatIsSentWhileNotConnectedForNobody) {
  line_.hang_up();
  line_.session_->on_channel_closed(Error{Errc::kUnavailable, Cause::kConnectionClosed, "gone"}, line_.now());
  line_.settle();
  EXPECT_EQ(line_.outcome(line_.send(line_.lid(kPeer), "x")), "NOT_CONNECTED");
}

TEST_F(MessagesExchange, SendsTheSameBytesAgainAfterALostConnection) {
  line_.send(line_.lid(kPeer), "first");
  // The server takes the message, and the line is cut before its ack.
  simulator::SimConnection* connection = line_.connection_;
  line_.connection_ = nullptr;
  const auto ticket = line_.send(line_.lid(kPeer), "again", "3EB0EE");
  connection->on_closed(line_.now());
  line_.server_.forget(connection->id());
  line_.session_->on_channel_closed(Error{Errc::kUnavailable, Cause::kConnectionClosed, "cut"}, line_.now());
  line_.settle();
  EXPECT_EQ(line_.outcome(ticket), "waits");
  line_.open();
  line_.run_for(Seconds(20));
  EXPECT_EQ(line_.outcome(ticket), "sent");
  EXPECT_EQ(line_.read_by(kPeer), (Texts{"first", "again"}));
}

TEST_F(MessagesExchange, SendsNothingASecondTimeAfterACrash) {
  line_.send(line_.lid(kPeer), "first");
  simulator::SimConnection* connection = line_.connection_;
  line_.connection_ = nullptr;
  line_.send(line_.lid(kPeer), "lost", "3EB0FF");
  connection->on_closed(line_.now());
  line_.server_.forget(connection->id());
  line_.restart();
  line_.run_for(Seconds(20));
  EXPECT_EQ(line_.read_by(kPeer), Texts{"first"});
  const auto changes = line_.changes();
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes.back().kind, StatusChange::Kind::kServerError);
  EXPECT_EQ(changes.back().message_ids, Texts{"3EB0FF"});
  EXPECT_EQ(changes.back().why->cause, Cause::kSendUnconfirmed);
  // The ratchet has moved on all the same.
  EXPECT_EQ(line_.outcome(line_.send(line_.lid(kPeer), "next")), "sent");
  EXPECT_EQ(line_.read_by(kPeer), (Texts{"first", "next"}));
}

TEST_F(MessagesExchange, AnswersWhatWaitsWhenItIsLoggedOut) {
  line_.send(line_.lid(kPeer), "first");
  line_.connection_->on_closed(line_.now());
  line_.server_.forget(line_.connection_->id());
  line_.connection_ = nullptr;
  const auto ticket = line_.send(line_.lid(kPeer), "never");
  line_.session_->on_channel_closed(Error{Errc::kUnavailable, Cause::kConnectionClosed, "cut"}, line_.now());
  line_.run(protocol::command::Logout{});
  EXPECT_EQ(line_.outcome(ticket), "LOGGED_OUT");
  EXPECT_TRUE(line_.store_.scan(line_.kOwner, "signal/")->empty());
}

TEST_F(MessagesExchange, GetsWhatWaitedWhileItWasAway) {
  line_.hang_up();
  line_.session_->on_channel_closed(Error{Errc::kUnavailable, Cause::kConnectionClosed, "gone"}, line_.now());
  line_.settle();
  Texts expected;
  for (int i = 0; i < 250; ++i) expected.push_back("m" + std::to_string(i));
  for (const std::string& text : expected)
    line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", text}});
  line_.open();
  line_.run_for(Seconds(30));
  EXPECT_EQ(line_.texts(), expected);
  EXPECT_TRUE(line_.told<protocol::event::MessageExchanged>()[0].message.from_offline);
}

TEST_F(MessagesExchange, TellsOnceWhatIsDeliveredTwiceOrOutOfOrder) {
  for (const char* mode : {"duplicate", "reorder"}) {
    line_.admin("delivery", {{"number", PhoneLine::kNumber}, {"mode", mode}});
    for (int i = 0; i < 4; ++i)
      line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", mode + std::to_string(i)}});
  }
  line_.admin("delivery", {{"number", PhoneLine::kNumber}, {"mode", "normal"}});
  line_.run_for(Seconds(10));
  Texts got = line_.texts();
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, (Texts{"duplicate0", "duplicate1", "duplicate2", "duplicate3", "reorder0", "reorder1", "reorder2",
                        "reorder3"}));
}

TEST_F(MessagesExchange, MarksReadAndShowsThatItTypes) {
  const auto id =
      line_.admin("send", {{"from", kPeer}, {"to", PhoneLine::kNumber}, {"text", "x"}})["ids"][0].get<std::string>();
  line_.run(protocol::command::MarkRead{7, line_.pn(kPeer), {id}});
  ASSERT_EQ(line_.sent_.all("receipt", "read").size(), 1u);
  EXPECT_EQ(line_.sent_.all("receipt", "read")[0].attribute("id"), id);
  // What is not kept is his all the same, in a chat with one; in a group nobody knows whose.
  line_.run(protocol::command::MarkRead{8, line_.pn(kPeer), {"NOT-KEPT"}});
  ASSERT_EQ(line_.sent_.all("receipt", "read").size(), 2u);
  EXPECT_EQ(line_.sent_.all("receipt", "read")[1].attribute("id"), "NOT-KEPT");
  line_.run(protocol::command::MarkRead{8, jid_of("120363000000000001@g.us"), {"NOT-KEPT"}});
  EXPECT_EQ(line_.sent_.all("receipt", "read").size(), 2u);
  line_.run(protocol::command::SendChatState{9, line_.pn(kPeer), protocol::messages::ChatState::kComposing});
  ASSERT_EQ(line_.sent_.all("chatstate").size(), 1u);
  const auto ended = line_.all<protocol::event::CommandEnded>();
  ASSERT_EQ(ended.size(), 4u);
  for (const auto& one : ended) EXPECT_TRUE(one.status.ok());
}

}  // namespace
}  // namespace ponte::test
