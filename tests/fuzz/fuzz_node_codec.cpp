// Binary XML: what decodes encodes again, to a node that is equal.
#include <zlib.h>

#include <cstdlib>

#include "protocol/wire/node_codec.h"

namespace {

using namespace ponte;
using namespace ponte::protocol::wire;

void require(bool condition) {
  if (!condition) std::abort();
}

void expect_round_trip(const Node& node) {
  const Bytes bytes = encode_node(node);
  const auto back = decode_node(bytes);
  require(back.ok());
  require(*back == node);
  require(encode_node(*back) == bytes);
  require(!node.to_xml().empty() && !node.to_xml(true).empty());
}

Bytes compressed_frame(ByteView node) {
  uLongf size = compressBound(node.size());
  Bytes out(size + 1);
  out[0] = 0x02;
  require(compress2(out.data() + 1, &size, node.data(), node.size(), 1) == Z_OK);
  out.resize(size + 1);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto frame = decode_frame(input);
  if (frame.ok()) expect_round_trip(*frame);

  // The same bytes as the content of a zlib stream: mutation alone hardly ever makes a valid one.
  if (size == 0) return 0;
  const auto plain = decode_node(input.subspan(1));
  const auto inflated = decode_frame(compressed_frame(input.subspan(1)));
  require(plain.ok() == inflated.ok());
  if (plain.ok()) require(*plain == *inflated);
  return 0;
}
