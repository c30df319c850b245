// AES-256-CBC with PKCS#7 padding: app state and media (wire: messages.md 5.2).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::crypto {

/// The plaintext padded to whole blocks: 1 to 16 bytes longer.
Bytes aes256_cbc_encrypt(const Secret<32>& key, const ByteArray<16>& iv, ByteView plaintext);

/// kUntrusted/kDecryptionFailed for what is not whole blocks, at least one, or not padded. Nothing here says whether
/// the plaintext is what the peer meant: check its MAC over the ciphertext first.
Result<Bytes> aes256_cbc_decrypt(const Secret<32>& key, const ByteArray<16>& iv, ByteView ciphertext);

/// The same within the memory of `data`, which holds the plaintext then. Where it fails, nothing of use.
Status aes256_cbc_decrypt_in_place(const Secret<32>& key, const ByteArray<16>& iv, Bytes& data);

}  // namespace ponte::crypto
