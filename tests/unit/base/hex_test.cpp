#include "base/hex.h"

#include <gtest/gtest.h>

namespace ponte {
namespace {

TEST(Hex, WritesLowerCaseAndReadsBoth) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0xAB, 0xFF}), "00abff");
  EXPECT_EQ(*from_hex("00abFF"), (Bytes{0x00, 0xAB, 0xFF}));
  EXPECT_EQ(*from_hex(""), Bytes{});
}

TEST(Hex, RefusesOddLengthsAndForeignCharactersByTheirPlace) {
  EXPECT_EQ(from_hex("abc").error().code, Errc::kMalformed);
  for (const char* text : {"0g", "g0", " 0", "0x12", "\xC3\xA9"}) EXPECT_FALSE(from_hex(text).ok()) << text;
  EXPECT_NE(from_hex("00zz").error().message.find("offset 2"), std::string::npos);
}

}  // namespace
}  // namespace ponte
