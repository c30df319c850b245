// Each endpoint file gives its row of the route table.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/routes.h"
#include "base/time.h"
#include "instance/instance_service.h"

namespace ponte::api {

/// What endpoints translate to. Outlives the routes.
struct EndpointContext {
  instance::InstanceService& instances;
  const Clock& clock;
  Mono started;                        ///< for the uptime of /health
  bool allow_private_proxies = false;  ///< also to instance tokens
};

Route health_route(EndpointContext context);
Route instance_create_route(EndpointContext context);
Route instance_connect_route(EndpointContext context);
Route instance_list_route(EndpointContext context);
Route instance_reconnect_route(EndpointContext context);
Route instance_logout_route(EndpointContext context);
Route instance_delete_route(EndpointContext context);
Route settings_read_route(EndpointContext context);
Route settings_update_route(EndpointContext context);
Route proxy_read_route(EndpointContext context);
Route proxy_update_route(EndpointContext context);
Route passkey_read_route(EndpointContext context);
Route passkey_submit_route(EndpointContext context);
Route passkey_confirm_route(EndpointContext context);

/// All of them.
std::vector<Route> all_routes(EndpointContext context);

/// A handler of routes with `:instance`: an empty name is 400 `Instance name is required`.
using InstanceHandler = std::function<void(const std::string& name, Request request, Reply<Response> reply)>;
Handler on_instance(InstanceHandler handler);
/// The same, of routes that show something of one instance.
Handler on_info(EndpointContext context, std::string prescribed,
                std::function<Result<Response>(const instance::InstanceInfo&)> show);

/// Answers an error of the instances, under the text that the endpoint's contract prescribes where there is one.
Response failure(const EndpointContext& context, const Request& request, const Error& error,
                 const std::string& prescribed = "");

/// What the instances answer as what the client gets: `render` of the value, else a failure under `prescribed`; with
/// `: ` at its end the error's own words follow it.
template <typename T, typename Render>
Reply<T> answering(const EndpointContext& context, Request request, Reply<Response> reply, std::string prescribed,
                   Render render) {
  request.body = {};
  return Reply<T>([context, request = std::move(request), reply = std::move(reply), prescribed = std::move(prescribed),
                   render = std::move(render)](Result<T> result) mutable {
    Result<Response> answer = result ? Result<Response>(render(*result)) : Result<Response>(result.error());
    if (!answer) answer = failure(context, request, answer.error(), prescribed);
    reply.answer(std::move(answer));
  });
}

}  // namespace ponte::api
