#include "api/dispatcher.h"

#include <algorithm>
#include <optional>

#include "api/problem.h"
#include "api/text.h"
#include "base/log.h"
#include "crypto/system_random.h"

namespace ponte::api {
namespace {

constexpr std::size_t kLongestRequestId = 128;

bool is_usable_request_id(std::string_view id) {
  return !id.empty() && id.size() <= kLongestRequestId &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

Error no_route(std::string_view path) {
  return {Errc::kNotFound, Cause::kRouteNotFound, "no route " + std::string(path.substr(0, 200))};
}

}  // namespace

/// What the answer needs of its request, whenever it comes.
struct Dispatcher::Context {
  Request request;  ///< without body once the handler has it
  std::optional<RateState> rate;
  bool cors = true;  ///< /health bypasses it
};

struct Dispatcher::Shared {
  Shared(DispatcherOptions dispatcher_options, const instance::InstanceService& service, const Clock& the_clock,
         RandomSource& the_random, std::vector<Route> routes)
      : options(std::move(dispatcher_options)),
        instances(service),
        clock(the_clock),
        random(the_random),
        limiter(options.limits),
        router(std::move(routes)) {}

  const DispatcherOptions options;
  const instance::InstanceService& instances;
  const Clock& clock;
  RandomSource& random;
  RateLimiter limiter;
  Router router;

  std::string address_key(const Request& request) const {
    const auto address = parse_ip_address(request.client_address);
    return "address:" + (address ? address->rate_limit_key() : request.client_address);
  }
};

Dispatcher::Dispatcher(DispatcherOptions options, const instance::InstanceService& instances, const Clock& clock,
                       RandomSource& random, std::vector<Route> routes)
    : shared_(std::make_unique<Shared>(std::move(options), instances, clock, random, std::move(routes))) {}
Dispatcher::~Dispatcher() = default;

const std::vector<Route>& Dispatcher::routes() const {
  return shared_->router.routes();
}

Request Dispatcher::make_request(IncomingRequest& incoming) {
  Request request;
  request.method = incoming.method;
  request.headers = std::move(incoming.headers);
  request.body = std::move(incoming.body);
  const auto forwarded = request.header("x-forwarded-for");
  request.client_address = shared_->options.trusted_proxies.client(incoming.peer_address, forwarded.value_or(""));
  const auto id = request.header("x-request-id");
  request.id = id && is_usable_request_id(*id)
                   ? std::string(*id)
                   : crypto::uuid_v7(shared_->random, unix_milliseconds(shared_->clock.now().wall));
  return request;
}

/// The headers that every answer carries.
void Dispatcher::finish(const Context& context, Response& response) const {
  response.headers.emplace_back("X-Request-Id", context.request.id);
  if (context.rate) {
    response.headers.emplace_back("X-RateLimit-Limit", std::to_string(context.rate->limit));
    response.headers.emplace_back("X-RateLimit-Remaining", std::to_string(context.rate->remaining));
    response.headers.emplace_back("X-RateLimit-Reset", std::to_string(context.rate->reset));
    if (response.status == 429) response.headers.emplace_back("Retry-After", std::to_string(context.rate->retry_after));
  }
  const auto& origins = shared_->options.cors_origins;
  if (!context.cors || origins.empty()) return;
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = context.request.header("origin");
  const bool allowed = origin && std::any_of(origins.begin(), origins.end(), [&](const std::string& each) {
                         return each == "*" || equals_ignoring_case(each, *origin);
                       });
  if (!allowed) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  response.headers.emplace_back(
      "Access-Control-Expose-Headers",
      "X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After");
  if (context.request.method != Method::kOptions) return;
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
  response.headers.emplace_back("Access-Control-Allow-Headers", "Content-Type, Authorization, token, X-Request-Id");
  response.headers.emplace_back("Access-Control-Max-Age", "600");
}

Response Dispatcher::preflight(const Request&, const Match& match) const {
  Response response;
  response.status = 204;
  response.content_type.clear();
  if (!match.allow.empty()) response.headers.emplace_back("Allow", match.allow);
  return response;
}

/// Token and rate limit. False: `refusal` is the answer.
bool Dispatcher::admit(const Match& match, Request& request, Context& context, Response& refusal) {
  Shared& shared = *shared_;
  const Now now = shared.clock.now();
  const Route& route = *match.route;
  if (route.auth == Auth::kNone) {
    if (route.limit != Limit::kNone) context.rate = shared.limiter.count(shared.address_key(request), route.limit, now);
  } else {
    const auto token = presented_token(request);
    if (token) request.principal = shared.instances.authenticate(*token);
    const std::string key = request.principal ? principal_key(*request.principal) : shared.address_key(request);
    context.rate = shared.limiter.count(key, request.principal ? route.limit : Limit::kGlobal, now);
  }
  if (context.rate && context.rate->exceeded) {
    refusal =
        render(problem_of({Errc::kRateLimited, Cause::kRateLimited, "", Seconds(context.rate->retry_after)}, now.wall),
               request);
    return false;
  }
  if (route.auth == Auth::kNone) return true;
  if (request.principal && may_use(*request.principal, route.auth, request)) return true;
  refusal = render(problem_of({Errc::kUnauthenticated, Cause::kInvalidToken, ""}, now.wall), request);
  return false;
}

void Dispatcher::handle(IncomingRequest incoming, Reply<Response> reply) {
  Shared& shared = *shared_;
  const Now now = shared.clock.now();
  Request request = make_request(incoming);
  Context context;
  const auto answer_now = [&](Response response) {
    context.request = std::move(request);
    if (!context.rate) {
      context.rate = shared.limiter.peek(shared.address_key(context.request), Limit::kGlobal, now);
    }
    finish(context, response);
    reply.answer(std::move(response));
  };

  auto target = parse_target(incoming.target);
  if (!target)
    return answer_now(render({400, "Malformed request", Cause::kInvalidRequest, target.error().message}, request));
  request.path = target->path;
  request.query = std::move(target->query);
  Match match = shared.router.match(request.method, *target);
  if (request.method == Method::kOptions && (!match.allow.empty() || request.path == "*")) {
    return answer_now(preflight(request, match));
  }
  if (match.kind != Match::Kind::kFound) {
    context.rate = shared.limiter.count(shared.address_key(request), Limit::kGlobal, now);
    if (match.kind == Match::Kind::kNoRoute)
      return answer_now(render(problem_of(no_route(request.path), now.wall), request));
    Response response = render(problem_of({Errc::kUnsupported, Cause::kMethodNotAllowed, ""}, now.wall), request);
    response.headers.emplace_back("Allow", match.allow);
    return answer_now(std::move(response));
  }
  request.params = std::move(match.params);
  context.cors = match.route->auth != Auth::kNone;
  Response refusal;
  if (!admit(match, request, context, refusal)) return answer_now(std::move(refusal));

  context.request.id = request.id;
  context.request.method = request.method;
  for (const auto& [name, value] : request.headers) {
    if (name == "origin" || name == "accept") context.request.headers.emplace_back(name, value);
  }
  Reply<Response> finishing(
      [this, context = std::move(context), outer = std::move(reply)](Result<Response> result) mutable {
        Response response;
        if (result) {
          response = std::move(*result);
        } else {
          const Error& error = result.error();
          if (error.cause == Cause::kReplyDropped)
            log::warn("api", "a handler dropped its reply, request " + context.request.id);
          response = render(problem_of(error, shared_->clock.now().wall), context.request);
        }
        finish(context, response);
        outer.answer(std::move(response));
      });
  match.route->handler(std::move(request), std::move(finishing));
}

Response Dispatcher::refuse(const IncomingRequest& incoming, const Refusal& refusal) {
  IncomingRequest copy = incoming;
  Context context;
  context.request = make_request(copy);
  context.rate = shared_->limiter.peek(shared_->address_key(context.request), Limit::kGlobal, shared_->clock.now());
  Response response = render({refusal.status, refusal.message, refusal.cause, refusal.details}, context.request);
  finish(context, response);
  return response;
}

}  // namespace ponte::api
