#include "crypto/sealing.h"

#include <sodium.h>

#include "crypto/algorithms.h"
#include "crypto/digest.h"

namespace ponte::crypto {
namespace {

constexpr std::size_t kNonceSize = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
static_assert(kSealRandom == kNonceSize);
static_assert(kSealOverhead == kNonceSize + crypto_aead_xchacha20poly1305_ietf_ABYTES);

}  // namespace

Bytes seal(const Secret<32>& key, ByteView plaintext, ByteView associated_data, RandomSource& random) {
  initialize();
  Bytes out(plaintext.size() + kSealOverhead);
  random.fill(MutableByteView(out).first(kNonceSize));
  require(crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonceSize, nullptr, plaintext.data(),
                                                     plaintext.size(), associated_data.data(), associated_data.size(),
                                                     nullptr, out.data(), key.view().data()) == 0,
          "XChaCha20-Poly1305");
  return out;
}

Result<Bytes> unseal(const Secret<32>& key, ByteView sealed, ByteView associated_data) {
  initialize();
  if (sealed.size() < kSealOverhead) {
    return Error{Errc::kStorage, Cause::kStoreCorrupt,
                 "expected a sealed value of at least 40 bytes, got " + std::to_string(sealed.size())};
  }
  Bytes out(sealed.size() - kSealOverhead);
  const ByteView ciphertext = sealed.subspan(kNonceSize);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(),
                                                 associated_data.data(), associated_data.size(), sealed.data(),
                                                 key.view().data()) != 0) {
    return Error{Errc::kStorage, Cause::kStoreCorrupt,
                 "a sealed value of " + std::to_string(sealed.size()) +
                     " bytes does not open: another key, another place, or damage"};
  }
  return out;
}

}  // namespace ponte::crypto
