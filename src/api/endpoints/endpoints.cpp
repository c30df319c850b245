#include "api/endpoints/endpoints.h"

#include "api/problem.h"
#include "api/text.h"

namespace ponte::api {

std::vector<Route> all_routes(EndpointContext context) {
  std::vector<Route> routes;
  for (const auto make :
       {health_route, instance_create_route, instance_connect_route, instance_reconnect_route, instance_list_route,
        instance_logout_route, instance_delete_route, settings_read_route, settings_update_route, proxy_read_route,
        proxy_update_route, passkey_read_route, passkey_submit_route, passkey_confirm_route}) {
    routes.push_back(make(context));
  }
  return routes;
}

Handler on_instance(InstanceHandler handler) {
  return [handler = std::move(handler)](Request request, Reply<Response> reply) {
    const auto found = request.params.find("instance");
    const std::string name(found == request.params.end() ? std::string_view() : trim(found->second));
    if (name.empty()) {
      return reply.answer(render({400, "Instance name is required", Cause::kInvalidInstanceName}, request));
    }
    handler(name, std::move(request), std::move(reply));
  };
}

Handler on_info(EndpointContext context, std::string prescribed,
                std::function<Result<Response>(const instance::InstanceInfo&)> show) {
  return on_instance([context, prescribed = std::move(prescribed), show = std::move(show)](
                         const std::string& name, const Request& request, Reply<Response> reply) {
    const auto info = context.instances.find(name);
    Result<Response> answer = info ? show(*info) : Result<Response>(instance::instance_not_found());
    if (!answer) answer = failure(context, request, answer.error(), prescribed);
    reply.answer(std::move(answer));
  });
}

Response failure(const EndpointContext& context, const Request& request, const Error& error,
                 const std::string& prescribed) {
  const Wall now = context.clock.now().wall;
  if (prescribed.empty()) return render(problem_of(error, now), request);
  return render(problem_of(error, now, prescribed.ends_with(": ") ? prescribed + error.message : prescribed), request);
}

}  // namespace ponte::api
