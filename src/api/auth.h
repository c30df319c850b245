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
  kEither,   ///< the account token, or an instance token; with `:instance` in the path that very instance's
};

/// The `token` header, else `Authorization: Bearer`; nullopt where neither is there.
std::optional<std::string_view> presented_token(const Request& request);

/// Whether `principal` may use a route of this kind with these path parameters. An instance token on an empty
/// `:instance` passes: the endpoint says what is missing.
bool may_use(const instance::Principal& principal, Auth auth, const Request& request);

/// Names the principal in tables; no secret.
std::string principal_key(const instance::Principal& principal);

}  // namespace ponte::api
