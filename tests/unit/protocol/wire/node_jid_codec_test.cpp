// Every form in which a JID stands on the wire, in and out (wire: pairing.md 4.5).
#include <gtest/gtest.h>

#include "base/hex.h"
#include "protocol/wire/node_codec.h"

namespace ponte::protocol::wire {
namespace {

// <to jid=.../>, and the content of <to>.
constexpr std::string_view kBeforeValue = "f803110c";

Result<Node> decode(const std::string& node_hex) {
  return decode_node(from_hex(node_hex).value());
}

std::optional<Jid> read(std::string_view jid_hex) {
  const auto node = decode(std::string(kBeforeValue) + std::string(jid_hex));
  if (!node.ok() || node->attributes.size() != 1) return std::nullopt;
  const auto* jid = std::get_if<Jid>(&node->attributes[0].second);
  return jid ? std::optional(*jid) : std::nullopt;
}

std::string write(const Jid& jid) {
  return to_hex(encode_node(Node("to").with("jid", jid))).substr(kBeforeValue.size());
}

void expect_same_both_ways(const Jid& jid, const std::string& jid_hex) {
  EXPECT_EQ(read(jid_hex), jid) << jid_hex;
  EXPECT_EQ(write(jid), jid_hex);
}

Jid make(std::string user, std::string_view server, std::uint16_t device = 0, std::uint16_t integrator = 0) {
  return {.user = std::move(user), .server = std::string(server), .device = device, .integrator = integrator};
}

TEST(NodeCodecJid, PairsUserAndServer) {
  expect_same_both_ways(server_jid(), "fa0003");
  expect_same_both_ways(make("123", kUserServer), "faff82123f03");
  expect_same_both_ways(make("status", kBroadcastServer), "fa0b0d");
  expect_same_both_ways(make("x", "bot"), "fafc0178fc03626f74");
}

TEST(NodeCodecJid, ReadsAnEmptyUserInBothSpellings) {
  EXPECT_EQ(read("fafc0003"), server_jid());
}

TEST(NodeCodecJid, RejectsAPairWithoutServer) {
  EXPECT_FALSE(read("faff82123f00").has_value());
  EXPECT_FALSE(read("faff82123ffc00").has_value());
}

TEST(NodeCodecJid, UsesTheDomainByteForDevices) {
  expect_same_both_ways(make("123", kUserServer, 7), "f70007ff82123f");
  expect_same_both_ways(make("123", kLidServer, 7), "f70107ff82123f");
  expect_same_both_ways(make("123", kHostedServer, 99), "f78063ff82123f");
  expect_same_both_ways(make("123", kHostedLidServer, 255), "f781ffff82123f");
}

TEST(NodeCodecJid, PairsWhereTheDeviceIsZero) {
  EXPECT_EQ(read("f70100ff82123f"), make("123", kLidServer));
  for (const auto server : {kLidServer, kHostedServer, kHostedLidServer}) {
    EXPECT_EQ(write(make("123", server)).substr(0, 2), "fa") << server;
  }
}

TEST(NodeCodecJid, KeepsADomainItDoesNotKnow) {
  Jid odd = make("123", kUserServer, 7);
  odd.unknown_domain = 0x05;
  expect_same_both_ways(odd, "f70507ff82123f");
  odd.device = 0;
  expect_same_both_ways(odd, "f70500ff82123f");
  odd.unknown_domain = 0x83;
  expect_same_both_ways(odd, "f78300ff82123f");
  odd.unknown_domain = 0x02;
  expect_same_both_ways(odd, "f70200ff82123f");

  Jid hosted = make("123", kHostedServer, 7);
  hosted.unknown_domain = 0x82;
  expect_same_both_ways(hosted, "f78207ff82123f");
  hosted.unknown_domain = 0xFE;
  expect_same_both_ways(hosted, "f7fe07ff82123f");
}

TEST(NodeCodecJid, RejectsADeviceOfNobody) {
  EXPECT_FALSE(read("f7000700").has_value());
  EXPECT_FALSE(read("f70007fc00").has_value());
  EXPECT_FALSE(read("f6000007cc").has_value());
  EXPECT_FALSE(read("f50000070000").has_value());
}

TEST(NodeCodecJid, WritesADeviceThatNoFormCarriesIntoTheUser) {
  EXPECT_EQ(write(make("123", kUserServer, 256)), "fafc073132333a32353603");
  EXPECT_EQ(write(make("123", kGroupServer, 1)), "fafc053132333a311c");
}

TEST(NodeCodecJid, CarriesMessengerUsers) {
  expect_same_both_ways(make("123", kMessengerServer, 0x0102), "f6ff82123f0102cc");
  expect_same_both_ways(make("123", kMessengerServer), "f6ff82123f0000cc");
}

TEST(NodeCodecJid, RejectsAMessengerUserOfAnotherServer) {
  EXPECT_FALSE(read("f6ff82123f010203").has_value());
  EXPECT_FALSE(read("f6ff82123f010200").has_value());
}

TEST(NodeCodecJid, CarriesInteropUsers) {
  expect_same_both_ways(make("123", kInteropServer, 7, 0x0203), "f5ff82123f00070203");
}

TEST(NodeCodecJid, ReadsInteropUsersWithTheirServerToo) {
  const Jid user = make("123", kInteropServer, 7, 0x0203);
  EXPECT_EQ(read("f5ff82123f00070203fc07696e7465726f70"), user);
  EXPECT_EQ(read("f5ff82123f00070203fd000007696e7465726f70"), user);
  EXPECT_EQ(read("f5ff82123f00070203fe00000007696e7465726f70"), user);
  EXPECT_FALSE(read("f5ff82123f00070203fc07696e7465726f").has_value());
}

TEST(NodeCodecJid, LeavesWhatFollowsAnInteropUser) {
  const Jid user = make("123", kInteropServer, 7, 1);
  const Node next_key = Node("to").with("jid", user).with("abc", "x");
  const Node content = Node("to").with("jid", user).bytes(as_bytes("abc"));
  for (const Node& node : {next_key, content}) EXPECT_EQ(decode_node(encode_node(node)).value(), node);
}

TEST(NodeCodecJid, DoesNotMistakeTheTextInteropForTheServer) {
  const Jid user = make("123", kInteropServer, 7, 1);
  const Node next_key = Node("to").with("jid", user).with("interop", "x");
  const Node content = Node("to").with("jid", user).bytes(as_bytes("interop"));
  const Node sibling = Node("to").child(Node("to").with("jid", user)).child(Node("interop"));
  for (const Node& node : {next_key, content, sibling}) {
    const auto back = decode_node(encode_node(node));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, node);
  }
}

TEST(NodeCodecJid, IsReadAsTextWhereItIsContent) {
  const auto node = decode("f80211f70107ff82123f");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(as_text(*node->leaf()), "123:7@lid");
  EXPECT_EQ(decode_node(encode_node(*node)).value(), *node);
}

TEST(NodeCodecJid, RejectsEveryCutForm) {
  for (const char* form : {"fa0003", "f70107ff82123f", "f6ff82123f0102cc", "f5ff82123f00070203"}) {
    const std::string whole = std::string(kBeforeValue) + form;
    ASSERT_TRUE(decode(whole).ok()) << form;
    for (std::size_t size = 0; size < whole.size(); size += 2) EXPECT_FALSE(decode(whole.substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace ponte::protocol::wire
