#include "api/auth.h"

#include "api/text.h"

namespace ponte::api {

std::optional<std::string_view> presented_token(const Request& request) {
  if (const auto token = request.header("token"); token && !token->empty()) return token;
  const auto authorization = request.header("authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (!authorization || authorization->size() <= kScheme.size()) return std::nullopt;
  if (!equals_ignoring_case(authorization->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return trim(authorization->substr(kScheme.size()));
}

bool may_use(const instance::Principal& principal, Auth auth, const Request& request) {
  const auto* owner = std::get_if<instance::InstancePrincipal>(&principal);
  if (owner == nullptr) return true;
  if (auth == Auth::kAccount) return false;
  const auto name = request.params.find("instance");
  return name == request.params.end() || trim(name->second).empty() || name->second == owner->instance_name;
}

bool is_known(const Request& request) {
  return request.principal || request.link;
}

std::string requester_key(const Request& request) {
  if (request.link) return "link:" + request.link->link_id;
  const auto* owner = std::get_if<instance::InstancePrincipal>(&*request.principal);
  return owner == nullptr ? "account" : "instance:" + owner->instance_id;
}

}  // namespace ponte::api
