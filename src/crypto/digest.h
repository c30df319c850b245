// Hashes and HMAC, over OpenSSL. Pure functions, any thread.
#pragma once

#include "base/bytes.h"

namespace ponte::crypto {

/// Call once in main before threads (also called on first use): fetches the algorithms.
/// A library that cannot deliver SHA-256 or AES ends the process with a message.
void initialize();

ByteArray<32> sha256(ByteView data);
/// SHA-256 of first || second without joining them (MixHash).
ByteArray<32> sha256(ByteView first, ByteView second);
ByteArray<20> sha1(ByteView data);
/// Only for `buildHash` (wire: pairing.md 3.3); not a security property.
ByteArray<16> md5(ByteView data);
ByteArray<32> hmac_sha256(ByteView key, ByteView data);
/// HMAC over first || second.
ByteArray<32> hmac_sha256(ByteView key, ByteView first, ByteView second);
ByteArray<64> hmac_sha512(ByteView key, ByteView data);

}  // namespace ponte::crypto
