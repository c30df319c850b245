// GET /api/instance/getProxy/:instance, POST /api/instance/proxy/:instance (contract 1.1).
#include "api/endpoints/endpoints.h"
#include "api/instance_json.h"
#include "instance/proxy.h"

namespace ponte::api {
namespace {

constexpr char kAnswer[] = R"({"type":"object","required":["success","message","proxy"]})";

Response proxy_response(const char* message, const instance::InstanceInfo& info) {
  Json body = {{"success", true}, {"message", message}};
  body["proxy"] = proxy_json(info.proxy);
  return json_response(body);
}

/// What is not said replaces as well: a proxy is one setting, and half of an old one would be none.
Result<std::optional<instance::Proxy>> parse_proxy(std::string_view text, bool allow_private) {
  PONTE_ASSIGN(const Json body, parse_object(text));
  FieldReader fields(body);
  const auto enabled = fields.boolean("enabled");
  const instance::ProxyFields proxy{fields.string("protocol").value_or(""), fields.string("host").value_or(""),
                                    fields.string("port").value_or(""), fields.string("username").value_or(""),
                                    fields.string("password").value_or("")};
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
  auto proxy = parse_proxy(request.body, account || context.allow_private_proxies);
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
  route.request_schema = R"({"type":"object","required":["enabled"],"properties":{
"enabled":{"type":"boolean"},"protocol":{"enum":["http","https","socks5"]},"host":{"type":"string"},
"port":{"type":"string","pattern":"^[0-9]{1,5}$"},"username":{"type":"string"},"password":{"type":"string"}}})";
  route.response_schema = kAnswer;
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    update(context, name, std::move(request), std::move(reply));
  });
  return route;
}

}  // namespace ponte::api
