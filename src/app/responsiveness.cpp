#include "app/responsiveness.h"

#include <pthread.h>

#include <utility>

#include "base/metrics.h"

namespace ponte::app {

/// Shared with the tasks on their way: one that comes too late must find it alive.
struct Responsiveness::Round {
  std::mutex mutex;
  std::condition_variable changed;
  Answers answers;
  std::size_t missing = 0;
  bool abandoned = false;
  Stopwatch watch;

  void answered(std::size_t target) {
    const std::lock_guard lock(mutex);
    answers[target] = std::chrono::ceil<Milliseconds>(watch.elapsed());
    --missing;
    changed.notify_one();
  }
  void abandon() {
    const std::lock_guard lock(mutex);
    abandoned = true;
    changed.notify_one();
  }
};

void Responsiveness::ask(Reply<Answers> reply) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;  // the reply answers by itself
  waiting_.push_back(std::move(reply));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_one();
}

void Responsiveness::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (round_) round_->abandon();
    thread = std::move(thread_);
  }
  changed_.notify_one();
  if (thread.joinable()) thread.join();
}

void Responsiveness::run() {
  pthread_setname_np(pthread_self(), "ponte-probe");
  for (;;) {
    std::vector<Reply<Answers>> asking;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      asking = std::exchange(waiting_, {});
      round_ = std::make_shared<Round>();
      if (stopping_) round_->abandon();
    }
    const Answers answers = play_round();
    for (Reply<Answers>& reply : asking) reply.answer(answers);
  }
}

Responsiveness::Answers Responsiveness::play_round() {
  const std::shared_ptr<Round> round = round_;  // only this thread sets it
  round->answers.resize(targets_.size());
  round->missing = targets_.size();
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (targets_[i]([round, i] { round->answered(i); })) continue;
    const std::lock_guard lock(round->mutex);
    --round->missing;
  }
  std::unique_lock lock(round->mutex);
  round->changed.wait_for(lock, limit_, [&] { return round->missing == 0 || round->abandoned; });
  return round->answers;
}

}  // namespace ponte::app
