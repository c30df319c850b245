// One asio context on one thread, with timers and posting.
#pragma once

#include <memory>

#include "net/executor.h"

namespace asio {
class io_context;
}

namespace ponte::net {

/// Runs tasks, timers and sockets of many instances on one thread of its own.
class EventLoop final : public Executor {
 public:
  /// Starts the thread. `name` is its name in the system's tools (up to 15 characters).
  explicit EventLoop(const char* name);
  /// Stops and joins. What is bound to the loop (timers, sockets) is destroyed before it.
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// What a task throws is logged.
  void post(Task task) override;
  LoopPoster poster() const override;
  void run_and_wait(Task task) override;
  std::unique_ptr<Timer> after(Milliseconds delay, Task task) override;
  bool in_loop_thread() const;
  /// The context, for sockets of src/net. Loop thread.
  asio::io_context& context();

  /// Ends the loop and joins its thread; idempotent. Not from the loop thread. Tasks not yet run are destroyed on the
  /// caller's thread, and those posted later at once.
  void stop();

 private:
  struct Mailbox;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::net
