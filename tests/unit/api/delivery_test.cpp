// The adversarial client: whatever connections do near the answer's time, no answer reaches somebody else.
//
// Pistache's ResponseWriter fails this within seconds (docs/adr/0002): it queues answers by descriptor number.
#include <atomic>
#include <cstdlib>
#include <deque>
#include <random>

#include "support/sanitized.h"
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

int request_count() {
  const char* text = std::getenv("PONTE_DELIVERY_REQUESTS");
  if (text != nullptr) return std::atoi(text);
  return ponte::test::kSanitized ? 20'000 : 100'000;
}

/// Answers connect calls from a thread of its own, a moment later, with the name as the QR text.
class DelayedInstances final : public FakeInstances {
 public:
  DelayedInstances() : thread_([this] { run(); }) {}
  ~DelayedInstances() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  std::optional<instance::Principal> authenticate(std::string_view) const override {
    return instance::AccountPrincipal{};
  }
  void connect(std::string_view name, instance::ConnectRequest, Reply<instance::ConnectResult> reply) override {
    {
      const std::lock_guard lock(mutex_);
      queue_.emplace_back(std::string(name), std::move(reply));
    }
    changed_.notify_all();
  }
  void remove(std::string_view name, Reply<std::monostate> reply) override {
    // Synchronous: the name comes back in the error's message.
    reply.answer(Error{Errc::kStorage, Cause::kStoreUnavailable, std::string(name)});
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto [name, reply] = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      // An error carries the name without the cost of drawing a QR.
      reply.answer(Error{Errc::kTimedOut, Cause::kConnectTimeout, name});
      lock.lock();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::string, Reply<instance::ConnectResult>>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

enum class Kind { kSynchronous, kDeferred };

struct Tally {
  std::atomic<int> sent{0};
  std::atomic<int> answered{0};
  std::atomic<int> misdelivered{0};
  std::atomic<int> broken{0};  ///< answers that no request of this client asked for, or with foreign bytes
};

void hammer(std::uint16_t port, Kind kind, int thread, int requests, Tally& tally) {
  std::mt19937 random(static_cast<unsigned>(thread) + 1);
  for (int i = 0; i < requests; ++i) {
    const std::string id = "t" + std::to_string(thread) + "-" + std::to_string(i);
    Client client(port);
    if (!client.connected()) continue;
    const std::string target = (kind == Kind::kDeferred ? "/api/instance/connect/" : "/api/instance/delete/") + id;
    client.send(request_text(kind == Kind::kDeferred ? "GET" : "DELETE", target,
                             "token: t\r\nX-Request-Id: " + id + "\r\nConnection: close\r\n"));
    ++tally.sent;
    if (random() % 2 == 0) {
      // Near the answer's time: at once, or after a few microseconds of spinning.
      std::atomic<unsigned> spin = random() % 20'000;
      while (spin.load(std::memory_order_relaxed) > 0) spin.fetch_sub(1, std::memory_order_relaxed);
      random() % 4 == 0 ? client.close() : client.reset_connection();
      continue;
    }
    const Answer answer = client.read_answer();
    if (answer.status == 0) continue;
    ++tally.answered;
    const auto body = answer.json();
    const bool mine = answer.header("x-request-id") == id && body.is_object() && body["requestId"] == id &&
                      body["error"]["details"] == id;
    if (!mine) ++tally.misdelivered;
    client.read_until_closed();
    if (!client.received().empty()) ++tally.broken;
  }
}

class Delivery : public ::testing::TestWithParam<std::pair<Kind, unsigned>> {};

TEST_P(Delivery, NoAnswerReachesSomebodyElse) {
  const auto [kind, workers] = GetParam();
  DelayedInstances instances;
  RealWebhooks webhooks;
  SystemClock clock;
  crypto::SystemRandom random;
  RestApiOptions options;
  options.server.listen = "127.0.0.1:0";
  options.server.workers = workers;
  options.dispatcher.limits.global = options.dispatcher.limits.create = 1'000'000'000;
  RestApi api(options, instances, *webhooks, clock, random);
  ASSERT_TRUE(api.server().start().ok());

  constexpr int kThreads = 8;
  Tally tally;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back(
        [&, i, the_kind = kind] { hammer(api.server().port(), the_kind, i, request_count() / kThreads / 3, tally); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(tally.misdelivered, 0);
  EXPECT_EQ(tally.broken, 0);
  EXPECT_GT(tally.answered, tally.sent / 3) << "of " << tally.sent;
  RecordProperty("sent", tally.sent.load());
  RecordProperty("answered", tally.answered.load());
  EXPECT_TRUE(eventually([&] { return api.server().connections() == 0; })) << api.server().connections();
  api.server().stop(Milliseconds(1000));
}

INSTANTIATE_TEST_SUITE_P(Answers, Delivery,
                         ::testing::Values(std::pair(Kind::kSynchronous, 2u), std::pair(Kind::kSynchronous, 1u),
                                           std::pair(Kind::kDeferred, 2u)),
                         [](const auto& info) {
                           return std::string(info.param.first == Kind::kDeferred ? "Deferred" : "Synchronous") +
                                  (info.param.second == 1 ? "OneWorker" : "TwoWorkers");
                         });

}  // namespace
}  // namespace ponte::api::test
