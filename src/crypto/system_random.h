// The operating system's randomness.
#pragma once

#include "base/random.h"

namespace ponte::crypto {

/// libsodium's randombytes. Thread-safe.
class SystemRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override;
};

/// A stream determined by a 32-byte seed (ChaCha20): many keys from one recorded draw.
/// Fills `out` with the first out.size() bytes of the seed's stream.
void expand_seed(const ByteArray<32>& seed, MutableByteView out);

/// A random UUID, version 4 layout from `random` in lower-case text; version 7 carries the time.
std::string uuid_v4(RandomSource& random);
std::string uuid_v7(RandomSource& random, std::int64_t unix_milliseconds);

}  // namespace ponte::crypto
