// What a linked session does with messages that others send, and with what only looks like one.
#include <gtest/gtest.h>

#include "sim/hand_made_peer.h"
#include "store/keys.h"

namespace ponte::test {
namespace {

using protocol::wire::Node;

constexpr char kGroup[] = "120363000000000001@g.us";

class MessagesReceive : public ::testing::Test {
 protected:
  void SetUp() override {
    line_.log_in();
    peer_.begin(line_);
  }

  std::vector<Node> receipts(std::optional<std::string_view> type = std::nullopt) const {
    return line_.sent_.all("receipt", type);
  }
  std::vector<Node> message_acks() const {
    std::vector<Node> out;
    for (const Node& ack : line_.sent_.all("ack")) {
      if (ack.attribute("class") == "message") out.push_back(ack);
    }
    return out;
  }

  MessageLine line_;
  HandMadePeer peer_{"5000:3@lid", 7};
};

Node damaged(Node message) {
  for (Node& child : std::get<Node::Children>(message.content)) {
    if (child.tag == "enc") std::get<Bytes>(child.content).back() ^= 1;
  }
  return message;
}

TEST_F(MessagesReceive, TellsAFirstMessageAndAnswersWithAReceiptAlone) {
  line_.deliver(
      peer_.message(line_, "A1", "hello").with("notify", "Ana").with("sender_pn", jid_of("501@s.whatsapp.net")));
  ASSERT_EQ(line_.texts(), std::vector<std::string>{"hello"});
  const auto message = line_.told<protocol::event::MessageExchanged>()[0].message;
  EXPECT_EQ(message.id, "A1");
  EXPECT_EQ(message.chat.jid.to_string(), "5000@lid");
  EXPECT_EQ(message.sender.pn->to_string(), "501@s.whatsapp.net");
  EXPECT_EQ(message.push_name, "Ana");
  EXPECT_FALSE(message.from_me);
  ASSERT_EQ(receipts().size(), 1u);
  EXPECT_EQ(receipts()[0].attribute("id"), "A1");
  EXPECT_EQ(receipts()[0].jid("to"), peer_.jid());
  EXPECT_EQ(receipts()[0].attribute("type"), "inactive");
  EXPECT_TRUE(message_acks().empty());
}

TEST_F(MessagesReceive, CommitsRatchetAndEventInOneSyncedBatchBeforeTheReceipt) {
  line_.outputs_.clear();
  line_.deliver(peer_.message(line_, "A1", "hello"));
  std::vector<std::string> order;
  for (const auto& output : line_.outputs_) {
    if (const auto* commit = std::get_if<protocol::Commit>(&output); commit != nullptr && !commit->told.empty()) {
      order.push_back("commit");
      EXPECT_EQ(commit->batch.durability, store::Durability::kPowerLoss);
      EXPECT_TRUE(std::any_of(commit->batch.writes.begin(), commit->batch.writes.end(),
                              [](const auto& write) { return write.key.starts_with("signal/session/"); }));
    }
    if (std::holds_alternative<protocol::SendBytes>(output)) order.push_back("send");
  }
  EXPECT_EQ(order, (std::vector<std::string>{"commit", "send"}));
}

TEST_F(MessagesReceive, TellsAMessageOnceHoweverOftenItComes) {
  const Node message = peer_.message(line_, "A1", "hello");
  for (int i = 0; i < 3; ++i) line_.deliver(message);
  EXPECT_EQ(line_.texts().size(), 1u);
  EXPECT_EQ(receipts().size(), 3u);
  EXPECT_TRUE(receipts("retry").empty());
}

TEST_F(MessagesReceive, SurvivesACrashBetweenCommitAndReceipt) {
  const Node message = peer_.message(line_, "A1", "hello");
  line_.store_.cut_power(2);
  line_.deliver(message);
  line_.store_.lose_power();
  line_.restart();
  line_.deliver(message);
  line_.deliver(peer_.message(line_, "A2", "again"));
  EXPECT_EQ(line_.texts(), (std::vector<std::string>{"hello", "again"}));
}

TEST_F(MessagesReceive, AsksAgainForWhatDoesNotDecrypt) {
  line_.deliver(damaged(peer_.message(line_, "A1", "hello")));
  EXPECT_TRUE(line_.texts().empty());
  ASSERT_EQ(receipts("retry").size(), 1u);
  const Node first = receipts("retry")[0];
  EXPECT_EQ(first.jid("to"), peer_.jid());
  EXPECT_EQ(first.find("retry")->attribute("count"), "1");
  EXPECT_EQ(first.find("retry")->attribute("id"), "A1");
  EXPECT_EQ(first.find("keys"), nullptr);
  EXPECT_EQ(message_acks().size(), 1u);
  EXPECT_EQ(receipts().size(), 1u);

  line_.deliver(damaged(peer_.message(line_, "A1", "hello")));
  ASSERT_EQ(receipts("retry").size(), 2u);
  const Node second = receipts("retry")[1];
  EXPECT_EQ(second.find("retry")->attribute("count"), "2");
  ASSERT_NE(second.find("keys"), nullptr);

  peer_.take_keys(line_, second);
  line_.deliver(peer_.message(line_, "A1", "hello"));
  EXPECT_EQ(line_.texts(), std::vector<std::string>{"hello"});
  EXPECT_TRUE(line_.store_.scan(line_.kOwner, "retry/")->empty());
}

TEST_F(MessagesReceive, CountsRetriesOverRestartsAndGivesUpAfterFive) {
  for (int i = 0; i < 8; ++i) {
    line_.deliver(damaged(peer_.message(line_, "A1", "hello")));
    if (i == 2) line_.restart();
  }
  EXPECT_EQ(receipts("retry").size(), 5u);
  const auto lost = line_.told<protocol::event::MessageLost>();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].message.id, "A1");
  EXPECT_EQ(lost[0].message.chat.jid.to_string(), "5000@lid");
  EXPECT_EQ(lost[0].message.reason, protocol::messages::LostMessage::Reason::kUndecryptable);
  EXPECT_EQ(message_acks().size(), 8u);
  // The others are not touched by it.
  line_.deliver(peer_.message(line_, "A2", "next"));
  EXPECT_EQ(line_.texts(), std::vector<std::string>{"next"});
}

TEST_F(MessagesReceive, TakesUpTheCountOfAnEarlierLife) {
  Node message = damaged(peer_.message(line_, "A1", "hello"));
  std::get<Node::Children>(message.content)[0].with("count", "2");
  line_.deliver(message);
  ASSERT_EQ(receipts("retry").size(), 1u);
  EXPECT_EQ(receipts("retry")[0].find("retry")->attribute("count"), "3");
}

TEST_F(MessagesReceive, NeverHandsOutAPrekeyThatIsAlsoUploaded) {
  line_.deliver(damaged(peer_.message(line_, "A1", "x")));
  line_.deliver(damaged(peer_.message(line_, "A1", "x")));
  const Node receipt = receipts("retry")[1];
  const Node* keys = receipt.find("keys");
  ASSERT_NE(keys, nullptr);
  const Bytes id = to_bytes(*keys->find("key")->find("id")->leaf());
  for (const Node& iq : line_.sent_.all("iq")) {
    const Node* list = iq.find("list");
    if (list == nullptr) continue;
    for (const Node& key : list->children()) EXPECT_NE(to_bytes(*key.find("id")->leaf()), id);
  }
}

TEST_F(MessagesReceive, ReadsGroupsByTheKeyThatCameWithTheMessage) {
  const auto key = peer_.distribution(kGroup);
  line_.deliver(
      peer_.group_stanza("G1", kGroup).child(peer_.enc(line_, key)).child(peer_.group_enc(kGroup, text_of("one"))));
  line_.deliver(peer_.group_stanza("G2", kGroup).child(peer_.group_enc(kGroup, text_of("two"))));
  EXPECT_EQ(line_.texts(), (std::vector<std::string>{"one", "two"}));
  const auto told = line_.told<protocol::event::MessageExchanged>();
  EXPECT_EQ(told[0].message.chat.jid.to_string(), kGroup);
  EXPECT_EQ(told[0].message.sender.lid->to_string(), "5000@lid");
  ASSERT_EQ(receipts().size(), 2u);
  EXPECT_EQ(receipts()[0].jid("participant"), peer_.jid());
}

TEST_F(MessagesReceive, AsksWithKeysForAGroupMessageWhoseKeyNobodyTold) {
  peer_.distribution(kGroup);
  line_.deliver(peer_.group_stanza("G1", kGroup).child(peer_.group_enc(kGroup, text_of("one"))));
  ASSERT_EQ(receipts("retry").size(), 1u);
  EXPECT_NE(receipts("retry")[0].find("keys"), nullptr);
  // Sent again to this device alone, with the key.
  auto again = peer_.distribution(kGroup);
  again.set_conversation("one");
  line_.deliver(peer_.group_stanza("G1", kGroup).child(peer_.enc(line_, again)));
  EXPECT_EQ(line_.texts(), std::vector<std::string>{"one"});
  proto::Message told;
  const auto content = line_.told<protocol::event::MessageExchanged>()[0].message.content;
  ASSERT_TRUE(told.ParseFromArray(content.data(), static_cast<int>(content.size())));
  EXPECT_FALSE(told.has_sender_key_distribution_message());
}

TEST_F(MessagesReceive, TellsWhatAnotherDeviceOfOursSent) {
  auto lid = line_.own_lid();
  lid.device = 0;
  HandMadePeer phone(lid.to_string(), 9);
  phone.begin(line_);
  proto::Message copy;
  copy.mutable_device_sent_message()->set_destination_jid("5000@lid");
  copy.mutable_device_sent_message()->mutable_message()->set_conversation("from my phone");
  line_.deliver(phone.stanza("P1").with("recipient", jid_of("5000@lid")).child(phone.enc(line_, copy)));
  ASSERT_EQ(line_.texts(), std::vector<std::string>{"from my phone"});
  const auto message = line_.told<protocol::event::MessageExchanged>()[0].message;
  EXPECT_TRUE(message.from_me);
  EXPECT_EQ(message.chat.jid.to_string(), "5000@lid");
  ASSERT_EQ(receipts("sender").size(), 1u);
  EXPECT_EQ(receipts("sender")[0].jid("recipient")->to_string(), "5000@lid");
}

TEST_F(MessagesReceive, RefusesACopyOfOursFromSomebodyElse) {
  proto::Message copy;
  copy.mutable_device_sent_message()->set_destination_jid("6000@lid");
  copy.mutable_device_sent_message()->mutable_message()->set_conversation("never said");
  line_.forget_events();
  line_.deliver(peer_.stanza("A1").child(peer_.enc(line_, copy)));
  EXPECT_TRUE(line_.texts().empty());
  EXPECT_TRUE(line_.has<protocol::event::Refused>());
  EXPECT_EQ(receipts().size(), 1u);
}

TEST_F(MessagesReceive, LearnsAddressesFromOurDevicesAlone) {
  proto::LIDMigrationMappingSyncPayload payload;
  auto& mapping = *payload.add_pn_to_lid_mappings();
  mapping.set_pn(700);
  mapping.set_assigned_lid(701);
  proto::Message message;
  message.mutable_protocol_message()->set_type(proto::ProtocolMessage::LID_MIGRATION_MAPPING_SYNC);
  message.mutable_protocol_message()->mutable_lid_migration_mapping_sync_message()->set_encoded_mapping_payload(
      payload.SerializeAsString());
  line_.deliver(peer_.stanza("A1").child(peer_.enc(line_, message)));
  EXPECT_FALSE(*line_.store_.get(line_.kOwner, "lid/700"));

  auto lid = line_.own_lid();
  lid.device = 0;
  HandMadePeer phone(lid.to_string(), 9);
  phone.begin(line_);
  line_.deliver(phone.stanza("P1").with("category", "peer").child(phone.enc(line_, message)));
  ASSERT_TRUE(*line_.store_.get(line_.kOwner, "lid/700"));
  EXPECT_EQ(to_text(**line_.store_.get(line_.kOwner, "lid/700")), "701");
  EXPECT_EQ(receipts("peer_msg").size(), 1u);
}

TEST_F(MessagesReceive, MovesASessionToTheLidWhereThatBecomesKnown) {
  HandMadePeer old("5011:2@s.whatsapp.net", 8);
  old.begin(line_);
  line_.deliver(old.message(line_, "A1", "by number"));
  ASSERT_TRUE(*line_.store_.get(line_.kOwner, "signal/session/5011.2"));
  line_.deliver(old.message(line_, "A2", "with lid").with("sender_lid", jid_of("5012:2@lid")));
  EXPECT_FALSE(*line_.store_.get(line_.kOwner, "signal/session/5011.2"));
  EXPECT_TRUE(*line_.store_.get(line_.kOwner, "signal/session/5012_1.2"));
  EXPECT_EQ(line_.texts(), (std::vector<std::string>{"by number", "with lid"}));
  EXPECT_EQ(line_.told<protocol::event::MessageExchanged>()[1].message.chat.jid.to_string(), "5012@lid");
}

TEST_F(MessagesReceive, MovesAChatToTheLidHoweverLongItIs) {
  HandMadePeer old("5011@s.whatsapp.net", 8);
  old.begin(line_);
  for (int i = 0; i < 300; ++i)
    line_.deliver(
        old.message(line_, "A" + std::to_string(i), "by number").with("t", std::to_string(1'700'000'000 + i)));
  line_.deliver(old.message(line_, "B", "with lid").with("sender_lid", jid_of("5012@lid")));
  line_.restart();
  line_.run_for(Seconds(1));
  const store::Owner chats = store::keys::chats_owner(line_.kOwner);
  EXPECT_TRUE(line_.store_.scan(chats, "message/5011@s.whatsapp.net/")->empty());
  EXPECT_EQ(line_.store_.scan(chats, "message/5012@lid/")->size(), 301u);
  EXPECT_TRUE(line_.store_.scan(line_.kOwner, "chat_merge/")->empty());
}

TEST_F(MessagesReceive, AcknowledgesAStatusThatComesUnderItsOwnTag) {
  const std::string status = "status@broadcast";
  const auto key = peer_.distribution(status);
  Node stanza =
      peer_.group_stanza("S1", status).child(peer_.enc(line_, key)).child(peer_.group_enc(status, text_of("x")));
  stanza.tag = "status";
  line_.deliver(stanza);
  EXPECT_EQ(line_.texts(), std::vector<std::string>{"x"});
  EXPECT_EQ(receipts().size(), 1u);
  const auto acks = line_.sent_.all("ack");
  EXPECT_TRUE(
      std::any_of(acks.begin(), acks.end(), [](const Node& ack) { return ack.attribute("class") == "status"; }));
}

TEST_F(MessagesReceive, SaysWhatTheServerHasNoCopyOf) {
  line_.deliver(peer_.stanza("A1").child(Node("unavailable").with("type", "view_once")));
  const auto lost = line_.told<protocol::event::MessageLost>();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].message.reason, protocol::messages::LostMessage::Reason::kUnavailable);
  EXPECT_EQ(message_acks().size(), 1u);
  EXPECT_TRUE(receipts().empty());
}

TEST_F(MessagesReceive, NeverAsksForAnOldStatusAgain) {
  Node status = Node("message")
                    .with("from", jid_of("status@broadcast"))
                    .with("participant", peer_.jid())
                    .with("id", "S1")
                    .with("t", "1500000000")
                    .child(Node("enc").with("v", "2").with("type", "skmsg").bytes(Bytes(80, 0x33)));
  line_.deliver(status);
  EXPECT_TRUE(receipts().empty());
  ASSERT_EQ(message_acks().size(), 1u);
  EXPECT_FALSE(message_acks()[0].attribute("error"));
}

TEST_F(MessagesReceive, AnswersEveryStanzaThatIsNone) {
  const std::vector<Node> stanzas{
      peer_.stanza("B1"),
      peer_.stanza("B2").child(Node("enc")),
      peer_.stanza("B3").child(Node("enc").with("type", "pkmsg").bytes(Bytes{})),
      peer_.stanza("B4").child(Node("enc").with("type", "msg").with("v", "2").bytes(Bytes(3, 0xFF))),
      peer_.stanza("B5").child(Node("enc").with("type", "msg").with("v", "2").child(Node("x"))),
      peer_.stanza("B6").child(Node("enc").with("type", "skmsg").with("v", "2").bytes(Bytes(90, 0x33))),
      peer_.stanza("B7").child(Node("enc").with("type", "later").with("v", "9").bytes(Bytes(5, 1))),
      Node("message").with("from", jid_of(kGroup)).with("id", "B8").with("t", "1"),
      peer_.stanza("B9").with("recipient", "x").child(Node("unavailable")),
      Node("status").with("from", jid_of("status@broadcast")).with("participant", peer_.jid()).with("id", "B10"),
  };
  for (const Node& stanza : stanzas) {
    const std::size_t before = receipts().size() + line_.sent_.all("ack").size();
    line_.deliver(stanza);
    EXPECT_GT(receipts().size() + line_.sent_.all("ack").size(), before) << stanza.to_xml();
  }
  EXPECT_TRUE(line_.texts().empty());
  EXPECT_FALSE(line_.ended() && line_.ended()->disposition == protocol::event::Disposition::kRetry);
  line_.deliver(peer_.message(line_, "A1", "hello"));
  EXPECT_EQ(line_.texts(), std::vector<std::string>{"hello"});
}

TEST_F(MessagesReceive, RefusesAPlaintextThatIsNoMessage) {
  const auto sealed = peer_.party().sessions().encrypt(line_.own_address(), Bytes{0xFF, 0xFF, 2, 2});
  Node enc("enc");
  enc.with("v", "2").with("type", "pkmsg").bytes(sealed->bytes);
  line_.deliver(peer_.stanza("A1").child(enc));
  EXPECT_TRUE(line_.texts().empty());
  EXPECT_EQ(receipts("retry").size(), 1u);
}

TEST_F(MessagesReceive, AsksThePhoneForWhatDoesNotComeByItself) {
  line_.deliver(damaged(peer_.message(line_, "A1", "hello")));
  auto lid = line_.own_lid();
  lid.device = 0;
  HandMadePeer phone(lid.to_string(), 9);
  phone.begin(line_);
  line_.deliver(phone.stanza("P0").with("category", "peer").child(phone.enc(line_, proto::Message())));
  line_.run_for(Seconds(6));
  const auto asked = line_.sent_.all("message");
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked[0].attribute("category"), "peer");
  EXPECT_EQ(asked[0].jid("to"), line_.own().without_device());
}

}  // namespace
}  // namespace ponte::test
