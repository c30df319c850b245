#include "crypto/compare.h"

#include "support/vectors.h"

namespace ponte::crypto {
namespace {

TEST(EqualConstantTime, TellsEqualFromDamaged) {
  const Bytes secret = to_bytes("0123456789abcdef");
  EXPECT_TRUE(equal_constant_time(secret, Bytes(secret)));
  EXPECT_TRUE(equal_constant_time({}, {}));
  for (const Bytes& other : test::bit_flips(secret)) EXPECT_FALSE(equal_constant_time(secret, other));
  for (const Bytes& other : test::truncations(secret)) {
    EXPECT_FALSE(equal_constant_time(secret, other));
    EXPECT_FALSE(equal_constant_time(other, secret));
  }
}

}  // namespace
}  // namespace ponte::crypto
