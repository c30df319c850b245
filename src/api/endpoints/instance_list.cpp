// GET /api/instance/list: the only status route (contract 1.1).
#include <algorithm>

#include "api/endpoints/endpoints.h"
#include "api/message_json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

/// One missing name is an error; of several, unknown ones are dropped.
Result<std::vector<instance::InstanceInfo>> select(const instance::InstanceService& instances, const Request& request) {
  std::vector<instance::InstanceInfo> out;
  if (const auto* owner = std::get_if<instance::InstancePrincipal>(&*request.principal)) {
    auto own = instances.find(owner->instance_name);
    if (!own || own->id != owner->instance_id) return instance::instance_not_found();
    out.push_back(std::move(*own));
    return out;
  }
  const auto filter = request.query.find("instanceName");
  if (filter == request.query.end()) return instances.list();
  const auto names = split_list(filter->second);
  if (names.empty()) return instances.list();
  if (names.size() == 1) {
    auto found = instances.find(names.front());
    if (!found) return instance::instance_not_found();
    out.push_back(std::move(*found));
    return out;
  }
  out = instances.list();
  std::erase_if(out, [&](const instance::InstanceInfo& info) {
    return std::find(names.begin(), names.end(), info.name) == names.end();
  });
  return out;
}

Result<Response> list(const EndpointContext& context, const Request& request) {
  PONTE_ASSIGN(const auto selected, select(context.instances, request));
  const auto token =
      std::holds_alternative<instance::AccountPrincipal>(*request.principal) ? TokenShown::kYes : TokenShown::kNo;
  Json items = Json::array();
  for (const auto& info : selected) items.push_back(instance_item(context, info, token));
  const std::size_t total = selected.size();
  Json body = {{"success", true},
               {"message", total == 1 ? "1 Instance found" : std::to_string(total) + " Instances found"}};
  body["instances"] = std::move(items);
  body["meta"]["total"] = total;
  return json_response(body);
}

}  // namespace

Route instance_list_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/api/instance/list";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Instances with their state and settings; an instance token sees its own";
  route.description = "The only status route: poll it after connect.";
  route.query = {
      {"instanceName",
       "One name, or several with commas; one unknown name is 404, of several the unknown ones are left out. "
       "An instance token sees its own whatever it says",
       R"({"type":"string","pattern":"^[^\u0000]*$","examples":["sales,support"]})"}};
  route.response_schema = R"({"type":"object","required":["success","message","instances","meta"],"properties":{
"success":{"const":true},"message":{"type":"string","pattern":"^[0-9]+ Instances? found$"},
"instances":{"type":"array","items":{"$ref":"#/components/schemas/Instance"}},
"meta":{"type":"object","required":["total"],"properties":{"total":{"type":"integer","minimum":0}}}}})";
  route.answers = {{404, "`Instance not found`"}};
  route.handler = [context](Request request, Reply<Response> reply) { reply.answer(list(context, request)); };
  return route;
}

}  // namespace ponte::api
