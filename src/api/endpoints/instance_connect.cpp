// GET /api/instance/connect/:instance: answers with the code that links the account, now or as soon as there is one.
#include <algorithm>

#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/qr_image.h"
#include "api/text.h"
#include "instance/recipient.h"

namespace ponte::api {
namespace {

constexpr char kAnswer[] = R"({"oneOf":[
{"title":"QR code","type":"object",
"required":["success","message","qrCode","qrCodeBase64","status","expiresIn"],"properties":{
"success":{"const":true},"message":{"const":"QR code generated"},
"qrCode":{"type":"string","minLength":1,"description":"What a phone scans"},
"qrCodeBase64":{"type":"string","pattern":"^data:image/png;base64,","description":"The same as a picture"},
"status":{"const":"qr"},"expiresIn":{"type":"integer","minimum":1,"description":"Seconds"}}},
{"title":"Pairing code","type":"object",
"required":["success","message","pairingCode","status","expiresIn"],"properties":{
"success":{"const":true},"message":{"const":"Pairing code generated"},
"pairingCode":{"type":"string","pattern":"^[1-9A-Z]{4}-[1-9A-Z]{4}$"},
"status":{"const":"pairing_code"},"expiresIn":{"type":"integer","minimum":1,"description":"Seconds"}}},
{"title":"Connected already","type":"object","required":["success","message","status"],"properties":{
"success":{"const":true},"message":{"const":"Instance already connected"},"status":{"const":"connected"}}}]})";

std::optional<unsigned> parse_history_days(std::string_view text) {
  const auto days = whole_number(text);
  return days && *days >= 1 && *days <= 3650 ? std::optional(static_cast<unsigned>(*days)) : std::nullopt;
}

Result<instance::ConnectRequest> parse_connect(const Request& request) {
  instance::ConnectRequest out;
  if (const auto history = request.query.find("history"); history != request.query.end()) {
    out.history_days = parse_history_days(history->second);
    if (!out.history_days) {
      return Error{Errc::kInvalidArgument, Cause::kInvalidHistory, "history: expected a whole number from 1 to 3650"};
    }
  }
  if (const auto number = request.query.find("number"); number != request.query.end()) {
    PONTE_ASSIGN(out.number, phone_number(number->second));
  }
  if (const auto code = request.query.find("code"); code != request.query.end()) {
    if (!out.number) {
      return Error{Errc::kInvalidArgument, Cause::kInvalidCode, "code: expected together with number"};
    }
    out.code = code->second;
  }
  return out;
}

std::int64_t seconds_left(const instance::ConnectResult& result) {
  return std::max<std::int64_t>(1, std::chrono::floor<Seconds>(result.expires_in).count());
}

Result<Response> connect_response(const instance::ConnectResult& result) {
  using Kind = instance::ConnectResult::Kind;
  switch (result.kind) {
    case Kind::kConnected:
      return json_response({{"success", true}, {"message", "Instance already connected"}, {"status", "connected"}});
    case Kind::kPairingCode:
      return json_response({{"success", true},
                            {"message", "Pairing code generated"},
                            {"pairingCode", result.text},
                            {"status", "pairing_code"},
                            {"expiresIn", seconds_left(result)}});
    case Kind::kQr: break;
  }
  PONTE_ASSIGN(std::string picture, qr_data_uri(result.text));
  return json_response({{"success", true},
                        {"message", "QR code generated"},
                        {"qrCode", result.text},
                        {"qrCodeBase64", std::move(picture)},
                        {"status", "qr"},
                        {"expiresIn", seconds_left(result)}});
}

void connect(const EndpointContext& context, const std::string& name, Request request, Reply<Response> reply) {
  auto parsed = parse_connect(request);
  if (!parsed) return reply.answer(failure(context, request, parsed.error()));
  context.instances.connect(name, std::move(*parsed),
                            answering<instance::ConnectResult>(context, std::move(request), std::move(reply),
                                                               "Failed to generate QR code", connect_response));
}

}  // namespace

Result<std::string> phone_number(std::string_view text) {
  if (auto digits = instance::phone_digits(text)) return std::move(*digits);
  return Error{Errc::kInvalidArgument, Cause::kInvalidNumber,
               "number: expected 7 to 15 digits in international form, without a leading 0"};
}

Route instance_connect_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/api/instance/connect/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Start linking; waits until there is a QR code to scan, or with number a code to type";
  route.description =
      "Answers within 60 s, with the code or with the reason why there is none. Further calls join the attempt that is "
      "under way and get its current code; a caller that hangs up does not end it.";
  route.query = {
      {"history", "Whole days of history to ask the phone for at the first link",
       R"({"type":"integer","minimum":1,"maximum":3650})"},
      {"number",
       "A pairing code for this number instead of a QR: 7 to 15 digits, no leading 0; blanks and +-() are stripped",
       R"({"type":"string","examples":["5511999999999"]})"},
      {"code",
       "With number: your own code, 8 of 123456789ABCDEFGHJKLMNPQRSTVWXYZ; dashes, blanks and case do not count",
       R"({"type":"string","examples":["ABCD-1234"]})"}};
  route.response_schema = kAnswer;
  route.answers = {
      {400, "`Instance name is required`, `Invalid history value`, `Invalid phone number`, `Invalid pairing code`"},
      {500,
       "`Failed to generate QR code`, with the cause in `error.code`: no code within the limit, the way to "
       "WhatsApp or the proxy, WhatsApp's own refusals (docs/contract.md 1.1 has the table)"}};
  route.audit = "instance.connect";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    connect(context, name, std::move(request), std::move(reply));
  });
  return route;
}

}  // namespace ponte::api
