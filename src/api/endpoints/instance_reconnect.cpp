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
  route.response_schema = R"({"type":"object","required":["success","message","status"]})";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    context.instances.reconnect(name, answering<std::monostate>(context, std::move(request), std::move(reply),
                                                                "Failed to reconnect: ", initiated));
  });
  return route;
}

}  // namespace ponte::api
