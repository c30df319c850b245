#include "net/web_socket.h"

#include <gtest/gtest.h>

#include "support/net/test_ws_server.h"
#include "support/net/web_socket_client.h"

namespace ponte::net {
namespace {

using test::ClientNetwork;
using test::TemporaryFile;
using test::TestAuthority;
using test::TestWsServer;
using test::WebSocketClient;

// Every test here runs over ws:// and over wss://.
class WebSocketBothWays : public testing::TestWithParam<bool> {
 protected:
  WebSocketOptions options() const {
    WebSocketOptions options;
    options.url = {GetParam(), "127.0.0.1", server.port(), "/ws/chat"};
    return options;
  }

  TestAuthority authority;
  TemporaryFile ca_file{authority.certificate_pem()};
  TestWsServer server{GetParam() ? std::make_optional(authority.issue()) : std::nullopt};
  ClientNetwork network{ca_file.path()};
};

INSTANTIATE_TEST_SUITE_P(WebSocket, WebSocketBothWays, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

Bytes pattern(std::size_t size) {
  Bytes message(size);
  for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
  return message;
}

TEST_P(WebSocketBothWays, EchoesBinaryMessagesOfManySizes) {
  WebSocketClient client(network, options());
  ASSERT_TRUE(client.wait_open());
  for (const std::size_t size : {0u, 1u, 125u, 126u, 1000u, 1024u, 16384u, 65535u, 65536u, 1000000u}) {
    const Bytes message = pattern(size);
    client.send(message);
    EXPECT_EQ(client.wait_message(), message) << size;
  }
}

TEST_P(WebSocketBothWays, KeepsTheOrderOfManyMessages) {
  WebSocketClient client(network, options());
  ASSERT_TRUE(client.wait_open());
  for (int i = 0; i < 2000; ++i) client.send(pattern(static_cast<std::size_t>(i)));
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(client.wait_message(), pattern(static_cast<std::size_t>(i))) << i;
}

TEST_P(WebSocketBothWays, TakesMoreThanTheSocketAndLosesNothing) {
  WebSocketClient client(network, options());
  ASSERT_TRUE(client.wait_open());
  // Larger than the socket's buffers together, below the queue's limit.
  const Bytes message = pattern(3'500'000);
  for (int i = 0; i < 4; ++i) {
    client.send(message);
    EXPECT_EQ(client.wait_message(), message);
  }
}

TEST_P(WebSocketBothWays, SendsTheHeadersOfTheOptionsAndNoExtension) {
  WebSocketOptions wished = options();
  wished.url.resource = "/ws/chat?ED=1";
  wished.headers = {{"Origin", "https://web.whatsapp.com"},
                    {"User-Agent", "Mozilla/5.0 (X11)"},
                    {"Cache-Control", "no-cache"},
                    {"Pragma", "no-cache"}};
  WebSocketClient client(network, wished);
  ASSERT_TRUE(client.wait_open());
  auto request = server.last_request();
  EXPECT_EQ(request.resource, "/ws/chat?ED=1");
  EXPECT_EQ(request.headers["Host"], "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(request.headers["Origin"], "https://web.whatsapp.com");
  EXPECT_EQ(request.headers["User-Agent"], "Mozilla/5.0 (X11)");
  EXPECT_EQ(request.headers["Cache-Control"], "no-cache");
  EXPECT_EQ(request.headers.count("Sec-WebSocket-Extensions"), 0u);
  EXPECT_EQ(request.headers.count("Sec-WebSocket-Protocol"), 0u);
}

TEST_P(WebSocketBothWays, SendsTheHostOfTheOptionsAndNoUserAgentOfItsOwn) {
  WebSocketOptions wished = options();
  wished.headers = {{"Host", "web.whatsapp.com"}};
  WebSocketClient client(network, wished);
  ASSERT_TRUE(client.wait_open());
  auto request = server.last_request();
  EXPECT_EQ(request.headers["Host"], "web.whatsapp.com");
  EXPECT_EQ(request.headers.count("User-Agent"), 0u);
}

TEST_P(WebSocketBothWays, ClosesWithCode1000AndReportsItOnce) {
  WebSocketClient client(network, options());
  ASSERT_TRUE(client.wait_open());
  client.close();
  client.close();
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kCancelled);
  EXPECT_EQ(why.cause, Cause::kConnectionClosed);
  EXPECT_EQ(server.wait_for_close(), 1000);
  client.send({1, 2, 3});
  client.close();
  client.settle();
}

TEST_P(WebSocketBothWays, ReportsThePeersCloseCodeAndReason) {
  WebSocketClient client(network, options());
  ASSERT_TRUE(client.wait_open());
  server.wait_for_connections(1);
  server.close(1001, "going home\x01");
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kUnavailable);
  EXPECT_EQ(why.cause, Cause::kConnectionClosed);
  EXPECT_EQ(why.message, "the peer closed with code 1001: going home?");
  EXPECT_EQ(server.wait_for_close(), 1001);  // the answer repeats the code
}

TEST_P(WebSocketBothWays, AnswersPingWithPong) {
  WebSocketClient client(network, options());
  ASSERT_TRUE(client.wait_open());
  server.wait_for_connections(1);
  server.ping("are you there");
  EXPECT_EQ(server.wait_for_pong(), "are you there");
}

TEST_P(WebSocketBothWays, IgnoresText) {
  WebSocketClient client(network, options());
  ASSERT_TRUE(client.wait_open());
  server.wait_for_connections(1);
  server.send_text("not for us");
  server.send_binary(pattern(5));
  EXPECT_EQ(client.wait_message(), pattern(5));
  EXPECT_EQ(client.pending_messages(), 0u);
}

TEST_P(WebSocketBothWays, DestroyingItClosesTheSocketAndNothingIsReported) {
  WebSocketClient::Hooks hooks;
  hooks.on_closed = [](WebSocketClient&) { ADD_FAILURE() << "reported after destruction"; };
  WebSocketClient client(network, options(), hooks);
  ASSERT_TRUE(client.wait_open());
  server.wait_for_connections(1);
  network.loop.run_and_wait([&] { client.socket.reset(); });
  server.wait_for_connections(0);
  client.settle();
}

TEST_P(WebSocketBothWays, MayBeDestroyedInOnOpen) {
  WebSocketClient::Hooks hooks;
  hooks.on_open = [](WebSocketClient& client) { client.socket.reset(); };
  hooks.on_closed = [](WebSocketClient&) { ADD_FAILURE() << "reported after destruction"; };
  WebSocketClient client(network, options(), hooks);
  ASSERT_TRUE(client.wait_open());
  client.settle();
}

TEST_P(WebSocketBothWays, MayBeDestroyedInOnMessageWithMoreMessagesWaiting) {
  int delivered = 0;
  WebSocketClient::Hooks hooks;
  hooks.on_open = [](WebSocketClient& client) {
    for (int i = 0; i < 100; ++i) client.socket->send(Bytes(10));
  };
  hooks.on_message = [&](WebSocketClient& client, const Bytes&) {
    ++delivered;
    client.socket.reset();
  };
  hooks.on_closed = [](WebSocketClient&) { ADD_FAILURE() << "reported after destruction"; };
  WebSocketClient client(network, options(), hooks);
  ASSERT_TRUE(client.wait_open());
  client.wait_message();
  server.wait_for_connections(0);
  client.settle();
  EXPECT_EQ(delivered, 1);
}

TEST_P(WebSocketBothWays, MayBeDestroyedInOnClosed) {
  WebSocketClient::Hooks hooks;
  hooks.on_closed = [](WebSocketClient& client) { client.socket.reset(); };
  WebSocketClient client(network, options(), hooks);
  ASSERT_TRUE(client.wait_open());
  server.wait_for_connections(1);
  server.close(1000, "");
  client.wait_closed();
  client.settle();
}

TEST_P(WebSocketBothWays, MaySendAndCloseFromWithinCallbacks) {
  WebSocketClient::Hooks hooks;
  hooks.on_open = [](WebSocketClient& client) { client.socket->send({7}); };
  hooks.on_message = [](WebSocketClient& client, const Bytes&) { client.socket->close(); };
  WebSocketClient client(network, options(), hooks);
  ASSERT_TRUE(client.wait_open());
  EXPECT_EQ(client.wait_message(), Bytes{7});
  EXPECT_EQ(client.wait_closed().cause, Cause::kConnectionClosed);
  EXPECT_EQ(server.wait_for_close(), 1000);
}

TEST_P(WebSocketBothWays, DeliversNothingAfterClose) {
  WebSocketClient::Hooks hooks;
  hooks.on_open = [](WebSocketClient& client) {
    for (int i = 0; i < 50; ++i) client.socket->send({1});
    client.socket->close();
  };
  hooks.on_message = [](WebSocketClient&, const Bytes&) { ADD_FAILURE() << "delivered after close()"; };
  WebSocketClient client(network, options(), hooks);
  client.wait_closed();
}

TEST_P(WebSocketBothWays, GoesOnWhenACallbackThrows) {
  WebSocketClient::Hooks hooks;
  hooks.on_message = [](WebSocketClient&, const Bytes& message) {
    if (message == Bytes{1}) throw std::runtime_error("thrown on purpose");
  };
  WebSocketClient client(network, options(), hooks);
  ASSERT_TRUE(client.wait_open());
  client.send({1});
  client.send({2});
  EXPECT_EQ(client.wait_message(), Bytes{2});
}

TEST_P(WebSocketBothWays, ReportsACloseBeforeItOpened) {
  WebSocketClient client(network, options());
  client.close();
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kCancelled);
  EXPECT_EQ(why.cause, Cause::kConnectionClosed);
}

TEST_P(WebSocketBothWays, OpensManyAtOnce) {
  std::vector<std::unique_ptr<WebSocketClient>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(std::make_unique<WebSocketClient>(network, options()));
  for (auto& client : clients) ASSERT_TRUE(client->wait_open());
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i]->send(pattern(i));
  for (std::size_t i = 0; i < clients.size(); ++i) EXPECT_EQ(clients[i]->wait_message(), pattern(i));
}

TEST_P(WebSocketBothWays, TellsARefusalsStatusAndWhetherARetryMakesSense) {
  struct Row {
    int status;
    Errc code;
  };
  for (const Row row : {Row{400, Errc::kRejected}, Row{401, Errc::kRejected}, Row{403, Errc::kRejected},
                        Row{404, Errc::kRejected}, Row{405, Errc::kRejected}, Row{408, Errc::kUnavailable},
                        Row{429, Errc::kRateLimited}, Row{500, Errc::kUnavailable}, Row{502, Errc::kUnavailable},
                        Row{503, Errc::kUnavailable}, Row{504, Errc::kUnavailable}}) {
    server.refuse_upgrades(row.status);
    WebSocketClient client(network, options());
    const Error why = client.wait_closed();
    EXPECT_EQ(why.code, row.code) << row.status;
    EXPECT_EQ(why.cause, Cause::kWebSocketRefused) << row.status;
    EXPECT_NE(why.message.find(std::to_string(row.status)), std::string::npos) << why.message;
    EXPECT_FALSE(why.retry_after.has_value());
  }
}

TEST_P(WebSocketBothWays, PassesRetryAfterOn) {
  for (const auto& [value, expected] :
       std::vector<std::pair<std::string, std::optional<Seconds>>>{{"120", Seconds(120)},
                                                                   {"0", Seconds(0)},
                                                                   {"99999999", Seconds(86400)},
                                                                   {"-1", std::nullopt},
                                                                   {"soon", std::nullopt},
                                                                   {"Wed, 21 Oct 2026 07:28:00 GMT", std::nullopt},
                                                                   {"99999999999999", std::nullopt}}) {
    server.refuse_upgrades(503, "Retry-After", value);
    WebSocketClient client(network, options());
    EXPECT_EQ(client.wait_closed().retry_after, expected) << value;
  }
}

TEST_P(WebSocketBothWays, RefusesToSendHeadersThatWouldBreakTheRequest) {
  const std::vector<std::pair<std::string, std::string>> bad = {{"Origin", "a\r\nX-Evil: 1"},
                                                                {"Origin", std::string("a\0b", 3)},
                                                                {"", "value"},
                                                                {"Bad Name", "v"},
                                                                {"Bad:Name", "v"},
                                                                {"Upgrade", "h2c"},
                                                                {"CONNECTION", "x"},
                                                                {"Sec-WebSocket-Key", "x"},
                                                                {"Content-Length", "5"}};
  for (const auto& header : bad) {
    WebSocketOptions wished = options();
    wished.headers = {header};
    WebSocketClient client(network, wished);
    const Error why = client.wait_closed();
    EXPECT_EQ(why.code, Errc::kInvalidArgument) << header.first;
  }
  WebSocketOptions wished = options();
  wished.url.resource = "/a b";
  WebSocketClient client(network, wished);
  EXPECT_EQ(client.wait_closed().code, Errc::kInvalidArgument);
  EXPECT_EQ(server.connection_count(), 0u);
}

TEST(WebSocket, ReportsARefusedConnection) {
  ClientNetwork network;
  std::uint16_t port;
  {
    TestWsServer gone;
    port = gone.port();
  }
  WebSocketOptions options;
  options.url = {false, "127.0.0.1", port, "/"};
  WebSocketClient client(network, options);
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kUnavailable);
  EXPECT_EQ(why.cause, Cause::kConnectionRefused);
}

TEST(WebSocket, ReportsANameThatDoesNotResolve) {
  ClientNetwork network;
  WebSocketOptions options;
  options.url = {true, "ponte-test.invalid", 443, "/"};
  WebSocketClient client(network, options);
  EXPECT_EQ(client.wait_closed().cause, Cause::kNameNotResolved);
}

}  // namespace
}  // namespace ponte::net
