// GET /health: no token, no rate limit, no CORS (contract 1.4).
#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

Response health(const EndpointContext& context) {
  const Now now = context.clock.now();
  const Status store = context.instances.store_health();
  Json body = {{"status", store.ok() ? "ok" : "degraded"},
               {"service", "Ponte"},
               {"uptime", uptime_text(now.mono - context.started)},
               {"timestamp", rfc3339(now.wall)}};
  body["checks"]["db"] = store.ok() ? "ok" : "fail: " + store.error().message;
  return json_response(body, store.ok() ? 200 : 503);
}

}  // namespace

Route health_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/health";
  route.auth = Auth::kNone;
  route.limit = Limit::kNone;
  route.summary = "Whether the service works; 503 where its store takes no writes";
  route.response_schema =
      R"({"type":"object","required":["status","service","uptime","timestamp","checks"],"properties":{
"status":{"enum":["ok","degraded"]},"service":{"type":"string"},"uptime":{"type":"string"},
"timestamp":{"type":"string","format":"date-time"},"checks":{"type":"object","additionalProperties":{"type":"string"}}}})";
  route.handler = [context](Request, Reply<Response> reply) { reply.answer(health(context)); };
  return route;
}

}  // namespace ponte::api
