// What happened to instances, for those who deliver it: webhooks, WebSocket, SSE.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/event_records.h"

namespace ponte::instance {

using JournalEvent = store::JournalEvent;

/// Reads of journals. Thread-safe. `instance_id` is the UUID.
class EventFeed {
 public:
  virtual ~EventFeed() = default;
  /// Events with a greater sequence than `after`, oldest first, at most `limit`. kStorage.
  virtual Result<std::vector<JournalEvent>> events_after(const std::string& instance_id, std::uint64_t after,
                                                         std::size_t limit) const = 0;
  /// The newest event's sequence, 0 where there is none.
  virtual std::uint64_t last_sequence(const std::string& instance_id) const = 0;
  /// The oldest that is kept; 0 where there is none. Those before it were given up.
  virtual std::uint64_t first_sequence(const std::string& instance_id) const = 0;
};

/// Told of each event once it is in the journal, those of one instance in their order. Called on any thread; must not
/// block.
class EventListener {
 public:
  virtual ~EventListener() = default;
  virtual void on_event(const std::string& instance_id, const JournalEvent& event) = 0;
  /// The instance is being removed: there will be no more of it.
  virtual void on_journal_erased(const std::string& instance_id) { (void)instance_id; }
};

}  // namespace ponte::instance
