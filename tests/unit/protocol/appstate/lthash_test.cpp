#include "protocol/appstate/lthash.h"

#include "base/hex.h"
#include "support/scripted_random.h"
#include "support/vectors.h"

namespace ponte::protocol::appstate {
namespace {

Mac repeated(std::uint8_t byte) {
  Mac mac;
  mac.fill(byte);
  return mac;
}

TEST(LtHash, MatchesTheVectors) {
  const VecFile file = test::load_vectors("appstate/collection.vec");
  LtHash hash;
  hash.add(repeated(1));
  EXPECT_EQ(to_hex(hash.bytes()), test::vector_text(file, "hash_of_01"));
  hash.add(repeated(2));
  EXPECT_EQ(to_hex(hash.bytes()), test::vector_text(file, "hash_of_01_02"));
  hash.subtract(repeated(2));
  EXPECT_EQ(to_hex(hash.bytes()), test::vector_text(file, "hash_of_01"));
  hash.subtract(repeated(1));
  EXPECT_EQ(hash, LtHash());
}

TEST(LtHash, DoesNotDependOnTheOrder) {
  LtHash forward;
  LtHash backward;
  for (int i = 0; i < 50; ++i) forward.add(repeated(static_cast<std::uint8_t>(i)));
  for (int i = 50; i-- > 0;) backward.add(repeated(static_cast<std::uint8_t>(i)));
  EXPECT_EQ(forward, backward);
  LtHash through_what_is_gone;
  through_what_is_gone.subtract(repeated(60));
  for (int i = 0; i < 50; ++i) through_what_is_gone.add(repeated(static_cast<std::uint8_t>(i)));
  through_what_is_gone.add(repeated(60));
  EXPECT_EQ(through_what_is_gone, forward);
}

TEST(LtHash, WrapsInEachLaneWithoutACarryIntoTheNext) {
  LtHash term;
  term.add(repeated(1));
  for (std::size_t lane = 0; lane < LtHash::kSize; lane += 2) {
    // The lane is one short of wrapping when the term is added, and comes back when it is taken away.
    ByteArray<LtHash::kSize> start{};
    const int value = term.bytes()[lane] | term.bytes()[lane + 1] << 8;
    const int before = 0x10000 - value;
    start[lane] = static_cast<std::uint8_t>(before);
    start[lane + 1] = static_cast<std::uint8_t>(before >> 8);
    LtHash hash(start);
    hash.add(repeated(1));
    ByteArray<LtHash::kSize> expected = term.bytes();
    expected[lane] = 0;
    expected[lane + 1] = 0;
    EXPECT_EQ(to_hex(hash.bytes()), to_hex(expected)) << lane;
    hash.subtract(repeated(1));
    EXPECT_EQ(hash, LtHash(start)) << lane;
  }
}

}  // namespace
}  // namespace ponte::protocol::appstate
