// A WebSocket client connection: TCP, perhaps by way of a proxy, TLS, upgrade, frames.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "net/proxy.h"

namespace ponte::net {

class EventLoop;
class Resolver;
class TlsContext;
class TlsTickets;

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
  Milliseconds connect_timeout{20'000};                      ///< resolve, TCP, proxy, TLS and upgrade together
  std::size_t max_message_size = 16u << 20;
  std::optional<Proxy> proxy = std::nullopt;  ///< with it nothing ever goes to the URL's host directly
  /// The owner's, which outlives the WebSocket; its TLS sessions with the URL's host are resumed. Null: none is.
  TlsTickets* tickets = nullptr;
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
  /// Queues one binary message. Before on_open or after close it is dropped. A peer that leaves more than
  /// 4 MiB unread ends the connection with kNetworkFailed.
  virtual void send(Bytes message) = 0;
  /// Sends a close frame with code 1000; on_closed follows with the peer's answer, or after 3 s.
  /// No message is delivered any more. Before on_open it ends the dialing.
  virtual void close() = 0;
};

/// What dialing needs, shared by all connections of the process.
struct NetworkContext {
  Resolver& resolver;
  TlsContext& tls;
};

/// Starts to dial. Loop thread. What comes through on_closed:
///   kInvalidArgument/kInvalidRequest   a header or resource that cannot be sent
///   kUnavailable   kNameNotResolved, kOverloaded (resolver), kConnectionRefused, kNetworkFailed, kTlsFailed,
///                  kConnectionClosed (by the peer; the message has its code and reason),
///                  kWebSocketRefused (HTTP 408, 500 to 504: worth a retry; wire: pairing.md 1.1)
///   kTimedOut/kNetworkTimeout          the message says what was awaited
///   kRateLimited/kWebSocketRefused     HTTP 429; retry_after from its header, as with 503
///   kRejected/kWebSocketRefused        any other HTTP status; the message has it
///   kUntrusted/kTlsUntrusted           the message has OpenSSL's reason
///   kMalformed/kWebSocketProtocol      no valid upgrade, a frame against RFC 6455, a message over the limit
///   kCancelled/kConnectionClosed       after close()
/// With a proxy, until its tunnel stands:
///   kInvalidArgument/kInvalidProxy     it cannot be used as it is
///   kForbidden/kProxyNotAllowed        all its addresses are private, and it may have none
///   kProxyUnreachable                  its name, TCP or TLS to it, its silence: kUnavailable, kTimedOut or kUntrusted
///                                      with the words of the cause; kMalformed: what answers is no such proxy
///   kProxyAuthFailed, kProxyRefused    as in ProxyCodec
std::unique_ptr<WebSocket> open_web_socket(EventLoop& loop, NetworkContext network, WebSocketOptions options,
                                           WebSocketCallbacks callbacks);

}  // namespace ponte::net
