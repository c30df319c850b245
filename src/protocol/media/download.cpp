#include "protocol/media/download.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "protocol/media/location.h"
#include "protocol/media/media_conn.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::media {
namespace {

/// Between two rounds through all hosts.
constexpr Milliseconds kPauses[] = {Seconds(2), Seconds(10), Seconds(60)};
/// For a file as large as it may be, at a megabyte a second.
constexpr Milliseconds kWithin{Seconds(180)};

/// One file on its way. Handed from one handler to the next, so that it goes with the connection's handlers.
struct Download {
  MediaReference file;
  MediaType type;
  Downloaded done;
  MediaHosts hosts;
  std::size_t host = 0;         ///< of `hosts`, the one that is asked
  std::size_t round = 0;        ///< through all hosts
  bool refreshed = false;       ///< the server has named the hosts anew because of this file
  std::optional<Error> damage;  ///< a host gave something else
  std::optional<Error> why;     ///< the last host gave nothing
};
using DownloadPtr = std::unique_ptr<Download>;

Status find_hosts(Step& step, DownloadPtr download);
Status ask_host(Step& step, DownloadPtr download);

Error unavailable(std::string why) {
  return {Errc::kUnavailable, Cause::kMediaUnavailable, "media: " + std::move(why)};
}

Status finish(Step& step, DownloadPtr download, Result<Bytes> result) {
  return download->done(step, std::move(result));
}

/// After the last host: all of them again, later.
Status end_round(Step& step, DownloadPtr download) {
  if (download->damage || download->round == std::size(kPauses)) {
    Error why = *(download->damage ? download->damage : download->why);
    return finish(step, std::move(download), std::move(why));
  }
  const Milliseconds pause = kPauses[download->round++];
  step.after(pause,
             [download = std::move(download)](Step& later) mutable { return find_hosts(later, std::move(download)); });
  return Status::Ok();
}

Status next_host(Step& step, DownloadPtr download, Error why) {
  download->why = std::move(why);
  if (++download->host < download->hosts.size()) return ask_host(step, std::move(download));
  return end_round(step, std::move(download));
}

Status on_opened(Step& step, DownloadPtr download, Result<Bytes>& plaintext) {
  if (plaintext.ok()) return finish(step, std::move(download), std::move(plaintext));
  // Another host may have it whole. What a worker did not take is tried again as well.
  if (plaintext.error().cause == Cause::kMediaDamaged) download->damage = plaintext.error();
  return next_host(step, std::move(download), plaintext.error());
}

Status open(Step& step, DownloadPtr download, Bytes file) {
  OpenMedia work;
  work.type = download->type;
  work.media_key = download->file.media_key.array();
  work.digests = download->file.digests;
  work.file = std::move(file);
  step.start_work(std::move(work), [download = std::move(download)](Step& later, Result<Bytes>& plaintext) mutable {
    return on_opened(later, std::move(download), plaintext);
  });
  return Status::Ok();
}

Status on_answer(Step& step, DownloadPtr download, Result<HttpAnswer>& answer) {
  // More than was asked for is not less the next time.
  if (!answer.ok() && answer.error().code == Errc::kMalformed) {
    return finish(step, std::move(download),
                  Error{Errc::kMalformed, Cause::kMediaUnavailable, "media: " + answer.error().message});
  }
  if (!answer.ok()) return next_host(step, std::move(download), unavailable(answer.error().message));
  const int status = answer->status;
  if (status == 200) return open(step, std::move(download), std::move(answer->body));
  if ((status == 401 || status == 403) && !std::exchange(download->refreshed, true)) {
    forget_hosts(step);
    return find_hosts(step, std::move(download));
  }
  if (status == 403 || status == 404 || status == 410) {
    return finish(step, std::move(download),
                  Error{Errc::kNotFound, Cause::kMediaGone,
                        "media: the host has the file no more (" + std::to_string(status) + ")"});
  }
  const std::string& host = download->hosts[download->host];
  return next_host(step, std::move(download), unavailable(host + " answered " + std::to_string(status)));
}

Status ask_host(Step& step, DownloadPtr download) {
  const MediaReference& file = download->file;
  HttpFetch request;
  request.url = download_url(step.config.media_scheme, download->hosts[download->host], file.direct_path,
                             download->type, file.digests.sealed_sha256);
  request.headers = {{"Origin", "https://web.whatsapp.com"}, {"Referer", "https://web.whatsapp.com/"}};
  request.largest = file.largest;
  if (file.digests.plain_length) {
    const std::uint64_t announced = sealed_length(*file.digests.plain_length);
    request.largest = static_cast<std::size_t>(std::min<std::uint64_t>(file.largest, announced));
  }
  request.within = kWithin;
  step.start_fetch(std::move(request),
                   [download = std::move(download)](Step& later, Result<HttpAnswer>& answer) mutable {
                     return on_answer(later, std::move(download), answer);
                   });
  return Status::Ok();
}

Status find_hosts(Step& step, DownloadPtr download) {
  return with_hosts(step, [download = std::move(download)](Step& later, const Result<MediaHosts>& hosts) mutable {
    if (!hosts.ok()) return finish(later, std::move(download), hosts.error());
    download->hosts = *hosts;
    download->host = 0;
    return ask_host(later, std::move(download));
  });
}

Result<std::optional<ByteArray<32>>> digest(ByteView bytes, const char* what) {
  if (bytes.empty()) return std::optional<ByteArray<32>>();
  if (bytes.size() == 32) return std::optional(to_array<32>(bytes));
  return Error{Errc::kMalformed, Cause::kMediaUnavailable,
               "media: expected " + std::string(what) + " of 32 bytes, got " + std::to_string(bytes.size())};
}

}  // namespace

Result<MediaReference> make_reference(std::string_view direct_path, ByteView media_key, ByteView sealed_sha256,
                                      ByteView plain_sha256, std::optional<std::uint64_t> plain_length) {
  MediaReference out;
  if (!is_direct_path(direct_path))
    return Error{Errc::kMalformed, Cause::kMediaUnavailable, "media: expected the path of a file at a host"};
  PONTE_ASSIGN(const auto key, digest(media_key, "a media key"));
  if (!key) return Error{Errc::kMalformed, Cause::kMediaUnavailable, "media: there is no key for the file"};
  out.direct_path = direct_path;
  out.media_key = Secret<32>(*key);
  PONTE_ASSIGN(out.digests.sealed_sha256, digest(sealed_sha256, "a digest"));
  PONTE_ASSIGN(out.digests.plain_sha256, digest(plain_sha256, "a digest"));
  out.digests.plain_length = plain_length;
  return out;
}

Status download(Step& step, MediaReference file, MediaType type, Downloaded done) {
  auto download = std::make_unique<Download>();
  download->file = std::move(file);
  download->type = type;
  download->done = std::move(done);
  if (download->file.digests.plain_length &&
      sealed_length(*download->file.digests.plain_length) > download->file.largest) {
    return finish(step, std::move(download),
                  Error{Errc::kMalformed, Cause::kMediaUnavailable, "media: the file is larger than it may be"});
  }
  return find_hosts(step, std::move(download));
}

}  // namespace ponte::protocol::media
