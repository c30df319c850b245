// POST /v1/tickets: what a browser puts into the URL of an event stream or an image, in place of a token.
#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/ticket_box.h"

namespace ponte::api {
namespace {

/// With the account token a body may name one instance, for which alone the ticket is good then.
Result<instance::Principal> principal_of(const EndpointContext& context, const Request& request) {
  if (request.body.empty()) return *request.principal;
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  const auto name = fields.string("instance");
  PONTE_TRY(fields.status());
  if (!name) return *request.principal;
  const auto info = context.instances.find(*name);
  const auto* own = std::get_if<instance::InstancePrincipal>(&*request.principal);
  if (!info || (own != nullptr && own->instance_name != *name)) return instance::instance_not_found();
  return instance::Principal(instance::InstancePrincipal{info->id, info->name});
}

Result<Response> issue(const EndpointContext& context, const Request& request) {
  PONTE_ASSIGN(instance::Principal principal, principal_of(context, request));
  PONTE_ASSIGN(const std::string ticket, context.events->tickets.issue(std::move(principal), context.clock.now().mono));
  return json_response(
      {{"success", true}, {"message", "Ticket issued"}, {"ticket", ticket}, {"expiresIn", TicketBox::kLife.count()}},
      201);
}

}  // namespace

Route ticket_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/v1/tickets";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "A ticket for ?ticket= of event streams and images: good once, for 30 s";
  route.tag = "Events";
  route.request_schema = R"({"type":"object","additionalProperties":true,"properties":{
"instance":{"type":["string","null"],"maxLength":4096,"description":"For which alone it is good then"}}})";
  route.request = RequestBody::kOptional;
  route.audit = "ticket.issue";
  route.response_schema = R"({"type":"object","required":["success","message","ticket","expiresIn"],"properties":{
"success":{"const":true},"message":{"const":"Ticket issued"},"ticket":{"type":"string","minLength":1},
"expiresIn":{"type":"integer","minimum":1,"description":"Seconds"}}})";
  route.success = 201;
  route.answers = {{400, "`Invalid request body`"}, {404, "`Instance not found`"}};
  route.handler = [context](const Request& request, Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, issue(context, request)));
  };
  return route;
}

}  // namespace ponte::api
