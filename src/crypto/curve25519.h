// X25519 agreement and XEdDSA signatures by X25519 keys (wire: pairing.md 2.6, 12).
//
// Keys are raw 32 bytes; the 0x05 prefix exists only where a caller adds it.
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::crypto {

using PublicKey = ByteArray<32>;
using PrivateKey = Secret<32>;  ///< stored clamped
using Signature = ByteArray<64>;

struct KeyPair {
  PrivateKey private_key;
  PublicKey public_key{};

  KeyPair copy() const { return {private_key.copy(), public_key}; }
};

/// Draws 32 bytes, clamps, derives the public key.
KeyPair generate_key_pair(RandomSource& random);
/// The pair of a given scalar, clamped first.
KeyPair key_pair_from_private(PrivateKey scalar);

/// X25519. kUntrusted/kWeakKey when the shared secret is all zero (a low-order public key).
Result<Secret<32>> agree(const PrivateKey& own, const PublicKey& peer);

/// Whether it may be somebody's public key: below p, and not of low order. Every key that was derived from a scalar
/// is. Others agree with keys that differ from them, on zero even, and let anybody sign.
bool is_sound(const PublicKey& key);

/// XEdDSA, libsignal's variant with the sign bit in the signature. Draws 64 random bytes.
Signature xeddsa_sign(const PrivateKey& own, ByteView message, RandomSource& random);
/// True only for a valid signature. Any input is allowed.
bool xeddsa_verify(const PublicKey& signer, ByteView message, ByteView signature);

}  // namespace ponte::crypto
