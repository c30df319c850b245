// /ws/:instance: what the REST layer says of an upgrade, on the listener for WebSockets.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "net/web_socket_server.h"

namespace ponte::api {
class Dispatcher;
}

namespace ponte::app {

/// Tokens, limits and refusals are the dispatcher's, as on the other listener.
class PushListener {
 public:
  /// `dispatcher` outlives it.
  PushListener(net::WebSocketServer::Options options, api::Dispatcher& dispatcher);

  Status start() { return server_.start(); }
  void stop() { server_.stop(); }
  std::uint16_t port() const { return server_.port(); }

 private:
  net::WebSocketServer server_;
};

}  // namespace ponte::app
