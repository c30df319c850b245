#include "crypto/ctr.h"

#include "base/hex.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::VectorCase;

TEST(Aes256Ctr, EncryptsAndDecryptsTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/ctr.vec")) {
    const Secret<32> key(vector.array<32>("key"));
    const auto counter = vector.array<16>("counter");
    EXPECT_EQ(to_hex(aes256_ctr(key, counter, vector.bytes("plaintext"))), vector.text("ciphertext")) << vector.title;
    EXPECT_EQ(to_hex(aes256_ctr(key, counter, vector.bytes("ciphertext"))), vector.text("plaintext")) << vector.title;
  }
}

TEST(Aes256Ctr, GivesOtherBytesForAnotherKeyOrCounter) {
  for (const VectorCase& vector : test::load_cases("crypto/ctr.vec")) {
    const Secret<32> key(vector.array<32>("key"));
    for (const Bytes& other : test::bit_flips(vector.bytes("key"))) {
      EXPECT_NE(to_hex(aes256_ctr(Secret<32>::from(other), vector.array<16>("counter"), vector.bytes("ciphertext"))),
                vector.text("plaintext"));
    }
    for (const Bytes& other : test::bit_flips(vector.bytes("counter"))) {
      EXPECT_NE(to_hex(aes256_ctr(key, to_array<16>(other), vector.bytes("ciphertext"))), vector.text("plaintext"));
    }
  }
}

TEST(Aes256Ctr, GivesABeginningForAPrefix) {
  const VectorCase vector = test::load_cases("crypto/ctr.vec").at(0);
  const Secret<32> key(vector.array<32>("key"));
  const Bytes ciphertext = vector.bytes("ciphertext");
  for (const Bytes& prefix : test::truncations(vector.bytes("plaintext"))) {
    EXPECT_TRUE(equal(aes256_ctr(key, vector.array<16>("counter"), prefix), ByteView(ciphertext).first(prefix.size())));
  }
}

}  // namespace
}  // namespace ponte::crypto
