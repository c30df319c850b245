#include "instance/recipient.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ponte::instance {
namespace {

using ::testing::ElementsAre;

std::string parsed(std::string_view text) {
  const auto jid = parse_recipient(text);
  return jid ? jid->to_string() : "";
}

TEST(Recipient, IsANumberHoweverItIsWritten) {
  for (const char* text :
       {"5511999999999", "+5511999999999", "+55 11 99999-9999", " 55 (11) 99999 9999 ", "\t5511999999999"}) {
    EXPECT_EQ(parsed(text), "5511999999999@s.whatsapp.net") << text;
  }
  EXPECT_EQ(parsed("1234567"), "1234567@s.whatsapp.net");
  EXPECT_EQ(parsed("123456789012345"), "123456789012345@s.whatsapp.net");
}

TEST(Recipient, IsAnAddressWithoutDevice) {
  EXPECT_EQ(parsed("5511999999999@s.whatsapp.net"), "5511999999999@s.whatsapp.net");
  EXPECT_EQ(parsed("5511999999999:7@s.whatsapp.net"), "5511999999999@s.whatsapp.net");
  EXPECT_EQ(parsed("5511999999999@c.us"), "5511999999999@s.whatsapp.net");
  EXPECT_EQ(parsed("222000000000000:3@lid"), "222000000000000@lid");
  EXPECT_EQ(parsed("120363000000000001@g.us"), "120363000000000001@g.us");
  EXPECT_EQ(parsed("5511999999999-1600000000@g.us"), "5511999999999-1600000000@g.us");
}

TEST(Recipient, AnythingElseIsNone) {
  for (const char* text : {"",
                           " ",
                           "+",
                           "123456",
                           "1234567890123456",
                           "0551199999999",
                           "55119999x9999",
                           "5511999999999\n",
                           "5511.999999999",
                           "@s.whatsapp.net",
                           "abc@s.whatsapp.net",
                           "123@s.whatsapp.net",
                           "0123456789@s.whatsapp.net",
                           "x@lid",
                           "@lid",
                           "@g.us",
                           "a@g.us",
                           "1-@g.us",
                           "-1@g.us",
                           "1-2-3@g.us",
                           "status@broadcast",
                           "1@newsletter",
                           "1@bot",
                           "5511999999999@s.whatsapp.net@x",
                           "5511999999999@",
                           "5511999999999@evil.example",
                           "5511999999999:70000@s.whatsapp.net"}) {
    EXPECT_EQ(parsed(text), "") << text;
  }
  EXPECT_EQ(parsed(std::string(100, '1') + "@g.us"), "");
  EXPECT_EQ(parsed(std::string("5511999999999\0", 14)), "");
  EXPECT_EQ(parsed("\xD9\xA5\xD9\xA5\xD9\xA1\xD9\xA1\xD9\xA9\xD9\xA9\xD9\xA9"), "") << "digits of another script";
}

TEST(Recipient, ABrazilianMobileIsWrittenInTwoWays) {
  EXPECT_THAT(number_variants("5511999999999"), ElementsAre("5511999999999", "551199999999"));
  EXPECT_THAT(number_variants("551188887777"), ElementsAre("551188887777", "5511988887777"));
  EXPECT_THAT(number_variants("551132345678"), ElementsAre("551132345678")) << "a landline";
  EXPECT_THAT(number_variants("491701234567"), ElementsAre("491701234567"));
}

TEST(PhoneDigits, AreReadAsTheContractDoes) {
  EXPECT_EQ(phone_digits("+55 (11) 91234-5678"), "5511912345678");
  for (const char* wrong : {"", "123456", "0123456789", "1234567890123456", "55 11 x", "+"}) {
    EXPECT_FALSE(phone_digits(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace ponte::instance
