// POST /api/chat/presence/:instance, POST /api/chat/markRead/:instance (contract 1.7).
#include "api/endpoints/chat_requests.h"

namespace ponte::api {
namespace {

using instance::ChatState;

constexpr std::size_t kMostIds = 256;
constexpr std::size_t kLongestId = 128;

constexpr char kPresence[] = R"({"type":"object","additionalProperties":true,"required":["number","state"],
"properties":{"number":{"type":"string","minLength":1},"state":{"enum":["typing","recording","pause","paused"]},
"duration":{"type":["integer","null"],"minimum":0,
"description":"Seconds, counted as 60 at most: it ends by itself then; 0 or absent: it does not"}}})";
constexpr char kRead[] = R"({"type":"object","additionalProperties":true,"required":["number"],"properties":{
"number":{"type":"string","minLength":1},
"messageId":{"type":["string","null"],"maxLength":128},
"messageIds":{"type":["array","null"],"maxItems":256,"items":{"type":"string"},"description":"More than one"}}})";
constexpr char kDone[] = R"({"type":"object","required":["success","message"],"properties":{"success":{"const":true},
"message":{"enum":["Presence updated successfully","Messages marked as read"]}}})";

Response done(const char* message) {
  return json_response({{"success", true}, {"message", message}});
}

Result<ChatState> read_state(FieldReader& fields) {
  const auto state = fields.string("state");
  PONTE_TRY(fields.status());
  if (!state || state->empty()) return required_field("State is required. Use 'typing', 'recording', or 'pause'");
  if (*state == "typing") return ChatState::kComposing;
  if (*state == "recording") return ChatState::kRecording;
  if (*state == "pause" || *state == "paused") return ChatState::kPaused;
  return required_field("Invalid state. Use 'typing', 'recording', or 'pause'");
}

Result<instance::PresenceRequest> parse_presence(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  instance::PresenceRequest out;
  PONTE_ASSIGN(out.to, read_number(fields));
  PONTE_ASSIGN(out.state, read_state(fields));
  PONTE_ASSIGN(out.duration, read_seconds(fields, "duration"));
  return out;
}

Result<instance::ReadRequest> parse_read(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  instance::ReadRequest out;
  PONTE_ASSIGN(out.chat, read_number(fields));
  const auto one = fields.string("messageId", kLongestId);
  const auto several = fields.strings("messageIds");
  PONTE_TRY(fields.status());
  if (several) out.ids = *several;
  if (one && !one->empty()) out.ids.push_back(*one);
  if (out.ids.empty()) return required_field("MessageID is required");
  if (out.ids.size() > kMostIds) return invalid_request("messageIds: expected at most 256");
  for (const std::string& id : out.ids) {
    if (id.empty() || id.size() > kLongestId) return invalid_request("messageIds: expected ids of 1 to 128 bytes");
  }
  return out;
}

Route presence_like_route(std::string_view path, std::string_view summary, std::string_view request_schema) {
  Route route = chat_route(path, summary, request_schema, kDone);
  route.answers = {{503, "`Instance is not connected to WhatsApp`; `Service unavailable`"}};
  return route;
}

}  // namespace

Route chat_presence_route(EndpointContext context) {
  Route route = presence_like_route("/api/chat/presence/:instance",
                                    "Show in a chat that somebody types or records, or no longer", kPresence);
  route.audit = "chat.presence";
  route.answers.push_back({400,
                           "`Instance name is required`, `Number is required`, `Invalid phone number`, `State is "
                           "required. …`, `Invalid state. …`, `Invalid request body`"});
  route.answers.push_back({500, "`Failed to update presence`"});
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    auto parsed = parse_presence(request);
    if (!parsed) return reply.answer(failure(context, request, parsed.error()));
    context.instances.show_presence(
        name, std::move(*parsed),
        answering<std::monostate>(context, std::move(request), std::move(reply), "Failed to update presence",
                                  [](std::monostate) { return done("Presence updated successfully"); }));
  });
  return route;
}

Route chat_mark_read_route(EndpointContext context) {
  Route route =
      presence_like_route("/api/chat/markRead/:instance", "Tell whoever wrote them that messages were read", kRead);
  route.audit = "chat.read";
  route.answers.push_back({400,
                           "`Instance name is required`, `Number is required`, `Invalid phone number`, `MessageID is "
                           "required`, `Invalid request body`"});
  route.answers.push_back({500, "`Failed to mark messages as read`"});
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    auto parsed = parse_read(request);
    if (!parsed) return reply.answer(failure(context, request, parsed.error()));
    context.instances.mark_read(
        name, std::move(*parsed),
        answering<std::monostate>(context, std::move(request), std::move(reply), "Failed to mark messages as read",
                                  [](std::monostate) { return done("Messages marked as read"); }));
  });
  return route;
}

}  // namespace ponte::api
