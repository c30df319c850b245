#include "simulator/messaging_blobs.h"

#include <zlib.h>

#include <algorithm>

#include "base/hex.h"
#include "crypto/digest.h"

namespace ponte::simulator {

std::string Blobs::put(std::string_view name, Blob blob) {
  const std::string hash = to_hex(crypto::sha256(as_bytes(name)));
  const std::string path = std::string(kBlobPrefix) + "t62.7118-24/" + hash.substr(0, 32) + ".enc";
  blobs_.insert_or_assign(path, std::move(blob));
  return path + "?ccb=11-4&oh=01_" + hash.substr(32, 16) + "&oe=7FFFFFFF&_nc_sid=5e03e0";
}

const Blob* Blobs::request(std::string_view path, unsigned& status) {
  const auto found = blobs_.find(path.substr(0, path.find('?')));
  status = 404;
  if (found == blobs_.end()) return nullptr;
  Blob& blob = found->second;
  status = blob.requests++ < blob.failures ? 503 : blob.status;
  return &blob;
}

std::optional<std::string> Blobs::renew(std::string_view direct_path) {
  const auto found = blobs_.find(direct_path.substr(0, direct_path.find('?')));
  if (found == blobs_.end()) return std::nullopt;
  Blob blob{found->second.bytes, 200, 0, 0};
  return put("renewed " + found->first, std::move(blob));
}

namespace {

/// Deflates what `next` gives, piece by piece, until it gives nothing.
template <typename Next>
Bytes deflate_all(Next next) {
  z_stream stream{};
  deflateInit(&stream, Z_DEFAULT_COMPRESSION);
  Bytes out;
  ByteArray<1 << 14> room;
  for (bool more = true; more;) {
    const ByteView piece = next();
    more = !piece.empty();
    stream.next_in = const_cast<Bytef*>(piece.data());
    stream.avail_in = static_cast<uInt>(piece.size());
    do {
      stream.next_out = room.data();
      stream.avail_out = static_cast<uInt>(room.size());
      deflate(&stream, more ? Z_NO_FLUSH : Z_FINISH);
      append(out, ByteView(room).first(room.size() - stream.avail_out));
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace

Bytes deflated(ByteView bytes) {
  return deflate_all([rest = bytes]() mutable {
    const ByteView piece = rest.first(std::min<std::size_t>(rest.size(), 1u << 20));
    rest = rest.subspan(piece.size());
    return piece;
  });
}

Bytes deflated_zeros(std::size_t size) {
  const Bytes zeros(std::min<std::size_t>(size, 1u << 20));
  return deflate_all([&zeros, rest = size]() mutable {
    const std::size_t piece = std::min(rest, zeros.size());
    rest -= piece;
    return ByteView(zeros).first(piece);
  });
}

}  // namespace ponte::simulator
