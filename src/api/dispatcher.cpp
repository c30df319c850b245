#include "api/dispatcher.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "api/audit.h"
#include "api/problem.h"
#include "api/text.h"
#include "api/ticket_box.h"
#include "base/log.h"
#include "crypto/system_random.h"
#include "instance/links.h"

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

bool allows(const std::vector<std::string>& origins, std::optional<std::string_view> origin) {
  return origin && std::any_of(origins.begin(), origins.end(), [&](const std::string& each) {
           return each == "*" || equals_ignoring_case(each, *origin);
         });
}

}  // namespace

/// What the answer needs of its request, whenever it comes.
struct Dispatcher::Context {
  Request request;  ///< without body once the handler has it
  std::optional<RateState> rate;
  std::string_view audit;  ///< what it does, where that is written down
  bool cors = true;        ///< what needs no token bypasses it
  RouteMetrics* metrics = nullptr;
  Stopwatch watch;
};

struct Dispatcher::Shared {
  Shared(DispatcherOptions dispatcher_options, const instance::InstanceService& service, const Clock& the_clock,
         RandomSource& the_random, std::vector<Route> routes, AuditSink* the_audit)
      : instances(service),
        clock(the_clock),
        random(the_random),
        limiter(dispatcher_options.limits),
        tickets(dispatcher_options.tickets),
        links(dispatcher_options.links),
        router(std::move(routes)),
        metrics(router.routes()),
        audit(the_audit),
        options_(std::make_shared<const DispatcherOptions>(std::move(dispatcher_options))) {}

  const instance::InstanceService& instances;
  const Clock& clock;
  RandomSource& random;
  RateLimiter limiter;
  TicketBox* const tickets;
  const instance::Links* const links;
  Router router;
  HttpMetrics metrics;
  AuditSink* const audit;  ///< null: nothing is written down

  // Shared: each request goes on with what it has seen first.
  std::shared_ptr<const DispatcherOptions> options() const {
    const std::lock_guard lock(mutex_);
    return options_;
  }
  void set_options(DispatcherOptions options) {
    auto fresh = std::make_shared<const DispatcherOptions>(std::move(options));
    limiter.set_limits(fresh->limits.global, fresh->limits.create);
    const std::lock_guard lock(mutex_);
    options_.swap(fresh);
  }

  std::string address_key(const Request& request) const {
    const auto address = parse_ip_address(request.client_address);
    return "address:" + (address ? address->rate_limit_key() : request.client_address);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const DispatcherOptions> options_;  // guarded by mutex_
};

Dispatcher::Dispatcher(DispatcherOptions options, const instance::InstanceService& instances, const Clock& clock,
                       RandomSource& random, std::vector<Route> routes, AuditSink* audit)
    : shared_(std::make_unique<Shared>(std::move(options), instances, clock, random, std::move(routes), audit)) {}
Dispatcher::~Dispatcher() = default;

const HttpMetrics& Dispatcher::metrics() const {
  return shared_->metrics;
}

void Dispatcher::reconfigure(DispatcherOptions options) {
  shared_->set_options(std::move(options));
}

const std::vector<Route>& Dispatcher::routes() const {
  return shared_->router.routes();
}

Request Dispatcher::make_request(IncomingRequest& incoming) {
  Request request;
  request.method = incoming.method;
  request.headers = std::move(incoming.headers);
  request.body = std::move(incoming.body);
  request.may_upgrade = incoming.may_upgrade;
  const auto forwarded = request.header("x-forwarded-for");
  const auto options = shared_->options();
  request.client_address = options->trusted_proxies.client(incoming.peer_address, forwarded.value_or(""));
  request.origin_allowed = allows(options->cors_origins, request.header("origin"));
  const auto id = request.header("x-request-id");
  request.id = id && is_usable_request_id(*id)
                   ? std::string(*id)
                   : crypto::uuid_v7(shared_->random, unix_milliseconds(shared_->clock.now().wall));
  return request;
}

/// The headers that every answer carries.
void Dispatcher::finish(const Context& context, Response& response) const {
  context.metrics->count(response.status, context.watch.elapsed());
  response.headers.emplace_back("X-Request-Id", context.request.id);
  if (context.rate) {
    response.headers.emplace_back("X-RateLimit-Limit", std::to_string(context.rate->limit));
    response.headers.emplace_back("X-RateLimit-Remaining", std::to_string(context.rate->remaining));
    response.headers.emplace_back("X-RateLimit-Reset", std::to_string(context.rate->reset));
    if (response.status == 429) response.headers.emplace_back("Retry-After", std::to_string(context.rate->retry_after));
  }
  if (!context.cors) return;
  const auto options = shared_->options();
  const auto& origins = options->cors_origins;
  if (origins.empty()) return;
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = context.request.header("origin");
  if (!allows(origins, origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  response.headers.emplace_back(
      "Access-Control-Expose-Headers",
      "X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After");
  if (context.request.method != Method::kOptions) return;
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
  response.headers.emplace_back("Access-Control-Allow-Headers",
                                "Content-Type, Authorization, token, X-Request-Id, Last-Event-ID");
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
  const Auth auth = auth_of(route, request);
  if (auth == Auth::kNone) {
    if (route.limit != Limit::kNone) context.rate = shared.limiter.count(shared.address_key(request), route.limit, now);
  } else {
    auto token = presented_token(request);
    const auto query = request.query.find("token");
    if (!token && route.query_token && query != request.query.end()) token = query->second;
    if (token && auth == Auth::kLink) {
      request.link = shared.links == nullptr ? std::nullopt : shared.links->authenticate(*token);
    } else if (token) {
      request.principal = shared.instances.authenticate(*token);
    }
    const auto ticket = request.query.find("ticket");
    if (!token && route.ticket && shared.tickets != nullptr && ticket != request.query.end()) {
      request.principal = shared.tickets->redeem(ticket->second, now.mono);
    }
    if (!is_known(request)) {
      shared.metrics.invalid_tokens.add();
      context.rate = shared.limiter.count(shared.address_key(request), Limit::kGlobal, now);
    } else if (route.limit != Limit::kNone) {
      context.rate = shared.limiter.count(requester_key(request), route.limit, now);
    }
  }
  if (context.rate && context.rate->exceeded) {
    (is_known(request) ? shared.metrics.rate_limited_tokens : shared.metrics.rate_limited_addresses).add();
    refusal =
        render(problem_of({Errc::kRateLimited, Cause::kRateLimited, "", Seconds(context.rate->retry_after)}, now.wall),
               request);
    return false;
  }
  if (auth == Auth::kNone) return true;
  if (request.link || (request.principal && may_use(*request.principal, auth, request))) return true;
  refusal = render(problem_of({Errc::kUnauthenticated, Cause::kInvalidToken, ""}, now.wall), request);
  return false;
}

void Dispatcher::handle(IncomingRequest incoming, Reply<Response> reply) {
  Shared& shared = *shared_;
  const Now now = shared.clock.now();
  Request request = make_request(incoming);
  Context context;
  context.metrics = &shared.metrics.unmatched();
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
    context.metrics = &shared.metrics.preflight();
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
  context.metrics = &shared.metrics.of(match.index);
  request.params = std::move(match.params);
  context.cors = match.route->cors == Cors::kAllowed || auth_of(*match.route, request) != Auth::kNone;
  Response refusal;
  if (!admit(match, request, context, refusal)) return answer_now(std::move(refusal));

  context = context_of(match, request, std::move(context));
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
        answer(context, std::move(response), outer);
      });
  match.route->handler(std::move(request), std::move(finishing));
}

/// What is left of a request when its handler has it.
Dispatcher::Context Dispatcher::context_of(const Match& match, Request& request, Context context) const {
  context.request.id = request.id;
  context.request.method = request.method;
  for (const auto& [name, value] : request.headers) {
    if (name == "origin" || name == "accept") context.request.headers.emplace_back(name, value);
  }
  if (shared_->audit == nullptr || match.route->audit.empty()) return context;
  context.audit = match.route->audit;
  context.request.audit = request.audit = std::make_shared<AuditNote>();
  context.request.client_address = request.client_address;
  context.request.principal = request.principal;
  context.request.link = request.link;
  context.request.params = request.params;
  return context;
}

void Dispatcher::answer(Context& context, Response response, Reply<Response>& reply) const {
  finish(context, response);
  if (context.audit.empty()) return reply.answer(std::move(response));
  AuditRecord record = audit_record(context.audit, context.request, response, shared_->clock.now().wall);
  shared_->audit->write(std::move(record), [reply = std::move(reply), response = std::move(response)]() mutable {
    reply.answer(std::move(response));
  });
}

Response Dispatcher::refuse(const IncomingRequest& incoming, const Refusal& refusal) {
  IncomingRequest copy = incoming;
  Context context;
  context.metrics = &shared_->metrics.malformed();
  context.request = make_request(copy);
  context.rate = shared_->limiter.peek(shared_->address_key(context.request), Limit::kGlobal, shared_->clock.now());
  Response response = render({refusal.status, refusal.message, refusal.cause, refusal.details}, context.request);
  finish(context, response);
  return response;
}

}  // namespace ponte::api
