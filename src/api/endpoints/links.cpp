// /v1/instances/:instance/links: addresses that may link this instance and do nothing else (contract 1.9).
#include "instance/links.h"

#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/link_json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

constexpr char kPath[] = "/v1/instances/:instance/links";
constexpr char kRequest[] = R"({"type":"object","additionalProperties":true,"properties":{
"expiresIn":{"type":["integer","null"],"minimum":1,"maximum":2592000,"description":"Seconds; else an hour"},
"uses":{"type":["integer","null"],"minimum":1,"maximum":100,"description":"Devices that it may link; else one"},
"title":{"type":["string","null"],"minLength":1,"maxLength":100,"pattern":"^[^\\u0000-\\u001f\\u007f]*$",
"description":"What the page says it is for"},
"returnUrl":{"type":["string","null"],"maxLength":2048,"pattern":"^https?://[A-Za-z0-9.-]+(/[A-Za-z0-9/._-]*)?$",
"description":"http or https, without user: where the page leads back to"},
"history":{"type":["integer","null"],"minimum":1,"maximum":3650,"description":"As of connect"}}})";
constexpr char kCreated[] = R"({"type":"object","required":["success","message","link"],"properties":{
"success":{"const":true},"message":{"const":"Link created"},"link":{"$ref":"#/components/schemas/Link"}}})";
constexpr char kListed[] = R"({"type":"object","required":["success","message","links"],"properties":{
"success":{"const":true},"message":{"const":"Links retrieved"},
"links":{"type":"array","items":{"$ref":"#/components/schemas/Link"}}}})";
constexpr char kRevoked[] = R"({"type":"object","required":["success","message"],"properties":{
"success":{"const":true},"message":{"const":"Link revoked"}}})";

Route links_route(Method method, std::string_view path, std::string_view summary) {
  Route route;
  route.method = method;
  route.path = path;
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.tag = "Links";
  route.summary = summary;
  return route;
}

Result<instance::LinkRequest> parse_link(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body.empty() ? "{}" : request.body));
  FieldReader fields(body);
  auto out = read_link_request(fields);
  note_changed(request, fields);
  return out;
}

Response created_response(const instance::CreatedLink& created, const std::string& base_url, Wall now) {
  Json link = link_json(created.link, now);
  link["url"] = base_url + "/link/" + created.token;
  link["token"] = created.token;
  return json_response({{"success", true}, {"message", "Link created"}, {"link", std::move(link)}}, 201);
}

void create(const EndpointContext& context, const std::string& name, Request request, Reply<Response> reply) {
  const auto info = context.instances.find(name);
  if (!info) return reply.answer(failure(context, request, instance::instance_not_found()));
  auto wanted = parse_link(request);
  if (!wanted) return reply.answer(failure(context, request, wanted.error()));
  context.links->create(*info, std::move(*wanted),
                        answering<instance::CreatedLink>(
                            context, std::move(request), std::move(reply), "Failed to create link",
                            [context](const instance::CreatedLink& created) {
                              return created_response(created, context.events->base_url, context.clock.now().wall);
                            }));
}

Response listed_response(const std::vector<instance::LinkInfo>& links, Wall now) {
  Json body = {{"success", true}, {"message", "Links retrieved"}};
  body["links"] = Json::array();
  for (const instance::LinkInfo& link : links) body["links"].push_back(link_json(link, now));
  return json_response(body);
}

}  // namespace

Route link_create_route(EndpointContext context) {
  Route route = links_route(Method::kPost, kPath, "An address that may link this instance, and do nothing else");
  route.description =
      "For whoever holds the phone: a page with the QR code, or the code to type. Opening it changes nothing; a button "
      "on it begins. It is used up once a device is linked, and its time ends.";
  route.request_schema = kRequest;
  route.request = RequestBody::kOptional;
  route.response_schema = kCreated;
  route.success = 201;
  route.answers = {{400, "`Instance name is required`, `Invalid request body`, `Invalid link`, `Too many links`"},
                   {500, "`Failed to create link`"}};
  route.audit = "link.create";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    create(context, name, std::move(request), std::move(reply));
  });
  return route;
}

Route link_list_route(EndpointContext context) {
  Route route = links_route(Method::kGet, kPath, "Its links, newest first; those that are over stay for 30 days");
  route.response_schema = kListed;
  route.handler = on_info(context, "", [context](const instance::InstanceInfo& info) -> Result<Response> {
    return listed_response(context.links->list(info.id), context.clock.now().wall);
  });
  return route;
}

Route link_revoke_route(EndpointContext context) {
  Route route = links_route(Method::kDelete, "/v1/instances/:instance/links/:id", "Revoke a link; its page ends");
  route.response_schema = kRevoked;
  route.answers = {{404, "`Instance not found`, `Link not found`"}, {500, "`Failed to revoke link`"}};
  route.audit = "link.revoke";
  route.handler = on_instance_id(context, [context](const std::string& id, Request request, Reply<Response> reply) {
    const std::string link = request.params.at("id");
    context.links->revoke(
        id, link,
        answering<std::monostate>(context, std::move(request), std::move(reply), "Failed to revoke link",
                                  [](std::monostate) {
                                    return json_response({{"success", true}, {"message", "Link revoked"}});
                                  }));
  });
  return route;
}

}  // namespace ponte::api
