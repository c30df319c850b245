#include "crypto/curve25519.h"

#include <thread>

#include "base/hex.h"
#include "support/scripted_random.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::ScriptedRandom;
using test::SeededRandom;
using test::VectorCase;

PrivateKey private_key(const VectorCase& vector) {
  return PrivateKey(vector.array<32>("private"));
}

ByteArray<32> low_byte(std::uint8_t byte) {
  ByteArray<32> out{};
  out[0] = byte;
  return out;
}

TEST(X25519, AgreesAsTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/x25519.vec")) {
    const auto shared = agree(private_key(vector), vector.array<32>("public"));
    ASSERT_TRUE(shared.ok()) << vector.title;
    EXPECT_EQ(to_hex(shared->view()), vector.text("shared")) << vector.title;
  }
}

TEST(X25519, AgreesOnSomethingElseForDamagedKeys) {
  for (const VectorCase& vector : test::load_cases("crypto/x25519.vec")) {
    const auto peer = vector.array<32>("public");
    for (std::size_t bit = 0; bit < 255; ++bit) {  // bit 255 is masked (RFC 7748 5)
      auto damaged = peer;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
      const auto shared = agree(private_key(vector), damaged);
      if (shared.ok()) {
        EXPECT_NE(to_hex(shared->view()), vector.text("shared")) << vector.title << bit;
      }
    }
    for (std::size_t bit = 3; bit < 254; ++bit) {  // the other bits of a scalar are set by clamping
      auto damaged = vector.array<32>("private");
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
      EXPECT_NE(to_hex(agree(PrivateKey(damaged), peer)->view()), vector.text("shared")) << vector.title << bit;
    }
  }
}

TEST(X25519, IteratesAsRfc7748) {
  for (const VectorCase& vector : test::load_cases("crypto/x25519_iterated.vec")) {
    ByteArray<32> k = low_byte(9);
    ByteArray<32> u = k;
    for (std::uint64_t i = 0; i < vector.number("iterations"); ++i) {
      const auto next = agree(PrivateKey(k), u);
      ASSERT_TRUE(next.ok());
      u = k;
      k = next->array();
    }
    EXPECT_EQ(to_hex(k), vector.text("result")) << vector.title;
  }
}

TEST(X25519, RefusesLowOrderKeys) {
  SeededRandom random(1);
  for (const VectorCase& vector : test::load_cases("crypto/low_order.vec")) {
    const auto shared = agree(generate_key_pair(random).private_key, vector.array<32>("public"));
    ASSERT_FALSE(shared.ok()) << vector.title;
    EXPECT_EQ(shared.error().code, Errc::kUntrusted);
    EXPECT_EQ(shared.error().cause, Cause::kWeakKey);
  }
}

TEST(PublicKey, IsSoundWhereAScalarHasIt) {
  for (const VectorCase& vector : test::load_cases("crypto/x25519_keys.vec")) {
    auto key = vector.array<32>("public");
    EXPECT_TRUE(is_sound(key)) << vector.title;
    key[31] |= 0x80;  // masked in agreements (RFC 7748 5)
    EXPECT_FALSE(is_sound(key)) << vector.title;
  }
  for (const VectorCase& vector : test::load_cases("crypto/low_order.vec")) {
    EXPECT_FALSE(is_sound(vector.array<32>("public"))) << vector.title;
  }
  SeededRandom random(3);
  const KeyPair pair = generate_key_pair(random);
  int refused = 0;
  for (const VectorCase& vector : test::load_cases("crypto/wycheproof_x25519.vec")) {
    const auto key = vector.array<32>("public");
    if (is_sound(key)) {
      EXPECT_TRUE(agree(pair.private_key, key).ok()) << vector.title;
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10);
}

TEST(KeyPair, DerivesThePublicKeyOfEveryVector) {
  for (const VectorCase& vector : test::load_cases("crypto/x25519_keys.vec")) {
    EXPECT_EQ(to_hex(key_pair_from_private(private_key(vector)).public_key), vector.text("public")) << vector.title;
  }
}

TEST(KeyPair, DrawsExactlyOneScalarAndClampsIt) {
  ScriptedRandom random;
  random.add_repeated(0x11, 32);
  const KeyPair pair = generate_key_pair(random);
  EXPECT_EQ(random.remaining(), 0u);
  EXPECT_EQ(to_hex(pair.private_key.view()), "1011111111111111111111111111111111111111111111111111111111111151");
  EXPECT_EQ(to_hex(pair.public_key), "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13");
  const KeyPair copy = pair.copy();
  EXPECT_TRUE(equal(copy.private_key.view(), pair.private_key.view()));
  EXPECT_EQ(copy.public_key, pair.public_key);
}

TEST(KeyPair, ClampsAllOnes) {
  ByteArray<32> ones;
  ones.fill(0xFF);
  EXPECT_EQ(to_hex(key_pair_from_private(PrivateKey(ones)).private_key.view()),
            "f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
}

TEST(Xeddsa, VerifiesTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/xeddsa.vec")) {
    EXPECT_TRUE(xeddsa_verify(vector.array<32>("public"), vector.bytes("message"), vector.bytes("signature")))
        << vector.title;
  }
}

TEST(Xeddsa, SignsAsTheVectorsFromZeroRandomness) {
  int signed_vectors = 0;
  for (const VectorCase& vector : test::load_cases("crypto/xeddsa.vec")) {
    if (!vector.has("private")) continue;
    ScriptedRandom random;
    random.add_repeated(0, 64);
    EXPECT_EQ(to_hex(xeddsa_sign(private_key(vector), vector.bytes("message"), random)), vector.text("signature"))
        << vector.title;
    EXPECT_EQ(random.remaining(), 0u);
    ++signed_vectors;
  }
  EXPECT_EQ(signed_vectors, 3);
}

TEST(Xeddsa, RefusesEveryBitFlip) {
  for (const VectorCase& vector : test::load_cases("crypto/xeddsa.vec")) {
    const auto key = vector.array<32>("public");
    const Bytes message = vector.bytes("message");
    const Bytes signature = vector.bytes("signature");
    for (const Bytes& damaged : test::bit_flips(signature)) EXPECT_FALSE(xeddsa_verify(key, message, damaged));
    for (const Bytes& damaged : test::bit_flips(message)) EXPECT_FALSE(xeddsa_verify(key, damaged, signature));
    for (const Bytes& damaged : test::bit_flips(key)) {
      EXPECT_FALSE(xeddsa_verify(to_array<32>(damaged), message, signature));
    }
  }
}

TEST(Xeddsa, RefusesEveryOtherLength) {
  for (const VectorCase& vector : test::load_cases("crypto/xeddsa.vec")) {
    const auto key = vector.array<32>("public");
    const Bytes message = vector.bytes("message");
    const Bytes signature = vector.bytes("signature");
    for (const Bytes& damaged : test::truncations(signature)) EXPECT_FALSE(xeddsa_verify(key, message, damaged));
    for (const Bytes& damaged : test::truncations(message)) EXPECT_FALSE(xeddsa_verify(key, damaged, signature));
    EXPECT_FALSE(xeddsa_verify(key, message, concat({signature, Bytes(1)})));
    EXPECT_FALSE(xeddsa_verify(key, concat({message, Bytes(1)}), signature));
  }
}

TEST(Xeddsa, RefusesAnotherKey) {
  for (const VectorCase& vector : test::load_cases("crypto/xeddsa.vec")) {
    for (const VectorCase& other : test::load_cases("crypto/x25519_keys.vec")) {
      if (other.text("public") == vector.text("public")) continue;
      EXPECT_FALSE(xeddsa_verify(other.array<32>("public"), vector.bytes("message"), vector.bytes("signature")));
    }
  }
}

TEST(Xeddsa, RefusesAScalarRaisedByTheGroupOrder) {
  // L, little-endian (RFC 8032 5.1). S + L gives the same point: a second signature made by nobody.
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  for (const VectorCase& vector : test::load_cases("crypto/xeddsa.vec")) {
    Bytes signature = vector.bytes("signature");
    const std::uint8_t sign = signature[63] & 0x80;
    signature[63] &= 0x7F;
    for (int times = 1; times <= 7; ++times) {
      unsigned carry = 0;
      for (std::size_t i = 0; i < 32; ++i) {
        carry += signature[32 + i] + order[i];
        signature[32 + i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
      }
      ASSERT_EQ(signature[63] & 0x80, 0) << "the raised scalar must not reach the sign bit";
      Bytes raised = signature;
      raised[63] |= sign;
      EXPECT_FALSE(xeddsa_verify(vector.array<32>("public"), vector.bytes("message"), raised)) << vector.title << times;
    }
  }
}

TEST(Xeddsa, RefusesKeysForWhichAnybodyCouldSign) {
  // R = S*B with S = 1 verifies for a key of order 8 whenever the hash is a multiple of 8.
  const Bytes base_point = *from_hex("5866666666666666666666666666666666666666666666666666666666666666");
  const Bytes signature = concat({base_point, low_byte(1)});
  for (const VectorCase& vector : test::load_cases("crypto/low_order.vec")) {
    for (int i = 0; i < 64; ++i) {
      EXPECT_FALSE(xeddsa_verify(vector.array<32>("public"), as_bytes(std::to_string(i)), signature)) << vector.title;
    }
  }
}

TEST(Xeddsa, SignsWhatItVerifies) {
  SeededRandom random(2);
  int with_sign_bit = 0;
  for (int round = 0; round < 40; ++round) {
    const KeyPair pair = generate_key_pair(random);
    Bytes message(static_cast<std::size_t>(round) * 23);
    random.fill(message);
    const Signature first = xeddsa_sign(pair.private_key, message, random);
    const Signature second = xeddsa_sign(pair.private_key, message, random);
    EXPECT_NE(first, second);
    EXPECT_TRUE(xeddsa_verify(pair.public_key, message, first));
    EXPECT_TRUE(xeddsa_verify(pair.public_key, message, second));
    with_sign_bit += (first[63] & 0x80) != 0;
  }
  // Both signs of the Edwards key occur, so both were tried.
  EXPECT_GT(with_sign_bit, 0);
  EXPECT_LT(with_sign_bit, 40);
}

TEST(Xeddsa, ServesSeveralThreadsAtOnce) {
  const auto cases = test::load_cases("crypto/xeddsa.vec");
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int& mistakes : wrong) {
    threads.emplace_back([&cases, &mistakes] {
      for (int round = 0; round < 10; ++round) {
        for (const VectorCase& vector : cases) {
          mistakes += !xeddsa_verify(vector.array<32>("public"), vector.bytes("message"), vector.bytes("signature"));
          if (!vector.has("private")) continue;
          ScriptedRandom random;
          random.add_repeated(0, 64);
          const Signature signature = xeddsa_sign(private_key(vector), vector.bytes("message"), random);
          mistakes += to_hex(signature) != vector.text("signature");
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

}  // namespace
}  // namespace ponte::crypto
