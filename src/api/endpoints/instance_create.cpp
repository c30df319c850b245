// POST /api/instance/new (contract 1.1).
#include <algorithm>

#include "api/endpoints/endpoints.h"
#include "api/instance_json.h"
#include "instance/proxy.h"

namespace ponte::api {
namespace {

constexpr std::size_t kLongestToken = 256;

/// Blocks that this version does not act on: their types are held to the contract, the answer shows `enabled:false`.
void check_blocks(FieldReader& fields) {
  for (const char* key : {"webhookEnabled", "webhookByEvents", "webhookMediaBase64", "websocketEnabled",
                          "websocketMediaBase64", "chatwootEnabled", "chatwootSignMessages", "chatwootIgnoreGroups",
                          "chatwootStartAsPending", "chatwootReopenResolved", "s3Enabled"}) {
    (void)fields.boolean(key);
  }
  for (const char* key :
       {"webhookURL", "webhookAuthorization", "chatwootBaseUrl", "chatwootApiToken", "chatwootInboxName", "s3Region",
        "s3Bucket", "s3AccessKey", "s3SecretKey", "s3Endpoint", "s3PathPrefix"}) {
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
  read_settings(fields).apply_to(out.settings);
  const bool proxied = fields.boolean("proxyEnabled").value_or(false);
  const instance::ProxyFields proxy{fields.string("proxyProtocol").value_or(""),
                                    fields.string("proxyHost").value_or(""), fields.string("proxyPort").value_or(""),
                                    fields.string("proxyUsername").value_or(""),
                                    fields.string("proxyPassword").value_or("")};
  check_blocks(fields);
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
  return out;
}

Response created(const instance::InstanceInfo& info) {
  Json body = {{"success", true}, {"message", "Instance created"}};
  body["instance"] = instance_json(info, TokenShown::kYes);
  return json_response(body, 201);
}

void create(const EndpointContext& context, Request request, Reply<Response> reply) {
  auto parsed = parse_create(request.body);
  if (!parsed) return reply.answer(failure(context, request, parsed.error()));
  context.instances.create(std::move(*parsed),
                           answering<instance::InstanceInfo>(context, std::move(request), std::move(reply),
                                                             "Failed to create instance", created));
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
"disableHistorySync":{"type":"boolean","default":true},"ignoreStatus":{"type":"boolean"},
"proxyEnabled":{"type":"boolean"},"proxyProtocol":{"enum":["http","https","socks5"]},"proxyHost":{"type":"string"},
"proxyPort":{"type":"string"},"proxyUsername":{"type":"string"},"proxyPassword":{"type":"string"}}})";
  route.response_schema = R"({"type":"object","required":["success","message","instance"]})";
  route.handler = [context](Request request, Reply<Response> reply) {
    create(context, std::move(request), std::move(reply));
  };
  return route;
}

}  // namespace ponte::api
