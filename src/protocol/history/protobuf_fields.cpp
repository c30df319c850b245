#include "protocol/history/protobuf_fields.h"

namespace ponte::protocol::history {
namespace {

constexpr std::uint64_t kLargestTag = 0xFFFFFFFF;

/// Moves `at` behind the varint.
std::optional<std::uint64_t> read_varint(ByteView bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (at == bytes.size()) return std::nullopt;
    const std::uint8_t byte = bytes[at++];
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<FieldHeader> read_field_header(ByteView bytes) {
  FieldHeader out;
  const auto tag = read_varint(bytes, out.size);
  if (!tag || *tag > kLargestTag || *tag >> 3 == 0) return std::nullopt;
  out.number = static_cast<std::uint32_t>(*tag >> 3);
  out.type = static_cast<WireType>(*tag & 7);
  switch (out.type) {
    case WireType::kFixed64: out.value = 8; return out;
    case WireType::kFixed32: out.value = 4; return out;
    case WireType::kVarint:
    case WireType::kBytes: {
      const auto value = read_varint(bytes, out.size);
      if (!value) return std::nullopt;
      out.value = *value;
      return out;
    }
  }
  return std::nullopt;
}

bool FieldReader::next() {
  if (rest_.empty() || broken_) return false;
  const auto header = read_field_header(rest_);
  broken_ = !header || header->content() > rest_.size() - header->size;
  if (broken_) return false;
  header_ = *header;
  bytes_ = rest_.subspan(header_.size, static_cast<std::size_t>(header_.content()));
  rest_ = rest_.subspan(header_.size + bytes_.size());
  return true;
}

std::optional<ByteView> only_field(ByteView message, std::uint32_t number) {
  std::optional<ByteView> found;
  FieldReader reader(message);
  while (reader.next()) {
    if (reader.number() != number || reader.header().type != WireType::kBytes) continue;
    if (found) return std::nullopt;
    found = reader.bytes();
  }
  return reader.whole() ? found : std::nullopt;
}

}  // namespace ponte::protocol::history
