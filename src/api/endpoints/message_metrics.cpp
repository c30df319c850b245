// GET /api/instance/metrics/:instance: figures of the messages that are kept, of one instance or of several together
// (contract 1.1).
#include <array>
#include <map>
#include <set>

#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/text.h"
#include "instance/message_service.h"

namespace ponte::api {
namespace {

constexpr char kFailed[] = "Failed to get metrics";

/// Of several instances together.
struct Sum {
  std::uint64_t total = 0;
  std::uint64_t received = 0;
  std::map<std::string, std::uint64_t> by_type;
  std::array<std::uint64_t, store::kMessageStates> outgoing_by_state{};
  std::uint64_t last_7_days = 0;
  std::uint64_t last_30_days = 0;
  std::uint64_t contacts = 0;
  std::optional<Wall> first_at;
  std::optional<Wall> last_at;

  void add(const instance::MessageFigures& figures) {
    const auto& totals = figures.totals;
    total += totals.counts.total();
    received += totals.counts.incoming;
    for (const auto& [type, count] : totals.counts.by_type) by_type[type] += count;
    for (std::size_t i = 0; i < outgoing_by_state.size(); ++i) outgoing_by_state[i] += totals.outgoing_by_state[i];
    last_7_days += figures.last_7_days.total();
    last_30_days += figures.last_30_days.total();
    contacts += totals.contacts;
    if (totals.first_at && (!first_at || *totals.first_at < *first_at)) first_at = totals.first_at;
    if (totals.last_at && (!last_at || *totals.last_at > *last_at)) last_at = totals.last_at;
  }
};

/// Those of which there are any.
Json by_status_json(const Sum& sum) {
  // By number of the state, as it is kept.
  static constexpr std::array<const char*, store::kMessageStates> kNames{"error",     "pending", "sent",
                                                                         "delivered", "read",    "played"};
  Json out = Json::object();
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (sum.outgoing_by_state[i] > 0) out[kNames[i]] = sum.outgoing_by_state[i];
  }
  if (sum.received > 0) out["received"] = sum.received;
  return out;
}

Json time_or_null(const std::optional<Wall>& at) {
  return at ? Json(rfc3339(*at)) : Json(nullptr);
}

/// `names`: one, or several with commas. A sum that leaves one out would mislead, so each must be there.
Result<Response> show(const EndpointContext& context, const std::string& names) {
  std::string shown;
  Sum sum;
  std::set<std::string_view> counted;
  for (const std::string_view name : split_list(names)) {
    PONTE_ASSIGN(const auto figures, context.instances.message_figures(name));
    shown += (shown.empty() ? "" : ",") + std::string(name);
    if (counted.insert(name).second) sum.add(figures);
  }
  if (shown.empty()) return instance::instance_not_found();
  Json body = {{"success", true}, {"message", "Metrics retrieved successfully"}};
  body["metrics"] = {{"instance", shown},
                     {"totalMessages", sum.total},
                     {"messagesByType", Json(sum.by_type)},
                     {"messagesByStatus", by_status_json(sum)},
                     {"last7Days", sum.last_7_days},
                     {"last30Days", sum.last_30_days},
                     {"uniqueContacts", sum.contacts},
                     {"firstMessageAt", time_or_null(sum.first_at)},
                     {"lastMessageAt", time_or_null(sum.last_at)}};
  return json_response(body);
}

}  // namespace

Route message_metrics_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/api/instance/metrics/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Figures of the messages that are kept; of several instances, named with commas, together";
  route.description = "Of what is kept. Days are those of UTC, today among them.";
  route.response_schema = R"({"type":"object","required":["success","message","metrics"],"properties":{
"success":{"const":true},"message":{"const":"Metrics retrieved successfully"},
"metrics":{"type":"object","required":["instance","totalMessages","messagesByType","messagesByStatus","last7Days",
"last30Days","uniqueContacts","firstMessageAt","lastMessageAt"],"properties":{
"instance":{"type":"string"},"totalMessages":{"type":"integer","minimum":0},
"messagesByType":{"type":"object","additionalProperties":{"type":"integer","minimum":0}},
"messagesByStatus":{"type":"object","additionalProperties":{"type":"integer","minimum":0}},
"last7Days":{"type":"integer","minimum":0},"last30Days":{"type":"integer","minimum":0},
"uniqueContacts":{"type":"integer","minimum":0},
"firstMessageAt":{"type":["string","null"],"format":"date-time"},
"lastMessageAt":{"type":["string","null"],"format":"date-time"}}}}})";
  route.answers = {{400, "`Instance name is required`"}, {500, "`Failed to get metrics`"}};
  route.handler = on_instance([context](const std::string& names, const Request& request, Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, show(context, names), kFailed));
  });
  return route;
}

}  // namespace ponte::api
