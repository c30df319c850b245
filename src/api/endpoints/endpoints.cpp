#include "api/endpoints/endpoints.h"

#include "api/json.h"
#include "api/problem.h"
#include "api/text.h"

namespace ponte::api {

std::vector<Route> all_routes(EndpointContext context) {
  std::vector<Route> routes;
  for (const auto make : {instance_create_route,
                          instance_connect_route,
                          instance_reconnect_route,
                          instance_list_route,
                          instance_logout_route,
                          instance_delete_route,
                          settings_read_route,
                          settings_update_route,
                          proxy_read_route,
                          proxy_update_route,
                          proxy_test_route,
                          message_metrics_route,
                          message_text_route,
                          chat_history_route,
                          chat_older_route,
                          chat_contacts_route,
                          chat_mark_read_route,
                          chat_presence_route,
                          chat_message_route,
                          chat_status_route,
                          chat_base64_route,
                          message_media_route,
                          passkey_read_route,
                          passkey_submit_route,
                          passkey_confirm_route,
                          qr_svg_route,
                          qr_png_route,
                          qr_text_route,
                          health_route,
                          metrics_route,
                          docs_route,
                          docs_file_route,
                          dashboard_page_route,
                          link_page_route,
                          page_file_route}) {
    routes.push_back(make(context));
  }
  for (const auto make :
       {webhook_update_route, webhook_read_route, webhook_read_alias_route, webhook_list_route, webhook_remove_route,
        dead_letters_route, redrive_route, delivery_attempts_route, webhook_test_route}) {
    routes.push_back(make(context));
  }
  if (context.events != nullptr) {
    for (const auto make : {instance_state_route, instance_events_route, account_events_route, ticket_route,
                            websocket_read_route, websocket_update_route, websocket_route}) {
      routes.push_back(make(context));
    }
  }
  if (context.links != nullptr) {
    for (const auto make : {link_create_route, link_list_route, link_revoke_route, link_read_route, link_start_route,
                            link_events_route, link_passkey_route, link_passkey_confirm_route}) {
      routes.push_back(make(context));
    }
  }
  add_openapi_route(routes, context.public_url);
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

Handler on_instance_id(EndpointContext context, InstanceHandler handler) {
  return on_instance(
      [context, handler = std::move(handler)](const std::string& name, Request request, Reply<Response> reply) {
        const auto info = context.instances.find(name);
        if (!info) return reply.answer(failure(context, request, instance::instance_not_found()));
        handler(info->id, std::move(request), std::move(reply));
      });
}

Handler on_info(EndpointContext context, std::string prescribed,
                std::function<Result<Response>(const instance::InstanceInfo&)> show) {
  return on_instance([context, prescribed = std::move(prescribed), show = std::move(show)](
                         const std::string& name, const Request& request, Reply<Response> reply) {
    const auto info = context.instances.find(name);
    Result<Response> answer = info ? show(*info) : Result<Response>(instance::instance_not_found());
    reply.answer(answer_or_failure(context, request, std::move(answer), prescribed));
  });
}

Error invalid_request(std::string what) {
  return {Errc::kInvalidArgument, Cause::kInvalidRequest, std::move(what)};
}

void note_changed(const Request& request, const FieldReader& fields) {
  if (request.audit) request.audit->changed = fields.present();
}

Response failure(const EndpointContext& context, const Request& request, const Error& error,
                 const std::string& prescribed) {
  const Wall now = context.clock.now().wall;
  if (prescribed.empty()) return render(problem_of(error, now), request);
  return render(problem_of(error, now, prescribed.ends_with(": ") ? prescribed + error.message : prescribed), request);
}

Response answer_or_failure(const EndpointContext& context, const Request& request, Result<Response> answer,
                           const std::string& prescribed) {
  return answer ? std::move(*answer) : failure(context, request, answer.error(), prescribed);
}

}  // namespace ponte::api
