#include "protocol/wire/node.h"

#include <gtest/gtest.h>

namespace ponte::protocol::wire {
namespace {

const Jid kUser{.user = "1", .server = "lid", .device = 7};

TEST(Node, LeavesEmptyTextAttributesOut) {
  const Node node = Node("iq").with("id", "").with("type", "get");
  ASSERT_EQ(node.attributes.size(), 1u);
  EXPECT_EQ(node.attributes[0].first, "type");
}

TEST(Node, KeepsAttributesInOrder) {
  Node node("iq");
  node.with("b", "1").with("a", kUser);
  EXPECT_EQ(node.attributes[0].first, "b");
  EXPECT_EQ(node.attributes[1].first, "a");
}

TEST(Node, FindsTheFirstChildOfATag) {
  const Node node = Node("iq").child(Node("a").with("n", "1")).child(Node("b")).child(Node("a").with("n", "2"));
  ASSERT_NE(node.find("a"), nullptr);
  EXPECT_EQ(node.find("a")->attribute("n"), "1");
  EXPECT_EQ(node.find("c"), nullptr);
  EXPECT_EQ(node.children().size(), 3u);
}

TEST(Node, HasNoChildrenWhereItHasALeaf) {
  EXPECT_TRUE(Node("a").bytes(as_bytes("x")).children().empty());
  EXPECT_TRUE(Node("a").children().empty());
}

TEST(Node, ReadsAttributesAsTextWhateverTheirForm) {
  const Node node = Node("iq").with("text", "x").with("jid", kUser);
  EXPECT_EQ(node.attribute("text"), "x");
  EXPECT_EQ(node.attribute("jid"), "1:7@lid");
  EXPECT_EQ(node.attribute("none"), std::nullopt);
}

TEST(Node, ReadsAttributesAsJidsWhateverTheirForm) {
  const Node node = Node("iq").with("jid", kUser).with("text", "1:7@lid").with("none", "x");
  EXPECT_EQ(node.jid("jid"), kUser);
  EXPECT_EQ(node.jid("text"), kUser);
  EXPECT_EQ(node.jid("none"), std::nullopt);
  EXPECT_EQ(node.jid("absent"), std::nullopt);
}

TEST(Node, ReadsNumbersOnlyWhereTheyAreNumbers) {
  const Node node = Node("iq")
                        .with("n", "42")
                        .with("max", "18446744073709551615")
                        .with("over", "18446744073709551616")
                        .with("signed", "-1")
                        .with("plus", "+1")
                        .with("tail", "1x")
                        .with("space", " 1")
                        .with("jid", kUser);
  EXPECT_EQ(node.number("n"), 42u);
  EXPECT_EQ(node.number("max"), 18446744073709551615u);
  for (const char* key : {"over", "signed", "plus", "tail", "space", "jid", "absent"}) {
    EXPECT_EQ(node.number(key), std::nullopt) << key;
  }
}

TEST(Node, ReadsLeavesWhateverTheirForm) {
  Node text("a");
  text.content = std::string("401");
  EXPECT_EQ(as_text(*text.leaf()), "401");
  EXPECT_EQ(as_text(*Node("a").bytes(as_bytes("401")).leaf()), "401");
  EXPECT_FALSE(Node("a").leaf().has_value());
  EXPECT_FALSE(Node("a").child(Node("b")).leaf().has_value());
}

TEST(Node, NamesItselfWhereALeafHasAnotherSize) {
  const Node node = Node("hash").bytes(as_bytes("abc"));
  EXPECT_TRUE(node.leaf_of_size(3).ok());
  const auto wrong = node.leaf_of_size(20);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, Errc::kMalformed);
  EXPECT_EQ(wrong.error().message, "<hash>: expected 20 bytes, came 3");
  EXPECT_EQ(Node("hash").leaf_of_size(20).error().message, "<hash>: expected 20 bytes, came no leaf");
}

TEST(Node, DrawsItselfAsXml) {
  const Node node = Node("iq").with("to", server_jid()).child(Node("ref").bytes(as_bytes("AB"))).child(Node("ping"));
  EXPECT_EQ(node.to_xml(), "<iq to=\"@s.whatsapp.net\">\n  <ref>4142</ref>\n  <ping/>\n</iq>");
}

TEST(Node, CountsBytesOnlyWhereRedacted) {
  Node text("code");
  text.content = std::string("12345678");
  const Node node =
      Node("iq").child(Node("key").bytes(as_bytes("AB"))).child(text).child(Node("one").bytes(as_bytes("A")));
  EXPECT_EQ(
      node.to_xml(true),
      "<iq>\n  <key><!-- 2 bytes --></key>\n  <code><!-- 8 bytes --></code>\n  <one><!-- 1 byte --></one>\n</iq>");
}

TEST(Node, EscapesWhatIsNotPrintable) {
  const Node node = Node("a<b").with("k\n", "\x1b[31m\"&>\\\xc3\xa9");
  EXPECT_EQ(node.to_xml(), "<a&lt;b k\\x0a=\"\\x1b[31m&quot;&amp;&gt;\\x5c\\xc3\\xa9\"/>");
}

}  // namespace
}  // namespace ponte::protocol::wire
