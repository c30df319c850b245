// The instances of a service and the simulator's server on one virtual clock: no socket, no thread, no waiting.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "instance/client_versions.h"
#include "instance/dial_pacer.h"
#include "instance/environment.h"
#include "instance/event_journal.h"
#include "instance/instance_manager.h"
#include "instance/instance_metrics.h"
#include "instance/links.h"
#include "instance/state_journal.h"
#include "instance/worker_pool.h"
#include "simulator/sim_server.h"
#include "support/faulty_store.h"
#include "support/scripted_random.h"
#include "support/virtual_network.h"

namespace ponte::test {

class ServiceLine : public ::testing::Test {
 protected:
  /// An answer that comes now or later.
  template <typename T>
  struct Call {
    std::optional<Result<T>> result;
    bool done() const { return result.has_value(); }
    const T& value() const {
      if (!done()) throw std::runtime_error("not answered");
      if (!result->ok()) throw std::runtime_error(result->error().message);
      return **result;
    }
    Error error() const { return done() && !result->ok() ? result->error() : Error{}; }
    Cause cause() const { return error().cause; }
  };
  template <typename T>
  using CallPtr = std::shared_ptr<Call<T>>;
  using Connect = CallPtr<instance::ConnectResult>;

  /// Writes down what the instances tell.
  struct Told final : instance::StateListener {
    void on_state(const instance::StateEvent& event) override { events.push_back(event); }
    std::vector<instance::StateEvent> events;
    std::vector<std::string> names() const {
      std::vector<std::string> out;
      for (const auto& event : events) out.emplace_back(event.state);
      return out;
    }
    bool has(std::string_view state) const {
      return std::any_of(events.begin(), events.end(), [&](const auto& event) { return event.state == state; });
    }
  };

  struct InlineWorkers final : instance::Workers {
    Status submit(Task task) override {
      if (refuse) return Error{Errc::kUnavailable, Cause::kOverloaded, "the queue is full"};
      task();
      return Status::Ok();
    }
    bool refuse = false;
  };

  ServiceLine() {
    options_.session.root_key = server_.root_key();
    options_.session.version = {2, 3000, 1045649367};
    options_.session.device_name = "Chrome (Linux)";
    start();
  }
  ~ServiceLine() override {
    manager_.reset();
    loop_.run();
  }

  /// A new process over the same store.
  void start() {
    manager_.reset();
    loop_.run();
    versions_ = std::make_unique<instance::ClientVersions>(
        instance::ClientVersions::Options{options_.session.version, pinned_, fetch_}, store_, clock_);
    ASSERT_TRUE(versions_->load().ok());
    pacer_ = std::make_unique<instance::DialPacer>(dial_rate_);
    journal_ = std::make_unique<instance::EventJournal>(store_, clock_);
    state_journal_ = std::make_unique<instance::StateJournal>(*journal_);
    links_ = std::make_unique<instance::Links>(store_, clock_, client_random_);
    journal_->add_listener(*links_);
    states_ = std::make_unique<instance::StateListeners>(
        std::vector<instance::StateListener*>{&told_, state_journal_.get(), links_.get()});
    manager_ = std::make_unique<instance::InstanceManager>(
        instance::Environment{store_,
                              {{loop_,
                                [this](net::WebSocketOptions options, net::WebSocketCallbacks callbacks) {
                                  return network_.open(std::move(options), std::move(callbacks));
                                }}},
                              workers_,
                              *versions_,
                              *pacer_,
                              *states_,
                              *journal_,
                              clock_,
                              client_random_,
                              metrics_,
                              options_});
    ASSERT_TRUE(manager_->start("account-token").ok());
    ASSERT_TRUE(links_->load(*manager_).ok());
    settle();
  }

  /// Runs what can run now.
  void settle() { loop_.run(); }
  /// Lets time pass, stopping at every deadline of either side.
  void run_for(Milliseconds duration) {
    run_until([] { return false; }, duration);
  }
  /// True once `reached` is; time passes up to `limit`.
  bool run_until(const std::function<bool()>& reached, Milliseconds limit = std::chrono::hours(1)) {
    const Mono end = clock_.now().mono + limit;
    for (;;) {
      settle();
      if (reached()) return true;
      std::optional<Mono> next = loop_.next_deadline();
      const auto server = network_.next_deadline();
      if (server && (!next || *server < *next)) next = server;
      if (!next || *next > end) break;
      clock_.advance_to(*next);
      loop_.run_due();
      network_.run_due();
    }
    clock_.advance_to(end);
    settle();
    return reached();
  }
  bool run_to(const std::string& name, instance::State state, Milliseconds limit = std::chrono::hours(1)) {
    return run_until([&] { return info(name).state == state; }, limit);
  }

  template <typename T>
  std::pair<CallPtr<T>, Reply<T>> call() {
    auto made = std::make_shared<Call<T>>();
    return {made, Reply<T>([made](Result<T> result) { made->result = std::move(result); })};
  }
  instance::InstanceInfo info(const std::string& name) const { return *manager_->find(name); }
  Cause reason(const std::string& name) const {
    const auto found = info(name).reason;
    return found ? found->cause : Cause::kInternal;
  }
  void create(const std::string& name, std::optional<instance::Proxy> proxy = std::nullopt) {
    auto [made, reply] = call<instance::InstanceInfo>();
    instance::CreateRequest request;
    request.name = name;
    request.proxy = std::move(proxy);
    manager_->create(std::move(request), std::move(reply));
    settle();
    ASSERT_TRUE(made->done() && made->result->ok());
  }
  Connect connect(const std::string& name, instance::ConnectRequest request = {}) {
    auto [made, reply] = call<instance::ConnectResult>();
    manager_->connect(name, std::move(request), std::move(reply));
    settle();
    return made;
  }
  Connect connect_by_code(const std::string& name, const std::string& number = kNumber,
                          std::optional<std::string> code = std::nullopt) {
    instance::ConnectRequest request;
    request.number = number;
    request.code = std::move(code);
    return connect(name, std::move(request));
  }
  std::vector<instance::JournalEvent> journaled(const std::string& name) const {
    const auto events = journal_->events_after(info(name).id, 0, 1000);
    EXPECT_TRUE(events.ok());
    return *events;
  }
  CallPtr<std::monostate> reconnect(const std::string& name) {
    auto [made, reply] = call<std::monostate>();
    manager_->reconnect(name, std::move(reply));
    settle();
    return made;
  }
  CallPtr<instance::LogoutResult> log_out(const std::string& name) {
    auto [made, reply] = call<instance::LogoutResult>();
    manager_->log_out(name, std::move(reply));
    settle();
    return made;
  }
  CallPtr<std::monostate> remove(const std::string& name) {
    auto [made, reply] = call<std::monostate>();
    manager_->remove(name, std::move(reply));
    settle();
    return made;
  }
  /// What the phone's passkey makes of the options that are there now.
  std::string passkey_assertion(const std::string& name) {
    return server_.passkey_assertion(info(name).passkey->options)->json;
  }
  CallPtr<instance::PasskeyState> submit_passkey(const std::string& name, const std::string& assertion) {
    auto [made, reply] = call<instance::PasskeyState>();
    manager_->submit_passkey(name, assertion, std::move(reply));
    settle();
    return made;
  }
  CallPtr<instance::PasskeyState> confirm_passkey(const std::string& name) {
    auto [made, reply] = call<instance::PasskeyState>();
    manager_->confirm_passkey(name, std::move(reply));
    settle();
    return made;
  }

  CallPtr<simulator::Paired> scan(const std::string& text) {
    auto [made, reply] = call<simulator::Paired>();
    server_.scan(text, phone_, clock_.now(), std::move(reply));
    settle();
    return made;
  }
  CallPtr<simulator::Paired> enter_code(const std::string& code, const std::string& number = kNumber) {
    auto [made, reply] = call<simulator::Paired>();
    server_.enter_code(number, code, phone_, clock_.now(), std::move(reply));
    settle();
    return made;
  }
  /// A new instance, scanned and online.
  void link(const std::string& name) {
    create(name);
    const auto code = connect(name);
    ASSERT_TRUE(code->done() && code->result->ok());
    const auto paired = scan(code->value().text);
    ASSERT_TRUE(run_to(name, instance::State::kConnected, Seconds(30)));
    ASSERT_TRUE(paired->done() && paired->result->ok());
  }
  void fault(const simulator::Faults& faults, const simulator::Scope& scope = {}) {
    ASSERT_TRUE(server_.set_faults(faults, scope).ok());
  }
  std::size_t dials() const { return network_.dialed().size(); }
  std::string violations() const {
    std::string out;
    for (const auto& violation : server_.world().violations) out += violation.text + "\n";
    return out;
  }

  static inline const std::string kNumber = "5511987654321";
  VirtualClock clock_;
  FaultyStore store_;
  SeededRandom client_random_{1};
  SeededRandom server_random_{1001};
  mutable simulator::SimServer server_{{}, server_random_};
  simulator::Phone phone_;
  VirtualLoop loop_{clock_};
  VirtualNetwork network_{loop_, clock_, server_};
  InlineWorkers workers_;
  Told told_;
  instance::InstanceMetrics metrics_;
  instance::InstanceOptions options_;
  instance::ClientVersions::Fetch fetch_;
  bool pinned_ = false;
  unsigned dial_rate_ = 0;
  std::unique_ptr<instance::ClientVersions> versions_;
  std::unique_ptr<instance::DialPacer> pacer_;
  std::unique_ptr<instance::EventJournal> journal_;
  std::unique_ptr<instance::StateJournal> state_journal_;
  std::unique_ptr<instance::Links> links_;
  std::unique_ptr<instance::StateListeners> states_;
  std::unique_ptr<instance::InstanceManager> manager_;
};

}  // namespace ponte::test
