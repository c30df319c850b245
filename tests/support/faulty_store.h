// A store that fails, forgets and waits as a test commands.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "store/memory_store.h"

namespace ponte::test {

/// A MemoryStore with the contract of store.h and four faults: the Nth commit fails (and with it all
/// later ones until try_resume), synced commits wait until the test releases them, from the Nth commit on
/// nothing is written and nobody told, and a power loss takes back what was not synced. Thread-safe; `done`
/// is called by the thread that commits or releases.
class FaultyStore final : public store::Store {
 public:
  using Owner = store::Owner;

  Result<std::optional<Bytes>> get(const Owner& owner, std::string_view key) const override {
    return current()->get(owner, key);
  }
  Result<std::vector<store::Record>> scan(const Owner& owner, std::string_view prefix) const override {
    return current()->scan(owner, prefix);
  }
  Result<std::vector<store::Record>> scan_after(const Owner& owner, std::string_view prefix, std::string_view after,
                                                std::size_t limit) const override {
    return current()->scan_after(owner, prefix, after, limit);
  }
  Result<std::vector<store::Record>> scan_before(const Owner& owner, std::string_view prefix, std::string_view before,
                                                 std::size_t limit) const override {
    return current()->scan_before(owner, prefix, before, limit);
  }

  void commit(store::WriteBatch batch, Committed done) override {
    if (batch.empty()) return done(Status::Ok());
    submit({std::move(batch), false, std::move(done)});
  }
  void erase_owner(const Owner& owner, Committed done) override {
    submit({{owner, store::Durability::kPowerLoss, {}}, true, std::move(done)});
  }

  Status health() const override {
    std::lock_guard lock(mutex_);
    return health_;
  }
  Status try_resume() override {
    std::lock_guard lock(mutex_);
    if (resumable_) health_ = Status::Ok();
    return health_;
  }

  /// The nth commit from now (1: the next) fails with kStorage/kStoreUnavailable; nothing of it is applied.
  void fail_commit(std::size_t nth) {
    std::lock_guard lock(mutex_);
    fails_in_ = nth;
  }
  /// Whether try_resume succeeds (it does by default).
  void set_resumable(bool resumable) {
    std::lock_guard lock(mutex_);
    resumable_ = resumable;
  }

  /// From now on synced commits, and whatever their owners commit after them, wait for a release.
  void hold_synced() {
    std::lock_guard lock(mutex_);
    holding_ = true;
  }
  std::size_t held() const {
    std::lock_guard lock(mutex_);
    return held_.size();
  }
  /// Applies the oldest held commit. False where none was held.
  bool release_one() {
    std::unique_lock lock(mutex_);
    if (held_.empty()) return false;
    Operation operation = std::move(held_.front());
    held_.pop_front();
    apply(std::move(operation), lock);
    return true;
  }
  /// Applies all held commits, in order, and holds no more.
  void release_all() {
    {
      std::lock_guard lock(mutex_);
      holding_ = false;
    }
    while (release_one()) {
    }
  }

  /// From the nth commit from now (1: the next) on there is no power: it and all later ones are lost, and their
  /// `done` is never called, until lose_power().
  void cut_power(std::size_t nth) {
    std::lock_guard lock(mutex_);
    cut_in_ = nth;
  }
  bool power_is_cut() const {
    std::lock_guard lock(mutex_);
    return cut_;
  }
  /// What a process would find after the power went: all that came before the last synced commit.
  /// Held commits are lost and their `done` is never called, as in a process that died.
  void lose_power() {
    std::deque<Operation> lost;
    std::lock_guard lock(mutex_);
    current_ = durable_->clone();
    unsynced_.clear();
    lost.swap(held_);
    cut_in_ = 0;
    cut_ = false;
  }
  /// Commits applied so far, erasures included.
  std::size_t applied() const {
    std::lock_guard lock(mutex_);
    return applied_;
  }

 private:
  struct Operation {
    store::WriteBatch batch;
    bool erases_owner = false;
    Committed done;
  };

  std::shared_ptr<store::MemoryStore> current() const {  // shared: a read may outlast lose_power
    std::lock_guard lock(mutex_);
    return current_;
  }

  void submit(Operation operation) {
    std::unique_lock lock(mutex_);
    if (cut_in_ > 0 && --cut_in_ == 0) cut_ = true;
    if (cut_) return;
    const bool synced = operation.batch.durability == store::Durability::kPowerLoss;
    bool waits = holding_ && synced;
    for (const Operation& held : held_) waits = waits || share_owner(held.batch, operation.batch);
    if (waits)
      held_.push_back(std::move(operation));
    else
      apply(std::move(operation), lock);
  }

  static bool share_owner(const store::WriteBatch& one, const store::WriteBatch& other) {
    bool shared = false;
    one.each([&](const Owner& a, const auto&) {
      other.each([&](const Owner& b, const auto&) { shared = shared || a == b; });
    });
    return shared;
  }

  void apply(Operation operation, std::unique_lock<std::mutex>& lock) {
    if (health_.ok() && fails_in_ > 0 && --fails_in_ == 0)
      health_ = Error{Errc::kStorage, Cause::kStoreUnavailable, "the test made this commit fail"};
    Status status = health_;
    if (status.ok()) {
      ++applied_;
      run(*current_, operation);
      unsynced_.emplace_back(operation.batch, operation.erases_owner);
      if (operation.batch.durability == store::Durability::kPowerLoss) {
        for (auto& [batch, erases] : unsynced_) run(*durable_, {std::move(batch), erases, {}});
        unsynced_.clear();
      }
    }
    lock.unlock();
    operation.done(std::move(status));
  }

  static void run(store::MemoryStore& to, const Operation& operation) {
    if (operation.erases_owner)
      to.erase_owner(operation.batch.owner, [](Status) {});
    else
      to.commit(operation.batch, [](Status) {});
  }

  mutable std::mutex mutex_;
  std::shared_ptr<store::MemoryStore> current_ = std::make_shared<store::MemoryStore>();
  std::unique_ptr<store::MemoryStore> durable_ = std::make_unique<store::MemoryStore>();
  std::vector<std::pair<store::WriteBatch, bool>> unsynced_;
  std::deque<Operation> held_;
  bool holding_ = false;
  std::size_t fails_in_ = 0;
  std::size_t cut_in_ = 0;
  bool cut_ = false;
  bool resumable_ = true;
  Status health_;
  std::size_t applied_ = 0;
};

}  // namespace ponte::test
