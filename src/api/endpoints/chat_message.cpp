// GET /api/chat/getMessage, /api/chat/status, /api/chat/base64 (contract 1.7), and
// GET /v1/instances/:instance/messages/:id/media: one message, and its file.
#include <array>

#include "api/endpoints/chat_requests.h"
#include "api/message_json.h"
#include "api/text.h"
#include "crypto/base64.h"
#include "instance/message_json.h"

namespace ponte::api {
namespace {

constexpr char kMessage[] = R"({"type":"object","required":["success","message","data"],"properties":{
"success":{"const":true},"message":{"const":"Message retrieved successfully"},
"data":{"$ref":"#/components/schemas/Message"}}})";
constexpr char kStatus[] = R"({"type":"object",
"required":["success","message","message_id","status","status_code","direction","chat_jid","timestamp"],"properties":{
"success":{"const":true},"message":{"const":"Message status retrieved successfully"},"message_id":{"type":"string"},
"status":{"enum":["pending","sent","delivered","received","read","played","error"]},
"status_code":{"type":"integer","minimum":-1,"maximum":5},"direction":{"enum":["sent","received"]},
"chat_jid":{"type":"string"},"timestamp":{"type":"string","format":"date-time"}}})";
constexpr char kBase64[] = R"({"type":"object",
"required":["success","message","message_id","mime_type","media_type","base64"],"properties":{
"success":{"const":true},"message":{"const":"Base64 retrieved successfully"},"message_id":{"type":"string"},
"mime_type":{"type":"string"},"media_type":{"type":"string"},"base64":{"type":"string"}}})";

constexpr char kMissingId[] = "Message ID is required (use ?messageId=<message-id>)";
constexpr char kMissingIdOfMedia[] = "messageId query parameter is required";
constexpr char kMediaFailed[] = "Failed to fetch media";

/// What a browser may show; anything else is a stranger's file, to be saved.
constexpr std::array<std::string_view, 14> kShown{
    "image/jpeg", "image/png",  "image/webp", "image/gif", "video/mp4", "video/3gpp", "audio/ogg",
    "audio/mp4",  "audio/mpeg", "audio/aac",  "audio/amr", "audio/wav", "audio/webm", "application/pdf"};
constexpr char kMediaTypes[] =
    "application/octet-stream, image/jpeg, image/png, image/webp, image/gif, video/mp4, video/3gpp, audio/ogg, "
    "audio/mp4, audio/mpeg, audio/aac, audio/amr, audio/wav, audio/webm, application/pdf";

Result<Response> show_message(const EndpointContext& context, const instance::InstanceInfo& info,
                              const Request& request) {
  PONTE_ASSIGN(const std::string id, read_message_id(request, kMissingId));
  PONTE_ASSIGN(const auto message, context.instances.find_message(info.name, id));
  Json body = {{"success", true}, {"message", "Message retrieved successfully"}};
  body["data"] = shown_message(message, telling_of(context, info));
  return json_response(body);
}

std::string chat_jid(const instance::ChatMessage& message) {
  return message.chat.other.pn ? message.chat.other.pn->to_string() : message.chat.jid.to_string();
}

Result<Response> show_status(const EndpointContext& context, const instance::InstanceInfo& info,
                             const Request& request) {
  PONTE_ASSIGN(const std::string id, read_message_id(request, kMissingId));
  PONTE_ASSIGN(const auto message, context.instances.find_message(info.name, id));
  const auto status = instance::status_word(message);
  return json_response({{"success", true},
                        {"message", "Message status retrieved successfully"},
                        {"message_id", id},
                        {"status", status.name},
                        {"status_code", status.code},
                        {"direction", message.from_me ? "sent" : "received"},
                        {"chat_jid", chat_jid(message)},
                        {"timestamp", rfc3339(message.at)}});
}

Response base64_response(const std::string& id, const instance::MediaBytes& media) {
  return json_response({{"success", true},
                        {"message", "Base64 retrieved successfully"},
                        {"message_id", id},
                        {"mime_type", media.mimetype},
                        {"media_type", media.type},
                        {"base64", crypto::base64(media.bytes)}});
}

/// Its type as far as a browser may be told: the sender has written it.
std::string_view shown_type(std::string_view mimetype) {
  const std::string bare = to_lower(trim(mimetype.substr(0, mimetype.find(';'))));
  for (const std::string_view type : kShown) {
    if (bare == type) return type;
  }
  return "application/octet-stream";
}

/// A name for the file, of which nothing but letters, digits and a few signs are left.
std::string safe_name(const instance::MediaBytes& media) {
  std::string out;
  for (const char c : media.file_name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || (c == '.' && !out.empty());
    out += plain ? c : '_';
    if (out.size() == 100) break;
  }
  return out.empty() ? media.type : out;
}

Response media_response(instance::MediaBytes media) {
  Response response;
  response.content_type = shown_type(media.mimetype);
  const bool shown = response.content_type != "application/octet-stream";
  response.headers = {
      {"Cache-Control", "private, no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"Content-Security-Policy", "default-src 'none'; sandbox"},
      {"Content-Disposition", (shown ? "inline; filename=\"" : "attachment; filename=\"") + safe_name(media) + '"'}};
  response.body.assign(media.bytes.begin(), media.bytes.end());
  return response;
}

Route message_route(std::string_view path, std::string_view summary, std::string_view response_schema) {
  Route route = chat_route(path, summary, {}, response_schema);
  route.query = {{"messageId", "The newest message with that id", QueryParameter{}.schema, true}};
  return route;
}

using Show = Result<Response> (*)(const EndpointContext&, const instance::InstanceInfo&, const Request&);

Handler on_message(EndpointContext context, Show show, std::string prescribed) {
  return on_instance([context, show, prescribed = std::move(prescribed)](
                         const std::string& name, const Request& request, Reply<Response> reply) {
    const auto info = context.instances.find(name);
    Result<Response> answer = info ? show(context, *info, request) : Result<Response>(instance::instance_not_found());
    reply.answer(answer_or_failure(context, request, std::move(answer), prescribed));
  });
}

}  // namespace

Route chat_message_route(EndpointContext context) {
  Route route = message_route("/api/chat/getMessage/:instance", "One message that is kept", kMessage);
  route.answers = {{400, "`Instance name is required`, `Message ID is required (use ?messageId=<message-id>)`"},
                   {404, "`Instance not found`, `Message not found`"},
                   {500, "`Failed to get message`"}};
  route.handler = on_message(context, show_message, "Failed to get message");
  return route;
}

Route chat_status_route(EndpointContext context) {
  Route route = message_route("/api/chat/status/:instance", "How far a message has got", kStatus);
  route.answers = {{400, "`Instance name is required`, `Message ID is required (use ?messageId=<message-id>)`"},
                   {404, "`Instance not found`, `Message not found`"},
                   {500, "`Failed to get message status`"}};
  route.handler = on_message(context, show_status, "Failed to get message status");
  return route;
}

Route chat_base64_route(EndpointContext context) {
  Route route = message_route("/api/chat/base64/:instance", "The decrypted file of a message, in base64", kBase64);
  route.description = "As bytes, at a third of the cost: GET /v1/instances/:instance/messages/:id/media.";
  route.answers = {{400, "`Instance name is required`, `messageId query parameter is required`"},
                   {404, "`Instance not found`, `Message not found or no media available`"},
                   {500, "`Failed to fetch media`, with the cause in `error.code`"},
                   {503, "`Instance is not connected to WhatsApp`; `Service unavailable`"}};
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    auto id = read_message_id(request, kMissingIdOfMedia);
    if (!id) return reply.answer(failure(context, request, id.error()));
    context.instances.fetch_media(
        name, *id,
        answering<instance::MediaBytes>(
            context, std::move(request), std::move(reply), kMediaFailed,
            [id = *id](const instance::MediaBytes& media) { return base64_response(id, media); }));
  });
  return route;
}

Route message_media_route(EndpointContext context) {
  Route route = chat_route("/v1/instances/:instance/messages/:id/media", "The decrypted file of a message", {}, {});
  route.ticket = true;
  route.description =
      "With its type where a browser may show it, else as bytes to be saved. An `<img>` or `<audio>` takes a ticket.";
  route.response_type = kMediaTypes;
  route.answers = {{404, "`Instance not found`, `Message not found or no media available`"},
                   {500, "`Failed to fetch media`, with the cause in `error.code`"},
                   {503, "`Instance is not connected to WhatsApp`; `Service unavailable`"}};
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    std::string id = request.params["id"];
    context.instances.fetch_media(
        name, std::move(id),
        answering<instance::MediaBytes>(context, std::move(request), std::move(reply), kMediaFailed,
                                        [](const instance::MediaBytes& media) { return media_response(media); }));
  });
  return route;
}

}  // namespace ponte::api
