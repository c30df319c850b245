#include "net/web_socket.h"

#include <gtest/gtest.h>

#include "support/net/raw_server.h"
#include "support/net/test_ws_server.h"
#include "support/net/web_socket_client.h"

namespace ponte::net {
namespace {

using test::ClientNetwork;
using test::TestWsServer;
using test::WebSocketClient;

WebSocketOptions options_for(std::uint16_t port) {
  WebSocketOptions options;
  options.url = {false, "127.0.0.1", port, "/ws/chat"};
  return options;
}

TEST(WebSocket, EchoesBinaryMessagesOfManySizes) {
  ClientNetwork network;
  TestWsServer server;
  WebSocketClient client(network, options_for(server.port()));
  ASSERT_TRUE(client.wait_open());
  for (const std::size_t size : {0u, 1u, 125u, 126u, 1000u, 1024u, 65535u, 65536u, 1000000u}) {
    Bytes message(size);
    for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
    client.send(message);
    EXPECT_EQ(client.wait_message(), message) << size;
  }
}

}  // namespace
}  // namespace ponte::net
