#include "api/endpoints/endpoints.h"

#include "api/problem.h"
#include "api/text.h"

namespace ponte::api {

std::vector<Route> all_routes(EndpointContext context) {
  std::vector<Route> routes;
  routes.push_back(health_route(context));
  routes.push_back(instance_create_route(context));
  routes.push_back(instance_connect_route(context));
  routes.push_back(instance_list_route(context));
  routes.push_back(instance_delete_route(context));
  return routes;
}

std::optional<std::string> instance_name_of(const Request& request) {
  const auto found = request.params.find("instance");
  if (found == request.params.end() || trim(found->second).empty()) return std::nullopt;
  return std::string(trim(found->second));
}

Response instance_name_required(const Request& request) {
  return render({400, "Instance name is required", Cause::kInvalidInstanceName}, request);
}

}  // namespace ponte::api
