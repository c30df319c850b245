#include "ponte/decode.h"

#include <algorithm>
#include <vector>

#include "base/hex.h"
#include "crypto/base64.h"
#include "ponte/decode_protobuf.h"
#include "ponte/outline.h"
#include "protocol/wire/frame_codec.h"
#include "protocol/wire/node_codec.h"

namespace ponte::tool {
namespace {

using protocol::wire::FrameDecoder;
using protocol::wire::Node;
using protocol::wire::PrologueDecoder;

constexpr std::string_view kQrPrefix = "https://wa.me/settings/linked_devices#";

Error not_this(std::string reason) {
  return {Errc::kMalformed, Cause::kInvalidRequest, std::move(reason)};
}

// ---- QR texts

struct ClientType {
  char character;
  std::string_view name;
};
constexpr ClientType kClientTypes[] = {
    {'0', "unknown: the server rejects it"},
    {'1', "Chrome"},
    {'2', "Edge"},
    {'3', "Firefox"},
    {'4', "Internet Explorer"},
    {'5', "Opera"},
    {'6', "Safari"},
    {'7', "desktop"},
    {'8', "UWP"},
    {'9', "other web client"},
    {'c', "macOS"},
    {'d', "Android tablet"},
    {'e', "Android phone"},
    {'f', "Android, ambiguous"},
};

std::string client_type_text(std::string_view type) {
  for (const ClientType& known : kClientTypes) {
    if (type == std::string_view(&known.character, 1)) return std::string(type) + " (" + std::string(known.name) + ")";
  }
  return printable(type) + " (not in the table)";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text = text.substr(end + 1);
  }
}

Status draw_qr_text(std::string_view text, Outline& out) {
  const bool prefixed = text.starts_with(kQrPrefix);
  if (prefixed) text.remove_prefix(kQrPrefix.size());
  const auto fields = split(text, ',');
  if (fields.size() != 4 && fields.size() != 5) {
    return not_this("expected five fields between commas, came " + std::to_string(fields.size()));
  }
  Bytes keys[3];
  for (std::size_t i = 0; i < 3; ++i) {
    auto key = crypto::from_base64(fields[i + 1]);
    if (!key.ok() || key->size() != 32) {
      return not_this("field " + std::to_string(i + 2) + " is no base64 of 32 bytes");
    }
    keys[i] = std::move(*key);
  }
  if (fields[0].empty()) return not_this("field 1, the ref, is empty");
  out.begin(prefixed ? "QR text, prefixed" : "QR text, bare");
  out.field("ref", printable(fields[0]));
  out.hex("noise key", keys[0]);
  out.hex("identity key", keys[1]);
  out.field("adv secret", "32 bytes, not shown");
  if (fields.size() == 5) {
    out.field("client type", client_type_text(fields[4]));
  } else {
    out.line("no client type: the four-field form, which phones refuse since 2026");
  }
  out.end();
  return Status::Ok();
}

// ---- stanzas

using Draw = Status (*)(ByteView, Outline&);

/// The protobufs that stanzas carry in their leaves.
constexpr Draw kLeafForms[] = {draw_signed_device_identity_hmac, draw_signed_device_identity};

void draw_leaves(const Node& node, Outline& out) {
  for (const Node& child : node.children()) draw_leaves(child, out);
  const auto leaf = node.leaf();
  if (!leaf) return;
  Outline found;
  const bool recognised = node.tag == "client-props"
                              ? draw_client_pairing_props(*leaf, found).ok()
                              : std::ranges::any_of(kLeafForms, [&](Draw draw) { return draw(*leaf, found).ok(); });
  if (!recognised) return;
  out.begin("in <" + printable(node.tag) + ">");
  out.block(std::move(found).take());
  out.end();
}

void draw_node(std::string_view title, const Node& node, Outline& out) {
  out.begin(title);
  out.block(node.to_xml());
  draw_leaves(node, out);
  out.end();
}

Status draw_stanza(ByteView bytes, Outline& out) {
  const auto node = protocol::wire::decode_frame(bytes);
  if (!node.ok()) return node.error();
  draw_node((bytes[0] & 2) != 0 ? "stanza, compressed" : "stanza", *node, out);
  return Status::Ok();
}

Status draw_bare_stanza(ByteView bytes, Outline& out) {
  const auto node = protocol::wire::decode_node(bytes);
  if (!node.ok()) return node.error();
  draw_node("stanza without flag byte", *node, out);
  return Status::Ok();
}

// ---- streams

void draw_frame(std::size_t number, ByteView payload, Outline& out) {
  out.begin("frame " + std::to_string(number) + ", " + std::to_string(payload.size()) + " bytes");
  if (!draw_handshake_message(payload, out).ok() && !draw_stanza(payload, out).ok()) {
    out.line("no handshake message and no plaintext stanza: encrypted, most likely");
  }
  out.end();
}

/// Draws the whole frames; returns how many bytes of an incomplete one are left.
std::size_t draw_frames(ByteView bytes, Outline& out) {
  FrameDecoder decoder;
  decoder.feed(bytes);
  std::size_t number = 0;
  while (const auto frame = decoder.take()) draw_frame(++number, *frame, out);
  return decoder.buffered();
}

Status draw_stream(ByteView bytes, Outline& out) {
  PrologueDecoder decoder;
  PONTE_ASSIGN(const auto found, decoder.feed(bytes));
  if (!found) return not_this("the prologue is cut off");
  out.begin("start of a client's stream");
  out.field("prologue", "WA 6 3");
  if (!found->routing_info.empty()) out.hex("routing info", found->routing_info);
  const std::size_t left = draw_frames(found->rest, out);
  if (left != 0) out.line(std::to_string(left) + " bytes of an incomplete frame");
  out.end();
  return Status::Ok();
}

Status draw_bare_frames(ByteView bytes, Outline& out) {
  Outline frames;
  const std::size_t left = draw_frames(bytes, frames);
  if (bytes.empty() || left != 0) return not_this("the lengths do not end where the input ends");
  out.block(std::move(frames).take());
  return Status::Ok();
}

// ---- the order in which things are tried

struct Form {
  std::string_view name;
  Draw draw;
};

// What has magic bytes or a strict grammar goes first, what could be read into much else goes last.
constexpr Form kForms[] = {
    {"start of a stream", draw_stream},
    {"stanza", draw_stanza},
    {"stanza without flag byte", draw_bare_stanza},
    {"CertChain", draw_certificate_chain},
    {"HandshakeMessage", draw_handshake_message},
    {"ADVSignedDeviceIdentityHMAC", draw_signed_device_identity_hmac},
    {"ADVSignedDeviceIdentity", draw_signed_device_identity},
    {"ClientPayload", draw_client_payload},
    {"DeviceProps", draw_device_props},
    {"ADVDeviceIdentity", draw_device_identity},
    {"frames", draw_bare_frames},
    {"ClientPairingProps", draw_client_pairing_props},
};

Result<std::string> decode_bytes(ByteView bytes) {
  std::string tried = "nothing fits these " + std::to_string(bytes.size()) + " bytes:";
  for (const Form& form : kForms) {
    Outline out;
    const Status status = form.draw(bytes, out);
    if (status.ok()) return std::move(out).take();
    tried += "\n  " + std::string(form.name) + ": " + status.error().message;
  }
  return not_this(std::move(tried));
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string without_spaces(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return !is_space(c); });
  return out;
}

bool is_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_space(c) || (c >= 0x20 && c < 0x7F); });
}

Result<std::string> decode_text(std::string_view text) {
  const std::string joined = without_spaces(text);
  std::string_view digits = joined;
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  if (std::ranges::all_of(digits, is_hex_digit)) {
    PONTE_ASSIGN(const Bytes bytes, from_hex(digits));
    return decode_bytes(bytes);
  }
  Outline out;
  const Status qr = draw_qr_text(joined, out);
  if (qr.ok()) return std::move(out).take();
  return not_this("nothing fits this text of " + std::to_string(joined.size()) +
                  " characters:\n  hex: other characters than 0-9 a-f\n  QR text: " + qr.error().message);
}

}  // namespace

Result<std::string> decode_any(ByteView input) {
  const std::string_view text = as_text(input);
  if (std::ranges::all_of(text, is_space)) return not_this("nothing to decode: the input is empty");
  return is_text(text) ? decode_text(text) : decode_bytes(input);
}

}  // namespace ponte::tool
