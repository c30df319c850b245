// POST /api/chat/history/:instance (contract 1.7).
#include "api/endpoints/chat_requests.h"
#include "api/message_json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

constexpr char kFailed[] = "Failed to get chat history";
constexpr std::size_t kUsual = 50;
constexpr std::int64_t kMost = 500;

constexpr char kRequest[] = R"({"type":"object","additionalProperties":true,"required":["number"],"properties":{
"number":{"type":"string","minLength":1,"description":"International digits, or the JID of somebody or of a group"},
"count":{"type":["integer","null"],"minimum":1,"maximum":500,"default":50},
"from":{"type":["string","null"],"description":"ISO 8601: not before it"},
"to":{"type":["string","null"],"description":"ISO 8601: not after it"},
"cursor":{"type":["string","null"],"maxLength":1024,"description":"`nextCursor` of the page before"}}})";

constexpr char kAnswer[] = R"({"type":"object",
"required":["success","message","messages","count","hasMore","nextCursor","chat_jid"],"properties":{
"success":{"const":true},"message":{"const":"Chat history retrieved successfully"},
"messages":{"type":"array","items":{"$ref":"#/components/schemas/Message"}},
"count":{"type":"integer","minimum":0},"hasMore":{"type":"boolean"},"nextCursor":{"type":["string","null"]},
"chat_jid":{"type":"string"}}})";

/// The contract's own text for either end.
Result<std::optional<Wall>> read_time(FieldReader& fields, const char* key) {
  const auto text = fields.string(key, 64);
  PONTE_TRY(fields.status());
  if (!text || text->empty()) return std::optional<Wall>();
  const auto at = parse_iso8601(*text);
  if (at) return at;
  return required_field("invalid '" + std::string(key) +
                        "' date format. Use ISO 8601 format (e.g., '2026-02-16T18:32:39Z')");
}

Result<instance::HistoryQuery> parse(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  instance::HistoryQuery query;
  PONTE_ASSIGN(query.chat, read_number(fields));
  PONTE_ASSIGN(query.from, read_time(fields, "from"));
  PONTE_ASSIGN(query.to, read_time(fields, "to"));
  // The end itself is one of them, to the second.
  if (query.to) *query.to = std::chrono::floor<Seconds>(*query.to) + Seconds(1);
  const std::int64_t count = fields.integer("count").value_or(kUsual);
  query.cursor = fields.string("cursor", 1024).value_or("");
  PONTE_TRY(fields.status());
  if (count < 1 || count > kMost) return invalid_request("count: expected a whole number from 1 to 500");
  query.limit = static_cast<std::size_t>(count);
  return query;
}

/// As the account's number is known by: what clients write to.
std::string chat_jid(const instance::HistoryPage& page) {
  if (page.messages.empty()) return page.chat.to_string();
  const auto& other = page.messages.front().chat.other;
  return other.pn ? other.pn->to_string() : page.chat.to_string();
}

Result<Response> show(const EndpointContext& context, const std::string& name, const Request& request) {
  PONTE_ASSIGN(const auto query, parse(request));
  PONTE_ASSIGN(const auto page, context.instances.history(name, query));
  const auto info = context.instances.find(name);
  if (!info) return instance::instance_not_found();
  const auto telling = telling_of(context, *info);
  Json body = {{"success", true}, {"message", "Chat history retrieved successfully"}, {"messages", Json::array()}};
  for (const auto& message : page.messages) body["messages"].push_back(shown_message(message, telling));
  body["count"] = page.messages.size();
  body["hasMore"] = !page.next.empty();
  body["nextCursor"] = page.next.empty() ? Json(nullptr) : Json(page.next);
  body["chat_jid"] = chat_jid(page);
  return json_response(body);
}

}  // namespace

Route chat_history_route(EndpointContext context) {
  Route route =
      chat_route("/api/chat/history/:instance", "Messages of a chat that are kept, newest first", kRequest, kAnswer);
  route.description = "Reads what is kept here, and needs no connection.";
  route.answers = {{400,
                    "`Instance name is required`, `Number is required`, `Invalid phone number`, `invalid 'from' date "
                    "format. …`, `invalid 'to' date format. …`, `Invalid request body`"},
                   {500, "`Failed to get chat history`"}};
  route.handler = on_instance([context](const std::string& name, const Request& request, Reply<Response> reply) {
    reply.answer(answer_or_failure(context, request, show(context, name, request), kFailed));
  });
  return route;
}

}  // namespace ponte::api
