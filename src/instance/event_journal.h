// The journals of all instances: what happened to each, in order, on disk (contract, decision 14).
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "instance/event_feed.h"
#include "store/store.h"

namespace ponte::instance {

/// Thread-safe; the events of one instance are appended from one thread. An event is told once it would survive a
/// crash of the process. A journal outlives its instance's logout and goes with the instance.
class EventJournal final : public EventFeed {
 public:
  /// What is kept of each instance; older ones are given up.
  struct Limits {
    std::size_t most = 100'000;
    Milliseconds age = std::chrono::hours(7 * 24);
  };

  /// `store` and `clock` outlive it.
  EventJournal(store::Store& store, const Clock& clock, Limits limits);
  EventJournal(store::Store& store, const Clock& clock) : EventJournal(store, clock, Limits()) {}

  /// Before the first event; it outlives the journal.
  void add_listener(EventListener& listener) { listeners_.push_back(&listener); }

  /// `data`: a JSON object. `told_link`: where the event says that the device is linked, or is no longer, its state;
  /// kept with the event. Where the store does not take it the event is lost, and the log says so.
  void append(const std::string& instance_id, std::string name, std::string data, std::string_view told_link = {});
  /// What the newest event that said anything of the link has said; nullopt: none has. What the store holds of the
  /// device is ahead of it where a crash came between.
  Result<std::optional<std::string>> told_link(const std::string& instance_id) const;

  Result<std::vector<JournalEvent>> events_after(const std::string& instance_id, std::uint64_t after,
                                                 std::size_t limit) const override;
  std::uint64_t last_sequence(const std::string& instance_id) const override;
  std::uint64_t first_sequence(const std::string& instance_id) const override;

  /// The instance is no more. Synced before `done`.
  void erase(const std::string& instance_id, store::Store::Committed done);

 private:
  /// Where a journal begins and ends.
  struct Extent {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    Wall first_at{};
  };
  Result<Extent> extent(const std::string& instance_id) const;  // mutex_ held
  Status commit(store::Transaction transaction);
  Status give_up_old(store::Transaction& transaction, Extent& extent, Wall now) const;

  store::Store& store_;
  const Clock& clock_;
  const Limits limits_;
  std::vector<EventListener*> listeners_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Extent> extents_;  ///< guarded by mutex_
};

}  // namespace ponte::instance
