// What the REST layer asks of the instances. InstanceManager is the real one; tests have a small fake.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "instance/types.h"

namespace ponte::instance {

/// Who a token speaks for.
struct AccountPrincipal {};
struct InstancePrincipal {
  std::string instance_id;
  std::string instance_name;
};
using Principal = std::variant<AccountPrincipal, InstancePrincipal>;

/// Thread-safe: called from HTTP workers. Replies come on any thread, exactly once, also at shutdown.
class InstanceService {
 public:
  virtual ~InstanceService() = default;

  /// nullopt for an unknown token. Constant time in the token's content.
  virtual std::optional<Principal> authenticate(std::string_view token) const = 0;

  /// kInvalidArgument/kInvalidInstanceName, kAlreadyExists/kInstanceExists or kTokenInUse, kStorage.
  virtual void create(CreateRequest request, Reply<InstanceInfo> reply) = 0;

  /// Answers with the current QR, or kConnected (contract, decisions 3 to 8). kNotFound/kInstanceNotFound;
  /// else the error of the attempt with its own cause; kTimedOut/kConnectTimeout at the limit.
  virtual void connect(std::string_view name, ConnectRequest request, Reply<ConnectResult> reply) = 0;

  /// Unlinks from WhatsApp where connected, then erases everything of the instance.
  virtual void remove(std::string_view name, Reply<std::monostate> reply) = 0;

  /// By name, sorted; all of them.
  virtual std::vector<InstanceInfo> list() const = 0;
  virtual std::optional<InstanceInfo> find(std::string_view name) const = 0;

  /// ok, or why the store does not take writes (`checks.db` of /health).
  virtual Status store_health() const = 0;
};

}  // namespace ponte::instance
