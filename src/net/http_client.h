// Outgoing HTTP: webhooks, media, the version of the web client.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/reply.h"
#include "base/time.h"
#include "net/proxy.h"

namespace ponte::net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

enum class HttpConnections {
  kFresh,  ///< one of its own, closed after the answer
  /// What another kept request to that place by that proxy left, or a new one that is left open. By a proxy that may
  /// not be private it is a fresh one.
  kKept,
};

/// What becomes of an answer whose body goes on past `max_body`.
enum class LongBody {
  kRefused,  ///< the request fails
  /// The answer counts with what there is; so does one whose body breaks off, or is not over in time. For who needs
  /// the status alone.
  kCut,
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};      ///< http or https, without user information
  HttpHeaders headers = {};  ///< sent to the target alone, never to a proxy
  Bytes body = {};
  std::size_t max_body = 1u << 20;  ///< bytes of the answer's body that are kept
  LongBody long_body = LongBody::kRefused;
  Milliseconds timeout{30'000};  ///< from fetch() to the last byte
  std::optional<Proxy> proxy = std::nullopt;
  std::string ca_file = {};  ///< PEM: roots besides the system's; empty for none
  HttpConnections connections = HttpConnections::kFresh;
  /// false: only a public address is connected to, whatever the URL's name leads to at that moment. Not with a proxy,
  /// which looks names up itself.
  bool allow_private = true;
};

/// What the target answered, whatever its status. A redirect is an answer and is not followed.
struct HttpReply {
  int status = 0;
  HttpHeaders headers;  ///< names in lower case, in the order they came
  Bytes body;
  std::optional<Seconds> retry_after = std::nullopt;  ///< Retry-After, of either form, from now
};

/// Tells one request from the others of its client; 0 is none.
using HttpTicket = std::uint64_t;

/// What carries requests out: a client, or a test.
class HttpFetcher {
 public:
  virtual ~HttpFetcher() = default;
  /// Any thread. `reply` is answered once, perhaps inline.
  virtual HttpTicket fetch(HttpRequest request, Reply<HttpReply> reply) = 0;
  /// Ends a request that nobody waits for any more; nothing happens where it is over. Any thread.
  virtual void cancel(HttpTicket ticket) = 0;
};

/// One thread for all requests, started by the first. Thread-safe. It takes no proxy from the environment, keeps no
/// cookies and resumes no TLS session, so that requests of several owners do not show that they belong together.
/// Where a request has a proxy, nothing goes to the target directly and the proxy looks its name up; http:// goes
/// through CONNECT as well.
class HttpClient final : public HttpFetcher {
 public:
  /// Requests under way, and those that wait for their turn, beyond which fetch() refuses.
  static constexpr std::size_t kMaxInFlight = 64;
  static constexpr std::size_t kMaxQueued = 256;
  /// Bytes of an answer's headers together.
  static constexpr std::size_t kMaxHeaders = 64 * 1024;

  HttpClient();
  /// Ends what is under way and answers it with kCancelled/kShuttingDown, on the caller's thread. Not from a reply.
  ~HttpClient() override;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// `reply` is answered once, on the client's thread: post it to where it belongs. Refusals come inline. Errors, whose
  /// messages have the URL's host but not its path, no headers and no credentials:
  ///   kInvalidArgument/kInvalidRequest, kInvalidProxy, kConfigInvalid (the CA file)
  ///   kUnavailable/kOverloaded
  ///   kUnavailable/kHttpFailed        no address, no connection, or one that broke
  ///   kMalformed/kHttpFailed          no HTTP, or more than was asked for
  ///   kTimedOut/kNetworkTimeout
  ///   kUntrusted/kTlsUntrusted
  ///   kForbidden/kTargetNotAllowed   the target's address is not public
  ///   kCancelled/kSuperseded         by cancel()
  ///   kProxyUnreachable, kProxyAuthFailed, kProxyRefused, kProxyNotAllowed   as with a WebSocket
  HttpTicket fetch(HttpRequest request, Reply<HttpReply> reply) override;
  void cancel(HttpTicket ticket) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::net
