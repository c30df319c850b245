// How many messages there are. Counted as they come and go, so that nobody has to read them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/message_records.h"
#include "store/records.h"

namespace ponte::store {

struct MessageCounts {
  std::uint64_t incoming = 0;
  std::uint64_t outgoing = 0;
  std::map<std::string, std::uint64_t, std::less<>> by_type;

  std::uint64_t total() const { return incoming + outgoing; }
  bool operator==(const MessageCounts&) const = default;
};

inline constexpr std::size_t kMessageStates = 6;

/// Of all messages that are kept.
struct MessageTotals {
  MessageCounts counts;
  std::array<std::uint64_t, kMessageStates> outgoing_by_state{};  ///< by number of MessageState
  std::uint64_t contacts = 0;                                     ///< chats with one person that have messages
  std::optional<Wall> first_at;                                   ///< the oldest there ever was
  std::optional<Wall> last_at;                                    ///< and the newest

  bool operator==(const MessageTotals&) const = default;
};

/// Zeros where nothing was counted.
Result<MessageTotals> get_message_totals(RecordSource source);
/// Of the messages of the day of `at`, in UTC, and of all days after it.
Result<MessageCounts> get_message_counts_since(RecordSource source, Wall at);

// For message_records.cpp.
enum class Counting { kAdded, kRemoved };
Status count_message(Transaction& chats, const MessageRecord& message, Counting counting);
/// So many messages of a chat more, or fewer; the newest of them is of `newest`.
Status count_in_chat(Transaction& chats, std::string_view chat, std::int64_t more, std::optional<Wall> newest);

}  // namespace ponte::store
