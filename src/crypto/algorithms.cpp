#include "crypto/algorithms.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <sodium.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "crypto/digest.h"

namespace ponte::crypto {
namespace {

EVP_MD* fetch_digest(const char* name) {
  EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
  require(digest != nullptr, name);
  return digest;
}

EVP_CIPHER* fetch_cipher(const char* name) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  require(cipher != nullptr, name);
  return cipher;
}

EVP_MAC_CTX* hmac_template(std::string digest) {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(mac != nullptr, "HMAC");
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
  EVP_MAC_free(mac);
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                                   OSSL_PARAM_construct_end()};
  require(context != nullptr && EVP_MAC_CTX_set_params(context, parameters) == 1, "HMAC");
  return context;
}

Algorithms fetch_all() {
  require(sodium_init() >= 0, "libsodium");
  return {.sha256 = fetch_digest("SHA256"),
          .sha512 = fetch_digest("SHA512"),
          .sha1 = fetch_digest("SHA1"),
          .md5 = fetch_digest("MD5"),
          .hmac_sha256 = hmac_template("SHA256"),
          .hmac_sha512 = hmac_template("SHA512"),
          .aes256_gcm = fetch_cipher("AES-256-GCM"),
          .aes256_ctr = fetch_cipher("AES-256-CTR"),
          .aes256_cbc = fetch_cipher("AES-256-CBC")};
}

}  // namespace

const Algorithms& algorithms() {
  // Never freed: OpenSSL unloads its providers at exit, possibly before our static destructors.
  static const Algorithms fetched = fetch_all();
  return fetched;
}

void fail_hard(const char* operation) {
  std::fprintf(stderr, "ponte: the cryptographic library failed at %s; cannot continue\n", operation);
  std::abort();
}

void initialize() {
  algorithms();
}

}  // namespace ponte::crypto
