#include <array>
#include <cassert>

#include "protocol/wire/node_codec.h"
#include "protocol/wire/tokens.h"
#include "protocol/wire/wire_tags.h"

namespace ponte::protocol::wire {
namespace {

constexpr std::uint8_t kInNibble = 1;  // alphabet of NIBBLE_8: 0-9 - .
constexpr std::uint8_t kInHex = 2;     // alphabet of HEX_8: 0-9 A-F

struct PackedCharacter {
  std::uint8_t alphabets = 0;
  std::uint8_t value = 0;
};

/// Digits have the same value in both alphabets and the rest is disjoint, so one table serves both.
constexpr std::array<PackedCharacter, 256> make_packed_characters() {
  std::array<PackedCharacter, 256> table{};
  for (std::uint8_t i = 0; i < 10; ++i) table['0' + i] = {kInNibble | kInHex, i};
  for (std::uint8_t i = 0; i < 6; ++i) table['A' + i] = {kInHex, static_cast<std::uint8_t>(10 + i)};
  table['-'] = {kInNibble, 10};
  table['.'] = {kInNibble, 11};
  return table;
}
constexpr std::array<PackedCharacter, 256> kPackedCharacters = make_packed_characters();

const PackedCharacter& packed_character(char c) {
  return kPackedCharacters[static_cast<unsigned char>(c)];
}

/// NIBBLE_8 or HEX_8 where the text can be packed, 0 otherwise. Nibble goes first: digits alone fit both.
std::uint8_t packed_tag(std::string_view text) {
  if (text.empty() || text.size() > kMaxPackedText) return 0;
  std::uint8_t alphabets = kInNibble | kInHex;
  for (const char c : text) {
    alphabets &= packed_character(c).alphabets;
    if (alphabets == 0) return 0;
  }
  if (alphabets & kInNibble) return kNibble8;
  return kHex8;
}

std::optional<std::uint8_t> ad_domain(const Jid& jid) {
  if (jid.unknown_domain) return jid.unknown_domain;
  if (jid.server == kUserServer) return kUserDomain;
  if (jid.server == kLidServer) return kLidDomain;
  if (jid.server == kHostedServer) return kHostedDomain;
  if (jid.server == kHostedLidServer) return kHostedLidDomain;
  return std::nullopt;
}

/// Writes in one pass: every length is known before its bytes.
class Encoder {
 public:
  explicit Encoder(Bytes& out) : out_(out) {}

  void node(const Node& node) {
    assert(!node.tag.empty() && node.attributes.size() <= 32766);
    const bool has_content = !std::holds_alternative<std::monostate>(node.content);
    list(1 + 2 * node.attributes.size() + (has_content ? 1 : 0));
    text(node.tag);
    for (std::size_t i = 0; i < node.attributes.size(); ++i) {
      text(node.attributes[i].first);
      const AttributeValue& value = node.attributes[i].second;
      if (const auto* jid_value = std::get_if<Jid>(&value)) {
        jid(*jid_value, next_text_is_interop(node, i));
      } else {
        text(*std::get_if<std::string>(&value));
      }
    }
    content(node.content);
  }

 private:
  /// Readers take a text `interop` right after an INTEROP_JID for its server (wire: pairing.md 4.5),
  /// so the server is written where such a text really follows, and left out as usual elsewhere.
  static bool next_text_is_interop(const Node& node, std::size_t attribute) {
    if (attribute + 1 < node.attributes.size()) return node.attributes[attribute + 1].first == kInteropServer;
    const auto leaf = node.leaf();
    return leaf && as_text(*leaf) == kInteropServer;
  }

  void content(const Node::Content& content) {
    if (const auto* children = std::get_if<Node::Children>(&content)) {
      list(children->size());
      for (const Node& child : *children) node(child);
    } else if (const auto* bytes = std::get_if<Bytes>(&content)) {
      binary(*bytes);
    } else if (const auto* characters = std::get_if<std::string>(&content)) {
      text(*characters);
    }
  }

  void list(std::size_t size) {
    assert(size <= 0xFFFF);
    if (size == 0) {
      u8(kListEmpty);
    } else if (size < 256) {
      u8(kList8);
      u8(size);
    } else {
      u8(kList16);
      big_endian(size, 2);
    }
  }

  void text(std::string_view text) {
    if (const auto token = find_token(text)) {
      if (token->dictionary) u8(kFirstDictionary + *token->dictionary);
      u8(token->index);
    } else if (const std::uint8_t tag = packed_tag(text)) {
      packed(tag, text);
    } else {
      binary(as_bytes(text));
    }
  }

  void packed(std::uint8_t tag, std::string_view text) {
    const bool odd = text.size() % 2 != 0;
    u8(tag);
    u8((text.size() + 1) / 2 | (odd ? kPackedOdd : 0));
    const std::size_t begin = out_.size();
    out_.resize(begin + (text.size() + 1) / 2);
    std::uint8_t* next = out_.data() + begin;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
      *next++ = static_cast<std::uint8_t>(packed_character(text[i]).value << 4 | packed_character(text[i + 1]).value);
    }
    if (odd) *next = static_cast<std::uint8_t>(packed_character(text.back()).value << 4 | kPackedPadding);
  }

  void binary(ByteView bytes) {
    if (bytes.size() < 256) {
      u8(kBinary8);
      u8(bytes.size());
    } else if (bytes.size() < (1u << 20)) {
      u8(kBinary20);
      big_endian(bytes.size(), 3);
    } else {
      assert(bytes.size() <= 0xFFFFFFFF);
      u8(kBinary32);
      big_endian(bytes.size(), 4);
    }
    append(out_, bytes);
  }

  void jid(const Jid& jid, bool with_interop_server) {
    if (jid.user.empty()) {
      u8(kJidPair);
      u8(kListEmpty);
      text(jid.server);
    } else if (jid.server == kMessengerServer) {
      u8(kFbJid);
      text(jid.user);
      big_endian(jid.device, 2);
      text(jid.server);
    } else if (jid.server == kInteropServer) {
      u8(kInteropJid);
      text(jid.user);
      big_endian(jid.device, 2);
      big_endian(jid.integrator, 2);
      if (with_interop_server) text(kInteropServer);
    } else if (const auto domain = ad_domain(jid);
               domain && (jid.device != 0 || jid.unknown_domain) && jid.device <= 0xFF) {
      u8(kAdJid);
      u8(*domain);
      u8(jid.device);
      text(jid.user);
    } else {
      pair(jid);
    }
  }

  void pair(const Jid& jid) {
    u8(kJidPair);
    // No form of this server carries the device, so it stays in the user's text.
    text(jid.device == 0 ? jid.user : jid.user + ":" + std::to_string(jid.device));
    text(jid.server);
  }

  void u8(std::size_t value) { out_.push_back(static_cast<std::uint8_t>(value)); }
  void big_endian(std::size_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) u8(value >> (8 * i));
  }

  Bytes& out_;
};

constexpr std::size_t kUsualSize = 256;

}  // namespace

Bytes encode_frame(const Node& node) {
  Bytes out;
  out.reserve(kUsualSize);
  out.push_back(0);  // outbound frames are never compressed
  Encoder(out).node(node);
  return out;
}

Bytes encode_node(const Node& node) {
  Bytes out;
  out.reserve(kUsualSize);
  Encoder(out).node(node);
  return out;
}

}  // namespace ponte::protocol::wire
