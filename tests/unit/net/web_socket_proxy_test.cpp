#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "net/web_socket.h"
#include "support/net/raw_server.h"
#include "support/net/test_proxy.h"
#include "support/net/test_ws_server.h"
#include "support/net/web_socket_client.h"

namespace ponte::net {
namespace {

using test::ClientNetwork;
using test::RawConnection;
using test::RawServer;
using test::TemporaryFile;
using test::TestAuthority;
using test::TestProxy;
using test::TestWsServer;
using test::WebSocketClient;

// Nobody but the test proxy knows it.
const std::string kName = "web.ponte-test.invalid";

class WebSocketProxy : public testing::Test {
 protected:
  static WebSocketOptions options_for(bool secure, const std::string& host, std::uint16_t port, Proxy proxy) {
    WebSocketOptions options;
    options.url = {secure, host, port, "/ws/chat"};
    options.proxy = std::move(proxy);
    return options;
  }
  TestProxy::Options proxy_options(ProxyProtocol protocol) const {
    TestProxy::Options options;
    options.protocol = protocol;
    options.hosts = {{kName, "127.0.0.1"}};
    if (protocol == ProxyProtocol::kHttps) options.certificate = authority.issue({{"IP:127.0.0.1"}});
    return options;
  }
  // The error with which a connection ends that never opens.
  Error end_of(const WebSocketOptions& options) {
    WebSocketClient client(network, options);
    EXPECT_FALSE(client.wait_open());
    return client.wait_closed();
  }
  static void expect_error(const Error& why, Errc code, Cause cause, const std::string& text) {
    EXPECT_EQ(why.code, code) << why.message;
    EXPECT_EQ(why.cause, cause) << why.message;
    EXPECT_NE(why.message.find(text), std::string::npos) << why.message;
    EXPECT_EQ(why.message.find("secret"), std::string::npos) << why.message;
  }

  TestAuthority authority;
  TemporaryFile ca_file{authority.certificate_pem()};
  ClientNetwork network{ca_file.path()};
};

class WebSocketThroughEachProxy : public WebSocketProxy, public testing::WithParamInterface<ProxyProtocol> {};

INSTANTIATE_TEST_SUITE_P(WebSocketProxy, WebSocketThroughEachProxy,
                         testing::Values(ProxyProtocol::kHttp, ProxyProtocol::kHttps, ProxyProtocol::kSocks5),
                         [](const auto& info) { return std::string(proxy_protocol_name(info.param)); });

Bytes pattern(std::size_t size) {
  Bytes message(size);
  for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
  return message;
}

TEST_P(WebSocketThroughEachProxy, EchoesAndLeavesTheNameToTheProxy) {
  for (const bool secure : {false, true}) {
    TestWsServer server(secure ? std::make_optional(authority.issue({{"DNS:" + kName}})) : std::nullopt);
    TestProxy proxy(proxy_options(GetParam()));
    WebSocketClient client(network, options_for(secure, kName, server.port(), proxy.proxy()));
    ASSERT_TRUE(client.wait_open()) << client.wait_closed().message;
    for (const std::size_t size : {0u, 1u, 126u, 16384u, 65536u, 1'000'000u}) {
      const Bytes message = pattern(size);
      client.send(message);
      EXPECT_EQ(client.wait_message(), message) << size;
    }
    const auto requests = proxy.requests();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].host, kName);
    EXPECT_TRUE(requests[0].by_name);
    EXPECT_EQ(requests[0].port, server.port());
    EXPECT_EQ(requests[0].username, "");
    client.close();
    EXPECT_EQ(client.wait_closed().code, Errc::kCancelled);
    EXPECT_EQ(server.wait_for_close(), 1000);
  }
}

TEST_P(WebSocketThroughEachProxy, KeepsTheOrderOfManyMessages) {
  TestWsServer server(authority.issue({{"DNS:" + kName}}));
  TestProxy proxy(proxy_options(GetParam()));
  WebSocketClient client(network, options_for(true, kName, server.port(), proxy.proxy()));
  ASSERT_TRUE(client.wait_open());
  for (int i = 0; i < 500; ++i) client.send(pattern(static_cast<std::size_t>(i)));
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.wait_message(), pattern(static_cast<std::size_t>(i))) << i;
}

TEST_P(WebSocketThroughEachProxy, NamesAddressesAsAddresses) {
  TestWsServer server(authority.issue());
  TestProxy proxy(proxy_options(GetParam()));
  WebSocketClient client(network, options_for(true, "127.0.0.1", server.port(), proxy.proxy()));
  ASSERT_TRUE(client.wait_open());
  ASSERT_EQ(proxy.requests().size(), 1u);
  EXPECT_FALSE(proxy.requests()[0].by_name);
  EXPECT_EQ(proxy.requests()[0].host, "127.0.0.1");
}

TEST_P(WebSocketThroughEachProxy, SendsItsCredentials) {
  TestWsServer server;
  TestProxy::Options options = proxy_options(GetParam());
  options.username = "bob";
  options.password = "se:cret\xC3\xA9";
  TestProxy proxy(options);
  WebSocketClient client(network, options_for(false, kName, server.port(), proxy.proxy()));
  ASSERT_TRUE(client.wait_open());
  EXPECT_EQ(proxy.requests()[0].username, "bob");
  EXPECT_EQ(proxy.requests()[0].password, "se:cret\xC3\xA9");
}

TEST_P(WebSocketThroughEachProxy, GoesNowhereWithoutTheRightCredentials) {
  std::atomic<int> arrived{0};
  RawServer target([&](RawConnection&) { ++arrived; });
  TestProxy::Options options = proxy_options(GetParam());
  options.username = "bob";
  options.password = "secret";
  TestProxy proxy(options);
  Proxy wrong = proxy.proxy();
  wrong.password = ProxyPassword("secrets");
  // By its address, so that a way around the proxy would get there.
  expect_error(end_of(options_for(false, "127.0.0.1", target.port(), wrong)), Errc::kRejected, Cause::kProxyAuthFailed,
               "refused our credentials");
  Proxy without = proxy.proxy();
  without.username = "";
  without.password = {};
  expect_error(end_of(options_for(false, "127.0.0.1", target.port(), without)), Errc::kRejected,
               Cause::kProxyAuthFailed, "wants credentials");
  EXPECT_EQ(arrived, 0);
}

TEST_P(WebSocketThroughEachProxy, SaysThatTheProxyDoesNotReachTheTarget) {
  TestProxy proxy(proxy_options(GetParam()));
  expect_error(end_of(options_for(true, "unknown." + kName, 443, proxy.proxy())), Errc::kUnavailable,
               Cause::kProxyRefused, "refused to connect to unknown." + kName + ":443");
}

TEST_P(WebSocketThroughEachProxy, ChecksTheTargetsNameBehindTheProxy) {
  TestWsServer server(authority.issue({{"DNS:other.invalid", "IP:127.0.0.1"}}));
  TestProxy proxy(proxy_options(GetParam()));
  expect_error(end_of(options_for(true, kName, server.port(), proxy.proxy())), Errc::kUntrusted, Cause::kTlsUntrusted,
               "hostname mismatch");
}

TEST_P(WebSocketThroughEachProxy, SendsTheTargetsNameAsSni) {
  std::promise<Bytes> hello;
  RawServer target([&](RawConnection& connection) {
    const Bytes header = connection.read_exact(5);
    hello.set_value(connection.read_exact(static_cast<std::size_t>(header[3] << 8 | header[4])));
  });
  TestProxy proxy(proxy_options(GetParam()));
  const Error why = end_of(options_for(true, kName, target.port(), proxy.proxy()));
  // The target hung up, not the proxy.
  expect_error(why, Errc::kUnavailable, Cause::kConnectionClosed, "during the TLS handshake");
  EXPECT_NE(as_text(hello.get_future().get()).find(kName), std::string_view::npos);
}

TEST_P(WebSocketThroughEachProxy, RefusesAPrivateProxyBeforeAnyPacket) {
  TestProxy proxy(proxy_options(GetParam()));
  Proxy wished = proxy.proxy();
  wished.allow_private = false;
  for (const char* host : {"127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0"}) {
    wished.host = host;
    expect_error(end_of(options_for(false, kName, 443, wished)), Errc::kForbidden, Cause::kProxyNotAllowed, host);
  }
  EXPECT_EQ(proxy.connections(), 0u);
}

TEST_P(WebSocketThroughEachProxy, IsLeftWhenTheWebSocketIsDestroyed) {
  std::promise<void> asked, left;
  RawServer silent([&](RawConnection& connection) {
    connection.read_exact(1);
    asked.set_value();
    connection.wait_for_close();
    left.set_value();
  });
  {
    WebSocketClient client(network, options_for(true, kName, 443, {GetParam(), "127.0.0.1", silent.port()}));
    asked.get_future().wait();
  }
  left.get_future().wait();
}

TEST_P(WebSocketThroughEachProxy, ReportsAProxyThatIsNotThere) {
  std::uint16_t port = 0;
  {
    RawServer gone([](RawConnection&) {});
    port = gone.port();
  }
  expect_error(end_of(options_for(true, kName, 443, {GetParam(), "127.0.0.1", port})), Errc::kUnavailable,
               Cause::kProxyUnreachable, "Connection refused");
  expect_error(end_of(options_for(true, kName, 443, {GetParam(), "proxy.ponte-test.invalid", 1080})),
               Errc::kUnavailable, Cause::kProxyUnreachable, "name proxy.ponte-test.invalid has no address");
}

TEST_P(WebSocketThroughEachProxy, TimesOutOnAProxyThatStaysSilent) {
  RawServer silent([](RawConnection& connection) { connection.wait_for_close(); });
  WebSocketOptions options = options_for(true, kName, 443, {GetParam(), "127.0.0.1", silent.port()});
  options.connect_timeout = Milliseconds(500);
  expect_error(end_of(options), Errc::kTimedOut, Cause::kProxyUnreachable,
               GetParam() == ProxyProtocol::kHttps ? "TLS handshake with 127.0.0.1" : "has not answered");
}

TEST_P(WebSocketThroughEachProxy, TimesOutOnATargetThatStaysSilentBehindTheProxy) {
  RawServer target([](RawConnection& connection) { connection.wait_for_close(); });
  TestProxy proxy(proxy_options(GetParam()));
  WebSocketOptions options = options_for(true, kName, target.port(), proxy.proxy());
  options.connect_timeout = Milliseconds(2'000);
  expect_error(end_of(options), Errc::kTimedOut, Cause::kNetworkTimeout, "TLS handshake with " + kName);
}

TEST_P(WebSocketThroughEachProxy, ReportsTheEndOfAnOpenTunnel) {
  std::promise<void> opened;
  RawServer target([&](RawConnection& connection) {
    connection.upgrade();
    opened.get_future().wait();
  });
  TestProxy proxy(proxy_options(GetParam()));
  WebSocketClient client(network, options_for(false, kName, target.port(), proxy.proxy()));
  ASSERT_TRUE(client.wait_open());
  opened.set_value();
  EXPECT_EQ(client.wait_closed().cause, Cause::kConnectionClosed);
}

TEST_F(WebSocketProxy, RefusesAProxyThatCannotBeUsed) {
  Proxy proxy{ProxyProtocol::kSocks5, "127.0.0.1", 1080, std::string(256, 'u')};
  expect_error(end_of(options_for(true, kName, 443, proxy)), Errc::kInvalidArgument, Cause::kInvalidProxy, "255");
  expect_error(end_of(options_for(true, kName, 443, {ProxyProtocol::kHttp, "", 1080})), Errc::kInvalidArgument,
               Cause::kInvalidProxy, "host");
}

TEST_F(WebSocketProxy, AHttpsProxyMustHaveACertificateForItsName) {
  for (const auto& certificate :
       {authority.issue({{"DNS:" + kName}}), TestAuthority::self_signed({{"IP:127.0.0.1"}})}) {
    TestProxy::Options options = proxy_options(ProxyProtocol::kHttps);
    options.certificate = certificate;
    options.username = "bob";
    options.password = "secret";
    TestProxy proxy(options);
    expect_error(end_of(options_for(true, kName, 443, proxy.proxy())), Errc::kUntrusted, Cause::kProxyUnreachable,
                 "the certificate of 127.0.0.1 is not trusted");
    EXPECT_TRUE(proxy.requests().empty());
  }
}

// ---- proxies that lie, stall and hang up --------------------------------------------------------------

struct HostileCase {
  ProxyProtocol protocol;
  std::vector<std::string> answers;  // one for each turn of the client
};

// A proxy that says these things, each after it was spoken to, and then `last`.
RawServer::Script turns(std::vector<std::string> answers, std::function<void(RawConnection&)> last) {
  return [answers = std::move(answers), last = std::move(last)](RawConnection& connection) {
    for (const std::string& answer : answers) {
      connection.read_exact(1);
      connection.write(answer);
    }
    last(connection);
  };
}

// The turns before the tunnel stands; SOCKS5 with user and password.
std::vector<HostileCase> honest_cases() {
  using namespace std::string_literals;
  return {{ProxyProtocol::kHttp, {"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n"}},
          {ProxyProtocol::kSocks5, {"\5\2"s, "\1\0"s, "\5\0\0\1\0\0\0\0\0\0"s}}};
}

TEST_F(WebSocketProxy, SurvivesSilenceAndHangUpsAtEachStep) {
  for (const HostileCase& honest : honest_cases()) {
    for (std::size_t turn = 0; turn < honest.answers.size(); ++turn) {
      for (std::size_t cut = 0; cut < honest.answers[turn].size(); ++cut) {
        std::vector<std::string> answers(honest.answers.begin(), honest.answers.begin() + static_cast<long>(turn));
        answers.push_back(honest.answers[turn].substr(0, cut));
        RawServer leaver(turns(answers, [](RawConnection& connection) { connection.reset(); }));
        Proxy proxy{honest.protocol, "127.0.0.1", leaver.port(), "bob", ProxyPassword("secret")};
        const Error left = end_of(options_for(true, kName, 443, proxy));
        expect_error(left, Errc::kUnavailable, Cause::kProxyUnreachable, "before it answered");
      }
      std::vector<std::string> answers(honest.answers.begin(), honest.answers.begin() + static_cast<long>(turn));
      RawServer silent(turns(answers, [](RawConnection& connection) { connection.wait_for_close(); }));
      WebSocketOptions options =
          options_for(true, kName, 443, {honest.protocol, "127.0.0.1", silent.port(), "bob", ProxyPassword("secret")});
      options.connect_timeout = Milliseconds(300);
      expect_error(end_of(options), Errc::kTimedOut, Cause::kProxyUnreachable, "has not answered");
    }
  }
}

TEST_F(WebSocketProxy, AcceptsAHandshakeByteByByte) {
  for (const HostileCase& honest : honest_cases()) {
    RawServer proxy([&](RawConnection& connection) {
      for (const std::string& answer : honest.answers) {
        connection.read_exact(1);
        for (const char& c : answer) connection.write(std::string_view(&c, 1));
      }
      // What follows the proxy's turns is the upgrade; what precedes it is the rest of the requests.
      connection.read_until("GET ");
      connection.upgrade();
      connection.wait_for_close();
    });
    WebSocketClient client(
        network,
        options_for(false, kName, 443, {honest.protocol, "127.0.0.1", proxy.port(), "bob", ProxyPassword("secret")}));
    EXPECT_TRUE(client.wait_open()) << client.wait_closed().message;
  }
}

TEST_F(WebSocketProxy, RefusesWhatIsNoProxy) {
  using namespace std::string_literals;
  const HostileCase cases[] = {
      {ProxyProtocol::kHttp, {"SSH-2.0-OpenSSH_9.2\r\n"}},
      {ProxyProtocol::kHttp, {"\5\0"s}},
      {ProxyProtocol::kHttp, {"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01"s}},
      {ProxyProtocol::kSocks5, {"HTTP/1.1 400 Bad Request\r\n\r\n"}},
      {ProxyProtocol::kSocks5, {"\4\0"s}},
      {ProxyProtocol::kSocks5, {"\5\2"s, "\5\0"s}},
      {ProxyProtocol::kSocks5, {"\5\2"s, "\1\0"s, "\4\0"s}},
      {ProxyProtocol::kSocks5, {"\5\2"s, "\1\0"s, "\5\0\0\1\0\0\0\0\0\0x"s}},
      {ProxyProtocol::kSocks5, {"\5\2"s, "\1\0"s, "\5\0\0\3\xff"s + std::string(257, 'a') + "x"}},
  };
  for (const HostileCase& hostile : cases) {
    RawServer proxy(turns(hostile.answers, [](RawConnection& connection) { connection.wait_for_close(); }));
    const Error why = end_of(
        options_for(true, kName, 443, {hostile.protocol, "127.0.0.1", proxy.port(), "bob", ProxyPassword("secret")}));
    expect_error(why, Errc::kMalformed, Cause::kProxyUnreachable, "cannot be used");
  }
}

TEST_F(WebSocketProxy, EndsAnEndlessAnswer) {
  RawServer proxy([](RawConnection& connection) {
    connection.read_exact(1);
    connection.write("HTTP/1.1 200 OK\r\n");
    while (connection.write("X-Filler: " + std::string(1000, 'a') + "\r\n")) {
    }
  });
  expect_error(end_of(options_for(true, kName, 443, {ProxyProtocol::kHttp, "127.0.0.1", proxy.port()})),
               Errc::kMalformed, Cause::kProxyUnreachable, "longer than 16384 bytes");
}

}  // namespace
}  // namespace ponte::net
