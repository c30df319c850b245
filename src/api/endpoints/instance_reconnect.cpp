// POST /api/instance/reconnect/:instance (contract 1.1). A body is taken and ignored.
#include "api/endpoints/endpoints.h"
#include "api/json.h"

namespace ponte::api {
namespace {

Response initiated(std::monostate) {
  return json_response({{"success", true}, {"message", "Reconnect initiated"}, {"status", "connecting"}});
}

}  // namespace

Route instance_reconnect_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/api/instance/reconnect/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Connect a linked instance anew";
  route.description =
      "Answers once the connection is open, with its error, or after 5 s while it goes on. A body is ignored.";
  route.response_schema = R"({"type":"object","required":["success","message","status"],"properties":{
"success":{"const":true},"message":{"const":"Reconnect initiated"},"status":{"const":"connecting"}}})";
  route.answers = {{400, "`Instance name is required`, `Instance has no saved session — call /connect first`"},
                   {500, "`Failed to reconnect: ` and the reason; the cause in `error.code`"}};
  route.audit = "instance.reconnect";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    context.instances.reconnect(name, answering<std::monostate>(context, std::move(request), std::move(reply),
                                                                "Failed to reconnect: ", initiated));
  });
  return route;
}

}  // namespace ponte::api
