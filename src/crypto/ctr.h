// AES-256-CTR, 128-bit big-endian counter (wire: pairing.md 6.2).
#pragma once

#include "base/bytes.h"
#include "base/secret.h"

namespace ponte::crypto {

/// Encrypts or decrypts; same length as the input.
Bytes aes256_ctr(const Secret<32>& key, const ByteArray<16>& initial_counter, ByteView data);

}  // namespace ponte::crypto
