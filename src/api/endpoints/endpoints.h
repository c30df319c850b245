// Each endpoint file gives its row of the route table.
#pragma once

#include <vector>

#include "api/routes.h"
#include "base/time.h"
#include "instance/instance_service.h"

namespace ponte::api {

/// What endpoints translate to. Outlives the routes.
struct EndpointContext {
  instance::InstanceService& instances;
  const Clock& clock;
  Mono started;  ///< for the uptime of /health
};

Route health_route(EndpointContext context);
Route instance_create_route(EndpointContext context);
Route instance_connect_route(EndpointContext context);
Route instance_list_route(EndpointContext context);
Route instance_delete_route(EndpointContext context);

/// All of them.
std::vector<Route> all_routes(EndpointContext context);

/// The `:instance` of the path, without blanks around it; nullopt where it is empty.
std::optional<std::string> instance_name_of(const Request& request);
/// 400 `Instance name is required`.
Response instance_name_required(const Request& request);

}  // namespace ponte::api
