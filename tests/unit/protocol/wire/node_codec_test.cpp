#include "protocol/wire/node_codec.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "support/vectors.h"

namespace ponte::protocol::wire {
namespace {

using test::bit_flips;
using test::load_vectors;
using test::truncations;
using test::vector_bytes;
using test::vector_text;

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

/// to_xml() on one line, as the vectors have it.
std::string one_line_xml(const Node& node) {
  std::string out;
  bool at_line_start = false;
  for (const char c : node.to_xml()) {
    if (c == '\n') at_line_start = true;
    if (c == '\n' || (at_line_start && c == ' ')) continue;
    at_line_start = false;
    out += c;
  }
  return out;
}

/// Digits mean the same in both packed alphabets, so this flip alone may leave the node as it was.
bool swaps_packed_alphabet(ByteView before, ByteView after) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != after[i]) return (before[i] | after[i]) == 0xFF && (before[i] & after[i]) == 0xFB;
  }
  return false;
}

/// Cut off at every length, and with every single bit flipped: an error, or another node.
void expect_damage_is_noticed(ByteView node_bytes) {
  const auto original = decode_node(node_bytes);
  ASSERT_TRUE(original.ok()) << original.error().message;
  for (const Bytes& cut : truncations(node_bytes)) EXPECT_FALSE(decode_node(cut).ok()) << to_hex(cut);
  for (const Bytes& flipped : bit_flips(node_bytes)) {
    const auto decoded = decode_node(flipped);
    if (!decoded.ok()) {
      EXPECT_EQ(decoded.error().code, Errc::kMalformed);
    } else if (!swaps_packed_alphabet(node_bytes, flipped)) {
      EXPECT_FALSE(*decoded == *original) << to_hex(flipped);
    }
  }
}

void expect_rejected(std::string_view node_hex, Cause cause = Cause::kNodeMalformed) {
  const auto decoded = decode_node(hex(node_hex));
  ASSERT_FALSE(decoded.ok()) << node_hex << " read as " << decoded->to_xml();
  EXPECT_EQ(decoded.error().code, Errc::kMalformed) << node_hex;
  EXPECT_EQ(decoded.error().cause, cause) << node_hex;
}

Node decoded(std::string_view node_hex) {
  auto node = decode_node(hex(node_hex));
  EXPECT_TRUE(node.ok()) << node_hex << ": " << node.error().message;
  return node.ok() ? std::move(node).value() : Node("undecodable");
}

std::string encoded(const Node& node) {
  return to_hex(encode_node(node));
}

// ---- vectors

TEST(NodeCodec, ReadsTheCapturedSuccessStanza) {
  const VecFile file = load_vectors("wire/success.vec");
  const auto node = decode_node(vector_bytes(file, "node"));
  ASSERT_TRUE(node.ok()) << node.error().message;
  EXPECT_EQ(node->tag, "success");
  ASSERT_EQ(node->attributes.size(), 7u);
  std::size_t index = 0;
  for (const VecLine& line : file.lines()) {
    if (line.key == "node") continue;
    EXPECT_EQ(node->attributes[index++].first, line.key);
    EXPECT_EQ(node->attribute(line.key), line.value);
  }
  EXPECT_EQ(node->jid("lid"), (Jid{.user = "100000000000001", .server = "lid", .device = 42}));
  EXPECT_EQ(node->number("t"), 1752021890u);
}

TEST(NodeCodec, WritesTheCapturedSuccessStanzaBitExact) {
  const VecFile file = load_vectors("wire/success.vec");
  const auto node = decode_node(vector_bytes(file, "node"));
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(encoded(*node), vector_text(file, "node"));

  Node built("success");
  for (const VecLine& line : file.lines()) {
    if (line.key == "node") continue;
    if (line.key == "lid") {
      built.with(line.key, *Jid::parse(line.value));
    } else {
      built.with(line.key, line.value);
    }
  }
  EXPECT_EQ(built, *node);
  EXPECT_EQ(encoded(built), vector_text(file, "node"));
}

TEST(NodeCodec, NoticesDamageToTheCapturedSuccessStanza) {
  expect_damage_is_noticed(vector_bytes(load_vectors("wire/success.vec"), "node"));
}

TEST(NodeCodec, ReadsAndWritesEveryStanzaVector) {
  std::string xml;
  std::size_t count = 0;
  const VecFile file = load_vectors("wire/stanzas.vec");
  for (const VecLine& line : file.lines()) {
    if (line.key == "xml") xml = line.value;
    if (line.key != "frame") continue;
    SCOPED_TRACE(xml);
    const Bytes frame = hex(line.value);
    const auto node = decode_frame(frame);
    ASSERT_TRUE(node.ok()) << node.error().message;
    EXPECT_EQ(one_line_xml(*node), xml);
    EXPECT_EQ(to_hex(encode_frame(*node)), line.value);
    expect_damage_is_noticed(ByteView(frame).subspan(1));
    ++count;
  }
  EXPECT_EQ(count, 16u);
}

TEST(NodeCodec, ReadsAndWritesThePairingFrames) {
  const VecFile file = load_vectors("wire/pairing_frames.vec");
  for (const VecLine& line : file.lines()) {
    SCOPED_TRACE(line.key);
    const Bytes frame = hex(line.value);
    const auto node = decode_frame(frame);
    ASSERT_TRUE(node.ok()) << node.error().message;
    EXPECT_EQ(node->tag, "iq");
    EXPECT_EQ(to_hex(encode_frame(*node)), line.value);
    expect_damage_is_noticed(ByteView(frame).subspan(1));
  }
}

TEST(NodeCodec, ReadsThePairSuccessChildren) {
  const auto node = decode_frame(vector_bytes(load_vectors("wire/pairing_frames.vec"), "pair_success"));
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->jid("from"), server_jid());
  const Node* pair_success = node->find("pair-success");
  ASSERT_NE(pair_success, nullptr);
  const Node* device = pair_success->find("device");
  ASSERT_NE(device, nullptr);
  EXPECT_EQ(device->attribute("jid"), "551199887766:33@s.whatsapp.net");
  EXPECT_EQ(device->attribute("lid"), "236395184570386:33@lid");
  EXPECT_EQ(pair_success->find("platform")->attribute("name"), "android");
  EXPECT_EQ(pair_success->find("biz")->attribute("name"), "Acme");
  EXPECT_TRUE(pair_success->find("device-identity")->leaf_of_size(156).ok());
}

TEST(NodeCodec, WritesStringsByTheRulesOfTheVectors) {
  std::string text;
  const VecFile file = load_vectors("wire/strings.vec");
  for (const VecLine& line : file.lines()) {
    if (line.key == "text") text = line.value.substr(1, line.value.size() - 2);
    if (line.key != "encoding") continue;
    Node node("iq");
    node.content = text;
    EXPECT_EQ(encoded(node), "f80219" + line.value) << text;
    EXPECT_EQ(to_text(*decoded("f80219" + line.value).leaf()), text);
  }
}

TEST(NodeCodec, WritesLongFormsWithTheHeadersOfTheVectors) {
  const VecFile file = load_vectors("wire/strings.vec");
  const auto starts_with = [](const Node& node, const std::string& header) {
    EXPECT_EQ(encoded(node).substr(0, 6 + header.size()), "f80219" + header);
    EXPECT_EQ(*decode_node(encode_node(node)), node);
  };
  starts_with(Node("iq").bytes(Bytes(300, 0x61)), vector_text(file, "binary_20_of_300"));
  starts_with(Node("iq").bytes(Bytes(1 << 20, 0x61)), vector_text(file, "binary_32_of_1048576"));
  Node list("iq");
  for (int i = 0; i < 256; ++i) list.child(Node("ping"));
  starts_with(list, vector_text(file, "list_16_of_256"));
}

// ---- envelope

TEST(NodeCodec, InflatesTheCompressedVector) {
  const VecFile file = load_vectors("wire/stanzas.vec");
  const Bytes frame = vector_bytes(file, "compressed_of_third");
  const auto node = decode_frame(frame);
  ASSERT_TRUE(node.ok()) << node.error().message;
  EXPECT_EQ(one_line_xml(*node), "<iq to=\"@s.whatsapp.net\" id=\"3059059874\" type=\"result\"/>");
  for (const Bytes& cut : truncations(frame)) EXPECT_FALSE(decode_frame(cut).ok());
  // Bits of the flag byte are not covered by the checksum; all others are.
  for (std::size_t bit = 8; bit < frame.size() * 8; ++bit) {
    Bytes flipped = frame;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    const auto damaged = decode_frame(flipped);
    EXPECT_TRUE(!damaged.ok() || *damaged == *node) << to_hex(flipped);
  }
}

TEST(NodeCodec, InterpretsNoFlagBitButTheCompressedOne) {
  const Bytes plain = hex("f80119");
  for (int flag = 0; flag < 256; ++flag) {
    Bytes frame{static_cast<std::uint8_t>(flag)};
    append(frame, plain);
    EXPECT_EQ(decode_frame(frame).ok(), (flag & 2) == 0) << flag;
  }
}

TEST(NodeCodec, RejectsAFrameWithoutFlagByteOrNode) {
  EXPECT_FALSE(decode_frame({}).ok());
  EXPECT_FALSE(decode_frame(hex("00")).ok());
  EXPECT_FALSE(decode_frame(hex("02")).ok());
  expect_rejected("");
}

TEST(NodeCodec, RejectsBytesBehindTheZlibStream) {
  Bytes frame = vector_bytes(load_vectors("wire/stanzas.vec"), "compressed_of_third");
  frame.push_back(0);
  const auto node = decode_frame(frame);
  ASSERT_FALSE(node.ok());
  EXPECT_NE(node.error().message.find("follow"), std::string::npos) << node.error().message;
}

TEST(NodeCodec, RejectsBytesBehindTheRootNode) {
  expect_rejected("f8011900");
  expect_rejected("f80119f80119");
}

// ---- refusals

TEST(NodeCodec, RejectsANodeThatIsNoList) {
  expect_rejected("19");
  expect_rejected("fc0161");
  expect_rejected("fa0003");
}

TEST(NodeCodec, RejectsANodeOfSizeZero) {
  expect_rejected("00");
  expect_rejected("f800");
  expect_rejected("f90000");
}

TEST(NodeCodec, RejectsAnEmptyTag) {
  expect_rejected("f80100");
  expect_rejected("f801fc00");
  expect_rejected("f801ff00");
}

TEST(NodeCodec, RejectsAnEmptyAttributeKey) {
  expect_rejected("f803190003");
  expect_rejected("f80319fc0003");
}

TEST(NodeCodec, RejectsATagOrKeyThatIsNoString) {
  expect_rejected("f801fa0003");
  expect_rejected("f801f800");
  expect_rejected("f80319fa000303");
}

TEST(NodeCodec, RejectsTheUnusedTags) {
  for (int tag = 240; tag <= 244; ++tag) {
    const std::string byte = to_hex(Bytes{static_cast<std::uint8_t>(tag)});
    expect_rejected("f801" + byte);           // as a tag
    expect_rejected("f80319" + byte + "03");  // as a key
    expect_rejected("f8031908" + byte);       // as a value
    expect_rejected("f80219" + byte);         // as content
    expect_rejected(byte);                    // as a node
  }
}

TEST(NodeCodec, RejectsListLongerThanInput) {
  expect_rejected("f8ff19");
  expect_rejected("f9ffff19");
  expect_rejected("f80219f8ff");
  expect_rejected("f80219f9fffff80119");
}

TEST(NodeCodec, RejectsBinaryLongerThanInput) {
  expect_rejected("f80219fc0261");
  expect_rejected("f80219fd0fffff61");
  expect_rejected("f80219feffffffff61");
  expect_rejected("f801feffffffff61");
}

TEST(NodeCodec, RejectsPackedDigitsOutsideTheAlphabet) {
  for (const char* digit : {"c", "d", "e", "f"}) {
    expect_rejected("f80219ff01" + std::string(digit) + "1");
    expect_rejected("f80219ff021" + std::string(digit) + "11");
  }
  EXPECT_EQ(to_text(*decoded("f80219fb01cf").leaf()), "CF");
}

TEST(NodeCodec, RejectsPackedStringsThatAreNotPaddedWithF) {
  EXPECT_EQ(to_text(*decoded("f80219ff811f").leaf()), "1");
  expect_rejected("f80219ff8110");
  expect_rejected("f80219fb811e");
  expect_rejected("f80219ff80");  // odd, but without any digit
}

TEST(NodeCodec, RejectsNestingBeyondTheLimit) {
  const auto nested = [](std::size_t depth) {
    Bytes out;
    for (std::size_t i = 1; i < depth; ++i) append(out, hex("f80219f801"));
    append(out, hex("f80119"));
    return out;
  };
  EXPECT_TRUE(decode_node(nested(kMaxDepth)).ok());
  expect_rejected(to_hex(nested(kMaxDepth + 1)), Cause::kNodeTooLarge);
  expect_rejected(to_hex(nested(100'000)), Cause::kNodeTooLarge);
}

TEST(NodeCodec, RejectsMoreNodesThanTheLimit) {
  // 33 lists of 65535 children each; every child has three bytes.
  Bytes bytes = hex("f80219f821");
  for (int i = 0; i < 33; ++i) {
    append(bytes, hex("f80219f9ffff"));
    for (int child = 0; child < 0xFFFF; ++child) append(bytes, ByteArray<3>{0xF8, 0x01, 0x19});
  }
  const auto node = decode_node(bytes);
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.error().cause, Cause::kNodeTooLarge);
}

TEST(NodeCodec, NamesTheOffsetOfAFailure) {
  const auto node = decode_node(hex("f8031908f0"));
  ASSERT_FALSE(node.ok());
  EXPECT_NE(node.error().message.find("tag 240 at offset 5"), std::string::npos) << node.error().message;
}

// ---- values and content

TEST(NodeCodec, ReadsTheEndOfStreamTokenAsATag) {
  EXPECT_EQ(decoded("f80102").tag, "xmlstreamend");
}

TEST(NodeCodec, ReadsAnEmptyListValueAsEmptyText) {
  EXPECT_EQ(decoded("f803190800").attribute("id"), "");
}

TEST(NodeCodec, ReadsAnEmptyListAsNoChildren) {
  for (const char* form : {"f8021900", "f80219f800", "f80219f90000"}) {
    const Node node = decoded(form);
    EXPECT_TRUE(std::holds_alternative<Node::Children>(node.content)) << form;
    EXPECT_EQ(encoded(node), "f8021900");
  }
}

TEST(NodeCodec, TellsNoContentFromEmptyContent) {
  EXPECT_EQ(encoded(Node("iq")), "f80119");
  EXPECT_EQ(encoded(Node("iq").bytes({})), "f80219fc00");
  EXPECT_FALSE(decoded("f80119").leaf().has_value());
  EXPECT_TRUE(decoded("f80219fc00").leaf().has_value());
}

TEST(NodeCodec, ReadsContentWithAShortFormAsText) {
  EXPECT_EQ(std::get<std::string>(decoded("f80219ecef").content), "abt");
  EXPECT_EQ(std::get<std::string>(decoded("f80219ff8312345f").content), "12345");
}

TEST(NodeCodec, ReadsContentWithoutAShortFormAsBytes) {
  EXPECT_EQ(std::get<Bytes>(decoded("f80219fc0568656c6c6f").content), to_bytes("hello"));
  EXPECT_EQ(std::get<Bytes>(decoded("f80219fc0161").content), to_bytes("a"));
  EXPECT_EQ(std::get<Bytes>(decoded("f80219ff00").content), Bytes{});
  EXPECT_EQ(std::get<Bytes>(decoded("f80219fa0003").content), to_bytes("@s.whatsapp.net"));
}

TEST(NodeCodec, WritesBytesContentRawEvenWhereATokenFits) {
  EXPECT_EQ(encoded(Node("iq").bytes(as_bytes("1"))), "f80219fc0131");
}

TEST(NodeCodec, PacksAtMost127Characters) {
  Node node("iq");
  node.content = std::string(127, '7');
  EXPECT_EQ(encoded(node).substr(6, 4), "ffc0");
  EXPECT_EQ(*decode_node(encode_node(node)), node);
  node.content = std::string(128, '7');
  EXPECT_EQ(encoded(node).substr(6, 4), "fc80");
}

TEST(NodeCodec, NeverWritesTextAsAJid) {
  Node node("to");
  node.with("jid", "1@lid");
  EXPECT_EQ(encoded(node), "f803110cfc0531406c6964");
}

TEST(NodeCodec, UsesTheLongListFormFrom256) {
  Node node("iq");
  for (int i = 0; i < 127; ++i) node.with("id", "iq");
  EXPECT_EQ(encoded(node).substr(0, 4), "f8ff");
  EXPECT_EQ(encoded(node.bytes({})).substr(0, 6), "f90100");
}

TEST(NodeCodec, CarriesTheMostAttributesThatFit) {
  Node node("iq");
  for (int i = 0; i < 32766; ++i) node.with("id", "iq");
  node.content = Node::Children{};
  const Bytes bytes = encode_node(node);
  EXPECT_EQ(to_hex(ByteView(bytes).first(3)), "f9fffe");
  EXPECT_EQ(*decode_node(bytes), node);
}

}  // namespace
}  // namespace ponte::protocol::wire
