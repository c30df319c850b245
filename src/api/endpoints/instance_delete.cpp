// DELETE /api/instance/delete/:instance: the account token only; irreversible (contract 1.1).
#include "api/endpoints/endpoints.h"
#include "api/json.h"

namespace ponte::api {
namespace {

Response deleted(std::monostate) {
  Json body = {{"success", true}, {"message", "Instance deleted"}};
  body["instance"]["status"] = "deleted";
  return json_response(body);
}

}  // namespace

Route instance_delete_route(EndpointContext context) {
  Route route;
  route.method = Method::kDelete;
  route.path = "/api/instance/delete/:instance";
  route.auth = Auth::kAccount;
  route.limit = Limit::kGlobal;
  route.summary = "Unlink from WhatsApp and erase everything of the instance";
  route.response_schema = R"({"type":"object","required":["success","message","instance"],"properties":{
"success":{"const":true},"message":{"const":"Instance deleted"},
"instance":{"type":"object","required":["status"],"properties":{"status":{"const":"deleted"}}}}})";
  route.answers = {{500, "`Failed to delete instance: ` and the reason"}};
  route.audit = "instance.delete";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    context.instances.remove(name, answering<std::monostate>(context, std::move(request), std::move(reply),
                                                             "Failed to delete instance: ", deleted));
  });
  return route;
}

}  // namespace ponte::api
