#include "protocol/wire/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace ponte::protocol::wire {
namespace {

constexpr std::size_t kFirstChunk = 4096;

Error malformed(std::string_view what) {
  return {Errc::kMalformed, Cause::kNodeMalformed, "compressed: " + std::string(what)};
}

/// A z_stream that is released however the function is left.
class InflateStream {
 public:
  explicit InflateStream(int window_bits) { usable_ = inflateInit2(&stream_, window_bits) == Z_OK; }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;
  ~InflateStream() {
    if (usable_) inflateEnd(&stream_);
  }
  bool usable() const { return usable_; }
  z_stream& operator*() { return stream_; }

 private:
  z_stream stream_{};
  bool usable_ = false;
};

Result<Bytes> inflate_whole(ByteView compressed, std::size_t limit, int window_bits) {
  InflateStream owner(window_bits);
  if (!owner.usable()) return Error{Errc::kInternal, Cause::kInternal, "zlib could not be initialised"};
  if (compressed.size() > std::numeric_limits<uInt>::max()) return malformed("larger than zlib takes");
  z_stream& stream = *owner;
  stream.next_in = const_cast<Bytef*>(compressed.data());  // zlib reads only; its C signature lacks the const
  stream.avail_in = static_cast<uInt>(compressed.size());

  Bytes out;
  std::size_t produced = 0;
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    if (produced == out.size()) {
      // One byte over the limit tells "ends exactly there" from "goes on".
      if (produced > limit) {
        return Error{Errc::kMalformed, Cause::kNodeTooLarge,
                     "compressed: inflates to more than " + std::to_string(limit) + " bytes"};
      }
      out.resize(std::min(limit + 1, std::max(kFirstChunk, out.size() * 2)));
    }
    stream.next_out = out.data() + produced;
    stream.avail_out = static_cast<uInt>(out.size() - produced);
    state = inflate(&stream, Z_NO_FLUSH);
    produced = out.size() - stream.avail_out;
    if (state != Z_OK && state != Z_STREAM_END) {
      return malformed(state == Z_BUF_ERROR ? "the stream is cut off" : "no valid stream");
    }
  }
  if (produced > limit) {
    return Error{Errc::kMalformed, Cause::kNodeTooLarge,
                 "compressed: inflates to more than " + std::to_string(limit) + " bytes"};
  }
  if (stream.avail_in != 0) return malformed(std::to_string(stream.avail_in) + " bytes follow the stream");
  out.resize(produced);
  return out;
}

}  // namespace

Result<Bytes> inflate_zlib(ByteView compressed, std::size_t limit) {
  return inflate_whole(compressed, limit, MAX_WBITS);
}

Result<Bytes> inflate_gzip(ByteView compressed, std::size_t limit) {
  constexpr int kGzipHeader = 16;  // added to the bits: zlib's way to say so
  return inflate_whole(compressed, limit, MAX_WBITS + kGzipHeader);
}

}  // namespace ponte::protocol::wire
