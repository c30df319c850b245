#include "api/problem.h"

#include "api/json.h"
#include "api/text.h"

namespace ponte::api {
namespace {

struct Row {
  int status;
  const char* message;
};

/// By reaction, for causes that have no row of their own.
Row row_of(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
    case Errc::kMalformed: return {400, "Invalid request"};
    case Errc::kUnauthenticated: return {401, "Invalid token"};
    case Errc::kForbidden: return {403, "Forbidden"};
    case Errc::kNotFound: return {404, "Not found"};
    case Errc::kAlreadyExists: return {409, "Already exists"};
    case Errc::kNotConnected: return {503, "Instance is not connected to WhatsApp"};
    case Errc::kRateLimited: return {429, "Rate limit exceeded. Try again later."};
    case Errc::kUnsupported: return {501, "Not implemented"};
    case Errc::kUnavailable:
    case Errc::kCancelled: return {503, "Service unavailable"};
    case Errc::kTimedOut:
    case Errc::kUntrusted:
    case Errc::kRejected:
    case Errc::kStorage:
    case Errc::kInternal: return {500, "Internal error"};
  }
  return {500, "Internal error"};
}

/// The texts of the contract.
std::optional<Row> own_row_of(const Error& error) {
  switch (error.cause) {
    case Cause::kInvalidToken: return Row{401, "Invalid token"};
    case Cause::kInvalidRequest: return Row{400, "Invalid request body"};
    case Cause::kInvalidInstanceName: return Row{400, "Invalid instance name"};
    case Cause::kInvalidNumber: return Row{400, "Invalid phone number"};
    case Cause::kInvalidCode: return Row{400, "Invalid pairing code"};
    case Cause::kInvalidHistory: return Row{400, "Invalid history value"};
    case Cause::kInvalidProxy: return Row{400, "Invalid proxy configuration"};
    case Cause::kInvalidWebhook: return Row{400, "Invalid webhook configuration"};
    case Cause::kWebhookLimit: return Row{400, "Webhook limit reached"};
    case Cause::kWebhookNotFound: return Row{404, "Webhook not found"};
    case Cause::kWebhookDisabled: return Row{409, "Webhook is disabled"};
    case Cause::kDeadLetterNotFound: return Row{404, "Dead letter not found"};
    case Cause::kInvalidAssertion: return Row{400, "Invalid passkey assertion"};
    case Cause::kSettingRequired: return Row{400, "At least one setting must be provided"};
    case Cause::kNoSavedSession: return Row{400, "Instance has no saved session \u2014 call /connect first"};
    case Cause::kPasskeyNotRequested: return Row{error.code == Errc::kNotFound ? 404 : 409, "No passkey is asked for"};
    case Cause::kWebSocketNotConfigured: return Row{404, "WebSocket not configured for this instance"};
    case Cause::kQrNotAvailable: return Row{404, "QR code not available"};
    case Cause::kNotConnected: return Row{503, "Instance is not connected to WhatsApp"};
    case Cause::kNotOnWhatsApp: return Row{400, "Number is not on WhatsApp"};
    case Cause::kMessageNotFound: return Row{404, "Message not found"};
    case Cause::kMediaNotAvailable: return Row{404, "Message not found or no media available"};
    case Cause::kSendForbidden: return Row{403, "Not allowed to send to this chat"};
    case Cause::kSendReachOutLocked:
    case Cause::kSendNewChatLimit: return Row{403, "The account may not begin new chats now"};
    case Cause::kSendRateLimited: return Row{429, "WhatsApp limits how much is sent. Try again later."};
    case Cause::kInvalidLink: return Row{400, "Invalid link"};
    case Cause::kLinkLimit: return Row{400, "Too many links"};
    case Cause::kLinkNotFound: return Row{404, "Link not found"};
    case Cause::kLinkExpired: return Row{410, "Link expired"};
    case Cause::kLinkUsed: return Row{410, "Link already used"};
    case Cause::kLinkInstanceDeleted: return Row{410, "Instance deleted"};
    case Cause::kInstanceNotFound: return Row{404, "Instance not found"};
    case Cause::kInstanceExists: return Row{409, "Instance already exists"};
    case Cause::kTokenInUse: return Row{409, "Token already in use"};
    case Cause::kRouteNotFound: return Row{404, "Not found"};
    case Cause::kMethodNotAllowed: return Row{405, "Method not allowed"};
    case Cause::kRateLimited: return Row{429, "Rate limit exceeded. Try again later."};
    case Cause::kOverloaded:
    case Cause::kShuttingDown: return Row{503, "Service unavailable"};
    default: return std::nullopt;
  }
}

/// Whether it keeps its status and text, whatever the endpoint prescribes for failures.
bool keeps_its_row(const Error& error) {
  switch (error.cause) {
    // A private address behind a proxy's name is found out only when it is dialed: that dial's failure.
    case Cause::kProxyNotAllowed: return false;
    // WhatsApp's word about the account or the chat; another try changes nothing.
    case Cause::kSendForbidden:
    case Cause::kSendReachOutLocked:
    case Cause::kSendNewChatLimit:
    case Cause::kSendRateLimited:
    case Cause::kOverloaded: return true;
    default: break;
  }
  switch (error.code) {
    case Errc::kNotConnected:
    case Errc::kInvalidArgument:
    case Errc::kUnauthenticated:
    case Errc::kForbidden:
    case Errc::kNotFound:
    case Errc::kAlreadyExists:
    case Errc::kUnsupported: return true;
    default: return false;
  }
}

const char* title_of(int status) {
  return status >= 500 ? "The request could not be carried out" : "The request was refused";
}

bool accepts_problem_json(const Request& request) {
  const auto accept = request.header("accept");
  if (!accept) return false;
  for (std::string_view element : split_list(*accept)) {
    const auto semicolon = element.find(';');
    if (!equals_ignoring_case(trim(element.substr(0, semicolon)), "application/problem+json")) continue;
    const auto parameters = semicolon == std::string_view::npos ? std::string_view{} : element.substr(semicolon);
    return parameters.find("q=0") == std::string_view::npos || parameters.find("q=0.") != std::string_view::npos;
  }
  return false;
}

}  // namespace

std::vector<NamedSchema> problem_schemas() {
  return {{"Error", R"({"type":"object","required":["success","error","requestId"],"properties":{
"success":{"const":false},
"error":{"type":"object","required":["message","code"],"properties":{
"message":{"type":"string"},
"code":{"type":"string","pattern":"^[A-Z][A-Z0-9_]*$","description":"One for each cause"},
"details":{"type":"string","description":"What was expected and what came"},
"retryAt":{"type":"string","format":"date-time","description":"Where it is known when another try may help"},
"messageId":{"type":"string","description":"Of the message that was to be sent"}}},
"requestId":{"type":"string","description":"X-Request-Id of this answer"}}})"},
          {"Problem", R"({"description":"RFC 9457, where the request accepts application/problem+json","type":"object",
"required":["type","title","status","detail","code","requestId"],"properties":{
"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer","minimum":400,"maximum":599},
"detail":{"type":"string"},"code":{"type":"string","pattern":"^[A-Z][A-Z0-9_]*$"},"details":{"type":"string"},
"retryAt":{"type":"string","format":"date-time"},"messageId":{"type":"string"},"requestId":{"type":"string"}}})"}};
}

Problem problem_of(const Error& error, Wall now) {
  Row row = row_of(error.code);
  if (const auto own = own_row_of(error)) row = *own;
  Problem problem{row.status, row.message, error.cause, error.message};
  // Its text names the instance.
  if (error.cause == Cause::kWebSocketDisabled) problem = {400, error.message, error.cause, ""};
  // The contract has a text of its own for that field.
  if (error.cause == Cause::kInvalidField) problem = {400, error.message, error.cause, ""};
  if (error.retry_after) problem.retry_at = now + *error.retry_after;
  return problem;
}

Problem problem_of(const Error& error, Wall now, std::string prescribed_message) {
  Problem problem = problem_of(error, now);
  if (keeps_its_row(error)) return problem;
  problem.status = 500;
  problem.message = std::move(prescribed_message);
  return problem;
}

Response render(const Problem& problem, const Request& request) {
  Json body;
  const bool rfc9457 = accepts_problem_json(request);
  if (rfc9457) {
    body["type"] = "about:blank";
    body["title"] = title_of(problem.status);
    body["status"] = problem.status;
    body["detail"] = problem.message;
  } else {
    body["success"] = false;
    body["error"]["message"] = problem.message;
  }
  Json& members = rfc9457 ? body : body["error"];
  members["code"] = cause_name(problem.cause);
  if (!problem.details.empty()) members["details"] = problem.details;
  if (problem.retry_at) members["retryAt"] = rfc3339(*problem.retry_at);
  if (problem.message_id) members["messageId"] = *problem.message_id;
  body["requestId"] = request.id;
  Response response = json_response(body, problem.status);
  response.cause = problem.cause;
  if (rfc9457) response.content_type = "application/problem+json";
  return response;
}

}  // namespace ponte::api
