// POST /api/events/websocket/:instance, GET /api/events/getWebsocket/:instance, /ws/:instance (contract 1.2).
#include "api/endpoints/event_push.h"
#include "api/instance_json.h"
#include "api/problem.h"
#include "api/text.h"

namespace ponte::api {
namespace {

constexpr char kAnswer[] = R"({"type":"object","required":["success","message","websocket"],"properties":{
"success":{"const":true},
"message":{"enum":["WebSocket configuration retrieved","WebSocket configuration updated"]},
"websocket":{"$ref":"#/components/schemas/WebSocket"}}})";

Response websocket_response(const char* message, const instance::InstanceInfo& info) {
  Json body = {{"success", true}, {"message", message}};
  body["websocket"] = websocket_json(info.websocket);
  return json_response(body);
}

/// Disabled, it keeps nothing.
Result<instance::WebSocketConfig> parse_config(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  const auto enabled = fields.boolean("enabled");
  const auto names = fields.strings("events");
  const bool media_base64 = fields.boolean("mediaBase64").value_or(false);
  note_changed(request, fields);
  PONTE_TRY(fields.status());
  if (!enabled) {
    return invalid_request("enabled: expected true or false");
  }
  PONTE_ASSIGN(auto events, read_event_names(names));
  if (!*enabled) return instance::WebSocketConfig{};
  return instance::WebSocketConfig{true, std::move(events), media_base64};
}

void update(const EndpointContext& context, const std::string& name, Request request, Reply<Response> reply) {
  auto config = parse_config(request);
  if (!config) return reply.answer(failure(context, request, config.error()));
  context.instances.set_websocket(name, std::move(*config),
                                  answering<instance::InstanceInfo>(context, std::move(request), std::move(reply),
                                                                    "Failed to update websocket configuration",
                                                                    [](const instance::InstanceInfo& info) {
                                                                      return websocket_response(
                                                                          "WebSocket configuration updated", info);
                                                                    }));
}

/// One event as one message.
class WebSocketSink final : public instance::EventSink {
 public:
  explicit WebSocketSink(std::shared_ptr<ResponseStream> stream) : stream_(std::move(stream)) {}
  bool take(const std::shared_ptr<const instance::PushedEvent>& event) override {
    return stream_->write_shared({event, &event->envelope});
  }
  void end() override { stream_->close(); }
  std::size_t waiting() const override { return stream_->waiting(); }

 private:
  const std::shared_ptr<ResponseStream> stream_;  // shared with the connection
};

/// A browser names the page it is on: that one must be allowed to call at all.
Status check_origin(const EventServices& events, const Request& request) {
  const auto origin = request.header("origin");
  if (!origin) return Status::Ok();
  if (request.origin_allowed || equals_ignoring_case(events.base_url, *origin)) return Status::Ok();
  return Error{Errc::kForbidden, Cause::kOriginNotAllowed, "this origin is not among PONTE_CORS_ORIGINS"};
}

/// Pistache cannot hand a connection over: WebSockets have a listener of their own.
Response no_web_socket_here(const Request& request) {
  Response out =
      render({426, "Upgrade required", Cause::kInvalidRequest, "WebSockets are served on PONTE_WS_LISTEN"}, request);
  out.headers.emplace_back("Upgrade", "websocket");
  return out;
}

Result<Response> open_socket(const EndpointContext& context, const std::string& name, const Request& request) {
  const EventServices& events = *context.events;
  PONTE_TRY(check_origin(events, request));
  const auto info = context.instances.find(name);
  if (!info) return instance::instance_not_found();
  if (!info->websocket || !info->websocket->enabled) {
    return Error{Errc::kInvalidArgument, Cause::kWebSocketDisabled,
                 "WebSocket is not enabled for this instance. Configure it first using POST /api/events/websocket/" +
                     info->name};
  }
  if (!request.may_upgrade) return no_web_socket_here(request);
  instance::PushHub::Subscription subscription = subscription_of(events, *info);
  subscription.events.insert(info->websocket->events.begin(), info->websocket->events.end());
  Response response;
  response.status = 101;
  push(response, events, std::move(subscription),
       [](std::shared_ptr<ResponseStream> stream) { return std::make_shared<WebSocketSink>(std::move(stream)); });
  return response;
}

}  // namespace

Route websocket_read_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/api/events/getWebsocket/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "What the instance pushes over WebSockets";
  route.tag = "Events";
  route.answers = {{404, "`Instance not found`, `WebSocket not configured for this instance`"}};
  route.response_schema = kAnswer;
  route.handler = on_info(context, "Failed to get websocket configuration",
                          [](const instance::InstanceInfo& info) -> Result<Response> {
                            if (info.websocket) return websocket_response("WebSocket configuration retrieved", info);
                            return Error{Errc::kNotFound, Cause::kWebSocketNotConfigured, "it was never configured"};
                          });
  return route;
}

Route websocket_update_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/api/events/websocket/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Let WebSockets of this instance open, or not; those that are open stay";
  route.audit = "instance.websocket";
  route.tag = "Events";
  route.request_schema = R"({"type":"object","additionalProperties":true,"required":["enabled"],"properties":{
"enabled":{"type":"boolean","description":"false clears the others"},
"events":{"description":"None: all","type":["array","null"],"items":{"$ref":"#/components/schemas/EventName"}},
"mediaBase64":{"type":["boolean","null"]}}})";
  route.answers = {{400, "`Instance name is required`, `Invalid request body`"},
                   {500, "`Failed to update websocket configuration`"}};
  route.response_schema = kAnswer;
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    update(context, name, std::move(request), std::move(reply));
  });
  return route;
}

/// Answers 101 on the listener for WebSockets, and 426 on this one.
Route websocket_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/ws/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.query_token = true;
  route.ticket = true;
  route.summary = "A WebSocket that pushes what happens to the instance; served on PONTE_WS_LISTEN";
  route.tag = "Events";
  route.success = 101;
  route.response_type = "";
  route.answers = {{400, "`Instance name is required`, `WebSocket is not enabled for this instance`"},
                   {403, "`Forbidden`: the page's origin is not among PONTE_CORS_ORIGINS"},
                   {426, "`Upgrade required`: on the listener of this document"}};
  route.handler = on_instance([context](const std::string& name, const Request& request, Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, open_socket(context, name, request)));
  });
  return route;
}

}  // namespace ponte::api
