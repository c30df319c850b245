#include "crypto/system_random.h"

#include <set>

#include "base/hex.h"
#include "support/scripted_random.h"
#include "support/vector_cases.h"

namespace ponte::crypto {
namespace {

using test::ScriptedRandom;
using test::VectorCase;

TEST(SystemRandom, FillsAllBytes) {
  SystemRandom random;
  Bytes joined(257);
  for (int round = 0; round < 64; ++round) {
    Bytes drawn(joined.size());
    random.fill(drawn);
    for (std::size_t i = 0; i < drawn.size(); ++i) joined[i] |= drawn[i];
  }
  // 64 draws set every bit of every byte, but for a chance of 2^-53.
  EXPECT_EQ(joined, Bytes(257, 0xFF));
  random.fill({});
}

TEST(ExpandSeed, MatchesTheVectors) {
  for (const VectorCase& vector : test::load_cases("crypto/seed.vec")) {
    Bytes out(vector.bytes("stream").size());
    expand_seed(vector.array<32>("seed"), out);
    EXPECT_EQ(to_hex(out), vector.text("stream")) << vector.title;
  }
}

TEST(ExpandSeed, GivesAPrefixForEveryLength) {
  const VectorCase vector = test::load_cases("crypto/seed.vec").at(0);
  for (const Bytes& prefix : test::truncations(vector.bytes("stream"))) {
    Bytes out(prefix.size());
    expand_seed(vector.array<32>("seed"), out);
    EXPECT_EQ(out, prefix);
  }
}

TEST(ExpandSeed, GivesAnotherStreamForEveryOtherSeed) {
  const VectorCase vector = test::load_cases("crypto/seed.vec").at(0);
  for (const Bytes& seed : test::bit_flips(vector.bytes("seed"))) {
    Bytes out(vector.bytes("stream").size());
    expand_seed(to_array<32>(seed), out);
    EXPECT_NE(to_hex(out), vector.text("stream"));
  }
}

TEST(Uuid, HasTheLayoutOfVersion4) {
  ScriptedRandom random;
  random.add_repeated(0xFF, 16);
  EXPECT_EQ(uuid_v4(random), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  EXPECT_EQ(random.remaining(), 0u);
  random.add_repeated(0x00, 16);
  EXPECT_EQ(uuid_v4(random), "00000000-0000-4000-8000-000000000000");
}

TEST(Uuid, HasTheLayoutOfVersion7) {
  // RFC 9562 A.6: 2022-02-22T19:22:22Z.
  ScriptedRandom random(*from_hex("0000000000000cc318c4dc0c0c07398f"));
  EXPECT_EQ(uuid_v7(random, 1'645'557'742'000), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(Uuid, OrdersVersion7ByTime) {
  SystemRandom random;
  EXPECT_LT(uuid_v7(random, 1'750'000'000'000), uuid_v7(random, 1'750'000'000'001));
}

TEST(Uuid, DoesNotRepeat) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(uuid_v4(random));
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace ponte::crypto
