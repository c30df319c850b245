#include "crypto/digest.h"

#include "crypto/algorithms.h"

namespace ponte::crypto {
namespace {

EVP_MD_CTX* thread_context() {
  thread_local const DigestContext context(EVP_MD_CTX_new());
  require(context != nullptr, "a digest context");
  return context.get();
}

template <std::size_t N>
ByteArray<N> digest(const EVP_MD* algorithm, ByteView first, ByteView second) {
  EVP_MD_CTX* context = thread_context();
  ByteArray<N> out;
  require(EVP_DigestInit_ex2(context, algorithm, nullptr) == 1 &&
              EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
              EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
              EVP_DigestFinal_ex(context, out.data(), nullptr) == 1,
          "a digest");
  return out;
}

void hmac_into(const EVP_MAC_CTX* algorithm, ByteView key, ByteView first, ByteView second, MutableByteView out) {
  // EVP_MAC_init takes a null key for "keep the old one"; HMAC pads an empty key with zeros anyway.
  static constexpr ByteArray<32> kEmptyKey{};
  if (key.empty()) key = kEmptyKey;
  // A duplicate per call: freeing it wipes the key, which a context kept per thread would go on holding.
  const MacContext context(EVP_MAC_CTX_dup(algorithm));
  std::size_t written = 0;
  require(context != nullptr && EVP_MAC_init(context.get(), key.data(), key.size(), nullptr) == 1 &&
              EVP_MAC_update(context.get(), first.data(), first.size()) == 1 &&
              EVP_MAC_update(context.get(), second.data(), second.size()) == 1 &&
              EVP_MAC_final(context.get(), out.data(), &written, out.size()) == 1 && written == out.size(),
          "HMAC");
}

}  // namespace

ByteArray<32> sha256(ByteView data) {
  return digest<32>(algorithms().sha256, data, {});
}
ByteArray<32> sha256(ByteView first, ByteView second) {
  return digest<32>(algorithms().sha256, first, second);
}
ByteArray<20> sha1(ByteView data) {
  return digest<20>(algorithms().sha1, data, {});
}
ByteArray<16> md5(ByteView data) {
  return digest<16>(algorithms().md5, data, {});
}

ByteArray<32> hmac_sha256(ByteView key, ByteView data) {
  return hmac_sha256(key, data, {});
}

ByteArray<32> hmac_sha256(ByteView key, ByteView first, ByteView second) {
  ByteArray<32> out;
  hmac_sha256_into(key, first, second, out);
  return out;
}

void hmac_sha256_into(ByteView key, ByteView first, ByteView second, MutableByteView out) {
  hmac_into(algorithms().hmac_sha256, key, first, second, out);
}

ByteArray<64> hmac_sha512(ByteView key, ByteView data) {
  ByteArray<64> out;
  hmac_into(algorithms().hmac_sha512, key, data, {}, out);
  return out;
}

}  // namespace ponte::crypto
