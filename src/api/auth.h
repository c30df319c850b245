// Tokens of a request, and what a route asks of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http.h"

namespace ponte::api {

/// Whom a route lets in.
enum class Auth {
  kNone,
  kAccount,  ///< the account token only
  kLink,     ///< the token of a link, and no other
  kEither,   ///< the account token, or an instance token; with `:instance` in the path that very instance's
};

/// The `token` header, else `Authorization: Bearer`; nullopt where neither is there.
std::optional<std::string_view> presented_token(const Request& request);

/// Whether `principal` may use a route of this kind with these path parameters. An instance token on an empty
/// `:instance` passes: the endpoint says what is missing.
bool may_use(const instance::Principal& principal, Auth auth, const Request& request);

/// Whether its token was good for somebody.
bool is_known(const Request& request);
/// Names who it is in tables; no secret. Precondition: is_known().
std::string requester_key(const Request& request);

}  // namespace ponte::api
