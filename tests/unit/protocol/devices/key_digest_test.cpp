#include "protocol/devices/key_digest.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "crypto/digest.h"

namespace ponte::protocol::devices {
namespace {

using wire::Node;

Node id(std::uint32_t value) {
  return Node("id").bytes(big_endian_array<3>(value));
}

Node good_digest() {
  Node digest("digest");
  digest.child(Node("registration").bytes(big_endian_array<4>(0x01020304)));
  digest.child(Node("type").bytes(ByteArray<1>{0x05}));
  digest.child(Node("identity").bytes(Bytes(32, 0xA1)));
  digest.child(Node("skey")
                   .child(id(0xFFFFFF))
                   .child(Node("value").bytes(Bytes(32, 0xA2)))
                   .child(Node("signature").bytes(Bytes(64, 0xA3))));
  digest.child(Node("list").child(id(1)).child(id(0x0A0B0C)).child(id(1)));
  digest.child(Node("hash").bytes(Bytes(20, 0xA4)));
  return digest;
}

Result<KeyDigest> parse(Node digest) {
  return parse_key_digest(Node("iq").with("type", "result").child(std::move(digest)));
}

/// The node at a path of child numbers.
Node& at(Node& root, const std::vector<std::size_t>& path) {
  Node* node = &root;
  for (const std::size_t index : path) node = &std::get<Node::Children>(node->content)[index];
  return *node;
}

TEST(KeyDigest, ReadsWhatTheServerHas) {
  const auto digest = parse(good_digest());
  ASSERT_TRUE(digest.ok()) << digest.error().message;
  EXPECT_EQ(digest->registration_id, 0x01020304u);
  EXPECT_EQ(to_bytes(digest->identity), Bytes(32, 0xA1));
  EXPECT_EQ(digest->signed_prekey_id, 0xFFFFFFu);
  EXPECT_EQ(to_bytes(digest->signed_prekey), Bytes(32, 0xA2));
  EXPECT_EQ(to_bytes(digest->signature), Bytes(64, 0xA3));
  EXPECT_EQ(digest->prekey_ids, (std::vector<std::uint32_t>{1, 0x0A0B0C, 1}));
  EXPECT_EQ(to_bytes(digest->hash), Bytes(20, 0xA4));
}

TEST(KeyDigest, ReadsAnEmptyList) {
  Node digest = good_digest();
  at(digest, {4}).content = std::monostate();
  const auto read = parse(digest);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->prekey_ids.empty());
}

TEST(KeyDigest, RefusesWhatIsMissing) {
  EXPECT_FALSE(parse_key_digest(Node("iq")).ok());
  for (std::size_t child = 0; child < good_digest().children().size(); ++child) {
    Node digest = good_digest();
    auto& children = std::get<Node::Children>(digest.content);
    const std::string tag = children[child].tag;
    children.erase(children.begin() + static_cast<std::ptrdiff_t>(child));
    const auto read = parse(digest);
    ASSERT_FALSE(read.ok()) << tag;
    EXPECT_EQ(read.error().code, Errc::kMalformed);
    EXPECT_EQ(read.error().cause, Cause::kStanzaUnexpected);
    EXPECT_NE(read.error().message.find("<" + tag + ">"), std::string::npos) << read.error().message;
  }
  for (std::size_t child = 0; child < 3; ++child) {
    Node digest = good_digest();
    auto& children = std::get<Node::Children>(at(digest, {3}).content);
    children.erase(children.begin() + static_cast<std::ptrdiff_t>(child));
    EXPECT_FALSE(parse(digest).ok()) << child;
  }
}

TEST(KeyDigest, RefusesLeavesOfAnotherSize) {
  const std::vector<std::vector<std::size_t>> leaves = {{0}, {1}, {2}, {3, 0}, {3, 1}, {3, 2}, {4, 0}, {4, 2}, {5}};
  for (const auto& path : leaves) {
    Node digest = good_digest();
    const Bytes good = to_bytes(*at(digest, path).leaf());
    Bytes longer = good;
    longer.push_back(1);
    for (const Node::Content& bad : {Node::Content(Bytes(good.begin(), good.end() - 1)), Node::Content(longer),
                                     Node::Content(Bytes()), Node::Content(), Node::Content(Node::Children{id(1)})}) {
      at(digest, path).content = bad;
      EXPECT_EQ(parse(digest).ok(), false) << path[0];
    }
    at(digest, path).content = good;
    EXPECT_TRUE(parse(digest).ok());
  }
}

TEST(KeyDigest, RefusesAnotherTypeOfKeysAndTheIdZero) {
  for (const std::vector<std::size_t>& path : {std::vector<std::size_t>{1}, {3, 0}, {4, 1}}) {
    Node digest = good_digest();
    Node& leaf = at(digest, path);
    leaf.content = Bytes(leaf.leaf()->size(), 0);
    EXPECT_FALSE(parse(digest).ok()) << path[0];
  }
}

TEST(KeyDigest, HashesIdentitySignedPrekeySignatureAndPrekeysAsListed) {
  const auto digest = *parse(good_digest());
  const Bytes one(32, 1);
  const Bytes two(32, 2);
  const auto expected = crypto::sha1(concat({Bytes(32, 0xA1), Bytes(32, 0xA2), Bytes(64, 0xA3), one, two, one}));
  EXPECT_EQ(key_digest_hash(digest, {one, two, one}), expected);
  EXPECT_NE(key_digest_hash(digest, {two, one, one}), expected);
}

}  // namespace
}  // namespace ponte::protocol::devices
