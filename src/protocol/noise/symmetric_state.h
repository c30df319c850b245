// The Noise symmetric state with WhatsApp's names and nonces (wire: pairing.md 2.1).
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/curve25519.h"

namespace ponte::protocol::noise {

inline constexpr std::string_view kPatternXx = "Noise_XX_25519_AESGCM_SHA256";
inline constexpr std::string_view kPatternIk = "Noise_IK_25519_AESGCM_SHA256";
inline constexpr std::string_view kPatternXxFallback = "Noise_XXfallback_25519_AESGCM_SHA256";

/// 8 zero bytes and the counter, big-endian.
ByteArray<12> nonce(std::uint32_t counter);

/// The two transport keys, from the client's point of view.
struct TransportKeys {
  Secret<32> client_write;
  Secret<32> client_read;
};

/// h, ck, k and n. Pure; wiped when destroyed.
class SymmetricState {
 public:
  /// `pattern` up to 32 bytes is padded with NUL and used as it is; a longer one is hashed.
  SymmetricState(std::string_view pattern, ByteView prologue);

  void mix_hash(ByteView data);
  void mix_key(const Secret<32>& input);
  /// mix_key of an agreement; kUntrusted/kWeakKey where it is all zero.
  Status mix_agreement(const crypto::PrivateKey& own, const crypto::PublicKey& peer);
  Bytes encrypt_and_hash(ByteView plaintext);
  /// kUntrusted/kDecryptionFailed where the tag is wrong; the state is then spent.
  Result<Bytes> decrypt_and_hash(ByteView ciphertext);
  TransportKeys split() const;

  const ByteArray<32>& hash() const { return hash_; }
  ByteView chaining_key() const { return chaining_key_.view(); }
  ByteView key() const { return key_.view(); }

 private:
  ByteArray<32> hash_{};
  Secret<32> chaining_key_;
  Secret<32> key_;
  std::uint32_t counter_ = 0;
};

}  // namespace ponte::protocol::noise
