// GET /api/instance/metrics/:instance: figures of the messages that are kept, of one instance or of several together
// (contract 1.1).
#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

/// `names`: one, or several with commas. A sum that leaves one out would mislead, so each must be there.
Result<Response> show(const EndpointContext& context, const std::string& names) {
  std::string shown;
  for (const std::string_view name : split_list(names)) {
    if (!context.instances.find(name)) return instance::instance_not_found();
    shown += (shown.empty() ? "" : ",") + std::string(name);
  }
  if (shown.empty()) return instance::instance_not_found();
  // This version acknowledges messages and keeps none: there is nothing to count.
  Json body = {{"success", true}, {"message", "Metrics retrieved successfully"}};
  body["metrics"] = {{"instance", shown},
                     {"totalMessages", 0},
                     {"messagesByType", Json::object()},
                     {"messagesByStatus", Json::object()},
                     {"last7Days", 0},
                     {"last30Days", 0},
                     {"uniqueContacts", 0},
                     {"firstMessageAt", nullptr},
                     {"lastMessageAt", nullptr}};
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
  route.description = "This version keeps no messages: all figures are zero.";
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
  route.answers = {{400, "`Instance name is required`"}};
  route.handler = on_instance([context](const std::string& names, const Request& request, Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, show(context, names)));
  });
  return route;
}

}  // namespace ponte::api
