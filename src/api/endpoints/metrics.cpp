// GET /metrics (contract 1.4): for the account token, or for everybody where the configuration says so.
#include "api/endpoints/endpoints.h"
#include "api/introspection.h"

namespace ponte::api {

Route metrics_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/metrics";
  route.auth = context.metrics_open ? Auth::kNone : Auth::kAccount;
  route.limit = Limit::kNone;
  route.summary = "Figures for Prometheus, in its text format";
  route.tag = "Service";
  route.response_type = "text/plain";
  route.response_schema = R"({"type":"string"})";
  route.cors = Cors::kNone;
  route.handler = [context](Request, Reply<Response> reply) {
    Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.headers.emplace_back("Cache-Control", "no-store");
    response.body = context.introspection.metrics();
    reply.answer(std::move(response));
  };
  return route;
}

}  // namespace ponte::api
