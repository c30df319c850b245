// From a request to its answer: request id, CORS, route, token, rate limit, handler. No socket here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/client_address.h"
#include "api/http.h"
#include "api/rate_limit.h"
#include "api/routes.h"
#include "base/random.h"
#include "base/time.h"

namespace ponte::api {

struct DispatcherOptions {
  std::vector<std::string> cors_origins;  ///< `https://app.example.com`, or `*`
  TrustedProxies trusted_proxies;
  RateLimiter::Limits limits;
};

/// A request as the shell has it.
struct IncomingRequest {
  Method method = Method::kGet;
  std::string target;
  Headers headers;
  std::string body;
  std::string peer_address;
};

/// Thread-safe. Outlives every answer that is still due.
///
/// Order of checks: route and method, token, rate limit, then the handler's own validation. A request with an invalid
/// token is counted against its client address, everything else against its token.
class Dispatcher {
 public:
  Dispatcher(DispatcherOptions options, const instance::InstanceService& instances, const Clock& clock,
             RandomSource& random, std::vector<Route> routes);
  ~Dispatcher();

  /// Answers once, now or later, from any thread; the answer is never an error.
  void handle(IncomingRequest incoming, Reply<Response> reply);

  /// The answer to a request that never became one; what is known of it decides form and request id.
  Response refuse(const IncomingRequest& incoming, const Refusal& refusal);

  const std::vector<Route>& routes() const;

 private:
  struct Context;
  struct Shared;
  Request make_request(IncomingRequest& incoming);
  void finish(const Context& context, Response& response) const;
  Response preflight(const Request& request, const Match& match) const;
  bool admit(const Match& match, Request& request, Context& context, Response& refusal);

  std::unique_ptr<Shared> shared_;
};

}  // namespace ponte::api
