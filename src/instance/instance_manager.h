// All instances of the process: made, found, connected, removed, restored at start.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/reply.h"
#include "base/result.h"
#include "base/time.h"
#include "instance/instance_service.h"
#include "instance/types.h"

namespace ponte::store {
class Store;
}

namespace ponte::instance {

struct Environment;  // what instances need of the world: environment.h

/// Thread-safe: called from HTTP workers; every instance lives on its own loop. Replies come on a loop
/// or the committer thread, exactly once, also at shutdown.
class InstanceManager final : public InstanceService {
 public:
  /// `account_token`: from the configuration; empty: the stored one counts, or one is made at first start.
  explicit InstanceManager(Environment environment);
  ~InstanceManager() override;

  /// Loads instances and reconnects the paired ones, paced. Called once, before serving.
  /// Returns the account token where one was made just now (to be printed once, never stored in clear).
  Result<std::optional<std::string>> start(const std::string& account_token);

  std::optional<Principal> authenticate(std::string_view token) const override;
  void create(CreateRequest request, Reply<InstanceInfo> reply) override;
  void connect(std::string_view name, ConnectRequest request, Reply<ConnectResult> reply) override;
  void reconnect(std::string_view name, Reply<std::monostate> reply) override;
  void log_out(std::string_view name, Reply<LogoutResult> reply) override;
  void change_settings(std::string_view name, SettingsChange change, Reply<InstanceInfo> reply) override;
  void set_proxy(std::string_view name, std::optional<Proxy> proxy, Reply<InstanceInfo> reply) override;
  void test_proxy(std::string_view name, std::optional<Proxy> proxy, Reply<Milliseconds> reply) override;
  void set_websocket(std::string_view name, WebSocketConfig websocket, Reply<InstanceInfo> reply) override;
  void submit_passkey(std::string_view name, std::string assertion, Reply<PasskeyState> reply) override;
  void confirm_passkey(std::string_view name, Reply<PasskeyState> reply) override;
  void remove(std::string_view name, Reply<std::monostate> reply) override;
  void send_text(std::string_view name, TextRequest request, Reply<SendOutcome> reply) override;
  void mark_read(std::string_view name, ReadRequest request, Reply<std::monostate> reply) override;
  void show_presence(std::string_view name, PresenceRequest request, Reply<std::monostate> reply) override;
  void request_older(std::string_view name, OlderRequest request, Reply<std::monostate> reply) override;
  void fetch_media(std::string_view name, std::string message_id, Reply<MediaBytes> reply) override;
  Result<HistoryPage> history(std::string_view name, const HistoryQuery& query) const override;
  Result<std::vector<ContactInfo>> contacts(std::string_view name) const override;
  Result<std::optional<ContactInfo>> find_contact(std::string_view name, const Jid& who) const override;
  Result<ChatMessage> find_message(std::string_view name, std::string_view id) const override;
  Result<MessageFigures> message_figures(std::string_view name) const override;
  Result<std::optional<HistoryProgress>> history_progress(std::string_view name) const override;
  std::vector<InstanceInfo> list() const override;
  std::optional<InstanceInfo> find(std::string_view name) const override;
  Census census() const override;
  Result<std::string> shown_qr(std::string_view name) const override;
  Status store_health() const override;

  /// Counts for the calls of connect from now on. Any thread.
  void set_connect_timeout(Milliseconds timeout);

  /// Ends attempts and closes sockets without logging out; waiting callers get kCancelled/kShuttingDown. Idempotent.
  void shutdown();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with commits under way, which may end after the manager
};

}  // namespace ponte::instance
