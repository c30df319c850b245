#include "api/endpoints/chat_requests.h"

#include <algorithm>

#include "api/problem.h"
#include "api/text.h"

namespace ponte::api {
namespace {

constexpr std::size_t kLongestNumber = 128;
constexpr std::size_t kLongestId = 128;
constexpr std::int64_t kLongestDuration = 3600;

Result<instance::Jid> parse_number(std::string_view text) {
  const auto jid = instance::parse_recipient(text);
  if (jid) return *jid;
  return Error{Errc::kInvalidArgument, Cause::kInvalidNumber,
               "number: expected 7 to 15 digits in international form, or the JID of somebody or of a group"};
}

}  // namespace

Error required_field(std::string message) {
  return {Errc::kInvalidArgument, Cause::kInvalidField, std::move(message)};
}

Result<instance::Jid> read_number(FieldReader& fields) {
  const auto number = fields.string("number", kLongestNumber);
  PONTE_TRY(fields.status());
  if (!number || trim(*number).empty()) return required_field("Number is required");
  return parse_number(*number);
}

Result<std::optional<instance::Jid>> read_number(const Request& request) {
  const auto number = request.query_value("number");
  if (!number) return std::optional<instance::Jid>();
  PONTE_ASSIGN(auto jid, parse_number(*number));
  return std::optional(std::move(jid));
}

Result<Milliseconds> read_seconds(FieldReader& fields, const char* key) {
  const auto seconds = fields.integer(key);
  PONTE_TRY(fields.status());
  if (!seconds) return Milliseconds(0);
  if (*seconds < 0) return invalid_request(std::string(key) + ": expected seconds, 0 or more");
  return Milliseconds(Seconds(std::min(*seconds, kLongestDuration)));
}

Result<std::string> read_message_id(const Request& request, const char* missing) {
  const auto id = request.query_value("messageId");
  if (!id || id->empty()) return required_field(missing);
  // What is longer is no id that WhatsApp knows.
  if (id->size() > kLongestId) return instance::message_not_found();
  return std::string(*id);
}

Response failure_of_message(const EndpointContext& context, const Request& request, const Error& error,
                            const std::string& prescribed, const std::string& message_id) {
  Problem problem = problem_of(error, context.clock.now().wall, prescribed);
  problem.message_id = message_id;
  return render(problem, request);
}

Route chat_route(std::string_view path, std::string_view summary, std::string_view request_schema,
                 std::string_view response_schema) {
  Route route;
  route.method = request_schema.empty() ? Method::kGet : Method::kPost;
  route.path = path;
  route.auth = Auth::kEither;
  route.limit = Limit::kGlobal;
  route.tag = "Chats";
  route.summary = summary;
  route.request_schema = request_schema;
  route.response_schema = response_schema;
  return route;
}

}  // namespace ponte::api
