// Random trees survive encoding and decoding.
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "base/hex.h"
#include "protocol/wire/node_codec.h"
#include "protocol/wire/tokens.h"

namespace ponte::protocol::wire {
namespace {

/// Makes trees in the form in which the decoder would make them: content text only where it has a short form.
class TreeMaker {
 public:
  explicit TreeMaker(unsigned seed) : random_(seed) {}

  Node node(int depth = 0) {
    Node out(name());
    for (std::size_t i = below(5); i > 0; --i) out.attributes.emplace_back(name(), value());
    switch (below(5)) {
      case 0: break;
      case 1: out.content = to_bytes(any_text()); break;
      case 2: out.content = below(2) ? token() : packable(); break;
      default: {
        auto& children = out.content.emplace<Node::Children>();
        if (depth < 6) {
          for (std::size_t i = below(4); i > 0; --i) children.push_back(node(depth + 1));
        }
      }
    }
    return out;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::string token() {
    const auto index = static_cast<std::uint8_t>(below(236));
    if (below(2) && index > 0) return std::string(single_token(index));
    return std::string(double_token(static_cast<std::uint8_t>(below(4)), index));
  }

  std::string from(std::string_view alphabet, std::size_t size) {
    std::string out;
    while (out.size() < size) out += alphabet[below(alphabet.size())];
    return out;
  }

  std::string packable() { return from(below(2) ? "0123456789-." : "0123456789ABCDEF", 1 + below(127)); }

  std::string any_text() {
    std::string out(below(4) ? below(300) : below(70'000), '\0');
    for (char& c : out) c = static_cast<char>(random_());
    return out;
  }

  std::string text() {
    switch (below(3)) {
      case 0: return token();
      case 1: return packable();
      default: return any_text();
    }
  }

  std::string name() {
    std::string out = text();
    return out.empty() ? "x" : out;
  }

  AttributeValue value() {
    if (below(3) != 0) return text();
    const auto user = [this] { return from("0123456789ab", 1 + below(20)); };
    const auto device = static_cast<std::uint16_t>(below(256));
    switch (below(7)) {
      case 0: return server_jid();
      case 1: return Jid{.user = user(), .server = std::string(kUserServer), .device = device};
      case 2: return Jid{.user = user(), .server = std::string(kHostedLidServer), .device = device};
      case 3: return Jid{.user = user(), .server = name()};
      case 4: return Jid{.user = user(), .server = "msgr", .device = static_cast<std::uint16_t>(below(65536))};
      case 5:
        return Jid{.user = user(),
                   .server = "interop",
                   .device = device,
                   .integrator = static_cast<std::uint16_t>(below(65536))};
      default: return Jid{.user = user(), .server = std::string(kLidServer), .device = device};
    }
  }

  std::mt19937 random_;
};

Bytes compressed_frame(ByteView node) {
  uLongf size = compressBound(node.size());
  Bytes out(size + 1);
  out[0] = 0x02;
  EXPECT_EQ(compress(out.data() + 1, &size, node.data(), node.size()), Z_OK);
  out.resize(size + 1);
  return out;
}

TEST(NodeCodecRoundTrip, GivesEqualTrees) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const Node node = TreeMaker(seed).node();
    const Bytes bytes = encode_node(node);
    const auto back = decode_node(bytes);
    ASSERT_TRUE(back.ok()) << "seed " << seed << ": " << back.error().message;
    ASSERT_EQ(*back, node) << "seed " << seed;
    ASSERT_EQ(encode_node(*back), bytes) << "seed " << seed;
  }
}

TEST(NodeCodecRoundTrip, GivesEqualTreesThroughCompression) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const Node node = TreeMaker(seed).node();
    const auto back = decode_frame(compressed_frame(encode_node(node)));
    ASSERT_TRUE(back.ok()) << "seed " << seed << ": " << back.error().message;
    ASSERT_EQ(*back, node) << "seed " << seed;
  }
}

TEST(NodeCodecRoundTrip, NeverReadsACutTree) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const Bytes bytes = encode_node(TreeMaker(seed).node());
    const std::size_t stride = 1 + bytes.size() / 200;
    for (std::size_t size = 0; size < bytes.size(); size += stride) {
      ASSERT_FALSE(decode_node(ByteView(bytes).first(size)).ok()) << "seed " << seed << " size " << size;
    }
  }
}

TEST(NodeCodecRoundTrip, StopsInflatingAtTheLimit) {
  // 100 MiB of zeros in 100 KB, as a hostile peer would send it.
  const Bytes bomb = compressed_frame(Bytes(100u << 20));
  const auto node = decode_frame(bomb);
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.error().cause, Cause::kNodeTooLarge);
}

TEST(NodeCodecRoundTrip, InflatesUpToTheLimitExactly) {
  const auto leaf_node = [](std::size_t size) { return encode_node(Node("iq").bytes(Bytes(size))); };
  const std::size_t overhead = leaf_node(1u << 20).size() - (1u << 20);
  const auto fits = decode_frame(compressed_frame(leaf_node(kMaxInflatedSize - overhead)));
  EXPECT_TRUE(fits.ok()) << fits.error().message;
  const auto over = decode_frame(compressed_frame(leaf_node(kMaxInflatedSize - overhead + 1)));
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().cause, Cause::kNodeTooLarge);
}

}  // namespace
}  // namespace ponte::protocol::wire
