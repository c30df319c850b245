#include "simulator/messaging_checks.h"

#include <map>

#include "base/reader.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Node;

constexpr std::uint8_t kVersion = 0x33;

using Fields = std::map<std::uint64_t, std::string>;

std::optional<std::uint64_t> take_varint(Reader& in) {
  std::uint64_t out = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = in.u8();
    if (!byte) return std::nullopt;
    out |= static_cast<std::uint64_t>(*byte & 0x7F) << shift;
    if (*byte < 0x80) return out;
  }
  return std::nullopt;
}

/// The fields of a small protobuf: numbers as text, bytes as they are.
std::optional<Fields> fields_of(ByteView bytes) {
  constexpr std::uint64_t kVarint = 0;
  constexpr std::uint64_t kDelimited = 2;
  Reader in(bytes);
  Fields out;
  while (!in.at_end()) {
    const auto tag = take_varint(in);
    const auto value = tag ? take_varint(in) : std::nullopt;  // the number, or the length
    if (!value) return std::nullopt;
    if ((*tag & 7) == kVarint) {
      out[*tag >> 3] = std::to_string(*value);
    } else if ((*tag & 7) == kDelimited) {
      const auto content = in.take(*value);
      if (!content) return std::nullopt;
      out[*tag >> 3] = to_text(*content);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<Fields> fields_between(ByteView message, std::size_t trailer) {
  if (message.size() < 1 + trailer || message[0] != kVersion) return std::nullopt;
  return fields_of(message.subspan(1, message.size() - 1 - trailer));
}

}  // namespace

std::optional<std::string> message_key_of(const Node& enc) {
  const auto bytes = enc.leaf();
  const auto type = enc.attribute("type");
  if (!bytes) return std::nullopt;
  if (type == "skmsg") {
    auto fields = fields_between(*bytes, 64);
    if (!fields) return std::nullopt;
    return "sender key " + (*fields)[1] + "/" + (*fields)[2];
  }
  std::optional<Fields> fields;
  if (type == "pkmsg") {
    auto outer = fields_between(*bytes, 0);
    if (!outer) return std::nullopt;
    fields = fields_between(as_bytes((*outer)[4]), 8);
  } else if (type == "msg") {
    fields = fields_between(*bytes, 8);
  }
  if (!fields) return std::nullopt;
  return "ratchet " + (*fields)[1] + "/" + (*fields)[2];
}

Bytes inner_message(ByteView prekey_message) {
  auto fields = fields_between(prekey_message, 0);
  return fields ? to_bytes((*fields)[4]) : Bytes();
}

std::optional<std::string> fault_of_enc(const Node& enc) {
  const std::string type = enc.attribute("type").value_or("");
  if (type != "pkmsg" && type != "msg" && type != "skmsg") return "enc of type '" + type + "'";
  if (enc.attribute("v") != "2") return "enc of version '" + enc.attribute("v").value_or("") + "'";
  if (!message_key_of(enc)) return type + ": no message of the Signal protocol";
  return std::nullopt;
}

}  // namespace ponte::simulator
