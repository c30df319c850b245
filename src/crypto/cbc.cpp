#include "crypto/cbc.h"

#include <algorithm>

#include "crypto/algorithms.h"

namespace ponte::crypto {
namespace {

constexpr std::size_t kBlockSize = 16;
// EVP takes lengths as int; longer data goes in pieces of whole blocks.
constexpr std::size_t kLargestPiece = std::size_t{1} << 30;

enum class Direction : int { kDecrypt = 0, kEncrypt = 1 };

/// What came out, in front of `out`, which may be `data` itself; nullopt where the last block is not padded as it
/// should be.
std::optional<std::size_t> run(Direction direction, const Secret<32>& key, const ByteArray<16>& iv, ByteView data,
                               MutableByteView out) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  require(context != nullptr && EVP_CipherInit_ex2(context.get(), algorithms().aes256_cbc, key.view().data(), iv.data(),
                                                   static_cast<int>(direction), nullptr) == 1,
          "AES-256-CBC");
  std::size_t total = 0;
  int written = 0;
  while (!data.empty()) {
    const ByteView piece = data.first(std::min(kLargestPiece, data.size()));
    require(EVP_CipherUpdate(context.get(), out.data() + total, &written, piece.data(),
                             static_cast<int>(piece.size())) == 1,
            "AES-256-CBC");
    total += static_cast<std::size_t>(written);
    data = data.subspan(piece.size());
  }
  if (EVP_CipherFinal_ex(context.get(), out.data() + total, &written) != 1) return std::nullopt;
  return total + static_cast<std::size_t>(written);
}

Error decryption_failed(std::string message) {
  return {Errc::kUntrusted, Cause::kDecryptionFailed, std::move(message)};
}

/// Into `out`, which is as long as the ciphertext and perhaps the same.
Status decrypt(const Secret<32>& key, const ByteArray<16>& iv, ByteView ciphertext, Bytes& out) {
  const std::size_t length = ciphertext.size();
  if (length == 0 || length % kBlockSize != 0) {
    return decryption_failed("expected whole blocks of AES-256-CBC, got " + std::to_string(length) + " bytes");
  }
  const std::optional<std::size_t> size = run(Direction::kDecrypt, key, iv, ciphertext, out);
  if (!size) {
    wipe(out);
    return decryption_failed("the padding of AES-256-CBC does not fit " + std::to_string(length) + " bytes");
  }
  out.resize(*size);
  return Status::Ok();
}

}  // namespace

Bytes aes256_cbc_encrypt(const Secret<32>& key, const ByteArray<16>& iv, ByteView plaintext) {
  Bytes out((plaintext.size() / kBlockSize + 1) * kBlockSize);
  require(run(Direction::kEncrypt, key, iv, plaintext, out) == out.size(), "AES-256-CBC");
  return out;
}

Result<Bytes> aes256_cbc_decrypt(const Secret<32>& key, const ByteArray<16>& iv, ByteView ciphertext) {
  Bytes out(ciphertext.size());
  PONTE_TRY(decrypt(key, iv, ciphertext, out));
  return out;
}

Status aes256_cbc_decrypt_in_place(const Secret<32>& key, const ByteArray<16>& iv, Bytes& data) {
  return decrypt(key, iv, data, data);
}

}  // namespace ponte::crypto
