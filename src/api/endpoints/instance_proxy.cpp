// GET /api/instance/getProxy/:instance, POST /api/instance/proxy/:instance (contract 1.1).
#include "api/endpoints/endpoints.h"
#include "api/instance_json.h"
#include "instance/proxy.h"

namespace ponte::api {
namespace {

constexpr char kAnswer[] = R"({"type":"object","required":["success","message","proxy"],"properties":{
"success":{"const":true},
"message":{"enum":["Proxy configuration retrieved successfully","Proxy configuration updated successfully",
"Proxy removed"]},"proxy":{"$ref":"#/components/schemas/Proxy"}}})";

constexpr char kRequest[] = R"({"type":"object","additionalProperties":true,"required":["enabled"],"properties":{
"enabled":{"type":"boolean","description":"false removes it"},
"protocol":{"type":["string","null"],"maxLength":4096,"examples":["http","https","socks5"]},
"host":{"type":["string","null"],"maxLength":4096},"port":{"type":["string","null"],"maxLength":4096},
"username":{"type":["string","null"],"maxLength":4096},"password":{"type":["string","null"],"maxLength":4096}},
"if":{"properties":{"enabled":{"const":true}}},
"then":{"required":["protocol","host","port"],"properties":{
"protocol":{"enum":["http","https","socks5"]},"host":{"type":"string","minLength":1},
"port":{"type":"string",
"pattern":"^0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$"},
"username":{"maxLength":1024},"password":{"maxLength":1024}}}})";

Response proxy_response(const char* message, const instance::InstanceInfo& info) {
  Json body = {{"success", true}, {"message", message}};
  body["proxy"] = proxy_json(info.proxy);
  return json_response(body);
}

/// What is not said replaces as well: a proxy is one setting, and half of an old one would be none.
Result<std::optional<instance::Proxy>> parse_proxy(const Request& request, bool allow_private) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  const auto enabled = fields.boolean("enabled");
  const instance::ProxyFields proxy{fields.string("protocol").value_or(""), fields.string("host").value_or(""),
                                    fields.string("port").value_or(""), fields.string("username").value_or(""),
                                    fields.string("password").value_or("")};
  note_changed(request, fields);
  PONTE_TRY(fields.status());
  if (!enabled) {
    return Error{Errc::kInvalidArgument, Cause::kInvalidRequest,
                 "enabled: expected true, or false to connect directly"};
  }
  if (!*enabled) return std::optional<instance::Proxy>();
  PONTE_ASSIGN(auto parsed, instance::read_proxy(proxy, allow_private));
  return std::optional(std::move(parsed));
}

void update(const EndpointContext& context, const std::string& name, Request request, Reply<Response> reply) {
  const bool account = std::holds_alternative<instance::AccountPrincipal>(*request.principal);
  auto proxy = parse_proxy(request, account || context.allow_private_proxies);
  if (!proxy) return reply.answer(failure(context, request, proxy.error()));
  context.instances.set_proxy(
      name, std::move(*proxy),
      answering<instance::InstanceInfo>(context, std::move(request), std::move(reply),
                                        "Failed to update proxy configuration", [](const instance::InstanceInfo& info) {
                                          const char* message =
                                              info.proxy ? "Proxy configuration updated successfully" : "Proxy removed";
                                          return proxy_response(message, info);
                                        }));
}

/// nullopt: the one that is configured.
Result<std::optional<instance::Proxy>> parse_tested(const Request& request, bool allow_private) {
  if (request.body.empty()) return std::optional<instance::Proxy>();
  PONTE_ASSIGN(auto proxy, parse_proxy(request, allow_private));
  if (proxy) return proxy;
  return invalid_request("enabled: expected true with the proxy to try, or no body for the one that is configured");
}

void test(const EndpointContext& context, const std::string& name, Request request, Reply<Response> reply) {
  const bool account = std::holds_alternative<instance::AccountPrincipal>(*request.principal);
  auto proxy = parse_tested(request, account || context.allow_private_proxies);
  if (!proxy) return reply.answer(failure(context, request, proxy.error()));
  context.instances.test_proxy(
      name, std::move(*proxy),
      answering<Milliseconds>(context, std::move(request), std::move(reply), "Proxy does not work",
                              [](Milliseconds took) {
                                return json_response({{"success", true},
                                                      {"message", "Proxy works"},
                                                      {"test", {{"ok", true}, {"milliseconds", took.count()}}}});
                              }));
}

}  // namespace

Route proxy_read_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/api/instance/getProxy/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "The instance's own proxy, without its password";
  route.response_schema = kAnswer;
  route.handler = on_info(context, "Failed to get proxy configuration", [](const instance::InstanceInfo& info) {
    return proxy_response("Proxy configuration retrieved successfully", info);
  });
  return route;
}

Route proxy_update_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/api/instance/proxy/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Set or remove the instance's proxy; the next connection goes through it";
  route.description =
      "Replaces what was there, whole. An instance token may name a proxy with a public address only, unless "
      "PONTE_ALLOW_PRIVATE_PROXIES is set.";
  route.request_schema = kRequest;
  route.response_schema = kAnswer;
  route.answers = {{400, "`Instance name is required`, `Invalid request body`, `Invalid proxy configuration`"},
                   {500, "`Failed to update proxy configuration`"}};
  route.audit = "instance.proxy";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    update(context, name, std::move(request), std::move(reply));
  });
  return route;
}

Route proxy_test_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/v1/instances/:instance/proxy/test";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Whether WhatsApp can be reached through a proxy; nothing is changed";
  route.description =
      "With a body, as of the proxy endpoint: through that one. Without: through the instance's own, or the service's. "
      "A WebSocket is opened and closed again; 20 s at most.";
  route.request_schema = kRequest;
  route.request = RequestBody::kOptional;
  route.response_schema = R"({"type":"object","required":["success","message","test"],"properties":{
"success":{"const":true},"message":{"const":"Proxy works"},"test":{"type":"object","required":["ok","milliseconds"],
"properties":{"ok":{"const":true},"milliseconds":{"type":"integer","minimum":0}}}}})";
  route.answers = {{400, "`Instance name is required`, `Invalid request body`, `Invalid proxy configuration`"},
                   {500, "`Proxy does not work`, with the cause in `error.code` as of connect"}};
  route.audit = "instance.proxy.test";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    test(context, name, std::move(request), std::move(reply));
  });
  return route;
}

}  // namespace ponte::api
