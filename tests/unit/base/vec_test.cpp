#include "base/vec.h"

#include <gtest/gtest.h>

namespace ponte {
namespace {

TEST(VecFile, KeepsLinesInOrderAndSkipsComments) {
  const auto file = VecFile::parse("# a comment\n key = 0102 \r\n\nkey=\nother = a = b\n");
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(file->lines().size(), 3U);
  EXPECT_EQ(file->lines()[0].value, "0102");
  EXPECT_EQ(file->lines()[0].number, 2U);
  EXPECT_EQ(file->lines()[1].value, "");
  EXPECT_EQ(file->lines()[2].value, "a = b");
  EXPECT_EQ(*file->bytes("key"), (Bytes{1, 2}));
}

TEST(VecFile, NamesTheLineThatIsNone) {
  for (const char* text : {"ok = 1\nno value\n", "= 1"}) {
    const auto file = VecFile::parse(text);
    ASSERT_FALSE(file.ok());
    EXPECT_EQ(file.error().code, Errc::kMalformed);
  }
  EXPECT_NE(VecFile::parse("a = 1\nb").error().message.find("line 2"), std::string::npos);
}

TEST(VecFile, SaysWhatIsMissing) {
  const auto file = VecFile::parse("a = zz");
  EXPECT_EQ(file->text("b").error().code, Errc::kNotFound);
  EXPECT_EQ(file->bytes("a").error().code, Errc::kMalformed);
  EXPECT_EQ(VecFile::load("/nonexistent.vec").error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace ponte
