#include "protocol/appstate/index.h"

#include <gtest/gtest.h>

namespace ponte::protocol::appstate {
namespace {

using Parts = std::vector<std::string>;

TEST(AppStateIndex, IsWrittenAsOthersWriteIt) {
  EXPECT_EQ(write_index({"mute", "4915@s.whatsapp.net"}), R"(["mute","4915@s.whatsapp.net"])");
  // As JSON.stringify writes it: '/' and what is above ASCII stand as they are.
  EXPECT_EQ(write_index({"a/b", "\"\\\n\x01", "<é\u2028>"}), "[\"a/b\",\"\\\"\\\\\\n\\u0001\",\"<é\u2028>\"]");
  EXPECT_EQ(write_index({"\xFF"}), "[\"\uFFFD\"]");
}

TEST(AppStateIndex, ComesBack) {
  for (const Parts& parts : {Parts{"a"}, Parts{"", ""}, Parts{"star", "1@g.us", "3EB0", "1", "0"}, Parts{"é\"/\\"}}) {
    const auto read = parse_index(write_index(parts));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, parts);
  }
  EXPECT_EQ(parse_index(" [ \"a\" , \"\\u00e9\" ] ").value(), (Parts{"a", "é"}));
}

TEST(AppStateIndex, RefusesWhatIsNoArrayOfStrings) {
  for (const std::string json : {"", "[", "[]", "{}", "\"a\"", "[1]", "[\"a\",null]", "[[\"a\"]]", "[\"a\"]x",
                                 "[\"a\",]", "['a']", "[\"\xFF\"]", "[\"a\"", "// c\n[\"a\"]"}) {
    const auto read = parse_index(json);
    ASSERT_FALSE(read.ok()) << json;
    EXPECT_EQ(read.error().cause, Cause::kProtobufMalformed);
  }
  EXPECT_TRUE(parse_index("[\"" + std::string(4092, 'a') + "\"]").ok());
  EXPECT_FALSE(parse_index("[\"" + std::string(4093, 'a') + "\"]").ok());
  EXPECT_FALSE(parse_index(std::string(4096, '[')).ok());
}

}  // namespace
}  // namespace ponte::protocol::appstate
