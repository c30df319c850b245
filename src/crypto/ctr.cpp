#include "crypto/ctr.h"

#include <cassert>
#include <climits>

#include "crypto/algorithms.h"

namespace ponte::crypto {

Bytes aes256_ctr(const Secret<32>& key, const ByteArray<16>& initial_counter, ByteView data) {
  assert(data.size() <= INT_MAX);
  const CipherContext context(EVP_CIPHER_CTX_new());
  Bytes out(data.size());
  int written = 0;
  require(context != nullptr &&
              EVP_CipherInit_ex2(context.get(), algorithms().aes256_ctr, key.view().data(), initial_counter.data(), 1,
                                 nullptr) == 1 &&
              (data.empty() ||
               EVP_CipherUpdate(context.get(), out.data(), &written, data.data(), static_cast<int>(data.size())) == 1),
          "AES-256-CTR");
  return out;
}

}  // namespace ponte::crypto
