// Each endpoint file gives its row of the route table.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/routes.h"
#include "base/time.h"
#include "instance/event_envelope.h"
#include "instance/event_feed.h"
#include "instance/instance_service.h"
#include "instance/webhook_service.h"

namespace ponte::instance {
class EventWaits;
class Links;
class PushHub;
class StateFeed;
}  // namespace ponte::instance

namespace ponte::api {

class FieldReader;
class Introspection;
class TicketBox;

/// What the endpoints of events work with. All references outlive the routes.
struct EventServices {
  instance::PushHub& hub;
  const instance::EventFeed& feed;
  instance::EventWaits& waits;
  TicketBox& tickets;
  instance::StateFeed& states;
  std::string base_url;    ///< PONTE_PUBLIC_URL
  bool tell_token = true;  ///< PONTE_EVENT_TOKEN

  instance::EventSource source_of(const instance::InstanceInfo& info) const {
    return {base_url, info.name, tell_token ? std::optional(info.token) : std::nullopt};
  }
};

/// What endpoints translate to. Outlives the routes.
struct EndpointContext {
  instance::InstanceService& instances;
  instance::WebhookService& webhooks;
  const Clock& clock;
  Mono started;  ///< for the uptime of /health
  Introspection& introspection;
  bool allow_private_proxies = false;     ///< also to instance tokens
  bool metrics_open = false;              ///< /metrics asks for no token
  const EventServices* events = nullptr;  ///< null: no endpoints of events
  std::string_view public_url = {};       ///< PONTE_PUBLIC_URL, for the API description
  instance::Links* links = nullptr;       ///< null: no endpoints of links; else `events` is there too
};

Route health_route(EndpointContext context);
Route metrics_route(EndpointContext context);
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
Route proxy_test_route(EndpointContext context);
Route message_metrics_route(EndpointContext context);
Route passkey_read_route(EndpointContext context);
Route passkey_submit_route(EndpointContext context);
Route passkey_confirm_route(EndpointContext context);
Route qr_svg_route(EndpointContext context);
Route qr_png_route(EndpointContext context);
Route qr_text_route(EndpointContext context);
Route message_text_route(EndpointContext context);
Route message_media_route(EndpointContext context);
Route chat_history_route(EndpointContext context);
Route chat_older_route(EndpointContext context);
Route chat_contacts_route(EndpointContext context);
Route chat_mark_read_route(EndpointContext context);
Route chat_presence_route(EndpointContext context);
Route chat_message_route(EndpointContext context);
Route chat_status_route(EndpointContext context);
Route chat_base64_route(EndpointContext context);
// With `events` only.
Route instance_state_route(EndpointContext context);
Route instance_events_route(EndpointContext context);
Route account_events_route(EndpointContext context);
Route ticket_route(EndpointContext context);
Route websocket_read_route(EndpointContext context);
Route websocket_update_route(EndpointContext context);
Route websocket_route(EndpointContext context);
// With `links` only.
Route link_create_route(EndpointContext context);
Route link_list_route(EndpointContext context);
Route link_revoke_route(EndpointContext context);
Route link_read_route(EndpointContext context);
Route link_start_route(EndpointContext context);
Route link_events_route(EndpointContext context);
Route link_passkey_route(EndpointContext context);
Route link_passkey_confirm_route(EndpointContext context);

Route webhook_update_route(EndpointContext context);
Route webhook_read_route(EndpointContext context);
Route webhook_read_alias_route(EndpointContext context);
Route webhook_list_route(EndpointContext context);
Route webhook_remove_route(EndpointContext context);
Route dead_letters_route(EndpointContext context);
Route redrive_route(EndpointContext context);
Route delivery_attempts_route(EndpointContext context);
Route webhook_test_route(EndpointContext context);
Route docs_route(EndpointContext context);
Route docs_file_route(EndpointContext context);
Route dashboard_page_route(EndpointContext context);
Route link_page_route(EndpointContext context);
Route page_file_route(EndpointContext context);
/// Describes the rows that are there, and itself: to be added last.
void add_openapi_route(std::vector<Route>& routes, std::string_view public_url);

/// All of them.
std::vector<Route> all_routes(EndpointContext context);

/// A handler of routes with `:instance`: an empty name is 400 `Instance name is required`.
using InstanceHandler = std::function<void(const std::string& name, Request request, Reply<Response> reply)>;
Handler on_instance(InstanceHandler handler);
/// The same, with the instance's id; an unknown name is 404.
Handler on_instance_id(EndpointContext context, InstanceHandler handler);
/// The same, of routes that show something of one instance.
Handler on_info(EndpointContext context, std::string prescribed,
                std::function<Result<Response>(const instance::InstanceInfo&)> show);

/// kInvalidArgument/kInvalidRequest. `what` names the parameter or member, and its rule.
Error invalid_request(std::string what);

/// JSON carries whole numbers up to it exactly (RFC 8259 6).
inline constexpr std::uint64_t kMostExact = (std::uint64_t{1} << 53) - 1;

/// Its digits (instance::phone_digits). kInvalidArgument/kInvalidNumber.
Result<std::string> phone_number(std::string_view text);
/// kInvalidArgument/kInvalidAssertion for what is no JSON object, or names a member twice.
Status check_assertion(std::string_view text);
/// JSON Schema of PublicKeyCredential.toJSON(), as far as it is needed.
std::string_view passkey_assertion_schema();

/// For the audit record: which settings a body names.
void note_changed(const Request& request, const FieldReader& fields);

/// Answers an error of the instances, under the text that the endpoint's contract prescribes where there is one.
Response failure(const EndpointContext& context, const Request& request, const Error& error,
                 const std::string& prescribed = "");

/// `answer`, or what failure() makes of its error.
Response answer_or_failure(const EndpointContext& context, const Request& request, Result<Response> answer,
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
    reply.answer(answer_or_failure(context, request, std::move(answer), prescribed));
  });
}

}  // namespace ponte::api
