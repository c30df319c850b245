// POST /api/instance/new (contract 1.1).
#include <algorithm>

#include "api/endpoints/endpoints.h"
#include "api/instance_json.h"
#include "api/webhook_json.h"
#include "base/log.h"
#include "instance/proxy.h"

namespace ponte::api {
namespace {

constexpr std::size_t kLongestToken = 256;

constexpr char kRequest[] = R"({"allOf":[{"$ref":"#/components/schemas/SettingsChange"},
{"type":"object","additionalProperties":true,"required":["name"],"properties":{
"name":{"type":"string","pattern":"^[A-Za-z0-9_-]{1,100}$"},
"token":{"type":["string","null"],"maxLength":256,"pattern":"^[!-~]*$","description":"Made where it is absent or empty"},
"proxyEnabled":{"type":["boolean","null"]},
"proxyProtocol":{"type":["string","null"],"maxLength":4096,"examples":["http","https","socks5"]},
"proxyHost":{"type":["string","null"],"maxLength":4096},
"proxyPort":{"type":["string","null"],"maxLength":4096,"examples":["1080"]},
"proxyUsername":{"type":["string","null"],"maxLength":4096},
"proxyPassword":{"type":["string","null"],"maxLength":4096},
"webhookEnabled":{"type":["boolean","null"]},"webhookURL":{"type":["string","null"],"maxLength":4096},
"webhookAuthorization":{"type":["string","null"],"maxLength":4096},"webhookByEvents":{"type":["boolean","null"]},
"webhookEvents":{"type":["array","null"],"items":{"type":"string"}},"webhookMediaBase64":{"type":["boolean","null"]},
"websocketEnabled":{"type":["boolean","null"]},"websocketEvents":{"type":["array","null"],"items":{"type":"string"}},
"websocketMediaBase64":{"type":["boolean","null"]},
"chatwootEnabled":{"type":["boolean","null"]},"chatwootBaseUrl":{"type":["string","null"],"maxLength":4096},
"chatwootApiToken":{"type":["string","null"],"maxLength":4096},"chatwootAccountId":{"type":["integer","null"]},
"chatwootInboxName":{"type":["string","null"],"maxLength":4096},"chatwootSignMessages":{"type":["boolean","null"]},
"chatwootIgnoreGroups":{"type":["boolean","null"]},"chatwootStartAsPending":{"type":["boolean","null"]},
"chatwootReopenResolved":{"type":["boolean","null"]},
"s3Enabled":{"type":["boolean","null"]},"s3Region":{"type":["string","null"],"maxLength":4096},
"s3Bucket":{"type":["string","null"],"maxLength":4096},"s3AccessKey":{"type":["string","null"],"maxLength":4096},
"s3SecretKey":{"type":["string","null"],"maxLength":4096},"s3Endpoint":{"type":["string","null"],"maxLength":4096},
"s3PathPrefix":{"type":["string","null"],"maxLength":4096}},
"if":{"required":["proxyEnabled"],"properties":{"proxyEnabled":{"const":true}}},
"then":{"required":["proxyProtocol","proxyHost","proxyPort"],"properties":{
"proxyProtocol":{"enum":["http","https","socks5"]},"proxyHost":{"type":"string","minLength":1},
"proxyPort":{"type":"string",
"pattern":"^0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$"},
"proxyUsername":{"maxLength":1024},"proxyPassword":{"maxLength":1024}}}}]})";

/// Blocks that this version does not act on: their types are held to the contract, the answer shows `enabled:false`.
void check_blocks(FieldReader& fields) {
  for (const char* key : {"chatwootEnabled", "chatwootSignMessages", "chatwootIgnoreGroups", "chatwootStartAsPending",
                          "chatwootReopenResolved", "s3Enabled"}) {
    (void)fields.boolean(key);
  }
  for (const char* key : {"chatwootBaseUrl", "chatwootApiToken", "chatwootInboxName", "s3Region", "s3Bucket",
                          "s3AccessKey", "s3SecretKey", "s3Endpoint", "s3PathPrefix"}) {
    (void)fields.string(key);
  }
  (void)fields.integer("chatwootAccountId");
}

/// Absent where it is not asked for, or where it cannot be: a block that fails does not fail the instance.
std::optional<instance::WebSocketConfig> read_websocket(FieldReader& fields) {
  instance::WebSocketConfig out;
  out.enabled = fields.boolean("websocketEnabled").value_or(false);
  out.media_base64 = fields.boolean("websocketMediaBase64").value_or(false);
  auto events = read_event_names(fields.strings("websocketEvents"));
  if (!out.enabled || !events) return std::nullopt;
  out.events = std::move(*events);
  return out;
}

/// A token must fit into a header.
Status check_token(std::string_view token) {
  const bool visible = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (visible) return Status::Ok();
  return Error{Errc::kInvalidArgument, Cause::kInvalidRequest, "token: expected visible ASCII characters only"};
}

/// What a body asks for.
struct Create {
  instance::CreateRequest instance;
  std::optional<instance::WebhookChange> webhook;
};

Result<Create> parse_create(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  Create create;
  instance::CreateRequest& out = create.instance;
  const auto name = fields.string("name");
  out.token = fields.string("token", kLongestToken);
  if (out.token && out.token->empty()) out.token.reset();
  read_settings(fields).apply_to(out.settings);
  const bool proxied = fields.boolean("proxyEnabled").value_or(false);
  const instance::ProxyFields proxy{fields.string("proxyProtocol").value_or(""),
                                    fields.string("proxyHost").value_or(""), fields.string("proxyPort").value_or(""),
                                    fields.string("proxyUsername").value_or(""),
                                    fields.string("proxyPassword").value_or("")};
  out.websocket = read_websocket(fields);
  create.webhook = read_webhook_block(fields);
  check_blocks(fields);
  note_changed(request, fields);
  if (request.audit) request.audit->instance = name.value_or("");
  PONTE_TRY(fields.status());
  if (out.token) PONTE_TRY(check_token(*out.token));
  if (!instance::is_instance_name(name.value_or(""))) {
    return Error{Errc::kInvalidArgument, Cause::kInvalidInstanceName,
                 "name: expected 1 to 100 of A-Z, a-z, 0-9, _ and -"};
  }
  out.name = *name;
  // Made without it, the instance would go out directly, which is what its owner does not want.
  if (proxied) {
    PONTE_ASSIGN(out.proxy, instance::read_proxy(proxy, true));
  }
  return create;
}

Response created(const instance::InstanceInfo& info, const std::optional<instance::ConfiguredWebhook>& webhook) {
  Json body = {{"success", true}, {"message", "Instance created"}};
  Json& item = body["instance"] =
      instance_json(info, TokenShown::kYes, webhook ? std::optional(webhook->webhook) : std::nullopt);
  if (webhook && webhook->secret) item["webhook"]["secret"] = *webhook->secret;
  return json_response(body, 201);
}

/// The instance is there; a block that fails is logged and shown as not enabled (contract 1.1).
void add_webhook(const EndpointContext& context, const instance::InstanceInfo& info, instance::WebhookChange change,
                 Reply<Response> reply) {
  context.webhooks.configure(
      info.id, std::move(change),
      Reply<instance::ConfiguredWebhook>(
          [info, reply = std::move(reply)](const Result<instance::ConfiguredWebhook>& configured) mutable {
            if (configured) return reply.answer(created(info, *configured));
            log::warn(info.name, "made without its webhook: " + configured.error().message);
            reply.answer(created(info, std::nullopt));
          }));
}

void create(const EndpointContext& context, Request request, Reply<Response> reply) {
  auto parsed = parse_create(request);
  if (!parsed) return reply.answer(failure(context, request, parsed.error()));
  request.body = {};
  auto on_created = [context, request = std::move(request), webhook = std::move(parsed->webhook),
                     reply = std::move(reply)](const Result<instance::InstanceInfo>& info) mutable {
    if (!info) return reply.answer(failure(context, request, info.error(), "Failed to create instance"));
    if (!webhook) return reply.answer(created(*info, std::nullopt));
    add_webhook(context, *info, std::move(*webhook), std::move(reply));
  };
  context.instances.create(std::move(parsed->instance), Reply<instance::InstanceInfo>(std::move(on_created)));
}

}  // namespace

Route instance_create_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/api/instance/new";
  route.auth = Auth::kAccount;
  route.limit = Limit::kCreate;
  route.summary = "Make an instance; it is born disconnected";
  route.description =
      "Blocks for chatwoot and s3 are checked for their types and answered `enabled:false`: this version does not act "
      "on "
      "them. A webhook or websocket block that cannot be is left out. Unknown keys are ignored.";
  route.request_schema = kRequest;
  route.response_schema = R"({"type":"object","required":["success","message","instance"],"properties":{
"success":{"const":true},"message":{"const":"Instance created"},
"instance":{"$ref":"#/components/schemas/Instance"}}})";
  route.success = 201;
  route.answers = {{400, "`Invalid instance name`, `Invalid request body`, `Invalid proxy configuration`"},
                   {409, "`Instance already exists`, `Token already in use`"},
                   {500, "`Failed to create instance`"}};
  route.audit = "instance.create";
  route.handler = [context](Request request, Reply<Response> reply) {
    create(context, std::move(request), std::move(reply));
  };
  return route;
}

}  // namespace ponte::api
