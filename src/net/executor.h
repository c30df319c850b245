// Where tasks and timers run: one after another, on one thread.
#pragma once

#include <memory>

#include "base/task.h"
#include "base/time.h"

namespace ponte::net {

/// A timer that is pending while it lives. Destroying it cancels it. Loop thread only.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// Posts to an executor that may be gone by then: a task for a stopped one is destroyed unrun.
/// Any thread; copies are cheap.
class LoopPoster {
 public:
  /// What an executor and its posters share.
  class Mailbox {
   public:
    virtual ~Mailbox() = default;
    virtual void post(Task task) = 0;
  };
  explicit LoopPoster(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}

  void post(Task task) const { mailbox_->post(std::move(task)); }

 private:
  std::shared_ptr<Mailbox> mailbox_;
};

/// An EventLoop, or a test's own on a virtual clock.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Runs `task` on the loop thread, in the order of posting. Any thread.
  virtual void post(Task task) = 0;
  /// For those who may outlive the executor: resolvers, committers, workers.
  virtual LoopPoster poster() const = 0;
  /// Posts and waits until the task has run, or was destroyed because the executor stopped. Never from the loop thread.
  virtual void run_and_wait(Task task) = 0;
  /// Calls `task` once when `delay` has passed. Loop thread.
  virtual std::unique_ptr<Timer> after(Milliseconds delay, Task task) = 0;
};

}  // namespace ponte::net
