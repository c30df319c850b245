// Messages that wait, get lost, do not decrypt or go to a group.
#include "simulator_messages.h"

namespace ponte::test::by_hand {
namespace {

using SimulatorRetries = SimulatorMessages;
using SimulatorGroups = SimulatorMessages;
using SimulatorDelivery = SimulatorMessages;

// --- Offline ---------------------------------------------------------------------------------------------------------

TEST_F(SimulatorDelivery, KeepsMessagesForADeviceThatIsAway) {
  device.client->hang_up();
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "waiting"}, {"count", 12}});
  device.log_in(false);
  device.activate();
  for (int i = 1; i <= 12; ++i) {
    const auto opened = device.read();
    ASSERT_TRUE(opened.has_value()) << i;
    EXPECT_EQ(opened->text(), "waiting " + std::to_string(i));
    EXPECT_TRUE(opened->stanza.attribute("offline"));
  }
  EXPECT_EQ(device.client->connection().unacknowledged(), 0u);
  EXPECT_EQ(phone(kPeer).receipts().size(), 24u);
}

TEST_F(SimulatorDelivery, CountsInThePreviewWhatWaits) {
  device.post(device.message_to((admin("phone", {{"number", kPeer}}), lid(kPeer)), "sent", "3EB0C0"));
  device.take("receipt");
  device.client->hang_up();
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "waiting"}, {"count", 2}});
  admin("receipt", {{"from", kPeer}, {"to", kOwnNumber}, {"ids", {"3EB0C0"}}});
  device.log_in();
  std::optional<Node> preview;
  while (auto ib = device.take("ib")) {
    if (ib->find("offline_preview")) preview = std::move(ib);
  }
  ASSERT_TRUE(preview.has_value());
  EXPECT_EQ(preview->find("offline_preview")->attribute("count"), "3");
  EXPECT_EQ(preview->find("offline_preview")->attribute("message"), "2");
  EXPECT_EQ(preview->find("offline_preview")->attribute("receipt"), "1");
}

TEST_F(SimulatorDelivery, RedeliversInOrderWhatWasNotAnswered) {
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "n"}, {"count", 4}});
  EXPECT_EQ(device.read()->text(), "n 1");
  const auto second = device.open();
  EXPECT_EQ(second->text(), "n 2");
  device.client->hang_up();
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "n 5"}});
  device.log_in();
  std::vector<std::string> ids;
  std::string texts;
  while (const auto opened = device.read()) {
    ids.push_back(*opened->stanza.attribute("id"));
    texts += opened->text() + opened->failure + "|";
  }
  ASSERT_EQ(ids.size(), 4u);
  EXPECT_EQ(ids[0], second->stanza.attribute("id"));
  EXPECT_NE(texts.find("n 3|n 4|n 5|"), std::string::npos) << texts;
}

TEST_F(SimulatorDelivery, DoublesMixesUpHoldsDropsAndLosesAsTold) {
  const auto write = [&](const std::string& text) {
    admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", text}});
  };
  const auto texts = [&] {
    std::string out;
    while (const auto opened = device.read()) {
      const bool duplicate = opened->failure.find("before") != std::string::npos;
      out += (opened->failure.empty() ? opened->text() : duplicate ? "duplicate" : opened->failure) + "|";
    }
    return out;
  };
  const auto mode = [&](const std::string& name, const json& next = nullptr) {
    json body = {{"number", kOwnNumber}, {"mode", name}};
    if (!next.is_null()) body["next"] = next;
    return admin("delivery", body);
  };
  write("a");
  EXPECT_EQ(texts(), "a|");
  mode("duplicate", 1);
  write("b");
  EXPECT_EQ(device.open()->text(), "b");
  EXPECT_NE(device.open()->failure, "");
  mode("reorder", 2);
  write("c");
  write("d");
  EXPECT_EQ(texts(), "d|c|");
  mode("lose", 1);
  write("e");
  write("f");
  EXPECT_EQ(texts(), "f|");
  mode("hold");
  write("g");
  write("h");
  EXPECT_EQ(texts(), "");
  EXPECT_EQ(mode("release")["released"], 2);
  EXPECT_EQ(texts(), "g|h|");
  mode("drop", 1);
  write("i");
  write("j");
  EXPECT_EQ(texts(), "j|");
  device.client->hang_up();
  device.log_in();
  EXPECT_NE(texts().find("i|"), std::string::npos);
}

// --- Retries ---------------------------------------------------------------------------------------------------------

TEST_F(SimulatorRetries, APhoneThatLostItsSessionsAsksAgainAndReads) {
  device.post(device.message_to((admin("phone", {{"number", kPeer}}), lid(kPeer)), "one", "3EB0D0"));
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "answer"}});
  EXPECT_EQ(device.read()->text(), "answer");
  device.take("receipt");
  admin("forget-sessions", {{"number", kPeer}});
  device.post(device.message_to(lid(kPeer), "two", "3EB0D1"));
  EXPECT_EQ(read_by(kPeer), "one\n");
  const auto receipt = device.take("receipt");
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->attribute("type"), "retry");
  EXPECT_EQ(receipt->attribute("id"), "3EB0D1");
  EXPECT_EQ(receipt->find("retry")->attribute("count"), "1");
  EXPECT_EQ(receipt->find("retry")->attribute("error"), "1") << "no session";
  EXPECT_EQ(receipt->find("keys"), nullptr);

  const auto resend = [&](const Node& asked) {
    proto::Message message;
    message.set_conversation("two");
    return Node("message")
        .with("id", "3EB0D1")
        .with("to", *asked.jid("from"))
        .with("type", "text")
        .child(device.enc(lid(kPeer), message).with("count", *asked.find("retry")->attribute("count")))
        .child(Node("device-identity").bytes(Bytes{1}));
  };
  // On the same session it still cannot, and sends its keys along.
  device.post(resend(*receipt));
  const auto second = device.take("receipt");
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->find("retry")->attribute("count"), "2");
  ASSERT_NE(second->find("keys"), nullptr);
  Node user = *second->find("keys");
  user.child(*second->find("registration"));
  ASSERT_TRUE(device.sessions().process_bundle(HandMadeDevice::address(lid(kPeer)), HandMadeDevice::bundle(user)).ok());
  device.post(resend(*second));
  EXPECT_EQ(read_by(kPeer), "one\ntwo\n");
  EXPECT_EQ(phone(kPeer).read().back().retries, 2u);
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorRetries, APhoneGivesUpAfterFive) {
  admin("phone", {{"number", kPeer}});
  for (int i = 0; i < 7; ++i) {
    Node message = device.message_to(lid(kPeer), "garbage", "3EB0D2");
    auto& to = std::get<Node::Children>(std::get<Node::Children>(message.content)[0].content);
    for (Node& one : to) {
      Bytes& bytes = std::get<Bytes>(std::get<Node::Children>(one.content)[0].content);
      bytes.back() ^= 1;
    }
    device.post(message);
  }
  EXPECT_EQ(phone(kPeer).counts().retries_asked, 5u);
  EXPECT_EQ(read_by(kPeer), "");
}

TEST_F(SimulatorRetries, APhoneAnswersWhoCouldNotDecrypt) {
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "lost"}, {"defect", "unknown-session"}});
  const auto opened = device.open();
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->stanza.find("enc")->attribute("type"), "msg");
  EXPECT_NE(opened->failure, "");
  device.ask_again(opened->stanza, 1);
  const auto again = device.read();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->stanza.attribute("id"), opened->stanza.attribute("id"));
  EXPECT_EQ(again->stanza.find("enc")->attribute("count"), "1");
  EXPECT_EQ(again->failure, "");
  EXPECT_EQ(again->text(), "lost");
  EXPECT_EQ(phone(kPeer).counts().retries_answered, 2u) << "the companion's phone had to ask as well";
}

TEST_F(SimulatorRetries, APhoneTakesTheKeysOfARequest) {
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "first"}});
  EXPECT_EQ(device.read()->text(), "first");
  device.store.records.sessions.clear();  // as a companion whose store is gone
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "second"}, {"defect", "damaged"}});
  const auto opened = device.open();
  EXPECT_NE(opened->failure, "");
  device.ask_again(opened->stanza, 2);
  const auto again = device.read();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->failure, "");
  EXPECT_EQ(again->text(), "second");
  EXPECT_EQ(again->stanza.find("enc")->attribute("type"), "pkmsg");
}

TEST_F(SimulatorRetries, AskingAgainForAnOwnCopyGivesTheCopy) {
  admin("send", {{"from", kOwnNumber}, {"to", kPeer}, {"text", "mine"}, {"defect", "bad-padding"}});
  const auto opened = device.open();
  EXPECT_NE(opened->failure, "");
  device.ask_again(opened->stanza, 1);
  const auto again = device.read("sender");
  EXPECT_EQ(again->stanza.jid("recipient"), lid(kPeer));
  EXPECT_EQ(again->sent().conversation(), "mine");
}

TEST_F(SimulatorRetries, WhatAPhoneDoesNotHaveItDoesNotSend) {
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "there"}});
  auto opened = device.read();
  opened->stanza.attributes[0].second = "3EB0FFFF";
  device.ask_again(opened->stanza, 1);
  EXPECT_FALSE(device.open().has_value());
  EXPECT_EQ(phone(kPeer).counts().retries_unanswered, 1u);
}

// --- Groups ----------------------------------------------------------------------------------------------------------

TEST_F(SimulatorGroups, TellsMembersOfANewGroupAndAnswersWhoAsks) {
  const Jid id = group({kOwnNumber, kThird});
  const auto created = device.take("notification");
  ASSERT_TRUE(created.has_value());
  EXPECT_EQ(created->attribute("type"), "w:gp2");
  EXPECT_EQ(created->jid("from"), id);
  EXPECT_EQ(created->find("create")->find("group")->children().size(), 3u);
  Node query = Node("iq").with("id", "g1").with("xmlns", "w:g2").with("type", "get").with("to", id);
  query.child(Node("query").with("request", "interactive"));
  device.client->send(query);
  const auto answer = device.client->next("iq");
  const Node* found = answer->find("group");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->attribute("id"), id.user);
  EXPECT_EQ(found->attribute("subject"), "Three");
  EXPECT_EQ(found->attribute("addressing_mode"), "lid");
  EXPECT_EQ(found->attribute("size"), "3");
  for (const Node& one : found->children()) {
    EXPECT_EQ(one.jid("jid")->server, "lid");
    EXPECT_EQ(one.jid("phone_number")->server, "s.whatsapp.net");
  }
}

TEST_F(SimulatorGroups, APhoneWritesToAGroupOfThree) {
  const Jid id = group({kOwnNumber, kThird});
  admin("send", {{"from", kPeer}, {"group", id.to_string()}, {"text", "first"}});
  const auto first = device.read();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->failure, "");
  EXPECT_EQ(first->text(), "first");
  EXPECT_EQ(first->stanza.jid("from"), id);
  EXPECT_EQ(first->stanza.jid("participant"), lid(kPeer));
  EXPECT_EQ(first->stanza.jid("participant_pn"), account(kPeer).jid(0));
  EXPECT_EQ(first->stanza.attribute("addressing_mode"), "lid");
  EXPECT_EQ(first->stanza.children().size(), 2u) << "the sender key, and the message";
  admin("send", {{"from", kPeer}, {"group", id.to_string()}, {"text", "second"}});
  const auto second = device.read();
  EXPECT_EQ(second->text(), "second");
  EXPECT_EQ(second->stanza.children().size(), 1u) << "everybody has the key";
  EXPECT_EQ(read_by(kThird), "first\nsecond\n");
  EXPECT_EQ(phone(kPeer).counts().hash_mismatches, 0u);
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorGroups, ACompanionWritesToAGroupOfThree) {
  const Jid id = group({kOwnNumber, kThird});
  device.take("notification");
  const auto ack =
      device.post(device.message_to_group(id, {lid(kPeer), lid(kThird), lid(kOwnNumber)}, "to three", "3EB0E0"));
  EXPECT_FALSE(ack->attribute("error"));
  EXPECT_EQ(read_by(kPeer), "to three\n");
  EXPECT_EQ(read_by(kThird), "to three\n");
  EXPECT_EQ(read_by(kOwnNumber), "to three (own)\n");
  std::set<std::string> who;
  while (const auto receipt = device.take("receipt")) {
    EXPECT_EQ(receipt->jid("from"), id);
    who.insert(receipt->jid("participant")->user);
  }
  EXPECT_EQ(who, (std::set<std::string>{lid(kPeer).user, lid(kThird).user}));
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorGroups, RefusesAStaleAddressingMode) {
  const Jid id = group({kOwnNumber, kThird});
  Node message = device.message_to_group(id, {lid(kPeer)}, "stale", "3EB0E1");
  for (auto& [key, value] : message.attributes) {
    if (key == "addressing_mode") value = "pn";
  }
  EXPECT_EQ(device.post(message)->attribute("error"), "421");
}

TEST_F(SimulatorGroups, WhoHasNoSenderKeyAsksAndGetsIt) {
  const Jid id = group({kOwnNumber, kThird});
  admin("send", {{"from", kPeer}, {"group", id.to_string()}, {"text", "secret"}, {"defect", "no-distribution"}});
  const auto opened = device.open();
  EXPECT_NE(opened->failure, "");
  device.ask_again(opened->stanza, 1);
  const auto again = device.read();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->failure, "");
  EXPECT_EQ(again->text(), "secret");
  EXPECT_EQ(again->stanza.jid("from"), id);
  EXPECT_EQ(again->stanza.jid("participant"), lid(kPeer));
  EXPECT_TRUE(again->message.has_sender_key_distribution_message());
  EXPECT_EQ(read_by(kThird), "secret\n");
}

TEST_F(SimulatorGroups, WhoHasLeftGetsNothingAndTheKeyChanges) {
  const Jid id = group({kOwnNumber, kThird});
  device.take("notification");
  admin("send", {{"from", kPeer}, {"group", id.to_string()}, {"text", "before"}});
  device.read();
  admin("group/remove", {{"group", id.to_string()}, {"members", {kThird}}});
  const auto removed = device.take("notification");
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(removed->find("remove")->find("participant")->jid("jid"), lid(kThird));
  admin("send", {{"from", kPeer}, {"group", id.to_string()}, {"text", "after"}});
  const auto after = device.read();
  EXPECT_EQ(after->text(), "after");
  EXPECT_TRUE(after->message.has_sender_key_distribution_message());
  EXPECT_EQ(read_by(kThird), "before\n");
  admin("group/add", {{"group", id.to_string()}, {"members", {kThird}}});
  EXPECT_NE(device.take("notification")->find("add"), nullptr);
  admin("send", {{"from", kPeer}, {"group", id.to_string()}, {"text", "again"}});
  EXPECT_EQ(read_by(kThird), "before\nagain\n");
}

TEST_F(SimulatorGroups, ACompanionMakesAGroupItself) {
  admin("phone", {{"number", kPeer}});
  Node iq = Node("iq").with("id", "g2").with("xmlns", "w:g2").with("type", "set").with("to", *Jid::parse("@g.us"));
  iq.child(Node("create").with("subject", "Own").child(Node("participant").with("jid", lid(kPeer))));
  device.client->send(iq);
  const auto answer = device.client->next("iq");
  ASSERT_NE(answer->find("group"), nullptr);
  EXPECT_EQ(answer->find("group")->attribute("size"), "2");
}

}  // namespace
}  // namespace ponte::test::by_hand
