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

// For message_records.cpp, and for who puts many messages in one step.
enum class Counting { kAdded, kRemoved };

/// What came and went, to be written together: each record of counts is read and written once, for however many
/// messages. Lives within one step.
class MessageTally {
 public:
  void count(const MessageRecord& message, Counting counting);
  /// So many messages of a chat more, or fewer; the newest of them is of `newest`.
  void count_in_chat(std::string_view chat, std::int64_t more, std::optional<Wall> newest);
  /// Into the records, and begins anew. kStorage.
  Status write(Transaction& chats);

 private:
  struct Changes {
    std::int64_t incoming = 0;
    std::int64_t outgoing = 0;
    std::map<std::string, std::int64_t, std::less<>> by_type;
  };
  struct InChat {
    std::int64_t more = 0;
    std::optional<Wall> newest;
  };
  static void count(Changes& changes, const MessageRecord& message, std::int64_t step);
  static void apply(const Changes& changes, MessageCounts& counts);
  Status write_totals(Transaction& chats, std::int64_t contacts);

  Changes all_;
  std::array<std::int64_t, kMessageStates> outgoing_by_state_{};
  std::optional<Wall> first_at_;
  std::optional<Wall> last_at_;
  std::map<std::int64_t, Changes> days_;  ///< by day since 1970
  std::map<std::string, InChat, std::less<>> chats_;
};

}  // namespace ponte::store
