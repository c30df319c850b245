// A WebSocket client connection: TCP (by way of a proxy, with the next issue), TLS, upgrade, frames.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"

namespace ponte::net {

class EventLoop;
class Resolver;
class TlsContext;

/// A parsed ws:// or wss:// URL.
struct WebSocketUrl {
  bool secure = true;
  std::string host;  ///< without brackets
  std::uint16_t port = 443;
  std::string resource = "/";

  /// kInvalidArgument where it is no ws or wss URL, or ws for a host that is not loopback.
  static Result<WebSocketUrl> parse(std::string_view text);
};

struct WebSocketOptions {
  WebSocketUrl url;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Origin, User-Agent ...
  Milliseconds connect_timeout{20'000};                      ///< resolve, TCP, TLS and upgrade together
  std::size_t max_message_size = 16u << 20;
};

/// What a connection reports. All calls come on the loop thread, never from within a call into the
/// WebSocket, and none after on_closed or after the WebSocket is destroyed.
struct WebSocketCallbacks {
  UniqueFunction<void()> on_open;
  UniqueFunction<void(Bytes message)> on_message;  ///< binary messages; text is ignored
  UniqueFunction<void(Error why)> on_closed;       ///< once: refused, failed, or closed by either side
};

/// One connection, from dialing to closed. Loop thread only. Destroying it closes the socket at once.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  /// Queues one binary message. Before on_open or after close it is dropped.
  virtual void send(Bytes message) = 0;
  /// Sends a close frame with code 1000 and closes; on_closed follows.
  virtual void close() = 0;
};

/// What dialing needs, shared by all connections of the process.
struct NetworkContext {
  Resolver& resolver;
  TlsContext& tls;
};

/// Starts to dial. Errors come through on_closed: kUnavailable with kNameNotResolved, kConnectionRefused,
/// kNetworkFailed, kNetworkTimeout, kWebSocketRefused (message holds the HTTP status); kUntrusted with kTlsUntrusted.
std::unique_ptr<WebSocket> open_web_socket(EventLoop& loop, NetworkContext network, WebSocketOptions options,
                                           WebSocketCallbacks callbacks);

}  // namespace ponte::net
