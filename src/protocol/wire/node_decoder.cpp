#include <algorithm>
#include <array>

#include "base/reader.h"
#include "protocol/wire/inflate.h"
#include "protocol/wire/node_codec.h"
#include "protocol/wire/tokens.h"
#include "protocol/wire/wire_tags.h"

namespace ponte::protocol::wire {
namespace {

// A list may claim 65535 entries in three bytes, and lists nest: room is made for few, the rest grows.
constexpr std::size_t kMaxReserve = 16;

/// The character of each digit, NUL where the digit has none.
using PackedAlphabet = std::array<char, 16>;
constexpr PackedAlphabet kNibbleAlphabet = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '.'};
constexpr PackedAlphabet kHexAlphabet = {'0', '1', '2', '3', '4', '5', '6', '7',
                                         '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'};

enum class TextForm { kToken, kPacked, kRaw };

bool is_list(std::uint8_t tag) {
  return tag == kListEmpty || tag == kList8 || tag == kList16;
}
bool is_raw(std::uint8_t tag) {
  return tag >= kBinary8 && tag <= kBinary32;
}
bool is_jid(std::uint8_t tag) {
  return tag == kJidPair || (tag >= kInteropJid && tag <= kAdJid);
}

/// Reads one tree. Every read_* returns false after fail(), and the first failure is kept.
class Decoder {
 public:
  explicit Decoder(ByteView bytes) : reader_(bytes) {}

  Result<Node> decode() {
    Node root;
    if (!read_node(root, 1)) return std::move(*error_);
    if (!reader_.at_end()) {
      fail(std::to_string(reader_.remaining()) + " bytes follow the root node");
      return std::move(*error_);
    }
    return root;
  }

 private:
  bool fail(std::string_view what, Cause cause = Cause::kNodeMalformed) {
    if (!error_) {
      error_ = Error{Errc::kMalformed, cause,
                     "node: " + std::string(what) + " at offset " + std::to_string(reader_.position())};
    }
    return false;
  }
  bool cut_off() { return fail("input ends early"); }
  bool unexpected(std::string_view expected, std::uint8_t tag) {
    return fail("expected " + std::string(expected) + ", came tag " + std::to_string(tag));
  }
  bool count_item() {
    return ++items_ <= kMaxItems ||
           fail("more than " + std::to_string(kMaxItems) + " nodes and attributes", Cause::kNodeTooLarge);
  }

  bool read_u8(std::uint8_t& out) {
    const auto value = reader_.u8();
    if (!value) return cut_off();
    out = *value;
    return true;
  }

  bool read_u16(std::uint16_t& out) {
    const auto value = reader_.big_endian(2);
    if (!value) return cut_off();
    out = static_cast<std::uint16_t>(*value);
    return true;
  }

  bool read_node(Node& out, std::size_t depth) {
    if (depth > kMaxDepth) return fail("nesting over " + std::to_string(kMaxDepth), Cause::kNodeTooLarge);
    std::uint8_t tag = 0;
    std::size_t size = 0;
    if (!count_item() || !read_u8(tag)) return false;
    if (!is_list(tag)) return unexpected("a node", tag);
    if (!read_list_size(tag, size)) return false;
    if (size == 0) return fail("a node of size 0");
    if (!read_name(out.tag, "tag")) return false;
    if (!read_attributes(out, (size - 1) / 2)) return false;
    return size % 2 != 0 || read_content(out, depth);
  }

  bool read_list_size(std::uint8_t tag, std::size_t& out) {
    if (tag == kListEmpty) {
      out = 0;
      return true;
    }
    const auto size = reader_.big_endian(tag == kList8 ? 1 : 2);
    if (!size) return cut_off();
    out = *size;
    return true;
  }

  /// A tag or key: a string that is not empty.
  bool read_name(std::string& out, std::string_view what) {
    std::uint8_t tag = 0;
    if (!read_u8(tag) || !read_text(tag, out)) return false;
    return !out.empty() || fail("an empty " + std::string(what));
  }

  bool read_attributes(Node& node, std::size_t count) {
    node.attributes.reserve(std::min({count, reader_.remaining() / 2, kMaxReserve}));
    for (std::size_t i = 0; i < count; ++i) {
      if (!count_item()) return false;
      auto& [key, value] = node.attributes.emplace_back();
      if (!read_name(key, "attribute key") || !read_value(value)) return false;
    }
    return true;
  }

  bool read_value(AttributeValue& out) {
    std::uint8_t tag = 0;
    if (!read_u8(tag)) return false;
    if (is_jid(tag)) return read_jid(tag, out.emplace<Jid>());
    return tag == kListEmpty || read_text(tag, *std::get_if<std::string>(&out));
  }

  bool read_content(Node& node, std::size_t depth) {
    std::uint8_t tag = 0;
    if (!read_u8(tag)) return false;
    if (is_list(tag)) return read_children(tag, node, depth);
    if (is_raw(tag)) {
      const auto bytes = take_raw(tag);
      if (!bytes) return cut_off();
      node.content = to_bytes(*bytes);
      return true;
    }
    if (is_jid(tag)) {
      Jid jid;
      if (!read_jid(tag, jid)) return false;
      node.content = to_bytes(jid.to_string());
      return true;
    }
    std::string text;
    TextForm form = TextForm::kRaw;
    if (!read_text(tag, text, &form)) return false;
    // Node::Content: a std::string is text that has a short form.
    if (form == TextForm::kPacked && (text.empty() || text.size() > kMaxPackedText)) {
      node.content = to_bytes(text);
    } else {
      node.content = std::move(text);
    }
    return true;
  }

  bool read_children(std::uint8_t tag, Node& node, std::size_t depth) {
    std::size_t count = 0;
    if (!read_list_size(tag, count)) return false;
    auto& children = node.content.emplace<Node::Children>();
    // The smallest node has three bytes.
    children.reserve(std::min({count, reader_.remaining() / 3, kMaxReserve}));
    for (std::size_t i = 0; i < count; ++i) {
      if (!read_node(children.emplace_back(), depth + 1)) return false;
    }
    return true;
  }

  bool read_text(std::uint8_t tag, std::string& out, TextForm* form = nullptr) {
    TextForm ignored;
    TextForm& found = form ? *form : ignored;
    found = TextForm::kToken;
    if (tag > kListEmpty && tag < kFirstDictionary) {
      out = single_token(tag);
      return true;
    }
    if (tag >= kFirstDictionary && tag <= kLastDictionary) {
      std::uint8_t index = 0;
      if (!read_u8(index)) return false;
      out = double_token(tag - kFirstDictionary, index);
      return true;
    }
    if (is_raw(tag)) {
      found = TextForm::kRaw;
      const auto bytes = take_raw(tag);
      if (!bytes) return cut_off();
      out = as_text(*bytes);
      return true;
    }
    found = TextForm::kPacked;
    if (tag == kNibble8) return read_packed(kNibbleAlphabet, out);
    if (tag == kHex8) return read_packed(kHexAlphabet, out);
    return unexpected("a string", tag);
  }

  std::optional<ByteView> take_raw(std::uint8_t tag) {
    const std::size_t width = tag == kBinary8 ? 1 : tag == kBinary20 ? 3 : 4;
    auto size = reader_.big_endian(width);
    if (!size) return std::nullopt;
    // Of the first byte of a 20-bit length only the low half counts.
    return reader_.take(tag == kBinary20 ? *size & 0xFFFFF : *size);
  }

  bool read_packed(const PackedAlphabet& alphabet, std::string& out) {
    std::uint8_t header = 0;
    if (!read_u8(header)) return false;
    const bool odd = (header & kPackedOdd) != 0;
    const auto packed = reader_.take(header & ~kPackedOdd);
    if (!packed) return cut_off();
    if (packed->empty()) return !odd || fail("an empty packed string that claims an odd length");
    if (odd && (packed->back() & 0x0F) != kPackedPadding) return fail("wrong padding of a packed string");
    out.resize(packed->size() * 2);
    char* next = out.data();
    for (const std::uint8_t byte : *packed) {
      *next++ = alphabet[byte >> 4];
      *next++ = alphabet[byte & 0x0F];
    }
    if (odd) out.pop_back();
    if (out.find('\0') != std::string::npos) return fail("a packed digit outside its alphabet");
    return true;
  }

  bool read_jid(std::uint8_t tag, Jid& out) {
    switch (tag) {
      case kJidPair: return read_jid_pair(out);
      case kAdJid: return read_ad_jid(out);
      case kFbJid: return read_fb_jid(out);
      default: return read_interop_jid(out);
    }
  }

  bool read_jid_pair(Jid& out) {
    std::uint8_t tag = 0;
    if (!read_u8(tag)) return false;
    if (tag != kListEmpty && !read_text(tag, out.user)) return false;
    return read_name(out.server, "JID server");
  }

  bool read_ad_jid(Jid& out) {
    std::uint8_t domain = 0;
    std::uint8_t device = 0;
    if (!read_u8(domain) || !read_u8(device) || !read_name(out.user, "JID user")) return false;
    out.device = device;
    switch (domain) {
      case kUserDomain: out.server = kUserServer; return true;
      case kLidDomain: out.server = kLidServer; return true;
      case kHostedDomain: out.server = kHostedServer; return true;
      case kHostedLidDomain: out.server = kHostedLidServer; return true;
      default: break;
    }
    const bool hosted = (domain & 0x80) != 0 && domain % 2 == 0;
    out.server = hosted ? kHostedServer : kUserServer;
    out.unknown_domain = domain;
    return true;
  }

  bool read_fb_jid(Jid& out) {
    if (!read_name(out.user, "JID user") || !read_u16(out.device) || !read_name(out.server, "JID server")) return false;
    return out.server == kMessengerServer || fail("an FB_JID whose server is not msgr");
  }

  bool read_interop_jid(Jid& out) {
    if (!read_name(out.user, "JID user") || !read_u16(out.device) || !read_u16(out.integrator)) return false;
    out.server = kInteropServer;
    // The server may or may not follow (wire: pairing.md 4.5): what follows is looked at, and put back.
    const Reader before = reader_;
    const auto tag = reader_.u8();
    if (tag && is_raw(*tag)) {
      const auto server = take_raw(*tag);
      if (server && as_text(*server) == kInteropServer) return true;
    }
    reader_ = before;
    return true;
  }

  Reader reader_;
  std::size_t items_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<Node> decode_node(ByteView bytes) {
  return Decoder(bytes).decode();
}

Result<Node> decode_frame(ByteView frame, std::size_t max_inflated) {
  constexpr std::uint8_t kCompressed = 0x02;
  if (frame.empty()) return Error{Errc::kMalformed, Cause::kNodeMalformed, "node: an empty frame has no flag byte"};
  if ((frame[0] & kCompressed) == 0) return decode_node(frame.subspan(1));
  PONTE_ASSIGN(const Bytes inflated, inflate_zlib(frame.subspan(1), max_inflated));
  return decode_node(inflated);
}

}  // namespace ponte::protocol::wire
