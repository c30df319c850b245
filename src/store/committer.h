// The thread that syncs: batches of all callers, grouped into one write.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "store/store.h"

namespace ponte::store {

/// A bounded queue with one thread that takes whatever waits, applies it as one group and answers each
/// caller from that thread, in order. Submitted from any thread. Knows no engine: `apply` does the work.
/// Guarantees: operations are applied in the order of their submission; every `done` is called once;
/// the destructor first applies all that waits.
class Committer {
 public:
  struct Operation {
    enum class Kind { kBatch, kEraseOwner };
    Kind kind = Kind::kBatch;
    WriteBatch batch;  ///< of kEraseOwner: only one owner
    Store::Committed done;
    Status refused;  ///< set by apply where this one alone was left out of the group

    std::size_t bytes() const;  ///< of keys and values
  };
  struct Limits {
    std::size_t queued_operations = 4096;
    std::size_t queued_bytes = 32 << 20;
    std::size_t group_bytes = 1 << 20;  ///< a larger group waits for the next write; one batch may exceed it
  };
  /// Applies a group durably. Its Status goes to every caller of the group, but to those refused alone.
  using Apply = UniqueFunction<Status(std::span<Operation>)>;

  /// Throws std::system_error where no thread can be made.
  explicit Committer(Apply apply) : Committer(std::move(apply), Limits{}) {}
  Committer(Apply apply, Limits limits);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Queues. A full queue answers kUnavailable/kOverloaded at once, on the caller's thread;
  /// a committer that is being destroyed kUnavailable/kShuttingDown.
  void submit(Operation operation);

  /// Whether operations that name this owner wait or are being applied.
  bool has_pending(const Owner& owner) const;
  /// The same of any owner that the batch names.
  bool has_pending(const WriteBatch& batch) const;

 private:
  void run();
  std::vector<Operation> take_group();            // mutex_ held
  void forget(std::span<const Operation> group);  // takes mutex_

  Apply apply_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Operation> queue_;
  std::unordered_map<Owner, std::size_t> pending_;  // queued and being applied, by each owner that they name
  std::size_t queued_bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last: runs on the members above
};

}  // namespace ponte::store
