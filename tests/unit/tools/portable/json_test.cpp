#include "portable/json.h"

#include <gtest/gtest.h>

namespace ponte::portable {
namespace {

std::string bytes(std::string_view text) {
  const WipedJson json(as_bytes(text));
  const auto out = bytes_of(json.value());
  return out ? to_text(out->view()) : "none";
}

TEST(PortableJson, ReadsBytesInEveryWayTheyAreWritten) {
  EXPECT_EQ(bytes(R"("YWJj")"), "abc");
  EXPECT_EQ(bytes(R"({"type":"Buffer","data":"YWJj"})"), "abc");
  EXPECT_EQ(bytes(R"({"type":"Buffer","data":[97,98,99]})"), "abc");
  EXPECT_EQ(bytes(R"([97,98,99])"), "abc");
  EXPECT_EQ(bytes(R"({"0":97,"1":98,"2":99})"), "abc");
}

TEST(PortableJson, TakesNothingElseForBytes) {
  for (const std::string_view text :
       {R"("YWJ")", R"("a b")", R"({"type":"Buffer"})", R"({"type":"Blob","data":"YWJj"})", "[256]", "[-1]", "[1.5]",
        R"(["a"])", R"({"0":1,"2":3})", R"({"1":1,"0":3})", "null", "7", "true"})
    EXPECT_EQ(bytes(text), "none") << text;
}

TEST(PortableJson, ReadsNumbersOfAnySpelling) {
  const auto number = [](std::string_view text) { return long_of(WipedJson(as_bytes(text)).value()); };
  EXPECT_EQ(number("1690000000"), 1690000000);
  EXPECT_EQ(number(R"("1690000000")"), 1690000000);
  EXPECT_EQ(number(R"({"low":1690000000,"high":0,"unsigned":true})"), 1690000000);
  EXPECT_EQ(number(R"({"low":-1,"high":1,"unsigned":false})"), 0x1FFFFFFFF);
  for (const std::string_view text : {R"("")", R"("1x")", "1.5", "{}", "null", "[]"})
    EXPECT_FALSE(number(text)) << text;
  EXPECT_FALSE(number_of(WipedJson(as_bytes("4294967296")).value()));
  EXPECT_FALSE(number_of(WipedJson(as_bytes("18446744073709551615")).value()));
  EXPECT_FALSE(number_of(WipedJson(as_bytes("-1")).value()));
  EXPECT_EQ(number_of(WipedJson(as_bytes("4294967295")).value()), 0xFFFFFFFFu);
}

TEST(PortableJson, SurvivesNestingWithoutEnd) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_TRUE(WipedJson(as_bytes(deep)).ok());
  EXPECT_FALSE(WipedJson(as_bytes(std::string(200'000, '['))).ok());
}

}  // namespace
}  // namespace ponte::portable
