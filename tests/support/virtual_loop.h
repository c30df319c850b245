// An executor on a virtual clock: no thread, no waiting.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "net/executor.h"
#include "support/virtual_clock.h"

namespace ponte::test {

/// Runs tasks and timers where a test says so, on its thread. Timers that are due at the same time run in the order in
/// which they were made.
class VirtualLoop final : public net::Executor {
 public:
  /// `clock` outlives it.
  explicit VirtualLoop(VirtualClock& clock) : clock_(clock) {}
  ~VirtualLoop() override { mailbox_->close(); }

  void post(Task task) override { mailbox_->post(std::move(task)); }
  net::LoopPoster poster() const override { return net::LoopPoster(mailbox_); }
  void run_and_wait(Task task) override {
    run();
    task();
    run();
  }
  std::unique_ptr<net::Timer> after(Milliseconds delay, Task task) override {
    const Key key{clock_.now().mono + delay, next_timer_++};
    timers_->emplace(key, std::move(task));
    return std::make_unique<VirtualTimer>(timers_, key);
  }

  /// Runs what is posted, and what that posts.
  void run() {
    while (auto task = mailbox_->take()) task();
  }
  std::optional<Mono> next_deadline() const {
    return timers_->empty() ? std::nullopt : std::optional(timers_->begin()->first.first);
  }
  /// Runs what is due, in its order.
  void run_due() {
    while (!timers_->empty() && timers_->begin()->first.first <= clock_.now().mono) {
      Task task = std::move(timers_->begin()->second);
      timers_->erase(timers_->begin());
      task();
      run();
    }
  }

 private:
  using Key = std::pair<Mono, std::uint64_t>;
  using Timers = std::map<Key, Task>;

  class VirtualTimer final : public net::Timer {
   public:
    VirtualTimer(std::weak_ptr<Timers> timers, Key key) : timers_(std::move(timers)), key_(key) {}
    ~VirtualTimer() override {
      if (const auto timers = timers_.lock()) timers->erase(key_);
    }

   private:
    std::weak_ptr<Timers> timers_;
    Key key_;
  };

  class Queue final : public net::LoopPoster::Mailbox {
   public:
    void post(Task task) override {
      if (open_) tasks_.push_back(std::move(task));
    }
    Task take() {
      if (tasks_.empty()) return nullptr;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      return task;
    }
    void close() {
      open_ = false;
      std::exchange(tasks_, {}).clear();
    }

   private:
    std::deque<Task> tasks_;
    bool open_ = true;
  };

  VirtualClock& clock_;
  std::shared_ptr<Queue> mailbox_ = std::make_shared<Queue>();
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
  std::uint64_t next_timer_ = 0;
};

}  // namespace ponte::test
