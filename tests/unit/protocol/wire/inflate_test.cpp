#include "protocol/wire/inflate.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "support/vectors.h"

namespace ponte::protocol::wire {
namespace {

// Made by zlib 1.2.13 (Python).
const std::string kText = "abcabcabcabcabcabcabcabc hello";
const Bytes kZlib = from_hex("78da4b4c4a4ec4861432527372f201b0ed0b65").value();
const Bytes kGzip = from_hex("1f8b08000000000002034b4c4a4ec4861432527372f201c390837c1e000000").value();

TEST(Inflate, GivesTheContentOfOneStream) {
  EXPECT_EQ(to_text(inflate_zlib(kZlib, 100).value()), kText);
  EXPECT_EQ(to_text(inflate_gzip(kGzip, 100).value()), kText);
  EXPECT_TRUE(inflate_gzip(from_hex("1f8b080000000000000303000000000000000000").value(), 0)->empty());
}

TEST(Inflate, RefusesTheOtherContainer) {
  EXPECT_EQ(inflate_zlib(kGzip, 100).error().cause, Cause::kNodeMalformed);
  EXPECT_EQ(inflate_gzip(kZlib, 100).error().cause, Cause::kNodeMalformed);
}

TEST(Inflate, RefusesWhatIsDamagedCutOffOrFollowedByMore) {
  for (const Bytes& prefix : test::truncations(kGzip)) EXPECT_FALSE(inflate_gzip(prefix, 100).ok());
  for (const Bytes& prefix : test::truncations(kZlib)) EXPECT_FALSE(inflate_zlib(prefix, 100).ok());
  Bytes longer = kGzip;
  longer.push_back(0);
  EXPECT_FALSE(inflate_gzip(longer, 100).ok());
  // The checksum is behind the content.
  Bytes damaged = kGzip;
  damaged[damaged.size() - 8] ^= 1;
  EXPECT_FALSE(inflate_gzip(damaged, 100).ok());
}

TEST(Inflate, RefusesMoreThanItsLimit) {
  EXPECT_TRUE(inflate_gzip(kGzip, kText.size()).ok());
  const auto refused = inflate_gzip(kGzip, kText.size() - 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kNodeTooLarge);
}

}  // namespace
}  // namespace ponte::protocol::wire
