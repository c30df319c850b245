// POST /api/events/webhook/:instance, GET /api/events/getWebhook/:instance and its alias (contract 1.5).
#include <algorithm>

#include "api/endpoints/endpoints.h"
#include "api/webhook_json.h"

namespace ponte::api {
namespace {

constexpr char kReadFailed[] = "Failed to get webhook configuration";
constexpr char kRead[] = R"({"type":"object","required":["success","message"],"properties":{"success":{"const":true},
"message":{"enum":["Webhook retrieved successfully","Webhooks retrieved successfully"]},
"webhook":{"$ref":"#/components/schemas/Webhook"},
"webhooks":{"type":"array","items":{"$ref":"#/components/schemas/Webhook"}}}})";
constexpr char kUpdated[] = R"({"type":"object","required":["success","message","webhook"],"properties":{
"success":{"const":true},"message":{"const":"Webhook configured successfully"},
"webhook":{"$ref":"#/components/schemas/Webhook"}}})";

Response webhook_response(const char* message, Json webhook) {
  Json body = {{"success", true}, {"message", message}};
  body["webhook"] = std::move(webhook);
  return json_response(body);
}

Result<instance::WebhookChange> parse_webhook(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  auto change = read_webhook(fields);
  note_changed(request, fields);
  return change;
}

void update(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply) {
  auto change = parse_webhook(request);
  if (!change) return reply.answer(failure(context, request, change.error()));
  context.webhooks.configure(
      id, std::move(*change),
      answering<instance::ConfiguredWebhook>(
          context, std::move(request), std::move(reply), "Failed to update webhook configuration",
          [](const instance::ConfiguredWebhook& configured) {
            return webhook_response("Webhook configured successfully", webhook_json(configured));
          }));
}

Result<Response> show(const std::optional<std::string>& label, const std::vector<instance::WebhookStatus>& webhooks) {
  if (label) {
    const auto found = std::find_if(webhooks.begin(), webhooks.end(), [&](const instance::WebhookStatus& each) {
      return each.webhook.settings.label == *label;
    });
    if (found == webhooks.end()) return Error{Errc::kNotFound, Cause::kWebhookNotFound, "no webhook of this label"};
    return webhook_response("Webhook retrieved successfully", webhook_json(found->webhook));
  }
  Json body = {{"success", true}, {"message", "Webhooks retrieved successfully"}};
  body["webhooks"] = Json::array();
  for (const instance::WebhookStatus& each : webhooks) body["webhooks"].push_back(webhook_json(each.webhook));
  return json_response(body);
}

void read(const EndpointContext& context, const std::string& id, Request request, Reply<Response> reply) {
  const auto query = request.query_value("label");
  const auto label = query ? std::optional(label_or_default(query)) : std::nullopt;
  context.webhooks.list(id, answering<std::vector<instance::WebhookStatus>>(
                                context, std::move(request), std::move(reply), kReadFailed,
                                [label](const auto& webhooks) { return show(label, webhooks); }));
}

Route read_route(const EndpointContext& context, std::string_view path) {
  Route route;
  route.method = Method::kGet;
  route.path = path;
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "All webhooks of an instance, or the one of a label";
  route.tag = "Webhooks";
  route.query = {{"label", "This one alone; empty: `default`"}};
  route.response_schema = kRead;
  route.answers = {{404, "`Instance not found`, `Webhook not found`"}, {500, "`Failed to get webhook configuration`"}};
  route.handler = on_instance_id(context, [context](const std::string& id, Request request, Reply<Response> reply) {
    read(context, id, std::move(request), std::move(reply));
  });
  return route;
}

}  // namespace

Route webhook_update_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/api/events/webhook/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Make or replace the webhook of a label";
  route.tag = "Webhooks";
  route.request_schema = R"({"type":"object","additionalProperties":true,"properties":{
"label":{"type":["string","null"],"maxLength":100},"enabled":{"type":["boolean","null"]},
"url":{"type":["string","null"],"maxLength":2048},"authorization":{"type":["string","null"],"maxLength":4096},
"byEvents":{"type":["boolean","null"]},
"events":{"description":"None: all","type":["array","null"],"items":{"$ref":"#/components/schemas/EventName"}},
"mediaBase64":{"type":["boolean","null"]},"rotateSecret":{"type":["boolean","null"]}}})";
  route.audit = "webhook.update";
  route.response_schema = kUpdated;
  route.answers = {
      {400,
       "`Instance name is required`, `Invalid request body`, `Invalid webhook configuration`, `Webhook limit reached`"},
      {500, "`Failed to update webhook configuration`"}};
  route.handler = on_instance_id(context, [context](const std::string& id, Request request, Reply<Response> reply) {
    update(context, id, std::move(request), std::move(reply));
  });
  return route;
}

Route webhook_read_route(EndpointContext context) {
  return read_route(context, "/api/events/getWebhook/:instance");
}

Route webhook_read_alias_route(EndpointContext context) {
  return read_route(context, "/api/events/webhook/:instance");
}

}  // namespace ponte::api
