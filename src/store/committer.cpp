#include "store/committer.h"

#include <pthread.h>

#include <exception>

namespace ponte::store {

std::size_t Committer::Operation::bytes() const {
  std::size_t total = 0;
  batch.each([&total](const Owner&, const std::vector<Write>& writes) {
    for (const Write& write : writes) total += write.key.size() + (write.value ? write.value->size() : 0);
  });
  return total;
}

Committer::Committer(Apply apply, Limits limits)
    : apply_(std::move(apply)), limits_(limits), thread_([this] { run(); }) {}

Committer::~Committer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Committer::submit(Operation operation) {
  const std::size_t bytes = operation.bytes();
  Error refusal{Errc::kUnavailable, Cause::kShuttingDown, "the store is being closed"};
  {
    std::lock_guard lock(mutex_);
    const bool full =
        queue_.size() >= limits_.queued_operations || (!queue_.empty() && queued_bytes_ + bytes > limits_.queued_bytes);
    if (!stopping_ && !full) {
      operation.batch.each([this](const Owner& owner, const auto&) { ++pending_[owner]; });
      queued_bytes_ += bytes;
      queue_.push_back(std::move(operation));
      wake_.notify_one();
      return;
    }
    if (!stopping_)
      refusal = {Errc::kUnavailable, Cause::kOverloaded,
                 "the store has " + std::to_string(queue_.size()) + " batches waiting for the disk, with " +
                     std::to_string(queued_bytes_) + " bytes: no more are taken"};
  }
  operation.done(std::move(refusal));
}

bool Committer::has_pending(const Owner& owner) const {
  std::lock_guard lock(mutex_);
  return !pending_.empty() && pending_.contains(owner);
}

bool Committer::has_pending(const WriteBatch& batch) const {
  std::lock_guard lock(mutex_);
  bool found = false;
  if (!pending_.empty()) batch.each([&](const Owner& owner, const auto&) { found |= pending_.contains(owner); });
  return found;
}

std::vector<Committer::Operation> Committer::take_group() {
  std::vector<Operation> group;
  std::size_t bytes = 0;
  while (!queue_.empty()) {
    const std::size_t next = queue_.front().bytes();
    if (!group.empty() && bytes + next > limits_.group_bytes) break;
    bytes += next;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  return group;
}

void Committer::forget(std::span<const Operation> group) {
  std::lock_guard lock(mutex_);
  for (const Operation& operation : group) {
    operation.batch.each([this](const Owner& owner, const auto&) {
      auto pending = pending_.find(owner);
      if (--pending->second == 0) pending_.erase(pending);
    });
  }
}

void Committer::run() {
  pthread_setname_np(pthread_self(), "ponte-committer");
  for (;;) {
    std::vector<Operation> group;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      group = take_group();
    }
    Status status;
    try {
      status = apply_(group);
    } catch (const std::exception& exception) {  // bad_alloc, or the engine's own
      status = Error{Errc::kStorage, Cause::kStoreUnavailable, std::string("the write failed: ") + exception.what()};
    }
    // Before the answers: what a caller commits unsynced upon its answer need not queue behind itself.
    forget(group);
    for (Operation& operation : group) operation.done(status.ok() ? std::move(operation.refused) : status);
  }
}

}  // namespace ponte::store
