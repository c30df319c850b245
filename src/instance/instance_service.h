// What the REST layer asks of the instances. InstanceManager is the real one; tests have a small fake.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "instance/message_service.h"
#include "instance/types.h"

namespace ponte::instance {

/// Who a token speaks for.
struct AccountPrincipal {};
struct InstancePrincipal {
  std::string instance_id;
  std::string instance_name;
};
using Principal = std::variant<AccountPrincipal, InstancePrincipal>;

/// How many are in which state.
struct Census {
  std::array<std::size_t, kStates.size()> by_state{};  ///< in the order of kStates
  /// Of those that are connected: how long the one that has heard nothing for longest has heard nothing.
  std::optional<Milliseconds> longest_silence;
};

/// Thread-safe: called from HTTP workers. Replies come on any thread, exactly once, also at shutdown.
class InstanceService : public MessageService {
 public:
  /// nullopt for an unknown token. Constant time in the token's content.
  virtual std::optional<Principal> authenticate(std::string_view token) const = 0;

  /// kInvalidArgument/kInvalidInstanceName, kAlreadyExists/kInstanceExists or kTokenInUse, kStorage.
  virtual void create(CreateRequest request, Reply<InstanceInfo> reply) = 0;

  // All that follow answer kNotFound/kInstanceNotFound for a name that is none.

  /// Answers with the current QR or pairing code, or kConnected (contract, decisions 3 to 8); else the error of the
  /// attempt with its own cause; kInvalidArgument/kInvalidCode; kTimedOut/kConnectTimeout at the limit.
  virtual void connect(std::string_view name, ConnectRequest request, Reply<ConnectResult> reply) = 0;

  /// Dials a linked device anew. kInvalidArgument/kNoSavedSession; the dial's error.
  virtual void reconnect(std::string_view name, Reply<std::monostate> reply) = 0;

  /// Unlinks from WhatsApp where it can be reached, then forgets the device; the instance stays. kStorage.
  virtual void log_out(std::string_view name, Reply<LogoutResult> reply) = 0;

  /// What is set is changed, durably, and acted upon. kInvalidArgument/kSettingRequired where nothing is; kStorage.
  virtual void change_settings(std::string_view name, SettingsChange change, Reply<InstanceInfo> reply) = 0;

  /// Replaces or removes the proxy; the next dial goes through it. kStorage.
  virtual void set_proxy(std::string_view name, std::optional<Proxy> proxy, Reply<InstanceInfo> reply) = 0;

  /// Whether WhatsApp can be reached through `proxy`, or through the one that is configured: how long the way took.
  /// kInvalidArgument/kInvalidProxy where there is none; the dial's error.
  virtual void test_proxy(std::string_view name, std::optional<Proxy> proxy, Reply<Milliseconds> reply) = 0;

  /// What is pushed over WebSockets that open from now on. kStorage.
  virtual void set_websocket(std::string_view name, WebSocketConfig websocket, Reply<InstanceInfo> reply) = 0;

  /// `assertion`: PublicKeyCredential.toJSON(). Answers when WhatsApp has taken or refused it.
  /// kNotFound/kPasskeyNotRequested, kAlreadyExists/kPasskeyNotRequested out of turn, kInvalidArgument/
  /// kInvalidAssertion, kRejected/kPasskeyRejected.
  virtual void submit_passkey(std::string_view name, std::string assertion, Reply<PasskeyState> reply) = 0;
  /// The phone shows the same code. Errors as above.
  virtual void confirm_passkey(std::string_view name, Reply<PasskeyState> reply) = 0;

  /// Unlinks from WhatsApp where connected, then erases everything of the instance.
  virtual void remove(std::string_view name, Reply<std::monostate> reply) = 0;

  /// By name, sorted; all of them.
  virtual std::vector<InstanceInfo> list() const = 0;
  virtual std::optional<InstanceInfo> find(std::string_view name) const = 0;

  virtual Census census() const = 0;

  /// The QR that connect would answer with at once; begins nothing. kNotFound/kInstanceNotFound or kQrNotAvailable.
  virtual Result<std::string> shown_qr(std::string_view name) const = 0;

  /// ok, or why the store does not take writes (`checks.db` of /health).
  virtual Status store_health() const = 0;
};

}  // namespace ponte::instance
