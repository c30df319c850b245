// GET /health: no token, no rate limit, no CORS; with ?verbose more, for the account token (contract 1.4).
#include <algorithm>

#include "api/endpoints/endpoints.h"
#include "api/introspection.h"
#include "api/json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

constexpr std::string_view kVerbose = "verbose";

constexpr char kAnswer[] = R"({"type":"object","required":["status","service","uptime","timestamp","checks"],
"properties":{"status":{"enum":["ok","degraded"]},"service":{"const":"Ponte"},
"uptime":{"type":"string","examples":["12h34m56s"]},"timestamp":{"type":"string","format":"date-time"},
"checks":{"description":"`ok`, or `fail: ` and the reason; all but `db` with verbose only","type":"object",
"required":["db"],"properties":{"db":{"type":"string"},"loops":{"type":"string"},"workers":{"type":"string"},
"clientVersion":{"type":"string"},"audit":{"type":"string"}}},
"version":{"type":"string","description":"With verbose"},
"details":{"description":"With verbose","type":"object",
"required":["loops","workers","clientVersion","instances","connections"],"properties":{
"loops":{"type":"array","items":{"type":"object","required":["name","respondedInMs"],"properties":{
"name":{"type":"string"},"respondedInMs":{"type":["integer","null"],"minimum":0}}}},
"workers":{"type":"object","required":["name","respondedInMs","queued"],"properties":{
"name":{"type":"string"},"respondedInMs":{"type":["integer","null"],"minimum":0},
"queued":{"type":"integer","minimum":0}}},
"clientVersion":{"type":"object","required":["version","fetchedAt","ageSeconds","lastError"],"properties":{
"version":{"type":"string"},"fetchedAt":{"type":["string","null"],"format":"date-time"},
"ageSeconds":{"type":["integer","null"]},"lastError":{"type":["string","null"]}}},
"instances":{"description":"How many are in each state","type":"object",
"additionalProperties":{"type":"integer","minimum":0}},
"connections":{"type":"integer","minimum":0}}}}})";

Json health(const EndpointContext& context, const Status& store) {
  const Now now = context.clock.now();
  Json body = {{"status", store.ok() ? "ok" : "degraded"},
               {"service", "Ponte"},
               {"uptime", uptime_text(now.mono - context.started)},
               {"timestamp", rfc3339(now.wall)}};
  body["checks"]["db"] = store.ok() ? "ok" : "fail: " + store.error().message;
  return body;
}

bool responds(const ServiceReport::Thread& thread) {
  return thread.responded_in.has_value();
}

Json thread_json(const ServiceReport::Thread& thread) {
  Json out = {{"name", thread.name}, {"respondedInMs", nullptr}};
  if (responds(thread)) out["respondedInMs"] = thread.responded_in->count();
  return out;
}

/// Does not make the service degraded: the version that is known may be good for weeks.
Json version_json(const ServiceReport& report, Wall now) {
  Json out = {
      {"version", report.client_version}, {"fetchedAt", nullptr}, {"ageSeconds", nullptr}, {"lastError", nullptr}};
  if (report.client_version_fetched_at) {
    out["fetchedAt"] = rfc3339(*report.client_version_fetched_at);
    out["ageSeconds"] = std::chrono::floor<Seconds>(now - *report.client_version_fetched_at).count();
  }
  if (report.client_version_error) out["lastError"] = *report.client_version_error;
  return out;
}

Response verbose_health(const EndpointContext& context, const ServiceReport& report) {
  const Status store = context.instances.store_health();
  Json body = health(context, store);
  const bool loops = std::all_of(report.loops.begin(), report.loops.end(), responds);
  const bool workers = responds(report.workers);
  Json& checks = body["checks"];
  checks["loops"] = loops ? "ok" : "fail: a loop did not respond within a second";
  checks["workers"] = workers ? "ok" : "fail: no worker responded within a second";
  checks["clientVersion"] = report.client_version_error ? "fail: " + *report.client_version_error : "ok";
  checks["audit"] = report.audit_error ? "fail: " + *report.audit_error : "ok";
  const bool healthy = store.ok() && loops && workers;
  body["status"] = healthy ? "ok" : "degraded";
  body["version"] = report.version;
  Json& details = body["details"];
  details["loops"] = Json::array();
  for (const auto& loop : report.loops) details["loops"].push_back(thread_json(loop));
  details["workers"] = thread_json(report.workers);
  details["workers"]["queued"] = report.workers_queued;
  details["clientVersion"] = version_json(report, context.clock.now().wall);
  const instance::Census census = context.instances.census();
  for (std::size_t i = 0; i < instance::kStates.size(); ++i) {
    details["instances"][std::string(instance::state_name(instance::kStates[i]))] = census.by_state[i];
  }
  details["connections"] = report.connections;
  return json_response(body, healthy ? 200 : 503);
}

}  // namespace

Route health_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/health";
  route.auth = Auth::kNone;
  route.limit = Limit::kNone;
  route.account_query = kVerbose;
  route.summary = "Whether the service works; 503 where its store takes no writes. With verbose: every part";
  route.tag = "Service";
  route.response_schema = kAnswer;
  route.answers = {{503, "`degraded`: the store takes no writes, or with verbose a part does not respond", kAnswer}};
  route.cors = Cors::kNone;
  route.handler = [context](Request request, Reply<Response> reply) {
    if (!request.query.contains(kVerbose)) {
      const Status store = context.instances.store_health();
      return reply.answer(json_response(health(context, store), store.ok() ? 200 : 503));
    }
    context.introspection.report(
        answering<ServiceReport>(context, std::move(request), std::move(reply), "Failed to look at the service",
                                 [context](const ServiceReport& report) { return verbose_health(context, report); }));
  };
  return route;
}

}  // namespace ponte::api
