#include "crypto/compare.h"

#include <openssl/crypto.h>

namespace ponte::crypto {

bool equal_constant_time(ByteView left, ByteView right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace ponte::crypto
