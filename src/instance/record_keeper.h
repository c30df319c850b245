// An instance's record: what it is now, and how it changes.
#pragma once

#include <deque>
#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "net/executor.h"
#include "store/service_records.h"

namespace ponte::store {
class Store;
}

namespace ponte::instance {

/// Changes go to the store one after another, each from what the last has left, so that one that fails takes nothing of
/// another with it. Loop thread.
class RecordKeeper {
 public:
  using Change = UniqueFunction<void(store::InstanceRecord&)>;
  using Done = UniqueFunction<void(const Status&)>;

  /// `store`, `loop` and `clock` outlive it.
  RecordKeeper(store::Store& store, net::Executor& loop, const Clock& clock, store::InstanceRecord record)
      : store_(store), loop_(loop), clock_(clock), record_(std::move(record)) {}

  /// Nothing is told any more once `token` has expired. Before any change.
  void keep_alive_by(std::weak_ptr<void> token) { alive_ = std::move(token); }

  /// As the store has it.
  const store::InstanceRecord& record() const { return record_; }
  /// `done` when it is durable, and record() the changed one; or with the store's error, and nothing has changed.
  void change(Change change, Done done);

 private:
  struct Pending {
    Change change;
    Done done;
  };
  void commit_next();
  void on_committed(const store::InstanceRecord& changed, const Status& status);

  store::Store& store_;
  net::Executor& loop_;
  const Clock& clock_;
  store::InstanceRecord record_;
  std::weak_ptr<void> alive_;
  std::deque<Pending> pending_;  ///< the first is on its way to the store
};

}  // namespace ponte::instance
