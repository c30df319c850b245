// Waiting for the next event of an instance, for a while.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/task.h"
#include "base/time.h"
#include "instance/event_feed.h"
#include "net/executor.h"

namespace ponte::instance {

/// Thread-safe. close() before the loop ends.
class EventWaits final : public EventListener {
 public:
  /// `feed`, `loop` and `clock` outlive it.
  EventWaits(const EventFeed& feed, net::Executor& loop, const Clock& clock);

  /// `done` is called once, on the loop: when the instance's journal goes beyond `since`, at once where it does
  /// already, or after `within`.
  void wait(std::string instance_id, std::uint64_t since, Milliseconds within, Task done);
  void on_event(const std::string& instance_id, const JournalEvent& event) override;

  /// Ends all waits. Idempotent; not from the loop.
  void close();

 private:
  struct Waiter {
    std::string instance_id;
    std::uint64_t since = 0;
    Mono until{};
    Task done;
  };
  void answer_due(const std::string& instance_id, std::uint64_t sequence);
  void rearm();

  const EventFeed& feed_;
  net::Executor& loop_;
  const Clock& clock_;
  std::atomic<std::size_t> waiting_{0};  ///< those on their way to the loop included
  // On the loop.
  std::list<Waiter> waiters_;
  std::unique_ptr<net::Timer> timer_;
  bool closed_ = false;
};

}  // namespace ponte::instance
