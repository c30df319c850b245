// What happened to an instance, in order. The transaction's owner is keys::events_owner(instance).
// get_* and put_* behave as those of records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "store/store.h"

namespace ponte::store {

/// One event of an instance's journal.
struct JournalEvent {
  std::uint64_t sequence = 0;  ///< of its instance, rising from 1; gaps are possible
  Wall at{};
  std::string name;  ///< `instance.state` (contract 1.3)
  std::string data;  ///< a JSON object: the envelope's `data`

  bool operator==(const JournalEvent&) const = default;
};

/// Lost are the last ones of a machine that lost power: kProcessCrash.
void put_event(Transaction& transaction, const JournalEvent& event);
/// `state`: pair_success or logged_out, of the event that is put with it.
void put_told_link(Transaction& transaction, std::string_view state);
void erase_event(Transaction& transaction, std::uint64_t sequence);

/// Those with a greater sequence than `after`, oldest first, at most `limit`.
Result<std::vector<JournalEvent>> get_events_after(const StoreReader& reader, const Owner& owner, std::uint64_t after,
                                                   std::size_t limit);
/// nullopt where no event has said it yet.
Result<std::optional<std::string>> get_told_link(const StoreReader& reader, const Owner& owner);
Result<std::optional<JournalEvent>> get_last_event(const StoreReader& reader, const Owner& owner);

}  // namespace ponte::store
