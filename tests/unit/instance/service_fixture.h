// An InstanceManager over real loops and sockets, against the simulator in the same process.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>

#include "crypto/system_random.h"
#include "instance/client_versions.h"
#include "instance/dial_pacer.h"
#include "instance/environment.h"
#include "instance/event_journal.h"
#include "instance/instance_manager.h"
#include "instance/instance_metrics.h"
#include "instance/state_listener.h"
#include "instance/webhook_service.h"
#include "instance/worker_pool.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/tls_context.h"
#include "simulator/shell_server.h"
#include "simulator/sim_server.h"
#include "support/faulty_store.h"

namespace ponte::instance {

class ServiceFixture : public ::testing::Test {
 protected:
  ServiceFixture() {
    auto shell = simulator::ShellServer::listen(server_, clock_, {});
    if (!shell.ok()) throw std::runtime_error(shell.error().message);
    shell_ = std::move(shell).value();
    simulator_thread_ = std::thread([this] { shell_->run(false); });
    options_.session.root_key = server_.root_key();
    options_.session.version = {2, 3000, 1045649367};
    options_.session.device_name = "Chrome (Linux)";
    options_.url = *net::WebSocketUrl::parse(shell_->url());
    start();
  }
  ~ServiceFixture() override {
    manager_.reset();
    loops_.clear();
    shell_->stop();
    simulator_thread_.join();
  }

  /// A new process over the same store.
  void start() {
    manager_.reset();
    loops_.clear();
    std::vector<Lane> lanes;
    for (const char* name : {"loop-0", "loop-1"}) {
      loops_.push_back(std::make_unique<net::EventLoop>(name));
      lanes.push_back(
          {*loops_.back(),
           [this, loop = loops_.back().get()](net::WebSocketOptions options, net::WebSocketCallbacks callbacks) {
             return net::open_web_socket(*loop, {resolver_, *tls_}, std::move(options), std::move(callbacks));
           }});
    }
    manager_ =
        std::make_unique<InstanceManager>(Environment{store_, std::move(lanes), workers_, versions_, pacer_, states_,
                                                      journal_, clock_, random_, metrics_, options_, watcher_});
    ASSERT_TRUE(manager_->start("account-token").ok());
  }

  Result<InstanceInfo> create(const std::string& name, std::optional<std::string> token = std::nullopt) {
    std::promise<Result<InstanceInfo>> promise;
    manager_->create({name, std::move(token), {}, {}},
                     Reply<InstanceInfo>([&](Result<InstanceInfo> result) { promise.set_value(std::move(result)); }));
    return promise.get_future().get();
  }
  std::future<Result<ConnectResult>> begin_connect(const std::string& name,
                                                   std::optional<unsigned> history = std::nullopt) {
    auto promise = std::make_shared<std::promise<Result<ConnectResult>>>();
    auto future = promise->get_future();
    manager_->connect(name, {history, {}, {}}, Reply<ConnectResult>([promise](Result<ConnectResult> result) {
                        promise->set_value(std::move(result));
                      }));
    return future;
  }
  Result<ConnectResult> connect(const std::string& name) { return begin_connect(name).get(); }
  Result<std::monostate> remove(const std::string& name) {
    std::promise<Result<std::monostate>> promise;
    manager_->remove(
        name, Reply<std::monostate>([&](Result<std::monostate> result) { promise.set_value(std::move(result)); }));
    return promise.get_future().get();
  }

  /// Runs `body` on the simulator's thread and waits.
  template <typename Body>
  void in_simulator(Body body) {
    std::promise<void> done;
    shell_->post([&] {
      body();
      done.set_value();
    });
    done.get_future().wait();
  }
  void fault(const simulator::Faults& faults, const simulator::Scope& scope = {}) {
    in_simulator([&] { ASSERT_TRUE(server_.set_faults(faults, scope).ok()); });
  }
  std::uint64_t connections() {
    std::uint64_t out = 0;
    in_simulator([&] { out = server_.world().counters.connections; });
    return out;
  }
  Result<simulator::Paired> scan(const std::string& text) {
    auto promise = std::make_shared<std::promise<Result<simulator::Paired>>>();
    in_simulator([&] {
      server_.scan(text, {}, clock_.now(), Reply<simulator::Paired>([promise](Result<simulator::Paired> result) {
                     promise->set_value(std::move(result));
                   }));
    });
    return promise->get_future().get();
  }

  /// Waits until the instance is in `state`; fails the test after half a minute.
  void wait_for(const std::string& name, State state) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (manager_->find(name)->state != state) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "still " << state_name(manager_->find(name)->state);
      // A turn of every loop, so that whatever is on its way arrives.
      for (auto& loop : loops_) loop->run_and_wait([] {});
      std::this_thread::yield();
    }
  }
  void link(const std::string& name) {
    ASSERT_TRUE(create(name).ok());
    const auto code = connect(name);
    ASSERT_TRUE(code.ok()) << code.error().message;
    ASSERT_TRUE(scan(code->text).ok());
    wait_for(name, State::kConnected);
  }

  SystemClock clock_;
  crypto::SystemRandom random_;
  simulator::SimServer server_{{}, random_};
  std::unique_ptr<simulator::ShellServer> shell_;
  std::thread simulator_thread_;

  test::FaultyStore store_;
  net::Resolver resolver_;
  std::unique_ptr<net::TlsContext> tls_ = *net::TlsContext::create("");
  WorkerPool workers_{1, 100};
  ClientVersions versions_{{{2, 3000, 1045649367}, false, nullptr}, store_, clock_};
  DialPacer pacer_{0};
  EventJournal journal_{store_, clock_};
  StateLog states_;
  InstanceMetrics metrics_;
  InstanceOptions options_;
  InstanceWatcher* watcher_ = nullptr;
  std::vector<std::unique_ptr<net::EventLoop>> loops_;
  std::unique_ptr<InstanceManager> manager_;
};

}  // namespace ponte::instance
