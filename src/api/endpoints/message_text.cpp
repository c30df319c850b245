// POST /api/message/text/:instance (contract 1.6).
#include <algorithm>

#include "api/endpoints/chat_requests.h"
#include "api/endpoints/endpoints.h"
#include "api/message_json.h"

namespace ponte::api {
namespace {

constexpr char kFailed[] = "Failed to send message";
constexpr std::size_t kMostCharacters = 65'536;
constexpr std::size_t kMostMentions = 1024;
constexpr std::size_t kLongestSource = 100;
constexpr std::size_t kLongestId = 128;

// null counts as absent.
constexpr char kRequest[] = R"({"type":"object","additionalProperties":true,"required":["number","message"],
"properties":{
"number":{"type":"string","minLength":1,"description":"International digits, or the JID of somebody or of a group"},
"message":{"type":"string","minLength":1,"maxLength":65536,"pattern":"^[^\u0000]*$"},
"linkPreview":{"type":["boolean","null"],"description":"Without effect in this version"},
"delay":{"type":["integer","null"],"minimum":0,
"description":"Seconds, counted as 60 at most: typing is shown so long before it is sent"},
"replyTo":{"type":["string","null"],"maxLength":128,"description":"Id of the message that it answers"},
"replyPrivate":{"type":["boolean","null"],
"description":"The answer goes to the author of `replyTo` alone, wherever that message is"},
"mention":{"type":["array","null"],"maxItems":1024,"items":{"type":"string"},"description":"Numbers or JIDs"},
"mentionAll":{"type":["boolean","null"],"description":"All of a group"},
"source":{"type":["string","null"],"maxLength":100,"description":"A label, told with the event; `api` where absent"},
"messageId":{"type":["string","null"],"maxLength":128,"pattern":"^[!-~]*$",
"description":"Your own id for it: the same one again is the same message"}}})";

constexpr char kAnswer[] = R"({"type":"object","required":["success","message","status","data"],"properties":{
"success":{"const":true},"message":{"const":"Message sent successfully"},"status":{"const":"sent"},
"data":{"type":"object","required":["messageId","direction","messageType","content","chat","sender","timestamp",
"source"],"properties":{
"messageId":{"type":"string"},"direction":{"const":"outgoing"},"messageType":{"type":"string"},
"content":{"type":"object","required":["text"],"properties":{"text":{"type":"string"}}},
"chat":{"type":"object","required":["jid","lid","name","type"],"properties":{
"jid":{"type":["string","null"]},"lid":{"type":["string","null"]},"name":{"type":["string","null"]},
"type":{"enum":["private","group"]},"groupName":{"type":["string","null"]}}},
"sender":{"$ref":"#/components/schemas/Party"},"timestamp":{"type":"string","format":"date-time"},
"source":{"type":["string","null"]},"mentions":{"type":"object"},"replyTo":{"type":"string"}}}}})";

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Result<std::string> read_text(FieldReader& fields) {
  const auto text = fields.string("message", 4 * kMostCharacters);
  PONTE_TRY(fields.status());
  if (!text || text->empty()) return required_field("Message is required");
  if (characters(*text) > kMostCharacters) return invalid_request("message: expected at most 65536 characters");
  if (text->find('\0') != std::string::npos) return invalid_request("message: expected text without NUL");
  return *text;
}

Result<std::vector<instance::Jid>> read_mentions(FieldReader& fields) {
  std::vector<instance::Jid> out;
  const auto mentions = fields.strings("mention");
  PONTE_TRY(fields.status());
  if (!mentions) return out;
  if (mentions->size() > kMostMentions) return invalid_request("mention: expected at most 1024");
  for (const std::string& each : *mentions) {
    const auto jid = instance::parse_recipient(each);
    if (!jid || !instance::is_person(*jid)) return invalid_request("mention: expected numbers, or JIDs of people");
    out.push_back(*jid);
  }
  return out;
}

/// The id that a caller gives to what he sends.
Result<std::optional<std::string>> read_id(FieldReader& fields) {
  auto id = fields.string("messageId", kLongestId);
  PONTE_TRY(fields.status());
  if (!id || id->empty()) return std::optional<std::string>();
  const bool visible = std::all_of(id->begin(), id->end(), [](char c) { return c >= '!' && c <= '~'; });
  if (!visible) return invalid_request("messageId: expected 1 to 128 visible ASCII characters");
  return id;
}

struct Parsed {
  instance::TextRequest request;
  bool reply_private = false;
};

Result<Parsed> parse(const Request& request) {
  PONTE_ASSIGN(const Json body, parse_object(request.body));
  FieldReader fields(body);
  Parsed out;
  auto& text = out.request.text;
  PONTE_ASSIGN(text.to, read_number(fields));
  PONTE_ASSIGN(text.text, read_text(fields));
  PONTE_ASSIGN(text.mentions, read_mentions(fields));
  PONTE_ASSIGN(text.id, read_id(fields));
  PONTE_ASSIGN(out.request.typing, read_seconds(fields, "delay"));
  text.reply_to = fields.string("replyTo", kLongestId);
  if (text.reply_to && text.reply_to->empty()) text.reply_to.reset();
  text.mention_all = fields.boolean("mentionAll").value_or(false);
  text.source = fields.string("source", kLongestSource).value_or(text.source);
  out.reply_private = fields.boolean("replyPrivate").value_or(false);
  (void)fields.boolean("linkPreview");
  PONTE_TRY(fields.status());
  if (out.reply_private && !text.reply_to) return invalid_request("replyPrivate: expected replyTo beside it");
  return out;
}

/// To the author of the message that it answers, of which the chat stays to be named.
Status answer_in_private(const EndpointContext& context, const std::string& name,
                         protocol::messages::OutgoingText& text) {
  PONTE_ASSIGN(const auto message, context.instances.find_message(name, *text.reply_to));
  const auto& author = message.sender.lid ? message.sender.lid : message.sender.pn;
  if (message.from_me || !author) return invalid_request("replyPrivate: expected a message of somebody else");
  text.reply_chat = message.chat.jid;
  text.to = *author;
  return Status::Ok();
}

Response sent(const EndpointContext& context, const std::string& name, const Request& request,
              const instance::SendOutcome& outcome) {
  if (!outcome.sent.ok()) return failure_of_message(context, request, outcome.sent.error(), kFailed, outcome.id);
  const auto info = context.instances.find(name);
  Json body = {{"success", true}, {"message", "Message sent successfully"}, {"status", "sent"}};
  body["data"] = sent_json(*outcome.sent, telling_of(context, info.value_or(instance::InstanceInfo{})));
  return json_response(body);
}

void send(const EndpointContext& context, const std::string& name, Request request, Reply<Response> reply) {
  auto parsed = parse(request);
  if (!parsed) return reply.answer(failure(context, request, parsed.error()));
  if (parsed->reply_private) {
    const Status status = answer_in_private(context, name, parsed->request.text);
    if (!status.ok()) return reply.answer(failure(context, request, status.error(), kFailed));
  }
  Request kept = request;
  kept.body = {};
  context.instances.send_text(
      name, std::move(parsed->request),
      answering<instance::SendOutcome>(context, std::move(request), std::move(reply), kFailed,
                                       [context, name, kept = std::move(kept)](const instance::SendOutcome& outcome) {
                                         return sent(context, name, kept, outcome);
                                       }));
}

}  // namespace

Route message_text_route(EndpointContext context) {
  Route route;
  route.method = Method::kPost;
  route.path = "/api/message/text/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.tag = "Messages";
  route.summary = "Send a text to somebody or to a group";
  route.description =
      "Answers when WhatsApp has taken the message, or will not. Where that is not known (`SEND_UNCONFIRMED`) "
      "`error.messageId` names it: sent again under that `messageId` it is never a second message.";
  route.request_schema = kRequest;
  route.response_schema = kAnswer;
  route.audit = "message.text";
  route.answers = {
      {400,
       "`Instance name is required`, `Number is required`, `Message is required`, `Invalid phone number`, `Number is "
       "not on WhatsApp` (`NOT_ON_WHATSAPP`), `Invalid request body`"},
      {403,
       "WhatsApp does not let this account write there: `Not allowed to send to this chat` (`SEND_FORBIDDEN`), `The "
       "account may not begin new chats now` (`SEND_REACH_OUT_LOCKED`, `SEND_NEW_CHAT_LIMIT`)"},
      {404, "`Instance not found`; `Message not found`: that of replyTo"},
      {429, "`Rate limit exceeded. Try again later.`; WhatsApp's own limit: `SEND_RATE_LIMITED`"},
      {500, "`Failed to send message`, with the cause in `error.code`"},
      {503, "`Instance is not connected to WhatsApp`; `Service unavailable`"}};
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    send(context, name, std::move(request), std::move(reply));
  });
  return route;
}

}  // namespace ponte::api
