// Opens a TCP connection to a host, or to the proxy before it: resolve, then a race of its addresses (RFC 8305, happy
// eyeballs).
#pragma once

#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "net/proxy.h"

namespace ponte::net {

class EventLoop;
class Resolver;

struct DialOptions {
  std::string host;  ///< a name or a numeric address, without brackets
  std::uint16_t port = 0;
  Milliseconds timeout{20'000};  ///< resolving and all addresses together
  /// The connection goes to it instead: host and port are neither looked up nor connected to.
  std::optional<Proxy> proxy = std::nullopt;
};

/// A dial in progress. Destroying it cancels: the answer is then never called. Loop thread only.
class Dial {
 public:
  virtual ~Dial() = default;
};

/// The socket is connected, non-blocking, with TCP_NODELAY and without keepalive.
using DialAnswer = UniqueFunction<void(Result<asio::ip::tcp::socket>)>;

/// Dials. `answer` is called once on the loop thread, never from within this call; it may destroy the
/// Dial. IPv6 and IPv4 addresses take turns. The next attempt begins when the one before fails, or 250 ms after it
/// began while that goes on; the first that connects wins and the others are closed.
/// The Resolver's errors; kUnavailable/kConnectionRefused or kNetworkFailed, kTimedOut/kNetworkTimeout: of several
/// addresses that failed a refusal is reported before silence, silence before the rest, else the last.
/// With a proxy all of these are kProxyUnreachable with the same code; kForbidden/kProxyNotAllowed where it has only
/// addresses that it may not have.
std::unique_ptr<Dial> dial(EventLoop& loop, Resolver& resolver, DialOptions options, DialAnswer answer);

}  // namespace ponte::net
