// DELETE /api/instance/delete/:instance: the account token only; irreversible (contract 1.1).
#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/problem.h"

namespace ponte::api {
namespace {

void remove(const EndpointContext& context, Request request, Reply<Response> reply) {
  const auto name = instance_name_of(request);
  if (!name) return reply.answer(instance_name_required(request));
  context.instances.remove(
      *name, Reply<std::monostate>([context, request = std::move(request),
                                    reply = std::move(reply)](Result<std::monostate> result) mutable {
        if (!result) {
          return reply.answer(render(problem_of(result.error(), context.clock.now().wall,
                                                "Failed to delete instance: " + result.error().message),
                                     request));
        }
        Json body = {{"success", true}, {"message", "Instance deleted"}};
        body["instance"]["status"] = "deleted";
        reply.answer(json_response(body));
      }));
}

}  // namespace

Route instance_delete_route(EndpointContext context) {
  Route route;
  route.method = Method::kDelete;
  route.path = "/api/instance/delete/:instance";
  route.auth = Auth::kAccount;
  route.limit = Limit::kGlobal;
  route.summary = "Unlink from WhatsApp and erase everything of the instance";
  route.response_schema = R"({"type":"object","required":["success","message","instance"]})";
  route.handler = [context](Request request, Reply<Response> reply) {
    remove(context, std::move(request), std::move(reply));
  };
  return route;
}

}  // namespace ponte::api
