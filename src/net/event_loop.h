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

/// Runs tasks, timers and sockets of many instances on one thread of its own.
class EventLoop {
 public:
  /// Starts the thread. `name` is its name in the system's tools (up to 15 characters).
  explicit EventLoop(const char* name);
  /// Stops and joins. Tasks not yet run are destroyed on the caller's thread.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs `task` on the loop thread, in the order of posting. Any thread.
  void post(Task task);
  /// Posts and waits until the task has run. Never from the loop thread.
  void run_and_wait(Task task);
  /// Calls `task` once when `delay` has passed. Loop thread.
  std::unique_ptr<Timer> after(Milliseconds delay, Task task);
  bool in_loop_thread() const;
  /// The context, for sockets of src/net. Loop thread.
  asio::io_context& context();

  /// Ends the loop and joins its thread; idempotent.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::net
