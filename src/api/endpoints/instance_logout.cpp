// DELETE /api/instance/logout/:instance (contract 1.1). `unlinked` is ours: whether WhatsApp has confirmed it.
#include "api/endpoints/endpoints.h"
#include "api/json.h"

namespace ponte::api {
namespace {

Response logged_out(const instance::LogoutResult& result) {
  Json body = {{"success", true}, {"message", "Instance logged out"}};
  body["instance"]["status"] = "loggedout";
  body["unlinked"] = result.unlinked;
  return json_response(body);
}

}  // namespace

Route instance_logout_route(EndpointContext context) {
  Route route;
  route.method = Method::kDelete;
  route.path = "/api/instance/logout/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Unlink from WhatsApp and forget the session; the instance stays";
  route.description = "Connects for that where it must, for 8 s at most. Never linked: 200 too.";
  route.response_schema = R"({"type":"object","required":["success","message","instance","unlinked"],"properties":{
"success":{"const":true},"message":{"const":"Instance logged out"},
"instance":{"type":"object","required":["status"],"properties":{"status":{"const":"loggedout"}}},
"unlinked":{"type":"boolean",
"description":"false: WhatsApp has not confirmed it; look at the phone's list of linked devices"}}})";
  route.answers = {{500, "`Failed to logout instance`"}};
  route.audit = "instance.logout";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    context.instances.log_out(name, answering<instance::LogoutResult>(context, std::move(request), std::move(reply),
                                                                      "Failed to logout instance", logged_out));
  });
  return route;
}

}  // namespace ponte::api
