// Errors as answers: the only place where an Errc or a Cause becomes a status and a text of the contract.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/http.h"
#include "api/named_schema.h"
#include "base/result.h"
#include "base/time.h"

namespace ponte::api {

/// `Error` and `Problem`: what render() gives.
std::vector<NamedSchema> problem_schemas();

/// What an error answer says.
struct Problem {
  int status = 500;
  std::string message;                                   ///< `error.message`, the contract's text
  Cause cause = Cause::kInternal;                        ///< `error.code`
  std::string details = {};                              ///< `error.details`, absent where empty
  std::optional<Wall> retry_at = std::nullopt;           ///< `error.retryAt`
  std::optional<std::string> message_id = std::nullopt;  ///< `error.messageId`: of what was to be sent
};

/// The status and the contract's text of an error; its own message becomes `details` where it helps the caller.
Problem problem_of(const Error& error, Wall now);

/// The same, under a text that the endpoint's contract prescribes (`Failed to generate QR code`): status 500, cause and
/// details kept. Errors of the request itself (not found, invalid argument, no permission) stay what they are.
Problem problem_of(const Error& error, Wall now, std::string prescribed_message);

/// The contract's envelope, or RFC 9457 where the request accepts `application/problem+json`.
Response render(const Problem& problem, const Request& request);

}  // namespace ponte::api
