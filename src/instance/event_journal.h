// The journals of all instances: what happened to each, in order, on disk (contract, decision 14).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "instance/event_feed.h"
#include "store/store.h"

namespace ponte::instance {

/// Thread-safe; the events of one instance are staged and appended from one thread, and what is staged is committed
/// before anything else of that instance is staged or appended. An event is told once its batch is committed, by the
/// thread that says so, and those of one instance in their order. A journal outlives its instance's logout and goes
/// with the instance.
class EventJournal final : public EventFeed {
 public:
  /// What is kept of each instance; older ones are given up.
  struct Limits {
    std::size_t most = 100'000;
    Milliseconds age = std::chrono::hours(7 * 24);
  };
  /// One event before it has its number. `data`: a JSON object.
  struct Entry {
    std::string name;
    std::string data;
  };
  class State;  ///< of event_journal.cpp
  /// Events that have their numbers and stand in a batch that is not committed yet.
  class Staged {
   public:
    Staged() = default;  ///< none
    Staged(std::shared_ptr<State> state, std::string instance_id, std::uint64_t life, std::uint64_t first);
    Staged(Staged&&) noexcept = default;
    Staged& operator=(Staged&&) = delete;
    /// As one whose batch was not committed.
    ~Staged();

    /// What has become of the batch. Told are the listeners, where it is durable; else its numbers stay unused. Any
    /// thread, once; without effect where the journal was closed or erased.
    void settle(const Status& committed);

   private:
    std::shared_ptr<State> state_;
    std::string instance_id_;
    std::uint64_t life_ = 0;
    std::uint64_t first_ = 0;
  };

  /// `store` and `clock` outlive it.
  EventJournal(store::Store& store, const Clock& clock, Limits limits);
  EventJournal(store::Store& store, const Clock& clock) : EventJournal(store, clock, Limits()) {}
  ~EventJournal() override;

  /// Before the first event; it outlives the journal, or its close().
  void add_listener(EventListener& listener);
  /// Tells nobody any more, and waits for those who are being told. What is still staged is kept all the same.
  void close();

  /// `told_link`: where the event says that the device is linked, or is no longer, its state; kept with the event.
  /// Where the store does not take it the event is lost, and the log says so.
  void append(const std::string& instance_id, std::string name, std::string data, std::string_view told_link = {});
  /// Adds events to a batch that its owner commits then: they become durable with it, or not at all. kStorage where the
  /// journal cannot be read.
  Result<Staged> stage(const std::string& instance_id, std::vector<Entry> entries, store::WriteBatch& batch);
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
  store::Store& store_;
  const std::shared_ptr<State> state_;  ///< shared with what is staged, which may be settled after the journal's end
};

}  // namespace ponte::instance
