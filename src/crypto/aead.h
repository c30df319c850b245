// AES-256-GCM with a 16-byte tag appended. Over OpenSSL.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::crypto {

inline constexpr std::size_t kGcmTagSize = 16;

/// One AES-256-GCM key with its schedule kept between messages. One thread at a time.
/// Wiped when destroyed. Choosing the nonce, once per key, is the caller's duty.
class Aes256Gcm {
 public:
  explicit Aes256Gcm(const Secret<32>& key);
  Aes256Gcm(Aes256Gcm&&) noexcept;
  Aes256Gcm& operator=(Aes256Gcm&&) noexcept;
  ~Aes256Gcm();

  /// ciphertext || tag.
  Bytes seal(const ByteArray<12>& nonce, ByteView plaintext, ByteView associated_data);
  /// kUntrusted/kDecryptionFailed when `sealed` is under 16 bytes or the tag is wrong; nothing is returned then.
  Result<Bytes> open(const ByteArray<12>& nonce, ByteView sealed, ByteView associated_data);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace ponte::crypto
