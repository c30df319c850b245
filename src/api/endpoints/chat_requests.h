// What requests about chats have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoints/endpoints.h"
#include "api/json.h"
#include "instance/message_service.h"
#include "instance/recipient.h"

namespace ponte::api {

/// kInvalidArgument/kInvalidField: `message` is the contract's own text about a field.
Error required_field(std::string message);
/// The field `number`. `Number is required`; kInvalidNumber.
Result<instance::Jid> read_number(FieldReader& fields);
/// The same of the query, where it is there.
Result<std::optional<instance::Jid>> read_number(const Request& request);
/// A duration in whole seconds; what is missing is 0, what is more than an hour is an hour.
Result<Milliseconds> read_seconds(FieldReader& fields, const char* key);
/// `messageId` of the query. `missing`: the text where there is none.
Result<std::string> read_message_id(const Request& request, const char* missing);

/// As failure(), and which message it is about.
Response failure_of_message(const EndpointContext& context, const Request& request, const Error& error,
                            const std::string& prescribed, const std::string& message_id);

/// What the routes of chats say in their rows alike: POST where there is a body, else GET.
Route chat_route(std::string_view path, std::string_view summary, std::string_view request_schema,
                 std::string_view response_schema);

}  // namespace ponte::api
