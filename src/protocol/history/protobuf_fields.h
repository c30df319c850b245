// Fields of serialized protobuf, one after the other, without a message to hold them. For what is too large to be
// parsed whole, and for what is to be kept exactly as it came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace ponte::protocol::history {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// What stands in front of a field's content; of a varint, all of it.
struct FieldHeader {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t value = 0;  ///< of a varint; else the length of the content
  std::size_t size = 0;     ///< bytes of the header itself
  std::uint64_t content() const { return type == WireType::kVarint ? 0 : value; }
};
/// No header is longer: a tag of 5 bytes and a varint of 10.
inline constexpr std::size_t kLongestHeader = 15;

/// The header at the front of `bytes`; nullopt where they hold none: cut off, number 0, or a group.
std::optional<FieldHeader> read_field_header(ByteView bytes);

/// Goes through the fields of one message. The bytes outlive it.
class FieldReader {
 public:
  explicit FieldReader(ByteView message) : rest_(message) {}

  /// Moves to the next field; false at the end, and where what follows is no field.
  bool next();
  const FieldHeader& header() const { return header_; }
  std::uint32_t number() const { return header_.number; }
  /// The content of a field that is not a varint.
  ByteView bytes() const { return bytes_; }
  /// After next() gave false: whether that was the end.
  bool whole() const { return !broken_; }

 private:
  ByteView rest_;
  FieldHeader header_;
  ByteView bytes_;
  bool broken_ = false;
};

/// The content of the only field of that number that holds bytes. nullopt where there is none or more than one (which a
/// parser would merge), or where the message is broken.
std::optional<ByteView> only_field(ByteView message, std::uint32_t number);

}  // namespace ponte::protocol::history
