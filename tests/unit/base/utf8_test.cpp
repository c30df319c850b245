#include "base/utf8.h"

#include <gtest/gtest.h>

namespace ponte {
namespace {

using namespace std::string_literals;

TEST(Utf8, LeavesTextAlone) {
  for (const std::string& text :
       {""s, "plain"s, "caf\u00e9"s, "\u2713 \U0001F600"s, "\xEF\xBF\xBD"s, "\xF4\x8F\xBF\xBF"s, "line\nbreak\t"s}) {
    EXPECT_EQ(clean_utf8(text), text);
  }
}

/// Unicode 3.9, table 3-8 and the examples around it.
TEST(Utf8, ReplacesEachMaximalPartOnce) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(clean_utf8("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
            "a" + r + r + r + "b" + r + "c" + r + r + "d");
  EXPECT_EQ(clean_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), r + r + r + r + r + r + r + r + "A")
      << "overlong forms";
  EXPECT_EQ(clean_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), r + r + r + r + r + r + r + r + "A") << "surrogates";
  EXPECT_EQ(clean_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), r + r + r + r + r + "A" + r + r + "B")
      << "beyond U+10FFFF";
  EXPECT_EQ(clean_utf8("\xE1\x80"), r) << "the end comes too early";
}

TEST(Utf8, ReplacesNulsAndGoesOnBehindThem) {
  EXPECT_EQ(clean_utf8("a\0b"s),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(clean_utf8("\0"s), "\xEF\xBF\xBD");
}

TEST(Utf8, CutsBetweenCharacters) {
  const std::string text = "a\u00e9\u2713\U0001F600z";
  EXPECT_EQ(utf8_prefix(text, 100), text);
  EXPECT_EQ(utf8_prefix(text, text.size()), text);
  EXPECT_EQ(utf8_prefix(text, 10), "a\u00e9\u2713\U0001F600");
  for (std::size_t most = 6; most < 10; ++most) EXPECT_EQ(utf8_prefix(text, most), "a\u00e9\u2713") << most;
  EXPECT_EQ(utf8_prefix(text, 2), "a");
  EXPECT_EQ(utf8_prefix(text, 0), "");
}

}  // namespace
}  // namespace ponte
