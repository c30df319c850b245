// Messages through the simulator's server, between a companion made by hand and phones that really encrypt.
#include "simulator_messages.h"

#include "simulator/messaging_bundles.h"

namespace ponte::test::by_hand {
namespace {

using SimulatorQueries = SimulatorMessages;

// --- What clients ask ------------------------------------------------------------------------------------------------

TEST_F(SimulatorQueries, HandsOutBundlesAndUsesUpOneTimeKeys) {
  admin("phone", {{"number", kPeer}});
  std::set<std::uint32_t> ids;
  for (int i = 0; i < 30; ++i) {
    const auto answer = device.client->ask("encrypt", "get", Node("key").child(Node("user").with("jid", lid(kPeer))));
    const Node& user = answer->find("list")->children().at(0);
    EXPECT_EQ(user.jid("jid"), lid(kPeer));
    const crypto::PrekeyBundle bundle = HandMadeDevice::bundle(user);
    EXPECT_TRUE(
        crypto::xeddsa_verify(bundle.identity, concat({ByteArray<1>{5}, bundle.signed_prekey}), bundle.signature));
    ASSERT_TRUE(bundle.one_time.has_value());
    EXPECT_TRUE(ids.insert(bundle.one_time->id).second) << "handed out twice";
  }
}

TEST_F(SimulatorQueries, HandsOutABundleWithoutOneTimeKeyOnceTheyAreUsedUp) {
  admin("prekeys", {{"number", kOwnNumber}, {"left", 1}});
  for (const bool expected : {true, false}) {
    const Node key = Node("key").child(Node("user").with("jid", device.lid));
    const auto answer = device.client->ask("encrypt", "get", key);
    const Node& user = answer->find("list")->children().at(0);
    EXPECT_EQ(user.find("key") != nullptr, expected);
    EXPECT_NE(user.find("device-identity"), nullptr) << "a companion's";
    EXPECT_NE(user.find("skey"), nullptr);
  }
}

TEST_F(SimulatorQueries, RefusesTheBundleOfADeviceThatIsNotThere) {
  admin("phone", {{"number", kPeer}});
  const auto answer = device.client->ask("encrypt", "get",
                                         Node("key")
                                             .child(Node("user").with("jid", lid(kPeer, 7)))
                                             .child(Node("user").with("jid", "5511000000009@s.whatsapp.net"))
                                             .child(Node("user").with("jid", account(kPeer).jid(0))));
  const auto& users = answer->find("list")->children();
  ASSERT_EQ(users.size(), 3u);
  EXPECT_EQ(users[0].find("error")->attribute("code"), "406");
  EXPECT_EQ(users[1].find("error")->attribute("code"), "406");
  EXPECT_EQ(users[2].find("error"), nullptr) << "by number";
}

TEST_F(SimulatorQueries, ListsDevicesByNumberAndByLid) {
  admin("companion", {{"number", kPeer}});
  for (const Jid& asked : {account(kPeer).jid(0), lid(kPeer)}) {
    const std::vector<Jid> devices = device.devices({asked});
    ASSERT_EQ(devices.size(), 2u);
    EXPECT_EQ(devices[0].device, 0);
    EXPECT_EQ(devices[1].device, 1);
    EXPECT_EQ(devices[1].user, asked.user);
  }
  EXPECT_TRUE(device.devices({*Jid::parse("5511000000009@s.whatsapp.net")}).empty());
}

TEST_F(SimulatorQueries, TellsWhoIsOnWhatsAppAndUnderWhichLid) {
  admin("phone", {{"number", kPeer}});
  Node list("list");
  list.child(Node("user").child(Node("contact").bytes(as_bytes("+" + kPeer))));
  list.child(Node("user").child(Node("contact").bytes(as_bytes("+5511000000009"))));
  Node usync("usync");
  usync.with("sid", "1").with("mode", "query").with("last", "true").with("index", "0").with("context", "interactive");
  usync.child(Node("query").child(Node("contact")).child(Node("lid"))).child(std::move(list));
  const auto answer = device.client->ask("usync", "get", std::move(usync));
  const auto& users = answer->find("usync")->find("list")->children();
  EXPECT_EQ(users[0].jid("jid"), account(kPeer).jid(0));
  EXPECT_EQ(users[0].find("contact")->attribute("type"), "in");
  EXPECT_EQ(users[0].find("lid")->jid("val"), lid(kPeer));
  EXPECT_EQ(users[1].find("contact")->attribute("type"), "out");
  EXPECT_EQ(users[1].find("lid"), nullptr);
}

TEST_F(SimulatorQueries, ComputesHashesOfParticipants) {
  // messages-vectors.json, B.5.
  const auto hash = [](std::vector<std::string> texts) {
    std::vector<Jid> jids;
    for (const auto& text : texts) jids.push_back(*Jid::parse(text));
    return simulator::participant_hash(jids);
  };
  EXPECT_EQ(hash({"5511999999999:3@s.whatsapp.net"}), "2:5s+YxCff");
  EXPECT_EQ(hash({"5511999999999@s.whatsapp.net"}), "2:RJWVxcMQ");
  EXPECT_EQ(hash({"7469250125917:21@s.whatsapp.net", "5511988887777:14@s.whatsapp.net"}), "2:AAv/hwhn");
  EXPECT_EQ(hash({"5511988887777:14@lid", "7469250125917:21@lid"}), "2:xVELSmNO");
}

// --- One to one ------------------------------------------------------------------------------------------------------

TEST_F(SimulatorMessages, APhoneWritesToACompanion) {
  admin("phone", {{"number", kPeer}, {"pushName", "Peer"}});
  const json sent = admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "hello"}});
  const auto opened = device.read();
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->failure, "");
  EXPECT_EQ(opened->text(), "hello");
  const Node& stanza = opened->stanza;
  EXPECT_EQ(stanza.attribute("id"), sent["id"].get<std::string>());
  EXPECT_EQ(stanza.jid("from"), lid(kPeer));
  EXPECT_EQ(stanza.jid("sender_pn"), account(kPeer).jid(0));
  EXPECT_EQ(stanza.attribute("notify"), "Peer");
  EXPECT_EQ(stanza.attribute("type"), "text");
  EXPECT_EQ(stanza.number("t"), static_cast<std::uint64_t>(unix_seconds(clock.now().wall)));
  EXPECT_EQ(stanza.find("enc")->attribute("type"), "pkmsg");
  EXPECT_FALSE(stanza.attribute("offline"));
  EXPECT_EQ(read_by(kOwnNumber), "hello\n") << "its phone reads it too";
  // Of the companion and of its phone.
  ASSERT_EQ(phone(kPeer).receipts().size(), 2u);
  EXPECT_EQ(phone(kPeer).receipts().back().from, device.lid);
  EXPECT_EQ(device.client->connection().unacknowledged(), 0u);
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorMessages, ACompanionWritesToAPhone) {
  admin("phone", {{"number", kPeer}});
  const auto ack = device.post(device.message_to(lid(kPeer), "hi there", "3EB0AA"));
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->attribute("class"), "message");
  EXPECT_EQ(ack->attribute("id"), "3EB0AA");
  EXPECT_EQ(ack->jid("from"), lid(kPeer));
  EXPECT_TRUE(ack->number("t").has_value());
  EXPECT_FALSE(ack->attribute("phash")) << "nobody was left out";
  EXPECT_FALSE(ack->attribute("error"));
  EXPECT_EQ(read_by(kPeer), "hi there\n");
  EXPECT_EQ(read_by(kOwnNumber), "hi there (own)\n");
  EXPECT_EQ(phone(kOwnNumber).read().front().chat, lid(kPeer));
  const auto delivered = device.take("receipt");
  ASSERT_TRUE(delivered.has_value());
  EXPECT_EQ(delivered->attribute("id"), "3EB0AA");
  EXPECT_FALSE(delivered->attribute("type"));
  EXPECT_EQ(delivered->jid("from"), lid(kPeer));
  admin("receipt", {{"from", kPeer}, {"to", kOwnNumber}, {"ids", {"3EB0AA"}}, {"type", "read"}});
  EXPECT_EQ(device.take("receipt")->attribute("type"), "read");
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorMessages, TheSecondMessageAfterAnAnswerIsNoPrekeyMessage) {
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "one"}});
  EXPECT_EQ(device.read()->text(), "one");
  device.post(device.message_to(lid(kPeer), "two", "3EB0AB"));
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "three"}});
  const auto opened = device.read();
  EXPECT_EQ(opened->text(), "three");
  EXPECT_EQ(opened->stanza.find("enc")->attribute("type"), "msg");
  EXPECT_EQ(read_by(kPeer), "two\n");
}

TEST_F(SimulatorMessages, OwnDevicesGetACopyThatNamesTheChat) {
  admin("send", {{"from", kOwnNumber}, {"to", kPeer}, {"text", "from my phone"}});
  const auto opened = device.read("sender");
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->stanza.jid("from"), lid(kOwnNumber));
  EXPECT_EQ(opened->stanza.jid("recipient"), lid(kPeer));
  EXPECT_EQ(opened->stanza.jid("peer_recipient_pn"), account(kPeer).jid(0));
  EXPECT_EQ(opened->sent().conversation(), "from my phone");
  EXPECT_EQ(opened->message.device_sent_message().destination_jid(), lid(kPeer).to_string());
  EXPECT_EQ(read_by(kPeer), "from my phone\n");
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorMessages, ASimulatedCompanionReadsAndWritesLikeTheOthers) {
  const json own = admin("companion", {{"number", kOwnNumber}});
  device.take("notification");
  admin("companion", {{"number", kPeer}});
  device.post(device.message_to(lid(kPeer), "to all", "3EB0AC"));
  const auto& peer = *server.world().phones.find({kPeer, 1});
  ASSERT_EQ(peer.read().size(), 1u);
  EXPECT_EQ(peer.read().front().text, "to all");
  const auto& other = *server.world().phones.find({kOwnNumber, own["device"].get<std::uint16_t>()});
  ASSERT_EQ(other.read().size(), 1u);
  EXPECT_TRUE(other.read().front().own);
  admin("send", {{"from", kPeer}, {"device", 1}, {"to", kOwnNumber}, {"text", "from its companion"}});
  const auto opened = device.read();
  EXPECT_EQ(opened->text(), "from its companion");
  EXPECT_EQ(opened->stanza.jid("from"), lid(kPeer, 1));
  EXPECT_EQ(violations(), "");
}

TEST_F(SimulatorMessages, TheFirstMessageOfACompanionCarriesItsIdentity) {
  admin("companion", {{"number", kPeer}});
  admin("send", {{"from", kPeer}, {"device", 1}, {"to", kOwnNumber}, {"text", "who am I"}});
  const auto opened = device.read();
  const Node* content = opened->stanza.find("device-identity");
  ASSERT_NE(content, nullptr);
  proto::ADVSignedDeviceIdentity identity;
  ASSERT_TRUE(identity.ParseFromArray(content->leaf()->data(), static_cast<int>(content->leaf()->size())));
  const auto& keys = account(kPeer).companions.at(1).keys;
  const Bytes approved = concat({ByteArray<2>{6, 0}, as_bytes(identity.details()), keys.identity});
  EXPECT_TRUE(
      crypto::xeddsa_verify(account(kPeer).identity.public_key, approved, as_bytes(identity.account_signature())));
  const Bytes own =
      concat({ByteArray<2>{6, 1}, as_bytes(identity.details()), keys.identity, account(kPeer).identity.public_key});
  EXPECT_TRUE(crypto::xeddsa_verify(keys.identity, own, as_bytes(identity.device_signature())));
}

TEST_F(SimulatorMessages, WritesUnderThePhoneNumberWhereToldSo) {
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "old"}, {"addressing", "pn"}});
  const auto stanza = device.open()->stanza;
  EXPECT_EQ(stanza.jid("from"), account(kPeer).jid(0));
  EXPECT_EQ(stanza.jid("sender_lid"), lid(kPeer));
}

TEST_F(SimulatorMessages, OtherOwnDevicesLearnThatAChatWasRead) {
  const json sent = admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "read me"}});
  device.read();
  admin("receipt", {{"from", kOwnNumber}, {"to", kPeer}, {"ids", {sent["id"]}}, {"type", "read"}});
  const auto receipt = device.take("receipt");
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->attribute("type"), "read-self");
  EXPECT_EQ(receipt->jid("from"), lid(kOwnNumber));
  EXPECT_EQ(receipt->jid("recipient"), lid(kPeer));
  EXPECT_EQ(phone(kPeer).receipts().back().type, "read");
}

TEST_F(SimulatorMessages, TellsTheHashWhereADeviceWasLeftOut) {
  admin("companion", {{"number", kPeer}});
  Node message = device.message_to(lid(kPeer), "partly", "3EB0AD");
  auto& children = std::get<Node::Children>(message.content);
  auto& to = std::get<Node::Children>(children[0].content);
  std::erase_if(to, [&](const Node& one) { return one.jid("jid") == lid(kPeer, 1); });
  const auto ack = device.post(message);
  EXPECT_EQ(ack->attribute("phash"),
            simulator::participant_hash({lid(kPeer), lid(kPeer, 1), lid(kOwnNumber), device.lid}));
}

TEST_F(SimulatorMessages, NotesAMessageKeyThatIsUsedTwice) {
  admin("phone", {{"number", kPeer}});
  device.post(device.message_to(lid(kPeer), "first", "3EB0AE"));
  const auto before = device.store.records.copy();
  const Node one = device.message_to(lid(kPeer), "second", "3EB0AF");
  device.post(one);
  device.post(one);
  EXPECT_EQ(violations(), "") << "the same bytes again are no harm";
  EXPECT_GT(phone(kPeer).counts().duplicates, 0u);
  device.store.records = before.copy();
  device.post(device.message_to(lid(kPeer), "third", "3EB0B0"));
  EXPECT_NE(violations().find("two messages under one message key"), std::string::npos);
}

TEST_F(SimulatorMessages, NotesPrekeyMessagesWithoutIdentityAndForeignEnvelopes) {
  admin("phone", {{"number", kPeer}});
  Node message = device.message_to(lid(kPeer), "first", "3EB0AE");
  std::get<Node::Children>(message.content).pop_back();
  device.post(message);
  EXPECT_NE(violations().find("pkmsg without device-identity"), std::string::npos);
  device.post(Node("message")
                  .with("id", "1")
                  .with("to", lid(kPeer))
                  .child(Node("enc").with("v", "3").with("type", "msg").bytes(Bytes{0x33, 1})));
  EXPECT_NE(violations().find("enc of version '3'"), std::string::npos);
}

TEST_F(SimulatorMessages, RefusesWhatIsForNobody) {
  const auto error = [&](const std::string& to) {
    const auto ack = device.post(Node("message").with("id", "3EB0B1").with("to", *Jid::parse(to)).with("type", "text"));
    return ack ? ack->attribute("error").value_or("") : "no ack";
  };
  EXPECT_EQ(error("5511000000009@s.whatsapp.net"), "404");
  EXPECT_EQ(error("120363000000000001@g.us"), "404");
  const json made = admin("group", {{"subject", "Others"}, {"creator", kPeer}, {"members", {kThird}}});
  EXPECT_EQ(error(made["id"].get<std::string>()), "403");
}

TEST_F(SimulatorMessages, RefusesAsManyMessagesAsTold) {
  admin("phone", {{"number", kPeer}});
  admin("refuse", {{"code", 463}, {"next", 2}, {"number", kOwnNumber}});
  for (const char* expected : {"463", "463", ""}) {
    const auto ack = device.post(device.message_to(lid(kPeer), "text", "3EB0B2"));
    EXPECT_EQ(ack->attribute("error").value_or(""), expected);
  }
  EXPECT_EQ(phone(kPeer).counts().read, 1u);
}

TEST_F(SimulatorMessages, ForwardsTypingAndPresence) {
  admin("phone", {{"number", kPeer}});
  device.client->send(Node("chatstate").with("to", lid(kPeer)).child(Node("composing")));
  EXPECT_EQ(phone(kPeer).heard().at(lid(kOwnNumber).to_string()), "composing");
  admin("chatstate", {{"from", kPeer}, {"to", kOwnNumber}, {"state", "paused"}});
  const auto state = device.take("chatstate");
  EXPECT_EQ(state->jid("from"), lid(kPeer));
  EXPECT_NE(state->find("paused"), nullptr);
  admin("presence", {{"from", kPeer}, {"available", true}});
  EXPECT_FALSE(device.take("presence").has_value()) << "nobody has asked for it";
  device.client->send(Node("presence").with("type", "subscribe").with("to", lid(kPeer)));
  admin("presence", {{"from", kPeer}, {"available", false}});
  EXPECT_EQ(device.take("presence")->attribute("type"), "unavailable");
}

TEST_F(SimulatorMessages, TellsOwnDevicesAndContactsOfANewCompanion) {
  admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "contact"}});
  device.read();
  admin("companion", {{"number", kOwnNumber}});
  const auto own = device.take("notification");
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->attribute("type"), "account_sync");
  EXPECT_EQ(own->find("devices")->children().size(), 4u) << "three devices and the list of key indexes";
  admin("companion", {{"number", kPeer}});
  const auto others = device.take("notification");
  ASSERT_TRUE(others.has_value());
  EXPECT_EQ(others->attribute("type"), "devices");
  EXPECT_EQ(others->jid("lid"), lid(kPeer));
  EXPECT_EQ(others->find("add")->find("device")->jid("lid"), lid(kPeer, 1));
  admin("unlink", {{"number", kPeer}, {"device", 1}});
  EXPECT_NE(device.take("notification")->find("remove"), nullptr);
}

TEST_F(SimulatorMessages, RunsTheSameWayTwice) {
  const auto run = [](std::uint64_t seed) {
    SimulatorMessages_RunsTheSameWayTwice_Test one;
    one.random = SeededRandom(seed);
    one.device.link(kOwnNumber);
    one.admin("companion", {{"number", kPeer}});
    one.admin("send", {{"from", kPeer}, {"to", kOwnNumber}, {"text", "hello"}, {"count", 3}});
    std::string out;
    while (const auto opened = one.device.read()) out += opened->stanza.to_xml() + opened->text();
    return out;
  };
  EXPECT_EQ(run(5), run(5));
}

// --- The admin API ---------------------------------------------------------------------------------------------------

TEST_F(SimulatorMessages, TheStateShowsWhatPhonesHaveRead) {
  device.post(device.message_to((admin("phone", {{"number", kPeer}}), lid(kPeer)), "seen", "3EB0F0"));
  const json state = call("state", nullptr, "GET").second;
  bool found = false;
  for (const json& one : state["phones"]) {
    if (one["number"] != kPeer) continue;
    const json& read = one["messaging"][0]["read"][0];
    EXPECT_EQ(read["text"], "seen");
    EXPECT_EQ(read["id"], "3EB0F0");
    EXPECT_EQ(read["from"], device.lid.to_string());
    EXPECT_EQ(read["kind"], "conversation");
    found = true;
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(admin("messages", {{"number", kPeer}, {"after", 0}})["read"].size(), 1u);
  EXPECT_EQ(admin("messages", {{"number", kPeer}, {"after", 1}})["read"].size(), 0u);
}

TEST_F(SimulatorMessages, AContactWritesWhereNobodyIsNamed) {
  const json sent = admin("send", {{"number", kOwnNumber}, {"text", "hello"}});
  EXPECT_EQ(device.read()->text(), "hello");
  EXPECT_FALSE(sent["from"].get<std::string>().empty());
}

TEST_F(SimulatorMessages, RefusesCallsThatAreWrong) {
  for (const auto& [name, body] :
       std::vector<std::pair<std::string, json>>{{"send", {{"text", "nobody"}}},
                                                 {"send", {{"to", "abc"}, {"text", "x"}}},
                                                 {"send", {{"to", kPeer}}},
                                                 {"send", {{"to", kPeer}, {"message", "xyz"}}},
                                                 {"send", {{"to", kPeer}, {"text", "x"}, {"defect", "odd"}}},
                                                 {"send", {{"to", kPeer}, {"text", "x"}, {"addressing", "odd"}}},
                                                 {"send", {{"to", kPeer}, {"text", "x"}, {"count", 10001}}},
                                                 {"receipt", {{"from", kPeer}, {"to", kOwnNumber}}},
                                                 {"receipt", {{"from", kPeer}, {"to", kOwnNumber}, {"ids", "3EB0"}}},
                                                 {"group", {{"creator", kPeer}, {"members", {"abc"}}}},
                                                 {"refuse", json::object()},
                                                 {"delivery", {{"mode", "odd"}}},
                                                 {"delivery", {{"mode", "lose"}, {"next", 0}}},
                                                 {"companion", json::object()}}) {
    EXPECT_EQ(call(name, body).first, 400) << name << " " << body.dump();
  }
  EXPECT_EQ(call("send", {{"group", "1@g.us"}, {"text", "x"}}).first, 404);
  EXPECT_EQ(call("messages", {{"number", kPeer}, {"device", 9}}).first, 404);
}

}  // namespace
}  // namespace ponte::test::by_hand
