// The history of before the link, which the phone sends in parts. Transactions and sources are those of
// keys::chats_owner(instance). get_* as in records.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/records.h"

namespace ponte::store {

/// How far it has come.
struct HistoryProgress {
  std::map<std::uint32_t, std::uint32_t> chunks;  ///< parts that were read, by number of HistorySyncType
  std::uint32_t progress = 0;                     ///< 0 to 100, as the phone said last
  std::uint64_t messages = 0;                     ///< new ones
  std::uint64_t conversations = 0;
  std::optional<Wall> last_at;
  bool done = false;
  std::optional<std::uint32_t> days;  ///< that were asked for when the device was linked
  std::uint64_t too_old = 0;          ///< messages from before those days
  std::uint64_t unreadable = 0;       ///< messages and other items
  std::uint32_t failed = 0;           ///< parts that were given up
  std::string failure;                ///< cause_name of the last of them

  bool operator==(const HistoryProgress&) const = default;
};

Result<std::optional<HistoryProgress>> get_history_progress(RecordSource source);
/// kProcessCrash.
void put_history_progress(Transaction& chats, const HistoryProgress& progress);

/// A part that is still to be read. The phone sends each once.
struct HistoryJob {
  std::uint32_t arrival = 0;  ///< rising
  Bytes notification;         ///< serialized HistorySyncNotification
  Wall at{};                  ///< when it came
  std::uint32_t attempts = 0;
  std::string message_id;  ///< of the message that told of it
  bool asked = false;      ///< the phone was asked for its file again

  bool operator==(const HistoryJob&) const = default;
};

/// Behind all others, whatever its arrival says; gives the one that it has then. kPowerLoss.
Result<std::uint32_t> add_history_job(Transaction& chats, HistoryJob job);
/// The oldest; nullopt: all are read.
Result<std::optional<HistoryJob>> get_next_history_job(RecordSource source);
/// How many there are, at most 1000.
Result<std::size_t> count_history_jobs(RecordSource source);
/// Another try was in vain. kProcessCrash.
void put_history_job(Transaction& chats, const HistoryJob& job);
/// It was read, or given up: in the batch that holds what was in it. kProcessCrash.
void erase_history_job(Transaction& chats, std::uint32_t arrival);

/// A part whose file is gone: the phone was asked for it, and until it answers the part is no job. By its message id.
Result<std::optional<HistoryJob>> get_asked_history(RecordSource source, std::string_view message_id);
/// kPowerLoss.
void put_asked_history(Transaction& chats, const HistoryJob& job);
void erase_asked_history(Transaction& chats, std::string_view message_id);

}  // namespace ponte::store
