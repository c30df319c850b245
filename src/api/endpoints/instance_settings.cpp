// GET /api/instance/getSettings/:instance, POST /api/instance/settings/:instance (contract 1.1).
#include "api/endpoints/endpoints.h"
#include "api/instance_json.h"

namespace ponte::api {
namespace {

constexpr char kAnswer[] = R"({"type":"object","required":["success","message","settings"],"properties":{
"success":{"const":true},
"message":{"enum":["Settings retrieved successfully","Settings updated successfully"]},
"settings":{"$ref":"#/components/schemas/Settings"}}})";

// At least one that is there and not null.
constexpr char kRequest[] = R"({"allOf":[{"$ref":"#/components/schemas/SettingsChange"}],"not":{"properties":{
"autoRejectCalls":{"type":"null"},"callRejectMessage":{"type":"null"},"ignoreGroupMessages":{"type":"null"},
"keepOnlineStatus":{"type":"null"},"autoReadMessages":{"type":"null"},"disableHistorySync":{"type":"null"},
"ignoreStatus":{"type":"null"}}}})";

Response settings_response(const char* message, const instance::InstanceInfo& info) {
  Json body = {{"success", true}, {"message", message}};
  body["settings"] = settings_json(info.settings);
  return json_response(body);
}

Result<instance::SettingsChange> parse_change(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  instance::SettingsChange change = read_settings(fields);
  note_changed(request, fields);
  PONTE_TRY(fields.status());
  return change;
}

void update(const EndpointContext& context, const std::string& name, Request request, Reply<Response> reply) {
  auto change = parse_change(request);
  if (!change) return reply.answer(failure(context, request, change.error()));
  context.instances.change_settings(
      name, std::move(*change),
      answering<instance::InstanceInfo>(
          context, std::move(request), std::move(reply), "Failed to update settings configuration",
          [](const instance::InstanceInfo& info) { return settings_response("Settings updated successfully", info); }));
}

}  // namespace

Route settings_read_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/api/instance/getSettings/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "The seven settings of an instance";
  route.response_schema = kAnswer;
  route.handler = on_info(context, "Failed to get settings configuration", [](const instance::InstanceInfo& info) {
    return settings_response("Settings retrieved successfully", info);
  });
  return route;
}

Route settings_update_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/api/instance/settings/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Change some settings; the others stay";
  route.request_schema = kRequest;
  route.response_schema = kAnswer;
  route.answers = {
      {400, "`Instance name is required`, `Invalid request body`, `At least one setting must be provided`"},
      {500, "`Failed to update settings configuration`"}};
  route.audit = "instance.settings";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    update(context, name, std::move(request), std::move(reply));
  });
  return route;
}

}  // namespace ponte::api
