// Key derivation: HKDF (RFC 5869) and PBKDF2, both with SHA-256.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"

namespace ponte::crypto {

/// Fills `out` (1 to 8160 bytes). An empty salt stands for 32 zero bytes (RFC 5869 2.2).
void hkdf_sha256(ByteView input_key, ByteView salt, ByteView info, MutableByteView out);

/// PBKDF2-HMAC-SHA256, about 40 ms for 131072 rounds: never on a loop thread.
Secret<32> pbkdf2_sha256(ByteView password, ByteView salt, unsigned iterations);

}  // namespace ponte::crypto
