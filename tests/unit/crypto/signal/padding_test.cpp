#include "crypto/signal/padding.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "support/scripted_random.h"

namespace ponte::crypto {
namespace {

using test::ScriptedRandom;

TEST(Padding, HasOneToSixteenBytesByTheLowBitsOfOneDraw) {
  for (unsigned drawn = 0; drawn < 256; ++drawn) {
    ScriptedRandom random;
    random.add_repeated(static_cast<std::uint8_t>(drawn), 1);
    const Bytes padded = pad(as_bytes("text"), random);
    const std::size_t count = (drawn & 0x0F) + 1;
    ASSERT_EQ(padded.size(), 4 + count);
    EXPECT_EQ(padded.back(), count);
    const auto back = unpad(padded);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(as_text(*back), "text");
    EXPECT_EQ(random.remaining(), 0u);
  }
}

TEST(Padding, TakesNothingForAPlaintext) {
  ScriptedRandom random;
  random.add_repeated(0xFF, 1);
  const Bytes padded = pad({}, random);
  EXPECT_EQ(padded, Bytes(16, 16));
  EXPECT_TRUE(unpad(padded)->empty());
}

TEST(Padding, RefusesWhatPadDoesNotMake) {
  for (const char* hex : {"", "00", "02", "0102", "010203", "11", "41424303", "0303", "030203", "020303", "ff",
                          "1111111111111111111111111111111111", "10101010101010101010101010101010ff",
                          "0f101010101010101010101010101010", "00000000"}) {
    const Bytes bytes = *from_hex(hex);
    const auto unpadded = unpad(bytes);
    ASSERT_FALSE(unpadded.ok()) << hex;
    EXPECT_EQ(unpadded.error().code, Errc::kMalformed);
    EXPECT_EQ(unpadded.error().cause, Cause::kSignalPadding);
  }
}

TEST(Padding, LeavesWhatStandsBeforeIt) {
  EXPECT_EQ(to_hex(*unpad(*from_hex("0101"))), "01");
  EXPECT_EQ(to_hex(*unpad(*from_hex("02020202"))), "0202");
  EXPECT_EQ(to_hex(*unpad(*from_hex("0a0b030303"))), "0a0b");
}

}  // namespace
}  // namespace ponte::crypto
