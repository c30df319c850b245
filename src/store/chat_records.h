// Chats, contacts and labels of an instance. Transactions and sources are those of keys::chats_owner(instance). get_*
// as in records.h; changes are kProcessCrash. JIDs are text without device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "base/time.h"
#include "store/records.h"

namespace ponte::store {

/// What is known of a chat beside its messages.
struct ChatRecord {
  std::string jid;
  std::string name;  ///< subject of a group, as others wrote it; empty: not known
  std::optional<Wall> last_message_at;
  std::uint32_t unread_count = 0;
  bool archived = false;
  std::optional<Wall> pinned_at;
  std::optional<std::int64_t> muted_until;  ///< Unix milliseconds; -1: for ever
  bool marked_unread = false;
  bool end_of_history = false;  ///< the phone has no older messages
  std::string pn;               ///< of a chat with one
  std::string lid;
  std::uint32_t ephemeral_expiration = 0;  ///< seconds; 0: messages stay
  std::uint64_t messages = 0;              ///< that are kept; counted by put_message and its like alone

  bool operator==(const ChatRecord&) const = default;
};

Result<std::optional<ChatRecord>> get_chat(RecordSource source, std::string_view jid);
/// Changes a chat, or a new one. Whether anything is new. Its `jid` and `messages` stay as they are.
Result<bool> change_chat(Transaction& chats, std::string_view jid, UniqueFunction<void(ChatRecord&)> change);
/// Without its messages, which erase_messages takes: as long as there are any, their number stays. Its labels go.
Status erase_chat(Transaction& chats, std::string_view jid);
/// Those behind `after`, by JID, at most `limit`; an empty `after` is before all.
Result<std::vector<ChatRecord>> get_chats(const StoreReader& reader, const Owner& owner, std::string_view after,
                                          std::size_t limit);
/// `@s.whatsapp.net` or `@lid`: a chat with one person.
bool is_person(std::string_view jid);
/// For message_counts.cpp and message_records.cpp; others change_chat.
void put_chat(Transaction& chats, const ChatRecord& chat);

struct ContactRecord {
  std::string jid;
  std::string full_name;  ///< as the phone's address book has it
  std::string first_name;
  std::string push_name;  ///< as he calls himself
  std::string business_name;
  std::string username;
  std::string pn;
  std::string lid;

  bool operator==(const ContactRecord&) const = default;
};

Result<std::optional<ContactRecord>> get_contact(RecordSource source, std::string_view jid);
/// As change_chat.
Result<bool> change_contact(Transaction& chats, std::string_view jid, UniqueFunction<void(ContactRecord&)> change);
void erase_contact(Transaction& chats, std::string_view jid);
/// All of them.
Result<std::vector<ContactRecord>> get_contacts(RecordSource source);
/// As get_chats.
Result<std::vector<ContactRecord>> get_contacts(const StoreReader& reader, const Owner& owner, std::string_view after,
                                                std::size_t limit);

struct LabelRecord {
  std::string id;
  std::string name;
  std::int32_t color = 0;  ///< index into the app's palette
  bool deleted = false;

  bool operator==(const LabelRecord&) const = default;
};

Result<std::optional<LabelRecord>> get_label(RecordSource source, std::string_view id);
void put_label(Transaction& chats, const LabelRecord& label);
Result<std::vector<LabelRecord>> get_labels(RecordSource source);

void add_label(Transaction& chats, std::string_view id, std::string_view chat);
void remove_label(Transaction& chats, std::string_view id, std::string_view chat);
/// JIDs of the chats that have the label; ids of the labels that a chat has.
Result<std::vector<std::string>> get_label_chats(RecordSource source, std::string_view id);
Result<std::vector<std::string>> get_chat_labels(RecordSource source, std::string_view chat);

}  // namespace ponte::store
