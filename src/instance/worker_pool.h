// A few threads for pure functions that are too long for a loop.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace ponte::instance {

class Workers {
 public:
  virtual ~Workers() = default;
  /// Any thread. kUnavailable/kOverloaded where too much is queued; the task is destroyed then.
  virtual Status submit(Task task) = 0;
};

/// Runs tasks in the order they came, on threads of its own. Thread-safe.
class WorkerPool final : public Workers {
 public:
  WorkerPool(unsigned threads, std::size_t queue_limit);
  /// Runs what is queued, then joins.
  ~WorkerPool() override;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  Status submit(Task task) override;
  /// Tasks that wait for a thread. Any thread.
  std::size_t queued() const;

 private:
  void run();

  const std::size_t queue_limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> queue_;  // guarded by mutex_
  bool stopping_ = false;   // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace ponte::instance
