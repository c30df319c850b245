#include "protocol/wire/frame_codec.h"

#include <algorithm>

#include "base/reader.h"
#include "base/writer.h"

namespace ponte::protocol::wire {
namespace {

constexpr std::size_t kHeaderSize = 3;
/// 'E' 'D' 0 1, then a length like a frame's and the routing info.
constexpr ByteArray<4> kEdgeRouting = {0x45, 0x44, 0x00, 0x01};

/// Whether `bytes` are the start of `expected`, or start with it.
bool agrees(ByteView bytes, ByteView expected) {
  const std::size_t size = std::min(bytes.size(), expected.size());
  return equal(bytes.first(size), expected.first(size));
}

}  // namespace

Bytes stream_prologue(ByteView routing_info) {
  Writer writer;
  if (!routing_info.empty() && routing_info.size() <= kMaxFrameSize) {
    writer.bytes(kEdgeRouting);
    writer.big_endian(routing_info.size(), kHeaderSize);
    writer.bytes(routing_info);
  }
  writer.bytes(kPrologue);
  return std::move(writer).take();
}

Result<Bytes> encode_frame_bytes(ByteView payload) {
  if (payload.size() > kMaxFrameSize) {
    return Error{
        Errc::kInvalidArgument, Cause::kFrameTooLarge,
        "frame: expected at most " + std::to_string(kMaxFrameSize) + " bytes, came " + std::to_string(payload.size())};
  }
  const auto header = big_endian_array<kHeaderSize>(payload.size());
  return concat({header, payload});
}

void FrameDecoder::feed(ByteView bytes) {
  if (consumed_ != 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_));
    consumed_ = 0;
  }
  append(buffer_, bytes);
}

std::optional<Bytes> FrameDecoder::take() {
  Reader reader(ByteView(buffer_).subspan(consumed_));
  const auto size = reader.big_endian(kHeaderSize);
  const auto payload = size ? reader.take(*size) : std::nullopt;
  if (!payload) {
    // Most connections are idle most of the time: an exact copy of what is left, and nothing where nothing is.
    if (consumed_ != 0) buffer_ = Bytes(buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_), buffer_.end());
    consumed_ = 0;
    return std::nullopt;
  }
  Bytes frame = to_bytes(*payload);
  consumed_ += reader.position();
  if (consumed_ == buffer_.size()) {
    buffer_ = Bytes();
    consumed_ = 0;
  }
  return frame;
}

Result<std::optional<PrologueDecoder::Found>> PrologueDecoder::feed(ByteView bytes) {
  const auto malformed = [] {
    return Error{Errc::kMalformed, Cause::kFrameMalformed, "stream: expected an edge-routing block or WA 6 3"};
  };
  append(buffer_, bytes);
  Reader reader(buffer_);
  Found found;
  if (!agrees(buffer_, kPrologue)) {
    if (!agrees(buffer_, kEdgeRouting)) return malformed();
    reader.take(std::min(kEdgeRouting.size(), buffer_.size()));
    const auto size = reader.big_endian(kHeaderSize);
    const auto info = size ? reader.take(*size) : std::nullopt;
    if (!info) return std::optional<Found>();
    found.routing_info = to_bytes(*info);
  }
  if (!agrees(reader.rest(), kPrologue)) return malformed();
  if (!reader.take(kPrologue.size())) return std::optional<Found>();
  found.rest = to_bytes(reader.rest());
  buffer_ = Bytes();
  return std::optional<Found>(std::move(found));
}

}  // namespace ponte::protocol::wire
