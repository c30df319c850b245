#include "crypto/kdf.h"

#include <algorithm>
#include <cassert>
#include <climits>

#include "crypto/algorithms.h"

namespace ponte::crypto {

void hkdf_sha256(ByteView input_key, ByteView salt, ByteView info, MutableByteView out) {
  assert(!out.empty() && out.size() <= 255 * 32);
  Secret<32> pseudorandom_key;
  hmac_sha256_into(salt, input_key, {}, pseudorandom_key.mutable_view());
  Secret<32> block;
  Bytes info_and_index = to_bytes(info);
  info_and_index.push_back(0);
  // T(n) = HMAC(PRK, T(n-1) || info || n), with T(0) empty (RFC 5869 2.3).
  for (std::size_t position = 0; position < out.size(); position += 32) {
    ++info_and_index.back();
    const ByteView previous = position == 0 ? ByteView{} : block.view();
    hmac_sha256_into(pseudorandom_key.view(), previous, info_and_index, block.mutable_view());
    const std::size_t count = std::min<std::size_t>(32, out.size() - position);
    std::memcpy(out.data() + position, block.view().data(), count);
  }
}

Secret<32> pbkdf2_sha256(ByteView password, ByteView salt, unsigned iterations) {
  assert(iterations >= 1 && iterations <= INT_MAX && password.size() <= INT_MAX && salt.size() <= INT_MAX);
  Secret<32> out;
  require(PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(password.data()), static_cast<int>(password.size()),
                            salt.data(), static_cast<int>(salt.size()), static_cast<int>(iterations),
                            algorithms().sha256, static_cast<int>(out.size()), out.mutable_view().data()) == 1,
          "PBKDF2-HMAC-SHA256");
  return out;
}

}  // namespace ponte::crypto
