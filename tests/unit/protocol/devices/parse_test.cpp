// What the server answers about users, devices and their keys.
#include <gtest/gtest.h>

#include "protocol/devices/bundles.h"
#include "protocol/devices/usync.h"
#include "protocol/messages/groups.h"

namespace ponte::protocol::devices {
namespace {

using wire::Node;

wire::Jid jid(const std::string& text) {
  return *wire::Jid::parse(text);
}

Node answer(Node list) {
  return Node("iq").with("type", "result").child(Node("usync").child(std::move(list)));
}

Node device(const std::string& id, const std::string& key_index) {
  return Node("device").with("id", id).with("key-index", key_index);
}

TEST(Usync, ReadsDevicesAndAddresses) {
  const auto users = parse_usync(
      answer(Node("list").child(Node("user")
                                    .with("jid", jid("300@lid"))
                                    .with("pn_jid", jid("301@s.whatsapp.net"))
                                    .child(Node("contact").with("type", "in"))
                                    .child(Node("devices").child(Node("device-list")
                                                                     .child(Node("device").with("id", "0"))
                                                                     .child(device("12", "1"))
                                                                     .child(device("3", "2"))
                                                                     .child(device("3", "2"))
                                                                     .child(Node("device").with("id", "9"))
                                                                     .child(device("99", "4").with("is_hosted", "true"))
                                                                     .child(device("70000", "5")))))));
  ASSERT_EQ(users.size(), 1u);
  EXPECT_EQ(users[0].jid.to_string(), "300@lid");
  EXPECT_EQ(users[0].pn->to_string(), "301@s.whatsapp.net");
  EXPECT_EQ(users[0].lid->to_string(), "300@lid");
  EXPECT_EQ(users[0].registered, true);
  EXPECT_EQ(*users[0].devices, (messages::DeviceNumbers{0, 3, 12}));
}

TEST(Usync, TellsWhatItWasNotTold) {
  const auto users = parse_usync(answer(Node("list")
                                            .child(Node("user").with("jid", jid("301@s.whatsapp.net")))
                                            .child(Node("user").with("jid", "3/01@lid"))
                                            .child(Node("user"))));
  ASSERT_EQ(users.size(), 1u);
  EXPECT_FALSE(users[0].registered.has_value());
  EXPECT_FALSE(users[0].devices.has_value());
  EXPECT_FALSE(users[0].lid.has_value());
  EXPECT_TRUE(parse_usync(Node("iq")).empty());
}

Node keys(Node parent) {
  return std::move(parent)
      .child(Node("type").bytes(ByteArray<1>{5}))
      .child(Node("identity").bytes(ByteArray<32>{1}))
      .child(Node("key").child(Node("id").bytes(ByteArray<3>{0, 1, 2})).child(Node("value").bytes(ByteArray<32>{2})))
      .child(Node("skey")
                 .child(Node("id").bytes(ByteArray<3>{0, 0, 3}))
                 .child(Node("value").bytes(ByteArray<32>{3}))
                 .child(Node("signature").bytes(ByteArray<64>{4})));
}

Node bundle() {
  return keys(Node("user").with("jid", jid("300@lid")).child(Node("registration").bytes(ByteArray<4>{0, 0, 4, 87})));
}

TEST(Bundle, IsRead) {
  const auto parsed = parse_bundle(bundle());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->registration_id, 1111u);
  EXPECT_EQ(parsed->identity, (crypto::PublicKey{1}));
  EXPECT_EQ(parsed->signed_prekey_id, 3u);
  EXPECT_EQ(parsed->signed_prekey, (crypto::PublicKey{3}));
  EXPECT_EQ(parsed->signature, (crypto::Signature{4}));
  ASSERT_TRUE(parsed->one_time);
  EXPECT_EQ(parsed->one_time->id, 258u);
}

TEST(Bundle, MayLackAOneTimeKey) {
  Node node = bundle();
  auto& children = std::get<Node::Children>(node.content);
  std::erase_if(children, [](const Node& child) { return child.tag == "key"; });
  const auto parsed = parse_bundle(node);
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(parsed->one_time);
}

TEST(Bundle, OfARetryHasItsRegistrationBesideTheKeys) {
  const Node receipt =
      Node("receipt").child(Node("registration").bytes(ByteArray<4>{0, 0, 0, 9})).child(keys(Node("keys")));
  const auto parsed = parse_retry_keys(receipt);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->registration_id, 9u);
  EXPECT_FALSE(parse_retry_keys(Node("receipt")).ok());
}

TEST(Bundle, IsRefusedWithoutAnyOfItsParts) {
  const Node whole = bundle();
  for (const char* part : {"registration", "type", "identity", "skey"}) {
    Node node = whole;
    std::erase_if(std::get<Node::Children>(node.content), [&](const Node& child) { return child.tag == part; });
    EXPECT_FALSE(parse_bundle(node).ok()) << part;
  }
  for (const char* part : {"registration", "type", "identity"}) {
    Node node = whole;
    for (Node& child : std::get<Node::Children>(node.content)) {
      if (child.tag == part) child.bytes(ByteArray<7>{});
    }
    EXPECT_FALSE(parse_bundle(node).ok()) << part;
  }
}

TEST(Bundle, ThatTheServerRefusesSaysSo) {
  const auto parsed = parse_bundle(Node("user").child(Node("error").with("code", "406")));
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().cause, Cause::kIqRejected);
  EXPECT_NE(parsed.error().message.find("406"), std::string::npos);
}

TEST(Group, IsReadWithItsAddressing) {
  const auto group = messages::parse_group(Node("group")
                                               .with("addressing_mode", "lid")
                                               .child(Node("participant").with("jid", jid("300@lid")))
                                               .child(Node("participant").with("jid", "3/1@lid"))
                                               .child(Node("description"))
                                               .child(Node("participant").with("jid", jid("400@lid"))));
  ASSERT_TRUE(group.ok());
  EXPECT_EQ(group->addressing, messages::Group::Addressing::kLid);
  ASSERT_EQ(group->participants.size(), 2u);
  EXPECT_FALSE(messages::parse_group(Node("group")).ok());
}

}  // namespace
}  // namespace ponte::protocol::devices
