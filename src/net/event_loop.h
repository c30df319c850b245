// One asio context on one thread, with timers and posting.
#pragma once

#include <memory>

#include "base/task.h"
#include "base/time.h"

namespace asio {
class io_context;
}

namespace ponte::net {

/// A timer that is pending while it lives. Destroying it cancels it. Loop thread only.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// Posts to a loop that may be gone by then: a task for a stopped loop is destroyed unrun.
/// Any thread; copies are cheap.
class LoopPoster {
 public:
  void post(Task task) const;

 private:
  friend class EventLoop;
  struct Mailbox;
  explicit LoopPoster(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}
  std::shared_ptr<Mailbox> mailbox_;
};

/// Runs tasks, timers and sockets of many instances on one thread of its own.
class EventLoop {
 public:
  /// Starts the thread. `name` is its name in the system's tools (up to 15 characters).
  explicit EventLoop(const char* name);
  /// Stops and joins. What is bound to the loop (timers, sockets) is destroyed before it.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs `task` on the loop thread, in the order of posting. Any thread. What a task throws is logged.
  void post(Task task);
  /// For those who may outlive the loop: resolvers, committers, workers.
  LoopPoster poster() const;
  /// Posts and waits until the task has run, or was destroyed by stop(). Never from the loop thread.
  void run_and_wait(Task task);
  /// Calls `task` once when `delay` has passed. Loop thread.
  std::unique_ptr<Timer> after(Milliseconds delay, Task task);
  bool in_loop_thread() const;
  /// The context, for sockets of src/net. Loop thread.
  asio::io_context& context();

  /// Ends the loop and joins its thread; idempotent. Not from the loop thread. Tasks not yet run are destroyed on the
  /// caller's thread, and those posted later at once.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::net
