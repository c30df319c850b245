// Private to crypto/: the OpenSSL algorithms, fetched once for the process.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "base/bytes.h"

namespace ponte::crypto {

template <auto Free>
struct Releaser {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

using DigestContext = std::unique_ptr<EVP_MD_CTX, Releaser<EVP_MD_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Releaser<EVP_MAC_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Releaser<EVP_CIPHER_CTX_free>>;

/// Alive until the process ends. The contexts of HMAC are only duplicated, never used themselves.
struct Algorithms {
  EVP_MD* sha256;
  EVP_MD* sha512;
  EVP_MD* sha1;
  EVP_MD* md5;
  EVP_MAC_CTX* hmac_sha256;
  EVP_MAC_CTX* hmac_sha512;
  EVP_CIPHER* aes256_gcm;
  EVP_CIPHER* aes256_ctr;
  EVP_CIPHER* aes256_cbc;
};

/// Fetches on first use; thread-safe.
const Algorithms& algorithms();

/// HMAC over first || second straight into `out` (32 bytes), with no copy left behind.
void hmac_sha256_into(ByteView key, ByteView first, ByteView second, MutableByteView out);

/// Ends the process with a message: a library that cannot compute leaves nothing sensible to do.
[[noreturn]] void fail_hard(const char* operation);

/// Ends the process unless an OpenSSL or libsodium call succeeded.
inline void require(bool succeeded, const char* operation) {
  if (!succeeded) fail_hard(operation);
}

}  // namespace ponte::crypto
