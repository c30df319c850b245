#include "crypto/aead.h"

#include <algorithm>

#include "crypto/algorithms.h"

namespace ponte::crypto {
namespace {

// EVP takes lengths as int; longer data goes in pieces.
constexpr std::size_t kLargestPiece = std::size_t{1} << 30;

bool update(EVP_CIPHER_CTX* context, std::uint8_t* out, ByteView data) {
  int written = 0;
  for (std::size_t position = 0; position < data.size(); position += kLargestPiece) {
    const std::size_t count = std::min(kLargestPiece, data.size() - position);
    std::uint8_t* target = out == nullptr ? nullptr : out + position;
    if (EVP_CipherUpdate(context, target, &written, data.data() + position, static_cast<int>(count)) != 1) return false;
  }
  return true;
}

CipherContext keyed_context(const Secret<32>& key, int encrypt) {
  CipherContext context(EVP_CIPHER_CTX_new());
  require(context != nullptr && EVP_CipherInit_ex2(context.get(), algorithms().aes256_gcm, key.view().data(), nullptr,
                                                   encrypt, nullptr) == 1,
          "AES-256-GCM");
  return context;
}

Error decryption_failed(std::string message) {
  return {Errc::kUntrusted, Cause::kDecryptionFailed, std::move(message)};
}

}  // namespace

/// Each direction's context is made at its first use: most keys serve one direction, and a context
/// with its key schedule takes about 1.1 KB.
struct Aes256Gcm::Contexts {
  explicit Contexts(const Secret<32>& from) : key(from.copy()) {}

  EVP_CIPHER_CTX* encrypting() {
    if (!encrypt) encrypt = keyed_context(key, 1);
    return encrypt.get();
  }
  EVP_CIPHER_CTX* decrypting() {
    if (!decrypt) decrypt = keyed_context(key, 0);
    return decrypt.get();
  }

  Secret<32> key;
  CipherContext encrypt;
  CipherContext decrypt;
};

Aes256Gcm::Aes256Gcm(const Secret<32>& key) : contexts_(std::make_unique<Contexts>(key)) {}
Aes256Gcm::Aes256Gcm(Aes256Gcm&&) noexcept = default;
Aes256Gcm& Aes256Gcm::operator=(Aes256Gcm&&) noexcept = default;
Aes256Gcm::~Aes256Gcm() = default;

Bytes Aes256Gcm::seal(const ByteArray<12>& nonce, ByteView plaintext, ByteView associated_data) {
  EVP_CIPHER_CTX* context = contexts_->encrypting();
  Bytes out(plaintext.size() + kGcmTagSize);
  int written = 0;
  require(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), 1, nullptr) == 1 &&
              update(context, nullptr, associated_data) && update(context, out.data(), plaintext) &&
              EVP_CipherFinal_ex(context, out.data() + plaintext.size(), &written) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kGcmTagSize, out.data() + plaintext.size()) == 1,
          "AES-256-GCM");
  return out;
}

Result<Bytes> Aes256Gcm::open(const ByteArray<12>& nonce, ByteView sealed, ByteView associated_data) {
  if (sealed.size() < kGcmTagSize) {
    return decryption_failed("expected at least the 16-byte tag of AES-256-GCM, got " + std::to_string(sealed.size()) +
                             " bytes");
  }
  const ByteView ciphertext = sealed.first(sealed.size() - kGcmTagSize);
  auto tag = to_array<kGcmTagSize>(sealed.last(kGcmTagSize));
  EVP_CIPHER_CTX* context = contexts_->decrypting();
  Bytes out(ciphertext.size());
  require(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), 0, nullptr) == 1 &&
              update(context, nullptr, associated_data) && update(context, out.data(), ciphertext) &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kGcmTagSize, tag.data()) == 1,
          "AES-256-GCM");
  std::uint8_t nothing = 0;
  int written = 0;
  if (EVP_CipherFinal_ex(context, &nothing, &written) != 1) {
    wipe(out);  // unauthenticated plaintext must not outlive the check
    return decryption_failed("the AES-256-GCM tag does not match " + std::to_string(sealed.size()) + " bytes");
  }
  return out;
}

}  // namespace ponte::crypto
