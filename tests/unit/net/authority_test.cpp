#include "net/authority.h"

#include <gtest/gtest.h>

namespace ponte::net {
namespace {

TEST(Authority, ParsesHostsAndPorts) {
  struct Row {
    const char* text;
    const char* host;
    std::optional<std::uint16_t> port;
  };
  const Row rows[] = {
      {"Host.Example", "host.example", std::nullopt}, {"host:1", "host", 1},    {"10.0.0.1:65535", "10.0.0.1", 65535},
      {"[2001:DB8::1]", "2001:DB8::1", std::nullopt}, {"[::1]:080", "::1", 80}, {"a_b-c.:443", "a_b-c.", 443},
  };
  for (const Row& row : rows) {
    const auto authority = parse_authority(row.text);
    ASSERT_TRUE(authority.ok()) << row.text << ": " << authority.error().message;
    EXPECT_EQ(authority->host, row.host);
    EXPECT_EQ(authority->port, row.port);
  }
}

TEST(Authority, RefusesTheRestWithoutRepeatingIt) {
  for (const std::string& text : {std::string(),
                                  std::string(":80"),
                                  std::string("ho st"),
                                  std::string("h\xC3\xB6st"),
                                  std::string("user@host"),
                                  std::string("host:"),
                                  std::string("host:0"),
                                  std::string("host:65536"),
                                  std::string("host:secret"),
                                  std::string("host:-1"),
                                  std::string("host:+1"),
                                  std::string("host:80 "),
                                  std::string("host:1:2"),
                                  std::string("::1"),
                                  std::string("[::1"),
                                  std::string("[::1]80"),
                                  std::string("[nonsense]:1"),
                                  std::string("[]:1"),
                                  std::string("host\0.example", 13),
                                  std::string(254, 'a')}) {
    const auto authority = parse_authority(text);
    ASSERT_FALSE(authority.ok()) << text;
    EXPECT_EQ(authority.error().code, Errc::kInvalidArgument) << text;
    EXPECT_EQ(authority.error().message.find("secret"), std::string::npos);
  }
}

TEST(Authority, PutsIpv6IntoBrackets) {
  EXPECT_EQ(format_authority("host", 80), "host:80");
  EXPECT_EQ(format_authority("::1", 443), "[::1]:443");
}

}  // namespace
}  // namespace ponte::net
