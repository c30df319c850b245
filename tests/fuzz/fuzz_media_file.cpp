// What media hosts and the peers' words about them may be: files, hosts, paths, answers about files that are gone.
#include <cstdlib>

#include "base/reader.h"
#include "net/http_url.h"
#include "protocol/media/envelope.h"
#include "protocol/media/location.h"
#include "protocol/media/retry.h"
#include "protocol/wire/node_codec.h"

namespace {

using namespace ponte;
using namespace ponte::protocol::media;

const Secret<32> kKey(ByteArray<32>{1, 2, 3});

/// No file opens that was not sealed so; sealed ones do.
void open(ByteView file) {
  const auto opened = open_file(to_bytes(file), kKey, MediaType::kImage, {});
  if (opened.ok()) {
    if (seal_file(*opened, kKey, MediaType::kImage).file != to_bytes(file)) std::abort();
  } else if (opened.error().cause != Cause::kMediaDamaged) {
    std::abort();
  }
  SealedFile sealed = seal_file(file, kKey, MediaType::kHistory);
  const auto again = open_file(std::move(sealed.file), kKey, MediaType::kHistory, sealed.digests);
  if (!again.ok() || *again != to_bytes(file)) std::abort();
}

/// Whatever host and path are taken, the URL leads to that host and nowhere else.
void locate(std::string_view host, std::string_view path) {
  if (const auto old = direct_path_of(path); old && !is_direct_path(*old)) std::abort();
  if (!is_media_host(host) || !is_direct_path(path)) return;
  const std::string url = download_url(protocol::MediaScheme::kHttps, host, path, MediaType::kVideo, ByteArray<32>{9});
  const auto parsed = net::parse_http_url(url);
  // A port may be too large for one.
  if (!parsed.ok() && host.find(':') == std::string_view::npos) std::abort();
  if (!parsed.ok()) return;
  const std::string_view name = host.substr(0, host.find(':'));
  if (!parsed->tls || parsed->authority.host != name || !parsed->rest.starts_with(path)) std::abort();
}

void answer(ByteView bytes) {
  const auto node = protocol::wire::decode_frame(bytes);
  if (!node.ok()) return;
  const auto path = read_media_retry(*node, kKey);
  if (path.ok() && !is_direct_path(*path)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader({data, size});
  const auto kind = reader.u8();
  if (!kind) return 0;
  if (*kind % 3 == 0) {
    open(reader.rest());
  } else if (*kind % 3 == 1) {
    const auto length = reader.u8();
    const auto host = length ? reader.take(*length) : std::nullopt;
    if (host) locate(as_text(*host), as_text(reader.rest()));
  } else {
    answer(reader.rest());
  }
  return 0;
}
