#include "crypto/passphrase.h"

#include <sodium.h>

#include <string>

#include "crypto/digest.h"

namespace ponte::crypto {
namespace {

static_assert(std::tuple_size_v<PassphraseSalt> == crypto_pwhash_argon2id_SALTBYTES);
static_assert(kLowestPassphraseCost.passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN);
static_assert(kLowestPassphraseCost.memory_kib * 1024 >= crypto_pwhash_argon2id_MEMLIMIT_MIN);
static_assert(PassphraseCost().passes == crypto_pwhash_argon2id_OPSLIMIT_MODERATE);
static_assert(PassphraseCost().memory_kib * 1024 == crypto_pwhash_argon2id_MEMLIMIT_MODERATE);

bool within(std::uint32_t value, std::uint32_t lowest, std::uint32_t highest) {
  return value >= lowest && value <= highest;
}

}  // namespace

Result<Secret<32>> key_of_passphrase(ByteView passphrase, const PassphraseSalt& salt, const PassphraseCost& cost) {
  initialize();
  if (!within(cost.passes, kLowestPassphraseCost.passes, kHighestPassphraseCost.passes) ||
      !within(cost.memory_kib, kLowestPassphraseCost.memory_kib, kHighestPassphraseCost.memory_kib)) {
    return Error{Errc::kMalformed, Cause::kInvalidField,
                 "Argon2id: expected 1 to " + std::to_string(kHighestPassphraseCost.passes) + " passes over 8 to " +
                     std::to_string(kHighestPassphraseCost.memory_kib) + " KiB, got " + std::to_string(cost.passes) +
                     " over " + std::to_string(cost.memory_kib)};
  }
  Secret<32> key;
  const auto text = as_text(passphrase);
  if (crypto_pwhash(key.mutable_view().data(), key.size(), text.data(), text.size(), salt.data(), cost.passes,
                    std::size_t{cost.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Error{Errc::kUnavailable, Cause::kOverloaded,
                 "Argon2id: there is not enough memory: it takes " + std::to_string(cost.memory_kib) + " KiB"};
  }
  return key;
}

}  // namespace ponte::crypto
