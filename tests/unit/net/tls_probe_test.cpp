#include "net/tls_probe.h"

#include <gtest/gtest.h>

#include <future>

#include "support/net/test_ws_server.h"
#include "support/net/web_socket_client.h"

namespace ponte::net {
namespace {

using test::ClientNetwork;
using test::TemporaryFile;
using test::TestAuthority;
using test::TestWsServer;

class TlsProbeTest : public testing::Test {
 protected:
  static TlsProbeAnswer probe(ClientNetwork& network, TlsProbeOptions options) {
    const SystemClock clock;
    std::promise<TlsProbeAnswer> promise;
    std::unique_ptr<TlsProbe> running;
    network.loop.run_and_wait([&] {
      running = probe_tls(network.loop, {network.resolver, *network.tls}, clock, std::move(options),
                          [&promise](TlsProbeAnswer answer) { promise.set_value(std::move(answer)); });
    });
    TlsProbeAnswer answer = promise.get_future().get();
    network.loop.run_and_wait([&running] { running.reset(); });
    return answer;
  }

  TestAuthority authority;
  TemporaryFile ca_file{authority.certificate_pem()};
};

TEST_F(TlsProbeTest, TellsWhoAnswers) {
  ClientNetwork network(ca_file.path());
  TestWsServer server(authority.issue());
  const TlsProbeAnswer answer = probe(network, {"localhost", server.port()});
  ASSERT_TRUE(answer.status.ok()) << answer.status.error().message;
  EXPECT_EQ(answer.peer.protocol, "TLSv1.3");
  ASSERT_FALSE(answer.peer.chain.empty());
  EXPECT_FALSE(answer.peer.chain.front().issuer_organization.empty());
  EXPECT_GT(answer.peer.chain.front().not_after, answer.peer.chain.front().not_before);
  EXPECT_EQ(answer.address, "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_TRUE(answer.connected);
}

TEST_F(TlsProbeTest, TellsWhoAnswersAlsoWhereItIsNotTrusted) {
  ClientNetwork network;
  TestWsServer server(authority.issue());
  const TlsProbeAnswer answer = probe(network, {"localhost", server.port()});
  ASSERT_FALSE(answer.status.ok());
  EXPECT_EQ(answer.status.error().cause, Cause::kTlsUntrusted);
  ASSERT_FALSE(answer.peer.chain.empty());
  EXPECT_FALSE(answer.peer.chain.front().issuer.empty());
  EXPECT_EQ(answer.peer.protocol, "");
}

TEST_F(TlsProbeTest, RefusesAnotherName) {
  ClientNetwork network(ca_file.path());
  TestWsServer server(authority.issue({{"DNS:example.org"}}));
  const TlsProbeAnswer answer = probe(network, {"localhost", server.port()});
  ASSERT_FALSE(answer.status.ok());
  EXPECT_NE(answer.status.error().message.find("mismatch"), std::string::npos) << answer.status.error().message;
}

TEST_F(TlsProbeTest, ClosedPortsAndUselessProxiesAreTold) {
  ClientNetwork network;
  std::uint16_t closed = 0;
  {
    TestWsServer server(authority.issue());
    closed = server.port();
  }
  EXPECT_EQ(probe(network, {"127.0.0.1", closed}).status.error().cause, Cause::kConnectionRefused);
  TlsProbeOptions by_proxy{"example.org", 443};
  by_proxy.proxy = *Proxy::parse("http://127.0.0.1:" + std::to_string(closed));
  EXPECT_EQ(probe(network, by_proxy).status.error().cause, Cause::kProxyUnreachable);
  by_proxy.proxy->port = 0;
  EXPECT_EQ(probe(network, by_proxy).status.error().cause, Cause::kInvalidProxy);
}

TEST_F(TlsProbeTest, WithoutTlsTheConnectionIsAll) {
  ClientNetwork network;
  TestWsServer server(authority.issue());
  TlsProbeOptions options{"127.0.0.1", server.port()};
  options.secure = false;
  const TlsProbeAnswer answer = probe(network, options);
  EXPECT_TRUE(answer.status.ok());
  EXPECT_TRUE(answer.peer.chain.empty());
}

}  // namespace
}  // namespace ponte::net
