// The envelope around a file at WhatsApp's media hosts (wire: messages.md 6.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::protocol::media {

/// What a file holds decides how its keys are derived, and under which name the hosts know it.
enum class MediaType { kImage, kSticker, kVideo, kAudio, kDocument, kHistory, kAppState, kLinkThumbnail };

/// The info of HKDF.
std::string_view key_info(MediaType type);
/// The value of `mms-type`, and the folder below /mms/.
std::string_view mms_type(MediaType type);

/// From a media key of 32 bytes. Of the 112 bytes that HKDF gives, the last 32 serve nothing.
struct MediaKeys {
  ByteArray<16> iv{};
  Secret<32> cipher;
  Secret<32> mac;
};
MediaKeys expand_media_key(const Secret<32>& media_key, MediaType type);

/// What a message says of a file. Nothing is checked that it does not say.
struct FileDigests {
  std::optional<ByteArray<32>> sealed_sha256;  ///< `fileEncSha256`: of the file as it is at the host
  std::optional<ByteArray<32>> plain_sha256;   ///< `fileSha256`
  std::optional<std::uint64_t> plain_length;   ///< `fileLength`

  bool operator==(const FileDigests&) const = default;
};

/// Bytes that the file of so many bytes has at the host.
std::uint64_t sealed_length(std::uint64_t plain_length);

/// The plaintext, in the memory of `file`. kUntrusted/kMediaDamaged where length, digest, MAC or padding do not fit:
/// nothing of it is given then.
Result<Bytes> open_file(Bytes file, const Secret<32>& media_key, MediaType type, const FileDigests& expected);

struct SealedFile {
  Bytes file;
  FileDigests digests;  ///< all of them
};
/// Precondition: a media key serves one file, since the IV is derived from it.
SealedFile seal_file(ByteView plaintext, const Secret<32>& media_key, MediaType type);

}  // namespace ponte::protocol::media
