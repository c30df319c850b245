#include <gtest/gtest.h>

#include <algorithm>

#include "net/tls_tickets.h"
#include "net/web_socket.h"
#include "support/net/test_proxy.h"
#include "support/net/test_ws_server.h"
#include "support/net/web_socket_client.h"
#include "support/virtual_clock.h"

namespace ponte::net {
namespace {

using test::ClientNetwork;
using test::TemporaryFile;
using test::TestAuthority;
using test::TestProxy;
using test::TestWsServer;
using test::WebSocketClient;

// Every test here runs against TLS 1.3 and both ways of TLS 1.2.
class WebSocketResumption : public testing::TestWithParam<TestWsServer::Tls> {
 protected:
  WebSocketOptions options_for(TlsTickets* tickets, const std::string& host = "localhost") const {
    WebSocketOptions options;
    options.url = {true, host, server.port(), "/ws/chat"};
    options.tickets = tickets;
    return options;
  }
  // Opens, exchanges a message and closes.
  void connect(const WebSocketOptions& options) {
    WebSocketClient client(network, options);
    ASSERT_TRUE(client.wait_open()) << client.wait_closed().message;
    client.send({1, 2, 3});
    EXPECT_EQ(client.wait_message(), (Bytes{1, 2, 3}));
    client.close();
    client.wait_closed();
  }
  void connect(TlsTickets& tickets, const std::string& host = "localhost") { connect(options_for(&tickets, host)); }
  // Changes the one session that is kept; `at` counts from its end.
  void damage(TlsTickets& tickets, std::size_t at) {
    network.loop.run_and_wait([&] {
      const std::string place = "localhost:" + std::to_string(server.port());
      auto ticket = tickets.take(place);
      ASSERT_TRUE(ticket);
      MutableByteView bytes = ticket->session.mutable_view();
      bytes[bytes.size() - 1 - at % bytes.size()] ^= 0x55;
      tickets.put(place, std::move(*ticket), std::chrono::hours(1));
    });
  }

  TestAuthority authority;
  TemporaryFile ca_file{authority.certificate_pem()};
  TestWsServer server{authority.issue(), GetParam()};
  ClientNetwork network{ca_file.path()};
  test::VirtualClock clock;
  TlsTickets tickets{clock};
};

INSTANTIATE_TEST_SUITE_P(WebSocket, WebSocketResumption,
                         testing::Values(TestWsServer::Tls::kAny, TestWsServer::Tls::k12Tickets,
                                         TestWsServer::Tls::k12SessionIds),
                         [](const auto& info) {
                           if (info.param == TestWsServer::Tls::kAny) return "Tls13";
                           return info.param == TestWsServer::Tls::k12Tickets ? "Tls12Tickets" : "Tls12SessionIds";
                         });

TEST_P(WebSocketResumption, ResumesTheSecondConnection) {
  connect(tickets);
  EXPECT_GE(tickets.counts().kept, 1u);
  EXPECT_EQ(tickets.counts().offered, 0u);
  connect(tickets);
  EXPECT_EQ(tickets.counts().offered, 1u);
  EXPECT_EQ(tickets.counts().resumed, 1u);
  EXPECT_EQ(server.resumed(), 1u);
}

TEST_P(WebSocketResumption, OffersASessionOnce) {
  connect(tickets);
  std::unique_ptr<WebSocketClient> first, second;
  first = std::make_unique<WebSocketClient>(network, options_for(&tickets));
  ASSERT_TRUE(first->wait_open());
  // What the resumed connection brought is not used here.
  network.loop.run_and_wait([&] { tickets.clear(); });
  second = std::make_unique<WebSocketClient>(network, options_for(&tickets));
  ASSERT_TRUE(second->wait_open());
  EXPECT_EQ(tickets.counts().offered, 1u);
  EXPECT_EQ(server.resumed(), 1u);
}

TEST_P(WebSocketResumption, AnotherOwnerDoesNotResume) {
  TlsTickets others(clock);
  connect(tickets);
  connect(others);
  connect(options_for(nullptr));
  EXPECT_EQ(server.resumed(), 0u);
  EXPECT_EQ(others.counts().offered, 0u);
}

TEST_P(WebSocketResumption, AnotherHostDoesNotResume) {
  connect(tickets, "localhost");
  connect(tickets, "127.0.0.1");
  EXPECT_EQ(server.resumed(), 0u);
  connect(tickets, "localhost");
  EXPECT_EQ(server.resumed(), 1u);
}

TEST_P(WebSocketResumption, AnotherServerOnThatHostDoesNotGetTheSession) {
  connect(tickets);
  TestWsServer other(authority.issue(), GetParam());
  WebSocketOptions options = options_for(&tickets);
  options.url.port = other.port();
  connect(options);
  EXPECT_EQ(tickets.counts().offered, 0u);
}

TEST_P(WebSocketResumption, ByWayOfAProxyIsAnotherPlace) {
  TestProxy::Options proxy_options;
  proxy_options.hosts = {{"localhost", "127.0.0.1"}};
  TestProxy proxy(proxy_options);
  WebSocketOptions through = options_for(&tickets);
  through.proxy = proxy.proxy();
  connect(tickets);
  connect(through);
  EXPECT_EQ(server.resumed(), 0u);
  connect(through);
  EXPECT_EQ(server.resumed(), 1u);
}

TEST_P(WebSocketResumption, AProxyThatRefusesCostsNoSession) {
  TestProxy::Options proxy_options;
  proxy_options.hosts = {{"localhost", "127.0.0.1"}};
  proxy_options.username = "bob";
  proxy_options.password = "secret";
  TestProxy proxy(proxy_options);
  WebSocketOptions through = options_for(&tickets);
  through.proxy = proxy.proxy();
  connect(through);
  WebSocketOptions refused = through;
  refused.proxy->password = ProxyPassword("wrong");
  WebSocketClient client(network, refused);
  EXPECT_EQ(client.wait_closed().cause, Cause::kProxyAuthFailed);
  EXPECT_EQ(tickets.counts().offered, 0u);
  connect(through);
  EXPECT_EQ(server.resumed(), 1u);
}

TEST_P(WebSocketResumption, FallsBackWhereTheServerForgot) {
  connect(tickets);
  server.forget_sessions();
  connect(tickets);
  EXPECT_EQ(tickets.counts().offered, 1u);
  EXPECT_EQ(tickets.counts().resumed, 0u);
  EXPECT_EQ(server.resumed(), 0u);
  connect(tickets);
  EXPECT_EQ(server.resumed(), 1u);
}

TEST_P(WebSocketResumption, ADamagedSessionDoesNoHarm) {
  // Wherever it is damaged, the worst is a connection that fails; the next one works.
  for (std::size_t at = 0; at < 2000; at += 97) {
    network.loop.run_and_wait([&] { tickets.clear(); });
    connect(tickets);
    damage(tickets, at);
    {
      WebSocketClient client(network, options_for(&tickets));
      if (!client.wait_open()) {
        EXPECT_EQ(client.wait_closed().cause, Cause::kTlsFailed) << at;
      }
    }
    connect(tickets);
  }
}

TEST_P(WebSocketResumption, ASessionThatCannotBeReadMakesForAWholeHandshake) {
  network.loop.run_and_wait([&] {
    tickets.put("localhost:" + std::to_string(server.port()), {SecretBytes(to_bytes("nonsense")), tickets.now()},
                std::chrono::hours(1));
  });
  connect(tickets);
  EXPECT_EQ(tickets.counts().offered, 1u);
  EXPECT_EQ(server.resumed(), 0u);
}

TEST_P(WebSocketResumption, VerifiesTheCertificateAtLeastOnceADay) {
  const auto advance = [&](Milliseconds time) { network.loop.run_and_wait([&] { clock.advance(time); }); };
  connect(tickets);
  advance(std::chrono::hours(23));
  WebSocketOptions options = options_for(&tickets);
  const bool lasts = GetParam() != TestWsServer::Tls::k12SessionIds;
  connect(options);
  EXPECT_EQ(server.resumed(), lasts ? 1u : 0u);
  advance(std::chrono::hours(2));
  // 25 hours after the whole handshake, 2 after the resumed one.
  connect(options);
  EXPECT_EQ(tickets.counts().offered, lasts ? 1u : 0u);
}

TEST_P(WebSocketResumption, KeepsNothingFromACertificateThatIsNotTrusted) {
  TestWsServer imposter(TestAuthority::self_signed(), GetParam());
  WebSocketOptions options = options_for(&tickets);
  options.url.port = imposter.port();
  WebSocketClient client(network, options);
  EXPECT_EQ(client.wait_closed().cause, Cause::kTlsUntrusted);
  EXPECT_EQ(tickets.counts().kept, 0u);
}

TEST_P(WebSocketResumption, ASessionForOneNameDoesNotVouchForAnother) {
  TestWsServer other(authority.issue({{"DNS:localhost"}}), GetParam());
  WebSocketOptions options = options_for(&tickets);
  options.url.port = other.port();
  connect(options);
  options.url.host = "127.0.0.1";
  WebSocketClient client(network, options);
  EXPECT_EQ(client.wait_closed().cause, Cause::kTlsUntrusted);
}

}  // namespace
}  // namespace ponte::net
