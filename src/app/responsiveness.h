// Whether the threads that serve others still come round.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/reply.h"
#include "base/task.h"
#include "base/time.h"

namespace ponte::app {

/// Hands every target a task and tells how long each took to run it. Nobody who asks is held up: a thread of its own
/// waits, from the first question on. Thread-safe; the targets outlive it, or stop().
class Responsiveness {
 public:
  /// Posts a task; false where the target takes none.
  using Post = std::function<bool(Task)>;
  /// In the order of the targets; nullopt: not within the limit.
  using Answers = std::vector<std::optional<Milliseconds>>;

  Responsiveness(std::vector<Post> targets, Milliseconds limit) : targets_(std::move(targets)), limit_(limit) {}
  ~Responsiveness() { stop(); }
  Responsiveness(const Responsiveness&) = delete;
  Responsiveness& operator=(const Responsiveness&) = delete;

  /// Whoever asks while others wait gets the answers of the next round.
  void ask(Reply<Answers> reply);
  /// Who waits is answered with what has come. Idempotent.
  void stop();

 private:
  struct Round;
  void run();
  Answers play_round();

  const std::vector<Post> targets_;
  const Milliseconds limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Reply<Answers>> waiting_;  // guarded by mutex_
  std::shared_ptr<Round> round_;         // guarded by mutex_
  bool stopping_ = false;                // guarded by mutex_
  std::thread thread_;                   // guarded by mutex_
};

}  // namespace ponte::app
