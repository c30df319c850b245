// FrameDecoder and PrologueDecoder: however the bytes are split, the same frames come out.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "protocol/wire/frame_codec.h"

namespace {

using namespace ponte;
using namespace ponte::protocol::wire;

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<Bytes> frames_of(ByteView stream, ByteView splits) {
  FrameDecoder decoder;
  std::vector<Bytes> frames;
  std::size_t turn = 0;
  while (!stream.empty()) {
    const std::size_t wanted = splits.empty() ? stream.size() : splits[turn++ % splits.size()] + 1u;
    const std::size_t size = std::min(wanted, stream.size());
    decoder.feed(stream.first(size));
    stream = stream.subspan(size);
    while (auto frame = decoder.take()) frames.push_back(std::move(*frame));
  }
  require(decoder.allocated() == 0 || decoder.buffered() != 0);
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first byte says how many of the next are the sizes of the pieces.
  if (size == 0) return 0;
  const std::size_t split_count = std::min<std::size_t>(data[0] % 8, size - 1);
  const ByteView splits(data + 1, split_count);
  const ByteView stream(data + 1 + split_count, size - 1 - split_count);

  const auto whole = frames_of(stream, {});
  require(whole == frames_of(stream, splits));
  Bytes again;
  for (const Bytes& frame : whole) append(again, encode_frame_bytes(frame).value());
  require(equal(again, stream.first(again.size())));

  PrologueDecoder prologue;
  const auto found = prologue.feed(stream);
  if (found.ok() && found->has_value()) {
    const Bytes rebuilt = concat({stream_prologue((*found)->routing_info), (*found)->rest});
    // An empty routing block is read but never written.
    require((*found)->routing_info.empty() || equal(rebuilt, stream));
  }
  return 0;
}
