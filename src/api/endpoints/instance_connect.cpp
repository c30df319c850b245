// GET /api/instance/connect/:instance: answers with the code that links the account, now or as soon as there is one.
#include <algorithm>
#include <charconv>

#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/qr_image.h"

namespace ponte::api {
namespace {

/// Contract, decision 7: the marks are stripped, then 7 to 15 digits without a leading 0. nullopt where it is not so.
std::optional<std::string> phone_number(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (std::string_view(" +-()").find(c) == std::string_view::npos) digits.push_back(c);
  }
  const bool all_digits = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!all_digits || digits.size() < 7 || digits.size() > 15 || digits.front() == '0') return std::nullopt;
  return digits;
}

std::optional<unsigned> parse_history_days(std::string_view text) {
  unsigned days = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (error != std::errc() || end != text.data() + text.size() || days < 1 || days > 3650) return std::nullopt;
  return days;
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
    out.number = phone_number(number->second);
    if (!out.number) {
      return Error{Errc::kInvalidArgument, Cause::kInvalidNumber,
                   "number: expected 7 to 15 digits in international form, without a leading 0"};
    }
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

Route instance_connect_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/api/instance/connect/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Start linking; waits until there is a QR code to scan, or with number a code to type";
  route.response_schema = R"({"type":"object","required":["success","message","status"],"properties":{
"qrCode":{"type":"string"},"qrCodeBase64":{"type":"string"},"pairingCode":{"type":"string"},
"status":{"enum":["qr","pairing_code","connected"]},
"expiresIn":{"type":"integer","minimum":1}}})";
  route.handler = on_instance([context](const std::string& name, Request request, Reply<Response> reply) {
    connect(context, name, std::move(request), std::move(reply));
  });
  return route;
}

}  // namespace ponte::api
