#include "protocol/session/config.h"

#include <gtest/gtest.h>

namespace ponte::protocol {
namespace {

std::string found(std::string_view page) {
  const auto version = ClientVersion::in_page(page);
  return version ? version->to_string() : "none";
}

TEST(ClientVersion, IsFoundInARealPage) {
  // Of web.whatsapp.com/sw.js (wire: pairing.md 14).
  EXPECT_EQ(
      found(R"(\"SiteData\":{\"server_revision\":1026131876,\"client_revision\":1026131876,\"push_phase\":\"C3\",)"),
      "2.3000.1026131876");
}

TEST(ClientVersion, IsFoundHoweverItIsQuoted) {
  EXPECT_EQ(found(R"({"client_revision":1035194821,"x":1})"), "2.3000.1035194821");
  EXPECT_EQ(found("client_revision: 1045649367"), "2.3000.1045649367");
  EXPECT_EQ(found("'client_revision' : 7"), "2.3000.7");
}

TEST(ClientVersion, IsNotFoundWhereThereIsNone) {
  for (const char* page :
       {"", "client_revision", "client_revision\":", "client_revision\":\"abc\"", "client_revision 5",
        "client_revision\":-5", "client_revision\":0", "client_revision\":4294967296", "server_revision\":5"}) {
    EXPECT_EQ(found(page), "none") << page;
  }
  EXPECT_EQ(found("client_revision:x client_revision:8"), "2.3000.8") << "the first that is a number";
}

TEST(ClientVersion, IsReadAndWritten) {
  EXPECT_EQ(ClientVersion::parse("2.3000.1045649367")->to_string(), "2.3000.1045649367");
  for (const char* wrong :
       {"", "2.3000", "2.3000.1.2", "2.3000.x", "2..1", "-2.3000.1", "2.3000.4294967296", " 2.3.4"}) {
    EXPECT_FALSE(ClientVersion::parse(wrong).ok()) << wrong;
  }
  EXPECT_LT(*ClientVersion::parse("2.3000.9"), *ClientVersion::parse("2.3000.10"));
}

}  // namespace
}  // namespace ponte::protocol
