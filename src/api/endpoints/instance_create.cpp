// POST /api/instance/new (contract 1.1).
#include <algorithm>

#include "api/endpoints/endpoints.h"
#include "api/instance_json.h"
#include "api/problem.h"

namespace ponte::api {
namespace {

constexpr std::size_t kLongestToken = 256;

void read_settings(FieldReader& fields, instance::Settings& settings) {
  settings.auto_reject_calls = fields.boolean("autoRejectCalls").value_or(settings.auto_reject_calls);
  settings.call_reject_message = fields.string("callRejectMessage").value_or(settings.call_reject_message);
  settings.ignore_group_messages = fields.boolean("ignoreGroupMessages").value_or(settings.ignore_group_messages);
  settings.keep_online_status = fields.boolean("keepOnlineStatus").value_or(settings.keep_online_status);
  settings.auto_read_messages = fields.boolean("autoReadMessages").value_or(settings.auto_read_messages);
  settings.disable_history_sync = fields.boolean("disableHistorySync").value_or(settings.disable_history_sync);
  settings.ignore_status = fields.boolean("ignoreStatus").value_or(settings.ignore_status);
}

/// Blocks that this version does not act on: their types are held to the contract, the answer shows `enabled:false`.
void check_blocks(FieldReader& fields) {
  for (const char* key : {"webhookEnabled", "webhookByEvents", "webhookMediaBase64", "websocketEnabled",
                          "websocketMediaBase64", "chatwootEnabled", "chatwootSignMessages", "chatwootIgnoreGroups",
                          "chatwootStartAsPending", "chatwootReopenResolved", "s3Enabled"}) {
    (void)fields.boolean(key);
  }
  for (const char* key : {"proxyHost", "proxyPort", "proxyProtocol", "proxyUsername", "proxyPassword", "webhookURL",
                          "webhookAuthorization", "chatwootBaseUrl", "chatwootApiToken", "chatwootInboxName",
                          "s3Region", "s3Bucket", "s3AccessKey", "s3SecretKey", "s3Endpoint", "s3PathPrefix"}) {
    (void)fields.string(key);
  }
  (void)fields.strings("webhookEvents");
  (void)fields.strings("websocketEvents");
  (void)fields.integer("chatwootAccountId");
}

/// A token must fit into a header.
Status check_token(std::string_view token) {
  const bool visible = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (visible) return Status::Ok();
  return Error{Errc::kInvalidArgument, Cause::kInvalidRequest, "token: expected visible ASCII characters only"};
}

Result<instance::CreateRequest> parse_create(std::string_view text) {
  PONTE_ASSIGN(const Json body, parse_object(text));
  FieldReader fields(body);
  instance::CreateRequest out;
  const auto name = fields.string("name");
  out.token = fields.string("token", kLongestToken);
  if (out.token && out.token->empty()) out.token.reset();
  read_settings(fields, out.settings);
  check_blocks(fields);
  PONTE_TRY(fields.status());
  // Made without it, the instance would go out directly, which is what its owner does not want.
  if (fields.boolean("proxyEnabled").value_or(false)) {
    return Error{Errc::kUnsupported, Cause::kNotImplemented, "proxyEnabled: without it the instance connects directly"};
  }
  if (out.token) PONTE_TRY(check_token(*out.token));
  if (!instance::is_instance_name(name.value_or(""))) {
    return Error{Errc::kInvalidArgument, Cause::kInvalidInstanceName,
                 "name: expected 1 to 100 of A-Z, a-z, 0-9, _ and -"};
  }
  out.name = *name;
  return out;
}

void create(const EndpointContext& context, Request request, Reply<Response> reply) {
  auto parsed = parse_create(request.body);
  if (!parsed) {
    Problem problem = problem_of(parsed.error(), context.clock.now().wall);
    if (problem.cause == Cause::kNotImplemented) problem.message = "Proxies are not available yet";
    return reply.answer(render(problem, request));
  }
  request.body = {};
  context.instances.create(
      std::move(*parsed),
      Reply<instance::InstanceInfo>([context, request = std::move(request),
                                     reply = std::move(reply)](Result<instance::InstanceInfo> result) mutable {
        if (!result) {
          return reply.answer(
              render(problem_of(result.error(), context.clock.now().wall, "Failed to create instance"), request));
        }
        Json body = {{"success", true}, {"message", "Instance created"}};
        body["instance"] = instance_json(*result, TokenShown::kYes);
        reply.answer(json_response(body, 201));
      }));
}

}  // namespace

Route instance_create_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/api/instance/new";
  route.auth = Auth::kAccount;
  route.limit = Limit::kCreate;
  route.summary = "Make an instance; it is born disconnected";
  route.request_schema = R"({"type":"object","required":["name"],"properties":{
"name":{"type":"string","pattern":"^[A-Za-z0-9_-]{1,100}$"},"token":{"type":"string","maxLength":256},
"autoRejectCalls":{"type":"boolean"},"callRejectMessage":{"type":"string"},"ignoreGroupMessages":{"type":"boolean"},
"keepOnlineStatus":{"type":"boolean"},"autoReadMessages":{"type":"boolean"},
"disableHistorySync":{"type":"boolean","default":true},"ignoreStatus":{"type":"boolean"}}})";
  route.response_schema = R"({"type":"object","required":["success","message","instance"]})";
  route.handler = [context](Request request, Reply<Response> reply) {
    create(context, std::move(request), std::move(reply));
  };
  return route;
}

}  // namespace ponte::api
