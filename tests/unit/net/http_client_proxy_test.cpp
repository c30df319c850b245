#include <gtest/gtest.h>

#include "net/http_client.h"
#include "support/net/http_server.h"
#include "support/net/test_proxy.h"

namespace ponte::net {
namespace {

using test::expect_error;
using test::fetch;
using test::HttpServer;
using test::IssuedCertificate;
using test::kOk;
using test::RawConnection;
using test::RawServer;
using test::TemporaryFile;
using test::TestAuthority;
using test::TestProxy;

// Nobody but the test proxy knows it.
const std::string kName = "hook.ponte-test.invalid";

class HttpClientProxy : public testing::Test {
 protected:
  TestProxy::Options proxy_options(ProxyProtocol protocol) const {
    TestProxy::Options options;
    options.protocol = protocol;
    options.hosts = {{kName, "127.0.0.1"}};
    if (protocol == ProxyProtocol::kHttps) options.certificate = authority.issue({{"IP:127.0.0.1"}});
    return options;
  }
  HttpRequest request_for(const std::string& url, Proxy proxy) const {
    HttpRequest request;
    request.url = url;
    request.headers = {{"X-Token", "secret"}};
    request.proxy = std::move(proxy);
    request.ca_file = ca_file.path();
    return request;
  }

  TestAuthority authority;
  TemporaryFile ca_file{authority.certificate_pem()};
  HttpClient client;
};

class HttpClientThroughEachProxy : public HttpClientProxy, public testing::WithParamInterface<ProxyProtocol> {};

INSTANTIATE_TEST_SUITE_P(HttpClientProxy, HttpClientThroughEachProxy,
                         testing::Values(ProxyProtocol::kHttp, ProxyProtocol::kHttps, ProxyProtocol::kSocks5),
                         [](const auto& info) { return std::string(proxy_protocol_name(info.param)); });

TEST_P(HttpClientThroughEachProxy, FetchesAndLeavesTheNameToTheProxy) {
  for (const bool secure : {false, true}) {
    HttpServer server(kOk, secure ? std::make_optional(authority.issue({{"DNS:" + kName}})) : std::nullopt);
    TestProxy proxy(proxy_options(GetParam()));
    const auto reply = fetch(client, request_for(server.url("/secret", kName), proxy.proxy()));
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->body, to_bytes("ok"));
    // What the proxy said is not the target's.
    EXPECT_EQ(reply->headers, (HttpHeaders{{"content-length", "2"}}));
    const auto requests = proxy.requests();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].host, kName);
    EXPECT_TRUE(requests[0].by_name);
    EXPECT_EQ(requests[0].port, server.port());
    EXPECT_EQ(requests[0].header.find("secret"), std::string::npos) << requests[0].header;
    EXPECT_NE(server.requests()[0].header.find("X-Token: secret"), std::string::npos);
    EXPECT_EQ(server.requests()[0].header.find("Proxy-"), std::string::npos);
  }
}

TEST_P(HttpClientThroughEachProxy, NoProxyInTheEnvironmentDoesNotLeadAroundIt) {
  HttpServer server(kOk);
  TestProxy proxy(proxy_options(GetParam()));
  for (const char* name : {"no_proxy", "NO_PROXY"}) ::setenv(name, "*", 1);
  const auto reply = fetch(client, request_for(server.url(), proxy.proxy()));
  for (const char* name : {"no_proxy", "NO_PROXY"}) ::unsetenv(name);
  EXPECT_TRUE(reply.ok());
  EXPECT_EQ(proxy.requests().size(), 1u);
}

TEST_P(HttpClientThroughEachProxy, SendsItsCredentials) {
  HttpServer server(kOk);
  TestProxy::Options options = proxy_options(GetParam());
  options.username = "bob@home";
  options.password = "se:cr/et\xC3\xA9";
  TestProxy proxy(options);
  const auto reply = fetch(client, request_for(server.url("/", kName), proxy.proxy()));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(proxy.requests()[0].username, options.username);
  EXPECT_EQ(proxy.requests()[0].password, options.password);
}

TEST_P(HttpClientThroughEachProxy, GoesNowhereWithoutTheRightCredentials) {
  HttpServer server(kOk);
  TestProxy::Options options = proxy_options(GetParam());
  options.username = "bob";
  options.password = "secret";
  TestProxy proxy(options);
  Proxy wrong = proxy.proxy();
  wrong.password = ProxyPassword("secrets");
  expect_error(fetch(client, request_for(server.url("/secret"), wrong)), Errc::kRejected, Cause::kProxyAuthFailed,
               "refused our credentials");
  Proxy without = proxy.proxy();
  without.username = "";
  without.password = {};
  expect_error(fetch(client, request_for(server.url("/secret"), without)), Errc::kRejected, Cause::kProxyAuthFailed,
               "wants credentials");
  EXPECT_EQ(server.connections(), 0u);
}

TEST_P(HttpClientThroughEachProxy, KeepsKeptConnectionsOfItsOwn) {
  HttpServer server(kOk);
  TestProxy proxy(proxy_options(GetParam()));
  HttpRequest request = request_for(server.url("/", kName), proxy.proxy());
  request.connections = HttpConnections::kKept;
  request.proxy->username = "bob";
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(fetch(client, request).ok());
  EXPECT_EQ(proxy.requests().size(), 1u);
  // Another user of the proxy, or who comes without one, does not share it.
  request.proxy->username = "eve";
  ASSERT_TRUE(fetch(client, request).ok());
  EXPECT_EQ(proxy.requests().size(), 2u);
  request.proxy.reset();
  ASSERT_FALSE(fetch(client, request).ok());
  request.url = server.url();
  ASSERT_TRUE(fetch(client, request).ok());
  EXPECT_EQ(server.connections(), 3u);
}

TEST_P(HttpClientThroughEachProxy, SaysThatTheProxyDoesNotReachTheTarget) {
  TestProxy proxy(proxy_options(GetParam()));
  expect_error(fetch(client, request_for("https://unknown." + kName + "/secret", proxy.proxy())), Errc::kUnavailable,
               Cause::kProxyRefused, "refused to connect to unknown." + kName + ":443");
}

TEST_P(HttpClientThroughEachProxy, ChecksTheTargetsNameBehindTheProxy) {
  HttpServer server(kOk, authority.issue({{"DNS:other.invalid", "IP:127.0.0.1"}}));
  TestProxy proxy(proxy_options(GetParam()));
  expect_error(fetch(client, request_for(server.url("/secret", kName), proxy.proxy())), Errc::kUntrusted,
               Cause::kTlsUntrusted, "not trusted");
}

TEST_P(HttpClientThroughEachProxy, RefusesAPrivateProxyBeforeAnyPacket) {
  TestProxy proxy(proxy_options(GetParam()));
  Proxy wished = proxy.proxy();
  wished.allow_private = false;
  for (const char* host : {"127.0.0.1", "localhost", "10.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0"}) {
    wished.host = host;
    expect_error(fetch(client, request_for("http://" + kName + "/secret", wished)), Errc::kForbidden,
                 Cause::kProxyNotAllowed, "is not allowed");
  }
  EXPECT_EQ(proxy.connections(), 0u);
}

TEST_P(HttpClientThroughEachProxy, AKeptConnectionToAPrivateProxyIsNotForWhoMayHaveNone) {
  HttpServer server(kOk);
  TestProxy proxy(proxy_options(GetParam()));
  HttpRequest request = request_for(server.url("/secret", kName), proxy.proxy());
  request.connections = HttpConnections::kKept;
  ASSERT_TRUE(fetch(client, request).ok());
  request.proxy->allow_private = false;
  expect_error(fetch(client, request), Errc::kForbidden, Cause::kProxyNotAllowed, "is not allowed");
}

TEST_P(HttpClientThroughEachProxy, ReportsAProxyThatIsNotThere) {
  std::uint16_t port = 0;
  {
    RawServer gone([](RawConnection&) {});
    port = gone.port();
  }
  HttpServer server(kOk);
  expect_error(fetch(client, request_for(server.url("/secret"), {GetParam(), "127.0.0.1", port})), Errc::kUnavailable,
               Cause::kProxyUnreachable, "cannot be used");
  expect_error(fetch(client, request_for(server.url("/secret"), {GetParam(), "proxy.ponte-test.invalid", 1080})),
               Errc::kUnavailable, Cause::kProxyUnreachable, "cannot be used");
  EXPECT_EQ(server.connections(), 0u);
}

TEST_P(HttpClientThroughEachProxy, TellsASilentProxyFromASilentTarget) {
  RawServer silent([](RawConnection& connection) { connection.wait_for_close(); });
  TestProxy proxy(proxy_options(GetParam()));
  HttpRequest to_proxy = request_for("https://" + kName + "/secret", {GetParam(), "127.0.0.1", silent.port()});
  to_proxy.timeout = Milliseconds(300);
  expect_error(fetch(client, to_proxy), Errc::kTimedOut, Cause::kProxyUnreachable, "within 300 ms");
  for (const char* scheme : {"http://", "https://"}) {
    HttpRequest to_target =
        request_for(scheme + kName + ":" + std::to_string(silent.port()) + "/secret", proxy.proxy());
    to_target.timeout = Milliseconds(2'000);
    expect_error(fetch(client, to_target), Errc::kTimedOut, Cause::kNetworkTimeout, "within 2000 ms");
  }
}

TEST_P(HttpClientThroughEachProxy, ReportsATargetThatHangsUp) {
  RawServer target([](RawConnection&) {});
  TestProxy proxy(proxy_options(GetParam()));
  for (const char* scheme : {"http://", "https://"}) {
    expect_error(
        fetch(client, request_for(scheme + kName + ":" + std::to_string(target.port()) + "/secret", proxy.proxy())),
        Errc::kUnavailable, Cause::kHttpFailed, kName);
  }
}

TEST_F(HttpClientProxy, AHttpsProxyMustHaveACertificateForItsName) {
  for (const IssuedCertificate& certificate :
       {authority.issue({{"DNS:" + kName}}), TestAuthority::self_signed({{"IP:127.0.0.1"}})}) {
    TestProxy::Options options = proxy_options(ProxyProtocol::kHttps);
    options.certificate = certificate;
    options.username = "bob";
    options.password = "secret";
    TestProxy proxy(options);
    expect_error(fetch(client, request_for("https://" + kName + "/secret", proxy.proxy())), Errc::kUntrusted,
                 Cause::kProxyUnreachable, "not trusted");
    EXPECT_TRUE(proxy.requests().empty());
  }
}

TEST_F(HttpClientProxy, TellsRefusalsApart) {
  struct Row {
    ProxyProtocol protocol;
    std::vector<std::string> answers;
    Errc code;
    Cause cause;
    const char* text;
  };
  using namespace std::string_literals;
  const Row rows[] = {
      {ProxyProtocol::kHttp, {"HTTP/1.1 403 Forbidden\r\n\r\n"}, Errc::kRejected, Cause::kProxyRefused, "403"},
      {ProxyProtocol::kHttp, {"HTTP/1.1 504 Late\r\n\r\n"}, Errc::kUnavailable, Cause::kProxyRefused, "504"},
      {ProxyProtocol::kHttp, {"HTTP/1.1 407 No\r\n\r\n"}, Errc::kRejected, Cause::kProxyAuthFailed, "407"},
      {ProxyProtocol::kHttp,
       {"SSH-2.0-OpenSSH_9.2\r\n"},
       Errc::kUnavailable,
       Cause::kProxyUnreachable,
       "cannot be used"},
      {ProxyProtocol::kHttp, {""}, Errc::kUnavailable, Cause::kProxyUnreachable, "cannot be used"},
      {ProxyProtocol::kSocks5, {"\5\xff"s}, Errc::kRejected, Cause::kProxyAuthFailed, "wants credentials"},
      {ProxyProtocol::kSocks5,
       {"\5\0"s, "\5\1\0\1\0\0\0\0\0\0"s},
       Errc::kUnavailable,
       Cause::kProxyRefused,
       "general failure"},
      {ProxyProtocol::kSocks5, {"\5\0"s, "\5\2\0\1\0\0\0\0\0\0"s}, Errc::kRejected, Cause::kProxyRefused, "rules"},
      {ProxyProtocol::kSocks5,
       {"\5\0"s, "\5\5\0\1\0\0\0\0\0\0"s},
       Errc::kUnavailable,
       Cause::kProxyRefused,
       "connection refused"},
      {ProxyProtocol::kSocks5, {"HTTP/1.1 400 No\r\n\r\n"}, Errc::kMalformed, Cause::kProxyUnreachable, "no SOCKS5"},
      {ProxyProtocol::kSocks5, {"\5"s}, Errc::kUnavailable, Cause::kProxyUnreachable, "cannot be used"},
      {ProxyProtocol::kSocks5, {"\5\0"s, "\5"s}, Errc::kUnavailable, Cause::kProxyUnreachable, "cannot be used"},
  };
  for (const Row& row : rows) {
    RawServer proxy([&](RawConnection& connection) {
      for (const std::string& answer : row.answers) {
        connection.read_exact(3);  // the shortest of what is said to it, the greeting of SOCKS5
        connection.write(answer);
      }
    });
    expect_error(fetch(client, request_for("http://" + kName + "/secret", {row.protocol, "127.0.0.1", proxy.port()})),
                 row.code, row.cause, row.text);
  }
}

}  // namespace
}  // namespace ponte::net
