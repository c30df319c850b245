// POST /v1/instances/:instance/chats/older (contract 1.7).
#include "api/endpoints/chat_requests.h"

namespace ponte::api {
namespace {

constexpr std::int64_t kMost = 50;

constexpr char kRequest[] = R"({"type":"object","additionalProperties":true,"required":["number"],"properties":{
"number":{"type":"string","minLength":1,"description":"International digits, or the JID of somebody or of a group"},
"count":{"type":["integer","null"],"minimum":1,"maximum":50,"default":50}}})";
constexpr char kDone[] = R"({"type":"object","required":["success","message"],"properties":{"success":{"const":true},
"message":{"const":"Older messages received"}}})";

Result<instance::OlderRequest> parse(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  instance::OlderRequest out;
  PONTE_ASSIGN(out.chat, read_number(fields));
  const std::int64_t count = fields.integer("count").value_or(kMost);
  PONTE_TRY(fields.status());
  if (count < 1 || count > kMost) return invalid_request("count: expected a whole number from 1 to 50");
  out.count = static_cast<unsigned>(count);
  return out;
}

}  // namespace

Route chat_older_route(EndpointContext context) {
  Route route =
      chat_route("/v1/instances/:instance/chats/older",
                 "Have the phone tell messages that are older than all that are kept of a chat", kRequest, kDone);
  route.description =
      "Answers when they are kept: POST /api/chat/history reads them. Takes until the phone has answered, at most 2 "
      "minutes; a phone that is off does not.";
  route.audit = "chat.older";
  route.answers = {{400, "`Number is required`, `Invalid phone number`, `Invalid request body`"},
                   {404, "`Message not found`: none of the chat is kept, and they are asked for from the oldest on"},
                   {500, "`Failed to get older messages`; `HISTORY_UNANSWERED`: the phone did not answer, or has none"},
                   {503, "`Instance is not connected to WhatsApp`; `Service unavailable`"}};
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    const auto parsed = parse(request);
    if (!parsed) return reply.answer(failure(context, request, parsed.error()));
    context.instances.request_older(
        name, *parsed,
        answering<std::monostate>(context, std::move(request), std::move(reply), "Failed to get older messages",
                                  [](std::monostate) {
                                    return json_response({{"success", true}, {"message", "Older messages received"}});
                                  }));
  });
  return route;
}

}  // namespace ponte::api
