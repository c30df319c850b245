// A file of a message, from the media hosts to its plaintext (wire: messages.md 6.3).
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/task.h"
#include "protocol/media/envelope.h"
#include "protocol/session/step.h"

namespace ponte::protocol::media {

/// What a message says of a file.
struct MediaReference {
  std::string direct_path;
  Secret<32> media_key;
  FileDigests digests;
  std::size_t largest = 128u << 20;  ///< bytes that the file may have at the host
};

/// kMalformed/kMediaUnavailable where a key or a digest has another length than 32 (an empty digest is none), or the
/// path is none that is_direct_path takes.
Result<MediaReference> make_reference(std::string_view direct_path, ByteView media_key, ByteView sealed_sha256,
                                      ByteView plain_sha256, std::optional<std::uint64_t> plain_length);

/// Fetches the file from one host after the other, some seconds later from all of them again, then checks and decrypts
/// it on a worker. `done` gets the plaintext, or
///   kNotFound/kMediaGone              the hosts have it no more (403, 404, 410)
///   kUntrusted/kMediaDamaged          no host gave what the message names
///   kMalformed/kMediaUnavailable      larger than it may be, or the server names no host
///   kUnavailable/kMediaUnavailable    no host gave it in all tries; kTimedOut, kRejected: the server did not name the
///   hosts
/// It is never called where the connection ends before: whoever still needs the file asks again on the next.
/// Precondition: logged in.
using Downloaded = UniqueFunction<Status(Step&, Result<Bytes>)>;
Status download(Step& step, MediaReference file, MediaType type, Downloaded done);

}  // namespace ponte::protocol::media
