// Sealing of secrets at rest: XChaCha20-Poly1305 (libsodium), random 24-byte nonce in front.
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::crypto {

inline constexpr std::size_t kSealOverhead = 24 + 16;
inline constexpr std::size_t kSealRandom = 24;  ///< bytes that sealing draws

/// nonce(24) || ciphertext || tag(16).
Bytes seal(const Secret<32>& key, ByteView plaintext, ByteView associated_data, RandomSource& random);
/// kStorage/kStoreCorrupt when the bytes were not sealed by this key for this associated data.
Result<Bytes> unseal(const Secret<32>& key, ByteView sealed, ByteView associated_data);

}  // namespace ponte::crypto
