#include "crypto/sealing.h"

#include "base/hex.h"
#include "support/scripted_random.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::ScriptedRandom;
using test::VectorCase;

void expect_refused(const Result<Bytes>& opened) {
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Errc::kStorage);
  EXPECT_EQ(opened.error().cause, Cause::kStoreCorrupt);
}

Bytes sealed_bytes(const VectorCase& vector) {
  return concat({vector.bytes("nonce"), vector.bytes("ciphertext"), vector.bytes("tag")});
}

TEST(Sealing, SealsAndUnsealsTheVector) {
  for (const VectorCase& vector : test::load_cases("crypto/sealing.vec")) {
    const Secret<32> key(vector.array<32>("key"));
    ScriptedRandom random(vector.bytes("nonce"));
    EXPECT_EQ(to_hex(seal(key, vector.bytes("plaintext"), vector.bytes("aad"), random)), to_hex(sealed_bytes(vector)));
    EXPECT_EQ(random.remaining(), 0u);
    EXPECT_EQ(to_hex(*unseal(key, sealed_bytes(vector), vector.bytes("aad"))), vector.text("plaintext"));
  }
}

TEST(Sealing, RefusesEveryBitFlipAndTruncation) {
  for (const VectorCase& vector : test::load_cases("crypto/sealing.vec")) {
    const Secret<32> key(vector.array<32>("key"));
    const Bytes associated_data = vector.bytes("aad");
    for (const Bytes& damaged : test::bit_flips(sealed_bytes(vector))) {
      expect_refused(unseal(key, damaged, associated_data));
    }
    for (const Bytes& damaged : test::truncations(sealed_bytes(vector))) {
      expect_refused(unseal(key, damaged, associated_data));
    }
  }
}

TEST(Sealing, RefusesAnotherKeyOrPlace) {
  for (const VectorCase& vector : test::load_cases("crypto/sealing.vec")) {
    for (const Bytes& key : test::bit_flips(vector.bytes("key"))) {
      expect_refused(unseal(Secret<32>::from(key), sealed_bytes(vector), vector.bytes("aad")));
    }
    const Secret<32> key(vector.array<32>("key"));
    for (const Bytes& place : test::bit_flips(vector.bytes("aad"))) {
      expect_refused(unseal(key, sealed_bytes(vector), place));
    }
    expect_refused(unseal(key, sealed_bytes(vector), {}));
  }
}

TEST(Sealing, SealsEmptyValues) {
  test::SeededRandom random(3);
  const Bytes sealed = seal(Secret<32>(), {}, {}, random);
  EXPECT_EQ(sealed.size(), kSealOverhead);
  EXPECT_TRUE(unseal(Secret<32>(), sealed, {})->empty());
}

TEST(Sealing, TakesAFreshNonceEachTime) {
  test::SeededRandom random(3);
  EXPECT_NE(seal(Secret<32>(), as_bytes("same"), {}, random), seal(Secret<32>(), as_bytes("same"), {}, random));
}

}  // namespace
}  // namespace ponte::crypto
