#include "crypto/kdf.h"

#include "base/hex.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::VectorCase;

Bytes hkdf(ByteView key, ByteView salt, ByteView info, std::size_t size) {
  Bytes out(size);
  hkdf_sha256(key, salt, info, out);
  return out;
}

TEST(Hkdf, MatchesTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/hkdf.vec")) {
    const Bytes expected = vector.bytes("output");
    EXPECT_EQ(to_hex(hkdf(vector.bytes("key"), vector.bytes("salt"), vector.bytes("info"), expected.size())),
              vector.text("output"))
        << vector.title;
  }
}

TEST(Hkdf, ChangesWithEveryBitOfItsInputs) {
  for (const VectorCase& vector : test::load_cases("crypto/hkdf.vec")) {
    const Bytes key = vector.bytes("key");
    const Bytes salt = vector.bytes("salt");
    const Bytes info = vector.bytes("info");
    const Bytes expected = vector.bytes("output");
    for (const Bytes& other : test::bit_flips(key)) EXPECT_NE(hkdf(other, salt, info, expected.size()), expected);
    for (const Bytes& other : test::bit_flips(salt)) EXPECT_NE(hkdf(key, other, info, expected.size()), expected);
    for (const Bytes& other : test::bit_flips(info)) EXPECT_NE(hkdf(key, salt, other, expected.size()), expected);
  }
}

TEST(Hkdf, GivesTheSameBeginningForEveryLength) {
  const Bytes longest = hkdf(as_bytes("key"), as_bytes("salt"), as_bytes("info"), 255 * 32);
  for (const std::size_t size : {1u, 31u, 32u, 33u, 64u, 65u, 8159u}) {
    const Bytes shorter = hkdf(as_bytes("key"), as_bytes("salt"), as_bytes("info"), size);
    EXPECT_TRUE(equal(shorter, ByteView(longest).first(size))) << size;
  }
}

TEST(Hkdf, TakesAnEmptySaltForZeros) {
  EXPECT_EQ(hkdf(as_bytes("key"), {}, {}, 32), hkdf(as_bytes("key"), Bytes(32), {}, 32));
}

TEST(Pbkdf2, MatchesTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/pbkdf2.vec")) {
    const auto key = pbkdf2_sha256(vector.bytes("password"), vector.bytes("salt"),
                                   static_cast<unsigned>(vector.number("iterations")));
    EXPECT_EQ(to_hex(key.view()), vector.text("key")) << vector.title;
  }
}

TEST(Pbkdf2, ChangesWithEveryBitOfPasswordAndSaltAndWithTheCount) {
  const VectorCase vector = test::load_cases("crypto/pbkdf2.vec").at(0);
  const Bytes password = vector.bytes("password");
  const Bytes salt = vector.bytes("salt");
  ASSERT_EQ(vector.number("iterations"), 1u);
  const auto expect_other = [&](ByteView other_password, ByteView other_salt, unsigned iterations) {
    EXPECT_NE(to_hex(pbkdf2_sha256(other_password, other_salt, iterations).view()), vector.text("key"));
  };
  for (const Bytes& other : test::bit_flips(password)) expect_other(other, salt, 1);
  for (const Bytes& other : test::bit_flips(salt)) expect_other(password, other, 1);
  for (const Bytes& other : test::truncations(password)) expect_other(other, salt, 1);
  expect_other(password, salt, 2);
}

}  // namespace
}  // namespace ponte::crypto
