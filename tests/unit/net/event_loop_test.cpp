#include "net/event_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ponte::net {
namespace {

TEST(EventLoop, RunsTasksInTheOrderOfPosting) {
  EventLoop loop("test-loop");
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) loop.post([&order, i] { order.push_back(i); });
  loop.run_and_wait([] {});
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(EventLoop, RunsEveryTaskOfManyThreadsOnItsOwnThread) {
  EventLoop loop("test-loop");
  int count = 0;  // loop thread only
  std::atomic<int> elsewhere = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        loop.post([&] {
          ++count;
          if (!loop.in_loop_thread()) ++elsewhere;
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  loop.run_and_wait([] {});
  EXPECT_EQ(count, 4000);
  EXPECT_EQ(elsewhere, 0);
  EXPECT_FALSE(loop.in_loop_thread());
}

TEST(EventLoop, GoesOnAfterATaskOrATimerThrows) {
  EventLoop loop("test-loop");
  loop.post([] { throw std::runtime_error("thrown on purpose"); });
  loop.post([] { throw 7; });
  std::promise<void> after_timer;
  std::unique_ptr<Timer> throwing, next;
  loop.run_and_wait([&] {
    throwing = loop.after(Milliseconds(0), [] { throw std::runtime_error("thrown on purpose"); });
    next = loop.after(Milliseconds(1), [&] { after_timer.set_value(); });
  });
  after_timer.get_future().wait();
  bool ran = false;
  loop.run_and_wait([&] { ran = true; });
  EXPECT_TRUE(ran);
  loop.run_and_wait([&] { throwing.reset(), next.reset(); });
}

TEST(EventLoop, RunAndWaitReturnsWhenTheTaskThrows) {
  EventLoop loop("test-loop");
  loop.run_and_wait([] { throw std::runtime_error("thrown on purpose"); });
}

TEST(EventLoop, ATimerFiresOnceAndNotBeforeItsDelay) {
  EventLoop loop("test-loop");
  std::promise<std::chrono::steady_clock::time_point> fired;
  std::unique_ptr<Timer> timer;
  const auto start = std::chrono::steady_clock::now();
  loop.run_and_wait(
      [&] { timer = loop.after(Milliseconds(20), [&] { fired.set_value(std::chrono::steady_clock::now()); }); });
  EXPECT_GE(fired.get_future().get() - start, Milliseconds(20));
  loop.run_and_wait([&] { timer.reset(); });
}

TEST(EventLoop, ADestroyedTimerNeverFires) {
  EventLoop loop("test-loop");
  bool fired = false;
  std::promise<void> later;
  std::unique_ptr<Timer> cancelled, overdue, last;
  loop.run_and_wait([&] {
    cancelled = loop.after(Milliseconds(1), [&] { fired = true; });
    cancelled.reset();
    // Due already when it is destroyed: its expiry may be queued.
    overdue = loop.after(Milliseconds(0), [&] { fired = true; });
    const auto until = std::chrono::steady_clock::now() + Milliseconds(5);
    while (std::chrono::steady_clock::now() < until) {
    }
    overdue.reset();
    last = loop.after(Milliseconds(5), [&] { later.set_value(); });
  });
  later.get_future().wait();
  loop.run_and_wait([&] { last.reset(); });
  EXPECT_FALSE(fired);
}

TEST(EventLoop, ATimerMayDestroyItselfAndItsNeighbour) {
  EventLoop loop("test-loop");
  std::unique_ptr<Timer> self, neighbour;
  bool neighbour_fired = false;
  std::promise<void> fired;
  loop.run_and_wait([&] {
    self = loop.after(Milliseconds(1), [&] {
      neighbour.reset();
      self.reset();
      fired.set_value();
    });
    neighbour = loop.after(Milliseconds(1), [&] { neighbour_fired = true; });
  });
  fired.get_future().wait();
  loop.run_and_wait([] {});
  EXPECT_FALSE(neighbour_fired);
}

// What a task owns: tells when it is destroyed.
struct Owned {
  explicit Owned(std::atomic<int>& counter) : destroyed(&counter) {}
  Owned(Owned&& other) noexcept : destroyed(std::exchange(other.destroyed, nullptr)) {}
  ~Owned() {
    if (destroyed) ++*destroyed;
  }
  std::atomic<int>* destroyed;
};

TEST(EventLoop, DestroysTasksThatItDidNotRun) {
  std::atomic<int> destroyed = 0;
  EventLoop loop("test-loop");
  std::promise<void> blocked, release;
  loop.post([&] {
    blocked.set_value();
    release.get_future().wait();
  });
  blocked.get_future().wait();
  std::thread stopper([&] { loop.stop(); });
  // Whether it comes before or after the stop: it is destroyed, since the loop is busy until the end.
  loop.post([owned = Owned(destroyed)] {});
  release.set_value();
  stopper.join();
  loop.post([owned = Owned(destroyed)] { ADD_FAILURE() << "ran after stop"; });
  EXPECT_EQ(destroyed, 2);
  loop.stop();
}

TEST(EventLoop, RunAndWaitReturnsAfterStop) {
  EventLoop loop("test-loop");
  loop.stop();
  bool ran = false;
  loop.run_and_wait([&] { ran = true; });
  EXPECT_FALSE(ran);
}

TEST(EventLoop, APosterOutlivesItsLoop) {
  std::atomic<int> destroyed = 0;
  auto loop = std::make_unique<EventLoop>("test-loop");
  const LoopPoster poster = loop->poster();
  std::promise<void> ran;
  poster.post([&] { ran.set_value(); });
  ran.get_future().wait();
  loop.reset();
  poster.post([owned = Owned(destroyed)] { ADD_FAILURE() << "ran without a loop"; });
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
}  // namespace ponte::net
