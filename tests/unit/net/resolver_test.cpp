#include "net/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>

namespace ponte::net {
namespace {

using Answered = Result<std::vector<Endpoint>>;

std::future<Answered> ask(Resolver& resolver, const std::string& host, std::uint16_t port = 443) {
  auto promise = std::make_shared<std::promise<Answered>>();
  auto future = promise->get_future();
  resolver.resolve(host, port, [promise](Answered answer) { promise->set_value(std::move(answer)); });
  return future;
}

// A look-up that hangs until it is let go.
struct Gate {
  void wait() {
    std::unique_lock lock(mutex);
    ++entered;
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
  }
  void wait_entered(int count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return entered >= count; });
  }
  void let_go() {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
  std::mutex mutex;
  std::condition_variable changed;
  int entered = 0;
  bool open = false;
};

constexpr Milliseconds kLong{60'000};

TEST(Resolver, AnswersANumericAddressInline) {
  Resolver resolver(
      1, [](const std::string&) -> Result<std::vector<std::string>> { throw std::logic_error("asked"); }, kLong);
  for (const char* address : {"127.0.0.1", "::1", "2001:db8::7"}) {
    auto answer = ask(resolver, address, 5222);
    ASSERT_EQ(answer.wait_for(Seconds(0)), std::future_status::ready);
    const Answered endpoints = answer.get();
    ASSERT_TRUE(endpoints.ok());
    ASSERT_EQ(endpoints->size(), 1u);
    EXPECT_EQ((*endpoints)[0].address, address);
    EXPECT_EQ((*endpoints)[0].port, 5222);
  }
}

TEST(Resolver, FindsLocalhostByTheSystem) {
  Resolver resolver;
  const Answered answer = ask(resolver, "localhost", 80).get();
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_FALSE(answer->empty());
  EXPECT_TRUE((*answer)[0].address == "127.0.0.1" || (*answer)[0].address == "::1") << (*answer)[0].address;
}

TEST(Resolver, SaysWhichNameHasNoAddress) {
  Resolver resolver;
  // RFC 6761 6.4: never exists.
  const Answered answer = ask(resolver, "ponte-test.invalid").get();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Errc::kUnavailable);
  EXPECT_EQ(answer.error().cause, Cause::kNameNotResolved);
  EXPECT_NE(answer.error().message.find("ponte-test.invalid"), std::string::npos);
}

TEST(Resolver, CoalescesLookUpsOfOneName) {
  // Shared: a hanging look-up outlives its resolver, and the test.
  const auto gate = std::make_shared<Gate>();
  std::atomic<int> calls = 0;
  Resolver resolver(
      2,
      [gate, &calls](const std::string&) -> Result<std::vector<std::string>> {
        ++calls;
        gate->wait();
        return std::vector<std::string>{"192.0.2.1", "192.0.2.2"};
      },
      kLong);
  std::vector<std::future<Answered>> answers;
  for (std::uint16_t i = 0; i < 50; ++i)
    answers.push_back(ask(resolver, "one.example", static_cast<std::uint16_t>(1000 + i)));
  gate->wait_entered(1);
  gate->let_go();
  for (std::uint16_t i = 0; i < 50; ++i) {
    const Answered answer = answers[i].get();
    ASSERT_TRUE(answer.ok());
    ASSERT_EQ(answer->size(), 2u);
    EXPECT_EQ((*answer)[1].address, "192.0.2.2");
    EXPECT_EQ((*answer)[1].port, 1000 + i);
  }
  EXPECT_EQ(calls, 1);
}

TEST(Resolver, AnswersAtTheDeadlineWhileTheLookUpHangs) {
  // Shared: a hanging look-up outlives its resolver, and the test.
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(
      1,
      [gate](const std::string&) -> Result<std::vector<std::string>> {
        gate->wait();
        return std::vector<std::string>{"192.0.2.1"};
      },
      Milliseconds(30));
  const Answered hanging = ask(resolver, "hangs.example").get();
  ASSERT_FALSE(hanging.ok());
  EXPECT_EQ(hanging.error().code, Errc::kTimedOut);
  EXPECT_EQ(hanging.error().cause, Cause::kNetworkTimeout);
  // Queued behind the hanging one, it has a deadline as well.
  const Answered behind = ask(resolver, "behind.example").get();
  ASSERT_FALSE(behind.ok());
  EXPECT_EQ(behind.error().cause, Cause::kNetworkTimeout);
  gate->let_go();
}

TEST(Resolver, AHangingNameDoesNotHoldUpAnotherThread) {
  // Shared: a hanging look-up outlives its resolver, and the test.
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(
      2,
      [gate](const std::string& host) -> Result<std::vector<std::string>> {
        if (host == "hangs.example") gate->wait();
        return std::vector<std::string>{"192.0.2.1"};
      },
      kLong);
  auto hanging = ask(resolver, "hangs.example");
  gate->wait_entered(1);
  EXPECT_TRUE(ask(resolver, "quick.example").get().ok());
  gate->let_go();
  EXPECT_TRUE(hanging.get().ok());
}

TEST(Resolver, TurnsAThrowingLookUpIntoAnError) {
  Resolver resolver(
      1, [](const std::string&) -> Result<std::vector<std::string>> { throw std::runtime_error("boom"); }, kLong);
  const Answered answer = ask(resolver, "throws.example").get();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().cause, Cause::kNameNotResolved);
}

TEST(Resolver, RefusesMoreNamesThanItQueues) {
  // Shared: a hanging look-up outlives its resolver, and the test.
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(
      1,
      [gate](const std::string&) -> Result<std::vector<std::string>> {
        gate->wait();
        return std::vector<std::string>{"192.0.2.1"};
      },
      kLong);
  std::vector<std::future<Answered>> answers;
  for (std::size_t i = 0; i < Resolver::kMaxNames; ++i)
    answers.push_back(ask(resolver, "name-" + std::to_string(i) + ".example"));
  const Answered refused = ask(resolver, "one-more.example").get();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::kUnavailable);
  EXPECT_EQ(refused.error().cause, Cause::kOverloaded);
  auto known = ask(resolver, "name-7.example");  // joins a queued name
  gate->let_go();
  for (auto& answer : answers) EXPECT_TRUE(answer.get().ok());
  EXPECT_TRUE(known.get().ok());
}

TEST(Resolver, AnswersAllWhenDestroyedWhileALookUpHangs) {
  const auto gate = std::make_shared<Gate>();  // outlives the resolver with the thread that hangs
  std::future<Answered> hanging, queued;
  {
    Resolver resolver(
        1,
        [gate](const std::string&) -> Result<std::vector<std::string>> {
          gate->wait();
          return std::vector<std::string>{"192.0.2.1"};
        },
        kLong);
    hanging = ask(resolver, "hangs.example");
    queued = ask(resolver, "queued.example");
    gate->wait_entered(1);
  }
  for (auto* future : {&hanging, &queued}) {
    const Answered answer = future->get();
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, Errc::kCancelled);
    EXPECT_EQ(answer.error().cause, Cause::kShuttingDown);
  }
  gate->let_go();
}

}  // namespace
}  // namespace ponte::net
