// From a request to its answer: request id, CORS, route, token, rate limit, handler. No socket here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/client_address.h"
#include "api/http.h"
#include "api/http_metrics.h"
#include "api/rate_limit.h"
#include "api/routes.h"
#include "base/random.h"
#include "base/time.h"

namespace ponte::instance {
class Links;
}

namespace ponte::api {

class TicketBox;

/// May change while requests are served.
struct DispatcherOptions {
  std::vector<std::string> cors_origins;  ///< `https://app.example.com`, or `*`
  TrustedProxies trusted_proxies;
  RateLimiter::Limits limits;
  TicketBox* tickets = nullptr;            ///< of routes that take one; null: none does. Never changes
  const instance::Links* links = nullptr;  ///< of routes for their holders; null: there are none. Never changes
};

class AuditSink;

/// A request as the shell has it.
struct IncomingRequest {
  Method method = Method::kGet;
  std::string target;
  Headers headers;
  std::string body;
  std::string peer_address;
  bool may_upgrade = false;  ///< the connection can become a WebSocket
};

/// Thread-safe. Outlives every answer that is still due.
///
/// Order of checks: route and method, token, rate limit, then the handler's own validation. A request with an invalid
/// token is counted against its client address, everything else against its token. The answer of a route that changes
/// something leaves when its audit record is written.
class Dispatcher {
 public:
  Dispatcher(DispatcherOptions options, const instance::InstanceService& instances, const Clock& clock,
             RandomSource& random, std::vector<Route> routes, AuditSink* audit = nullptr);
  ~Dispatcher();

  /// Answers once, now or later, from any thread; the answer is never an error.
  void handle(IncomingRequest incoming, Reply<Response> reply);

  /// Counts for the requests that come from now on; `tickets`, `links` and `most_buckets` stay what they were. Any
  /// thread.
  void reconfigure(DispatcherOptions options);

  /// The answer to a request that never became one; what is known of it decides form and request id.
  Response refuse(const IncomingRequest& incoming, const Refusal& refusal);

  const std::vector<Route>& routes() const;
  const HttpMetrics& metrics() const;

 private:
  struct Context;
  struct Shared;
  Request make_request(IncomingRequest& incoming);
  void finish(const Context& context, Response& response) const;
  void answer(Context& context, Response response, Reply<Response>& reply) const;
  Context context_of(const Match& match, Request& request, Context context) const;
  Response preflight(const Request& request, const Match& match) const;
  bool admit(const Match& match, Request& request, Context& context, Response& refusal);

  std::unique_ptr<Shared> shared_;
};

}  // namespace ponte::api
