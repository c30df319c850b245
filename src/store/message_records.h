// The messages of an instance's chats. Transactions and sources are those of keys::chats_owner(instance). get_* as in
// records.h; JIDs are text without device. What is found under one of a sender's two addresses is found under the other
// too where the record knows both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "base/time.h"
#include "store/messaging_records.h"
#include "store/records.h"

namespace ponte::store {

/// The sender of what any device of the account has sent, in a MessageName.
inline constexpr char kMe[] = "me";

class MessageTally;  // message_counts.h

/// One message. Its id comes from its sender: two of one chat may use the same.
struct MessageRecord {
  std::string chat;
  std::string id;
  std::string sender_pn;  ///< empty: not known
  std::string sender_lid;
  bool from_me = false;
  Wall at{};
  std::string chat_alt;  ///< the chat's other address; empty: none, or not known
  std::string push_name;
  Bytes content;           ///< serialized Message; empty once it is revoked
  std::string type;        ///< what it is counted under: one of few
  std::uint8_t state = 3;  ///< number of protocol::messages::MessageState
  std::string source;      ///< label given when sending
  bool from_offline = false;
  bool from_history = false;
  bool starred = false;
  std::optional<Wall> edited_at;
  std::optional<Wall> revoked_at;
  std::optional<Wall> delivered_at;
  std::optional<Wall> read_at;
  std::optional<Wall> played_at;

  /// With the sender's LID where there is one, else his PN, else the chat: a chat with one needs no other.
  MessageName name() const;
  bool operator==(const MessageRecord&) const = default;
};

/// Where a record comes from. What happened before us is never more than what we have seen ourselves.
enum class Origin { kLive, kHistory };
enum class Put {
  kAdded,
  kChanged,  ///< it was there, and more is known of it now
  kKnown,    ///< it was there, and nothing is new
};

/// Adds a message, or what is new of one that is there: its state moves on only, a revoked one keeps no content, an
/// edited one keeps its own, and one of ours that was not acknowledged yet takes the server's time. Counts it, and
/// dates its chat. Times before 1970 or after the year 10889 are moved there. kLive: kPowerLoss, since the server is
/// told that we have it. kHistory: kProcessCrash.
Result<Put> put_message(Transaction& chats, const MessageRecord& message, Origin origin);
/// One of many in a step: what it counts for goes into the tally, which the caller writes behind the last.
Result<Put> put_message(Transaction& chats, const MessageRecord& message, Origin origin, MessageTally& tally);

Result<std::optional<MessageRecord>> get_message(RecordSource source, const MessageName& name);
Result<std::optional<MessageRecord>> get_message(RecordSource source, std::string_view chat, std::string_view sender,
                                                 std::string_view id);
/// The oldest of a chat.
Result<std::optional<MessageRecord>> oldest_message(const Transaction& chats, std::string_view chat);
/// All with that id, of any sender; of all chats, or of one.
Result<std::vector<MessageRecord>> find_message(RecordSource source, std::string_view id);
Result<std::vector<MessageRecord>> find_message(RecordSource source, std::string_view id, std::string_view chat);

/// The next four are kProcessCrash and false where there is no such message or nothing is new.
/// Changes anything but chat, sender and id.
Result<bool> change_message(Transaction& chats, const MessageName& name, UniqueFunction<void(MessageRecord&)> change);
/// A state moves on only: read never becomes delivered again, and 0 (kError) follows on 1 (kPending) alone. The first
/// time of being delivered, read and played is kept.
Result<bool> set_message_state(Transaction& chats, const MessageName& name, std::uint8_t state, Wall at);
/// Deleted for everyone: its content goes.
Result<bool> mark_revoked(Transaction& chats, const MessageName& name, Wall at);
/// Only the newest edit counts; a revoked message takes none.
Result<bool> edit_message(Transaction& chats, const MessageName& name, ByteView content, Wall at);

/// Deleted here. False where there was none.
Result<bool> erase_message(Transaction& chats, const MessageName& name);
/// The messages of a chat up to `until`, at most kMessagesAtOnce: whether more are left for the next step.
inline constexpr std::size_t kMessagesAtOnce = 128;
enum class Starred { kErased, kKept };
Result<bool> erase_messages(Transaction& chats, std::string_view chat, Wall until, Starred starred = Starred::kErased);

/// Two addresses have turned out to be one chat: moves messages, labels and what is known of chat and contact, at most
/// kMessagesAtOnce messages. Whether more are left for the next step; without any it costs a few reads.
Result<bool> merge_chats(Transaction& chats, std::string_view from, std::string_view into);

/// Which messages of a chat.
struct MessageQuery {
  std::string chat;
  std::optional<Wall> from;  ///< at or after it
  std::optional<Wall> to;    ///< before it
  std::string cursor;        ///< MessagePage::next of the page before; empty: the newest
  std::size_t limit = 50;
};
struct MessagePage {
  std::vector<MessageRecord> messages;  ///< newest first
  std::string next;                     ///< printable ASCII; empty: there are no older ones
};
/// Reads no more than the page, however many there are. kInvalidArgument/kInvalidRequest for a cursor that is none.
Result<MessagePage> messages_before(const StoreReader& reader, const Owner& owner, const MessageQuery& query);

}  // namespace ponte::store
