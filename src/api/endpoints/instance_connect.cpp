// GET /api/instance/connect/:instance: answers with the code that links the account, now or as soon as there is one.
#include <algorithm>
#include <charconv>

#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "api/problem.h"
#include "api/qr_image.h"

namespace ponte::api {
namespace {

constexpr char kFailed[] = "Failed to generate QR code";

/// Contract, decision 7: the marks are stripped, then 7 to 15 digits without a leading 0.
bool is_phone_number(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (std::string_view(" +-()").find(c) == std::string_view::npos) digits.push_back(c);
  }
  const bool all_digits = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return all_digits && digits.size() >= 7 && digits.size() <= 15 && digits.front() != '0';
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
    if (!is_phone_number(number->second)) {
      return Error{Errc::kInvalidArgument, Cause::kInvalidNumber,
                   "number: expected 7 to 15 digits in international form, without a leading 0"};
    }
    return Error{Errc::kUnsupported, Cause::kNotImplemented, "linking by pairing code; without number a QR is given"};
  }
  return out;
}

Response connected_response() {
  return json_response({{"success", true}, {"message", "Instance already connected"}, {"status", "connected"}});
}

Result<Response> qr_response(const instance::ConnectResult& result) {
  PONTE_ASSIGN(std::string picture, qr_data_uri(result.qr_text));
  const auto seconds = std::chrono::floor<Seconds>(result.expires_in).count();
  return json_response({{"success", true},
                        {"message", "QR code generated"},
                        {"qrCode", result.qr_text},
                        {"qrCodeBase64", std::move(picture)},
                        {"status", "qr"},
                        {"expiresIn", std::max<std::int64_t>(1, seconds)}});
}

void connect(const EndpointContext& context, Request request, Reply<Response> reply) {
  const auto name = instance_name_of(request);
  if (!name) return reply.answer(instance_name_required(request));
  auto parsed = parse_connect(request);
  if (!parsed) {
    Problem problem = problem_of(parsed.error(), context.clock.now().wall);
    if (problem.cause == Cause::kNotImplemented) problem.message = "Pairing codes are not available yet";
    return reply.answer(render(problem, request));
  }
  context.instances.connect(
      *name, *parsed,
      Reply<instance::ConnectResult>([context, request = std::move(request),
                                      reply = std::move(reply)](Result<instance::ConnectResult> result) mutable {
        if (result && result->kind == instance::ConnectResult::Kind::kConnected)
          return reply.answer(connected_response());
        Result<Response> answer = result ? qr_response(*result) : Result<Response>(result.error());
        if (!answer) answer = render(problem_of(answer.error(), context.clock.now().wall, kFailed), request);
        reply.answer(std::move(answer));
      }));
}

}  // namespace

Route instance_connect_route(EndpointContext context) {
  Route route;
  route.method = Method::kGet;
  route.path = "/api/instance/connect/:instance";
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.summary = "Start linking; waits until there is a QR code to scan";
  route.response_schema = R"({"type":"object","required":["success","message","status"],"properties":{
"qrCode":{"type":"string"},"qrCodeBase64":{"type":"string"},"status":{"enum":["qr","connected"]},
"expiresIn":{"type":"integer","minimum":1}}})";
  route.handler = [context](Request request, Reply<Response> reply) {
    connect(context, std::move(request), std::move(reply));
  };
  return route;
}

}  // namespace ponte::api
