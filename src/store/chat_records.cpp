#include "store/chat_records.h"

#include <utility>

#include "records.pb.h"
#include "store/chat_keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

std::optional<Wall> time_of(bool has, std::int64_t milliseconds) {
  return has ? std::optional(wall_of(milliseconds)) : std::nullopt;
}

/// The jid in a key, which must be one.
Result<std::string> jid_in(const RecordSource& source, std::string_view key, std::string_view prefix) {
  const auto jid = keys::last_part(key, prefix);
  if (jid) return *jid;
  return corrupt(source, key, "its key names no address");
}

Result<ChatRecord> chat_of(const RecordSource& source, std::string_view key, ByteView value) {
  proto::ChatRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  ChatRecord chat;
  PONTE_ASSIGN(chat.jid, jid_in(source, key, keys::kChatPrefix));
  chat.name = message.name();
  chat.last_message_at = time_of(message.has_last_message_at(), message.last_message_at());
  chat.unread_count = message.unread_count();
  chat.archived = message.archived();
  chat.pinned_at = time_of(message.has_pinned_at(), message.pinned_at());
  if (message.has_muted_until()) chat.muted_until = message.muted_until();
  chat.marked_unread = message.marked_unread();
  chat.end_of_history = message.end_of_history();
  chat.pn = message.pn();
  chat.lid = message.lid();
  chat.ephemeral_expiration = message.ephemeral_expiration();
  chat.messages = message.messages();
  return chat;
}

Result<ContactRecord> contact_of(const RecordSource& source, std::string_view key, ByteView value) {
  proto::ContactRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  ContactRecord contact;
  PONTE_ASSIGN(contact.jid, jid_in(source, key, keys::kContactPrefix));
  contact.full_name = message.full_name();
  contact.first_name = message.first_name();
  contact.push_name = message.push_name();
  contact.business_name = message.business_name();
  contact.username = message.username();
  contact.pn = message.pn();
  contact.lid = message.lid();
  return contact;
}

void put_contact(Transaction& chats, const ContactRecord& contact) {
  proto::ContactRecord message;
  if (!contact.full_name.empty()) message.set_full_name(contact.full_name);
  if (!contact.first_name.empty()) message.set_first_name(contact.first_name);
  if (!contact.push_name.empty()) message.set_push_name(contact.push_name);
  if (!contact.business_name.empty()) message.set_business_name(contact.business_name);
  if (!contact.username.empty()) message.set_username(contact.username);
  if (!contact.pn.empty()) message.set_pn(contact.pn);
  if (!contact.lid.empty()) message.set_lid(contact.lid);
  chats.put(keys::contact(contact.jid), serialize(message));
}

Result<LabelRecord> label_of(const RecordSource& source, std::string_view key, ByteView value) {
  proto::LabelRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  const auto id = keys::last_part(key, keys::kLabelPrefix);
  if (!id) return corrupt(source, key, "its key names no label");
  return LabelRecord{*id, message.name(), message.color(), message.deleted()};
}

/// What `read` makes of the record under `key`.
template <typename T>
Result<std::optional<T>> get_as(const RecordSource& source, const std::string& key,
                                Result<T> (*read)(const RecordSource&, std::string_view, ByteView)) {
  PONTE_ASSIGN(const auto value, source.get(key));
  if (!value) return std::optional<T>();
  PONTE_ASSIGN(T record, read(source, key, *value));
  return std::optional(std::move(record));
}

template <typename T>
Result<std::vector<T>> all_as(const RecordSource& source, const std::vector<Record>& records,
                              Result<T> (*read)(const RecordSource&, std::string_view, ByteView)) {
  std::vector<T> out;
  out.reserve(records.size());
  for (const auto& [key, value] : records) {
    PONTE_ASSIGN(T record, read(source, key, value));
    out.push_back(std::move(record));
  }
  return out;
}

Result<std::vector<std::string>> last_parts(const RecordSource& source, const std::string& prefix) {
  PONTE_ASSIGN(const auto records, source.scan(prefix));
  std::vector<std::string> parts;
  for (const auto& [key, value] : records) {
    PONTE_ASSIGN(std::string part, jid_in(source, key, prefix));
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

// ---- chats ------------------------------------------------------------------------------------------

bool is_person(std::string_view jid) {
  return jid.ends_with("@s.whatsapp.net") || jid.ends_with("@lid");
}

Result<std::optional<ChatRecord>> get_chat(RecordSource source, std::string_view jid) {
  return get_as(source, keys::chat(jid), chat_of);
}

void put_chat(Transaction& chats, const ChatRecord& chat) {
  proto::ChatRecord message;
  if (!chat.name.empty()) message.set_name(chat.name);
  if (chat.last_message_at) message.set_last_message_at(unix_milliseconds(*chat.last_message_at));
  if (chat.unread_count > 0) message.set_unread_count(chat.unread_count);
  if (chat.archived) message.set_archived(true);
  if (chat.pinned_at) message.set_pinned_at(unix_milliseconds(*chat.pinned_at));
  if (chat.muted_until) message.set_muted_until(*chat.muted_until);
  if (chat.marked_unread) message.set_marked_unread(true);
  if (chat.end_of_history) message.set_end_of_history(true);
  if (!chat.pn.empty()) message.set_pn(chat.pn);
  if (!chat.lid.empty()) message.set_lid(chat.lid);
  if (chat.ephemeral_expiration > 0) message.set_ephemeral_expiration(chat.ephemeral_expiration);
  message.set_messages(chat.messages);
  chats.put(keys::chat(chat.jid), serialize(message));
}

Result<bool> change_chat(Transaction& chats, std::string_view jid, UniqueFunction<void(ChatRecord&)> change) {
  PONTE_ASSIGN(const auto known, get_chat(chats, jid));
  ChatRecord changed = known.value_or(ChatRecord());
  change(changed);
  changed.jid = jid;
  changed.messages = known ? known->messages : 0;
  if (known == changed) return false;
  put_chat(chats, changed);
  return true;
}

Status erase_chat(Transaction& chats, std::string_view jid) {
  PONTE_ASSIGN(const auto labels, get_chat_labels(chats, jid));
  for (const std::string& id : labels) remove_label(chats, id, jid);
  PONTE_ASSIGN(const auto known, get_chat(chats, jid));
  if (known && known->messages > 0) {
    // Its messages are still counted; they go on their own.
    ChatRecord rest;
    rest.jid = jid;
    rest.messages = known->messages;
    put_chat(chats, rest);
  } else {
    chats.erase(keys::chat(jid));
  }
  return Status::Ok();
}

Result<std::vector<ChatRecord>> get_chats(const StoreReader& reader, const Owner& owner, std::string_view after,
                                          std::size_t limit) {
  const std::string from = after.empty() ? "" : keys::chat(after);
  PONTE_ASSIGN(const auto records, reader.scan_after(owner, keys::kChatPrefix, from, limit));
  return all_as({reader, owner}, records, chat_of);
}

// ---- contacts ---------------------------------------------------------------------------------------

Result<std::optional<ContactRecord>> get_contact(RecordSource source, std::string_view jid) {
  return get_as(source, keys::contact(jid), contact_of);
}

Result<bool> change_contact(Transaction& chats, std::string_view jid, UniqueFunction<void(ContactRecord&)> change) {
  PONTE_ASSIGN(const auto known, get_contact(chats, jid));
  ContactRecord changed = known.value_or(ContactRecord());
  change(changed);
  changed.jid = jid;
  if (known == changed) return false;
  put_contact(chats, changed);
  return true;
}

void erase_contact(Transaction& chats, std::string_view jid) {
  chats.erase(keys::contact(jid));
}

Result<std::vector<ContactRecord>> get_contacts(const StoreReader& reader, const Owner& owner, std::string_view after,
                                                std::size_t limit) {
  const std::string from = after.empty() ? "" : keys::contact(after);
  PONTE_ASSIGN(const auto records, reader.scan_after(owner, keys::kContactPrefix, from, limit));
  return all_as({reader, owner}, records, contact_of);
}

Result<std::vector<ContactRecord>> get_contacts(RecordSource source) {
  PONTE_ASSIGN(const auto records, source.scan(keys::kContactPrefix));
  return all_as(source, records, contact_of);
}

// ---- labels -----------------------------------------------------------------------------------------

Result<std::optional<LabelRecord>> get_label(RecordSource source, std::string_view id) {
  return get_as(source, keys::label(id), label_of);
}

void put_label(Transaction& chats, const LabelRecord& label) {
  proto::LabelRecord message;
  message.set_name(label.name);
  message.set_color(label.color);
  message.set_deleted(label.deleted);
  chats.put(keys::label(label.id), serialize(message));
}

Result<std::vector<LabelRecord>> get_labels(RecordSource source) {
  PONTE_ASSIGN(const auto records, source.scan(keys::kLabelPrefix));
  return all_as(source, records, label_of);
}

void add_label(Transaction& chats, std::string_view id, std::string_view chat) {
  chats.put(keys::label_chat(id, chat), {});
  chats.put(keys::chat_label(chat, id), {});
}

void remove_label(Transaction& chats, std::string_view id, std::string_view chat) {
  chats.erase(keys::label_chat(id, chat));
  chats.erase(keys::chat_label(chat, id));
}

Result<std::vector<std::string>> get_label_chats(RecordSource source, std::string_view id) {
  return last_parts(source, keys::label_chats(id));
}

Result<std::vector<std::string>> get_chat_labels(RecordSource source, std::string_view chat) {
  return last_parts(source, keys::chat_labels(chat));
}

}  // namespace ponte::store
