#include "protocol/history/inflate_stream.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace ponte::protocol::history {
namespace {

Error malformed(const std::string& what) {
  return {Errc::kMalformed, Cause::kHistoryMalformed, "history: " + what};
}

}  // namespace

struct InflateStream::State {
  ~State() {
    if (usable) inflateEnd(&stream);
  }

  Result<std::size_t> read(MutableByteView out);
  Status check_limits() const;

  ByteView compressed;
  InflateLimits limits;
  z_stream stream{};
  bool usable = false;
  bool finished = false;
  std::size_t consumed = 0;
  std::uint64_t produced = 0;
  std::optional<Error> failure;
};

InflateStream::InflateStream(ByteView compressed, const InflateLimits& limits) : state_(std::make_unique<State>()) {
  state_->compressed = compressed;
  state_->limits = limits;
  state_->usable = inflateInit2(&state_->stream, MAX_WBITS) == Z_OK;
}

InflateStream::~InflateStream() = default;
InflateStream::InflateStream(InflateStream&&) noexcept = default;
InflateStream& InflateStream::operator=(InflateStream&&) noexcept = default;

std::uint64_t InflateStream::produced() const {
  return state_->produced;
}

Result<std::size_t> InflateStream::read(MutableByteView out) {
  if (state_->failure) return *state_->failure;
  auto result = state_->read(out);
  if (!result.ok()) state_->failure = result.error();
  return result;
}

Status InflateStream::State::check_limits() const {
  if (produced > limits.largest) {
    return Error{Errc::kMalformed, Cause::kHistoryTooLarge,
                 "history: a chunk inflates to more than " + std::to_string(limits.largest) + " bytes"};
  }
  if (produced > limits.free && produced / limits.ratio > consumed) {
    return Error{Errc::kMalformed, Cause::kHistoryTooLarge,
                 "history: a chunk inflates to more than " + std::to_string(limits.ratio) + " times its size"};
  }
  return Status::Ok();
}

Result<std::size_t> InflateStream::State::read(MutableByteView out) {
  if (!usable) return Error{Errc::kInternal, Cause::kInternal, "zlib could not be initialised"};
  if (finished) return std::size_t{0};
  constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
  const ByteView input = compressed.subspan(consumed, std::min(kMost, compressed.size() - consumed));
  stream.next_in = const_cast<Bytef*>(input.data());  // zlib reads only; its C signature lacks the const
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(std::min(kMost, out.size()));
  const uInt room = stream.avail_out;
  const int state = inflate(&stream, Z_NO_FLUSH);
  consumed += input.size() - stream.avail_in;
  const std::size_t written = room - stream.avail_out;
  produced += written;
  PONTE_TRY(check_limits());
  if (state == Z_STREAM_END) {
    if (consumed != compressed.size()) return malformed("bytes follow the zlib stream of a chunk");
    finished = true;
    return written;
  }
  if (state != Z_OK && state != Z_BUF_ERROR) return malformed("a chunk is no valid zlib stream");
  // Nothing came although there was room: the input is used up.
  if (written == 0) return malformed("the zlib stream of a chunk is cut off");
  return written;
}

}  // namespace ponte::protocol::history
