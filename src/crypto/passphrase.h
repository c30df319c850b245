// A key from a passphrase: Argon2id 1.3 (RFC 9106) of libsodium.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::crypto {

/// What deriving costs, and with it each guess of who has not got the passphrase. The defaults are libsodium's moderate
/// limits: about a second, 256 MiB.
struct PassphraseCost {
  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 256 * 1024;

  bool operator==(const PassphraseCost&) const = default;
};

/// A file names its own cost: above this it is a demand for memory or time, not protection.
inline constexpr PassphraseCost kHighestPassphraseCost{16, 1024 * 1024};
/// What libsodium takes at least.
inline constexpr PassphraseCost kLowestPassphraseCost{1, 8};

using PassphraseSalt = ByteArray<16>;

/// kMalformed/kInvalidField where the cost is not between the two above, kUnavailable/kOverloaded where there is not so
/// much memory. Blocks for as long as it takes.
Result<Secret<32>> key_of_passphrase(ByteView passphrase, const PassphraseSalt& salt, const PassphraseCost& cost);

}  // namespace ponte::crypto
