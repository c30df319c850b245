#include "net/proxy.h"

#include <gtest/gtest.h>

namespace ponte::net {
namespace {

TEST(Proxy, ParsesItsParts) {
  struct Row {
    const char* url;
    Proxy proxy;
  };
  const Row rows[] = {
      {"http://proxy.example:3128", {ProxyProtocol::kHttp, "proxy.example", 3128}},
      {"HTTPS://Proxy.Example:443/", {ProxyProtocol::kHttps, "proxy.example", 443}},
      {"socks5://10.0.0.1:1080", {ProxyProtocol::kSocks5, "10.0.0.1", 1080}},
      {"socks5h://[2001:db8::1]:1080", {ProxyProtocol::kSocks5, "2001:db8::1", 1080}},
      {"http://bob@host:1", {ProxyProtocol::kHttp, "host", 1, "bob"}},
      {"http://bob:@host:1", {ProxyProtocol::kHttp, "host", 1, "bob"}},
      {"http://:token@host:1", {ProxyProtocol::kHttp, "host", 1, "", ProxyPassword("token")}},
      {"http://bob:pa:ss@host:1", {ProxyProtocol::kHttp, "host", 1, "bob", ProxyPassword("pa:ss")}},
      {"socks5://b%6Fb%3a:p%40ss%2Fw%25%C3%A9@host:65535",
       {ProxyProtocol::kSocks5, "host", 65535, "bob:", ProxyPassword("p@ss/w%\xC3\xA9")}},
  };
  for (const Row& row : rows) {
    const auto proxy = Proxy::parse(row.url);
    ASSERT_TRUE(proxy.ok()) << row.url << ": " << proxy.error().message;
    EXPECT_EQ(*proxy, row.proxy) << row.url;
    EXPECT_TRUE(proxy->allow_private);
  }
}

TEST(Proxy, RefusesTheRestWithoutRepeatingIt) {
  for (const char* url :
       {"", "secret", "secret@host:80", "bob:secret@host:80", "socks4://bob:secret@host:80", "ftp://bob:secret@host:80",
        "://bob:secret@host:80", "http:///bob:secret@host:80", "http://bob:secret@host", "http://bob:secret@host:0",
        "http://bob:secret@host:65536", "http://bob:secret@:80", "http://bob:secret@host:80/path",
        "http://bob:secret@host:80//", "http://bob:secret@host:80?query", "http://bob:secret@host:80#fragment",
        "http://bob:secret@ho st:80", "http://bob:secret@[::1:80", "http://bob:secret/@host:80",
        "http://bob:secret@@host:80", "http://bob:secret#@host:80", "http://bob:secret?@host:80",
        "http://bob:secret @host:80", "http://bob:secret\xC3\xA9@host:80", "http://bob:secret%@host:80",
        "http://bob:secret%4@host:80", "http://bob:secret%4g@host:80", "http://bob:secret%0d%0aX:y@host:80",
        "http://bo%00b:secret@host:80", "http://b%3Ab:secret@host:80", "socks5://:secret@host:80",
        "socks5://bob:sec%00ret@host:80",
        // A slash that was not encoded: the port is a part of the password.
        "http://bob:secret/pass@host:80"}) {
    const auto proxy = Proxy::parse(url);
    ASSERT_FALSE(proxy.ok()) << url;
    EXPECT_EQ(proxy.error().code, Errc::kInvalidArgument) << url;
    EXPECT_EQ(proxy.error().cause, Cause::kInvalidProxy) << url;
    EXPECT_EQ(proxy.error().message.find("secret"), std::string::npos) << proxy.error().message;
    EXPECT_EQ(proxy.error().message.find("bob"), std::string::npos) << proxy.error().message;
  }
}

TEST(Proxy, ChecksLengths) {
  Proxy proxy{ProxyProtocol::kSocks5, "host", 1080, std::string(255, 'u'), ProxyPassword(std::string(255, 'p'))};
  EXPECT_TRUE(proxy.check().ok());
  proxy.username += 'u';
  ASSERT_FALSE(proxy.check().ok());
  EXPECT_NE(proxy.check().error().message.find("256 and 255"), std::string::npos);
  proxy.username = "u";
  proxy.password = ProxyPassword(std::string(256, 'p'));
  EXPECT_FALSE(proxy.check().ok());
  proxy.protocol = ProxyProtocol::kHttp;
  EXPECT_TRUE(proxy.check().ok());
  proxy.password = ProxyPassword(std::string(1025, 'p'));
  EXPECT_FALSE(proxy.check().ok());
}

TEST(Proxy, ChecksHostAndPort) {
  for (const auto& [host, port] :
       {std::pair<const char*, std::uint16_t>{"", 1}, {"host", 0}, {"ho\nst", 1}, {"a:1", 1}}) {
    const Status status = Proxy{ProxyProtocol::kHttp, host, port}.check();
    ASSERT_FALSE(status.ok()) << host;
    EXPECT_EQ(status.error().cause, Cause::kInvalidProxy);
  }
  EXPECT_TRUE((Proxy{ProxyProtocol::kHttp, "::1", 1}.check().ok()));
}

TEST(Proxy, WritesItselfWithoutCredentials) {
  EXPECT_EQ((Proxy{ProxyProtocol::kSocks5, "::1", 1080, "bob", ProxyPassword("secret")}.to_string()),
            "socks5://[::1]:1080");
  EXPECT_EQ((Proxy{ProxyProtocol::kHttps, "host", 443}.to_string()), "https://host:443");
}

TEST(Proxy, DiffersInEveryPart) {
  const Proxy proxy{ProxyProtocol::kHttp, "host", 1, "bob", ProxyPassword("secret"), true};
  const Proxy copy = proxy;
  EXPECT_EQ(copy, proxy);
  for (const auto change :
       {+[](Proxy& p) { p.protocol = ProxyProtocol::kHttps; }, +[](Proxy& p) { p.host = "other"; },
        +[](Proxy& p) { p.port = 2; }, +[](Proxy& p) { p.username = "eve"; },
        +[](Proxy& p) { p.password = ProxyPassword("secreT"); }, +[](Proxy& p) { p.allow_private = false; }}) {
    Proxy changed = proxy;
    change(changed);
    EXPECT_NE(changed, proxy);
  }
}

TEST(Proxy, ItsPasswordMovesAndCopies) {
  ProxyPassword password("secret");
  ProxyPassword copy;
  copy = password;
  EXPECT_EQ(copy, password);
  ProxyPassword moved = std::move(password);
  EXPECT_EQ(moved.view(), "secret");
  copy = std::move(moved);
  EXPECT_EQ(copy.view(), "secret");
}

TEST(Proxy, KeepsWhatIsAlreadySaidOfAProxy) {
  const Proxy proxy{ProxyProtocol::kHttp, "host", 1};
  const Error refused = proxy_unreachable(proxy, {Errc::kRejected, Cause::kProxyRefused, "no"});
  EXPECT_EQ(refused.cause, Cause::kProxyRefused);
  EXPECT_EQ(refused.message, "no");
  const Error unreachable = proxy_unreachable(proxy, {Errc::kTimedOut, Cause::kNetworkTimeout, "silence"});
  EXPECT_EQ(unreachable.code, Errc::kTimedOut);
  EXPECT_EQ(unreachable.cause, Cause::kProxyUnreachable);
  EXPECT_EQ(unreachable.message, "proxy http://host:1 cannot be used: silence");
}

}  // namespace
}  // namespace ponte::net
