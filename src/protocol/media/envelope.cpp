#include "protocol/media/envelope.h"

#include <array>

#include "crypto/cbc.h"
#include "crypto/compare.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"

namespace ponte::protocol::media {
namespace {

constexpr std::size_t kMacSize = 10;
constexpr std::size_t kBlockSize = 16;

struct Row {
  MediaType type;
  std::string_view info;
  std::string_view mms_type;
};

// wire: messages.md 6.1
constexpr std::array kTypes{
    Row{MediaType::kImage, "WhatsApp Image Keys", "image"},
    Row{MediaType::kSticker, "WhatsApp Image Keys", "image"},
    Row{MediaType::kVideo, "WhatsApp Video Keys", "video"},
    Row{MediaType::kAudio, "WhatsApp Audio Keys", "audio"},
    Row{MediaType::kDocument, "WhatsApp Document Keys", "document"},
    Row{MediaType::kHistory, "WhatsApp History Keys", "md-msg-hist"},
    Row{MediaType::kAppState, "WhatsApp App State Keys", "md-app-state"},
    Row{MediaType::kLinkThumbnail, "WhatsApp Link Thumbnail Keys", "thumbnail-link"},
};

const Row& row_of(MediaType type) {
  return kTypes.at(static_cast<std::size_t>(type));
}

Error damaged(const std::string& what) {
  return {Errc::kUntrusted, Cause::kMediaDamaged, "media: " + what};
}

ByteArray<32> mac_of(const MediaKeys& keys, ByteView ciphertext) {
  return crypto::hmac_sha256(keys.mac.view(), keys.iv, ciphertext);
}

}  // namespace

std::string_view key_info(MediaType type) {
  return row_of(type).info;
}

std::string_view mms_type(MediaType type) {
  return row_of(type).mms_type;
}

MediaKeys expand_media_key(const Secret<32>& media_key, MediaType type) {
  Secret<112> expanded;
  crypto::hkdf_sha256(media_key.view(), {}, as_bytes(key_info(type)), expanded.mutable_view());
  const ByteView view = expanded.view();
  return {to_array<16>(view.first(16)), Secret<32>::from(view.subspan(16, 32)), Secret<32>::from(view.subspan(48, 32))};
}

std::uint64_t sealed_length(std::uint64_t plain_length) {
  return (plain_length / kBlockSize + 1) * kBlockSize + kMacSize;
}

Result<Bytes> open_file(Bytes file, const Secret<32>& media_key, MediaType type, const FileDigests& expected) {
  if (file.size() < kBlockSize + kMacSize) {
    return damaged("expected a file of at least 26 bytes, got " + std::to_string(file.size()));
  }
  if (expected.plain_length && sealed_length(*expected.plain_length) != file.size()) {
    return damaged("expected a file of " + std::to_string(sealed_length(*expected.plain_length)) + " bytes, got " +
                   std::to_string(file.size()));
  }
  if (expected.sealed_sha256 && crypto::sha256(file) != *expected.sealed_sha256) {
    return damaged("the file is another than its message names");
  }
  const MediaKeys keys = expand_media_key(media_key, type);
  const ByteView mac = ByteView(file).last(kMacSize);
  const ByteArray<32> own_mac = mac_of(keys, ByteView(file).first(file.size() - kMacSize));
  if (!crypto::equal_constant_time(mac, ByteView(own_mac).first(kMacSize))) {
    return damaged("the MAC of the file is wrong");
  }
  file.resize(file.size() - kMacSize);
  if (!crypto::aes256_cbc_decrypt_in_place(keys.cipher, keys.iv, file).ok()) {
    return damaged("the file is not padded as AES-256-CBC has it");
  }
  if (expected.plain_length && *expected.plain_length != file.size()) {
    wipe(file);
    return damaged("expected " + std::to_string(*expected.plain_length) + " bytes within the file, got " +
                   std::to_string(file.size()));
  }
  if (expected.plain_sha256 && crypto::sha256(file) != *expected.plain_sha256) {
    wipe(file);
    return damaged("the file holds something else than its message names");
  }
  return file;
}

SealedFile seal_file(ByteView plaintext, const Secret<32>& media_key, MediaType type) {
  const MediaKeys keys = expand_media_key(media_key, type);
  SealedFile out;
  out.file = crypto::aes256_cbc_encrypt(keys.cipher, keys.iv, plaintext);
  const ByteArray<32> mac = mac_of(keys, out.file);
  append(out.file, ByteView(mac).first(kMacSize));
  out.digests = {crypto::sha256(out.file), crypto::sha256(plaintext), plaintext.size()};
  return out;
}

}  // namespace ponte::protocol::media
