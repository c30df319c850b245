#include "crypto/passphrase.h"

#include <gtest/gtest.h>

namespace ponte::crypto {
namespace {

constexpr PassphraseCost kCheap{1, 64};
constexpr PassphraseSalt kSalt{1, 2, 3};

Bytes key(std::string_view passphrase, const PassphraseSalt& salt = kSalt, const PassphraseCost& cost = kCheap) {
  const auto made = key_of_passphrase(as_bytes(passphrase), salt, cost);
  EXPECT_TRUE(made.ok());
  return made.ok() ? to_bytes(made->view()) : Bytes();
}

TEST(Passphrase, GivesTheSameKeyForTheSameAndNoneOtherForAnythingElse) {
  const Bytes first = key("correct horse");
  EXPECT_EQ(key("correct horse"), first);
  EXPECT_NE(key("correct horse "), first);
  EXPECT_NE(key("correct horse", {1, 2, 4}), first);
  EXPECT_NE(key("correct horse", kSalt, {2, 64}), first);
  EXPECT_NE(key("correct horse", kSalt, {1, 65}), first);
}

TEST(Passphrase, RefusesACostThatIsADemand) {
  for (const PassphraseCost cost : {PassphraseCost{0, 64}, PassphraseCost{17, 64}, PassphraseCost{1, 7},
                                    PassphraseCost{1, 1024 * 1024 + 1}, PassphraseCost{0xFFFF'FFFF, 0xFFFF'FFFF}}) {
    const auto made = key_of_passphrase(as_bytes("correct horse"), kSalt, cost);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, Errc::kMalformed);
    EXPECT_NE(made.error().message.find(std::to_string(cost.memory_kib)), std::string::npos);
  }
}

}  // namespace
}  // namespace ponte::crypto
