#include "store/message_records.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "records.pb.h"
#include "store/chat_keys.h"
#include "store/chat_records.h"
#include "store/message_counts.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

constexpr std::uint8_t kErrorState = 0;
constexpr std::uint8_t kPendingState = 1;
constexpr std::uint8_t kDeliveredState = 3;
constexpr std::uint8_t kReadState = 4;
constexpr std::uint8_t kPlayedState = 5;

std::optional<Wall> time_of(bool has, std::int64_t milliseconds) {
  return has ? std::optional(wall_of(milliseconds)) : std::nullopt;
}

// ---- one record -------------------------------------------------------------------------------------

Result<MessageRecord> message_of(const RecordSource& source, std::string_view key, ByteView value) {
  proto::MessageRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  const auto place = keys::message_place(key);
  Fields fields;
  fields.present(place.has_value(), "chat, time, sender or id in its key");
  fields.present(message.state() < kMessageStates, "state");
  PONTE_TRY(fields.finish(source, key));
  MessageRecord out;
  out.chat = place->name.chat;
  out.id = place->name.id;
  out.sender_pn = message.sender_pn();
  out.sender_lid = message.sender_lid();
  out.from_me = place->name.sender == kMe;
  out.at = place->at;
  out.chat_alt = message.chat_alt();
  out.push_name = message.push_name();
  out.content = to_bytes(message.content());
  out.type = message.type();
  out.state = static_cast<std::uint8_t>(message.state());
  out.source = message.source();
  out.from_offline = message.from_offline();
  out.from_history = message.from_history();
  out.starred = message.starred();
  out.edited_at = time_of(message.has_edited_at(), message.edited_at());
  out.revoked_at = time_of(message.has_revoked_at(), message.revoked_at());
  out.delivered_at = time_of(message.has_delivered_at(), message.delivered_at());
  out.read_at = time_of(message.has_read_at(), message.read_at());
  out.played_at = time_of(message.has_played_at(), message.played_at());
  if (out.name() != place->name) return corrupt(source, key, "its sender is not the one in its key");
  return out;
}

Bytes value_of(const MessageRecord& record) {
  proto::MessageRecord message;
  if (!record.chat_alt.empty()) message.set_chat_alt(record.chat_alt);
  if (!record.sender_pn.empty()) message.set_sender_pn(record.sender_pn);
  if (!record.sender_lid.empty()) message.set_sender_lid(record.sender_lid);
  if (!record.push_name.empty()) message.set_push_name(record.push_name);
  if (!record.content.empty()) message.set_content(record.content.data(), record.content.size());
  if (!record.type.empty()) message.set_type(record.type);
  message.set_state(record.state);
  if (!record.source.empty()) message.set_source(record.source);
  if (record.from_offline) message.set_from_offline(true);
  if (record.from_history) message.set_from_history(true);
  if (record.starred) message.set_starred(true);
  if (record.edited_at) message.set_edited_at(unix_milliseconds(*record.edited_at));
  if (record.revoked_at) message.set_revoked_at(unix_milliseconds(*record.revoked_at));
  if (record.delivered_at) message.set_delivered_at(unix_milliseconds(*record.delivered_at));
  if (record.read_at) message.set_read_at(unix_milliseconds(*record.read_at));
  if (record.played_at) message.set_played_at(unix_milliseconds(*record.played_at));
  return serialize(message);
}

Result<Wall> time_in_index(const RecordSource& source, std::string_view key, ByteView value) {
  if (value.size() != 6) return corrupt(source, key, "expected 6 bytes, got " + std::to_string(value.size()));
  Reader reader(value);
  return wall_of(static_cast<std::int64_t>(reader.big_endian(6).value_or(0)));
}

/// The message that an entry of the index is about. Without it the index is damaged.
Result<MessageRecord> message_at(const RecordSource& source, const MessageName& name, std::string_view index_key,
                                 ByteView index_value) {
  PONTE_ASSIGN(const Wall at, time_in_index(source, index_key, index_value));
  const std::string key = keys::message(name, at);
  PONTE_ASSIGN(const auto value, source.get(key));
  if (!value) return corrupt(source, index_key, "the message that it is about is not there");
  return message_of(source, key, *value);
}

Result<std::vector<MessageRecord>> messages_behind(const RecordSource& source, const std::string& prefix) {
  PONTE_ASSIGN(const auto entries, source.scan(prefix));
  std::vector<MessageRecord> messages;
  for (const auto& [key, value] : entries) {
    const auto name = keys::message_id_name(key);
    if (!name) return corrupt(source, key, "its key names no message");
    PONTE_ASSIGN(MessageRecord message, message_at(source, *name, key, value));
    messages.push_back(std::move(message));
  }
  return messages;
}

/// Under the sender's address in its key alone.
Result<std::optional<MessageRecord>> get_exactly(const RecordSource& source, const MessageName& name) {
  const std::string key = keys::message_id(name);
  PONTE_ASSIGN(const auto value, source.get(key));
  if (!value) return std::optional<MessageRecord>();
  PONTE_ASSIGN(MessageRecord message, message_at(source, name, key, *value));
  return std::optional(std::move(message));
}

// ---- writing ----------------------------------------------------------------------------------------

void write_message(Transaction& chats, const MessageRecord& message) {
  const MessageName name = message.name();
  const auto at = big_endian_array<6>(static_cast<std::uint64_t>(unix_milliseconds(message.at)));
  chats.put(keys::message(name, message.at), value_of(message));
  chats.put(keys::message_id(name), Bytes(at.begin(), at.end()));
}

void erase_keys(Transaction& chats, const MessageRecord& message) {
  chats.erase(keys::message(message.name(), message.at));
  chats.erase(keys::message_id(message.name()));
}

/// Its key may be another one from now on.
void replace(Transaction& chats, const MessageRecord& old, const MessageRecord& changed, MessageTally& tally) {
  if (old.name() != changed.name() || old.at != changed.at) erase_keys(chats, old);
  write_message(chats, changed);
  const bool counts_the_same = old.type == changed.type && old.state == changed.state &&
                               keys::message_day(old.at) == keys::message_day(changed.at);
  if (counts_the_same) return;
  tally.count(old, Counting::kRemoved);
  tally.count(changed, Counting::kAdded);
}

std::uint8_t later_state(std::uint8_t from, std::uint8_t to) {
  if (to == kErrorState) return from == kPendingState ? to : from;
  return std::max(from, to);
}

template <typename T>
void fill(T& kept, const T& came) {
  if (kept == T()) kept = came;
}

/// What a record that came again adds to the one that is kept.
MessageRecord united(const MessageRecord& kept, const MessageRecord& came, Origin origin) {
  MessageRecord out = kept;
  const bool first_seen_live = origin == Origin::kLive && kept.from_history;
  const bool acknowledged = kept.from_me && kept.state <= kPendingState && came.state > kPendingState;
  if (acknowledged) out.at = came.at;
  out.state = later_state(kept.state, came.state);
  out.from_history = kept.from_history && origin == Origin::kHistory;
  out.starred = kept.starred || came.starred;
  for (const auto field : {&MessageRecord::sender_pn, &MessageRecord::sender_lid, &MessageRecord::chat_alt,
                           &MessageRecord::push_name, &MessageRecord::source})
    fill(out.*field, came.*field);
  for (const auto field :
       {&MessageRecord::revoked_at, &MessageRecord::delivered_at, &MessageRecord::read_at, &MessageRecord::played_at})
    fill(out.*field, came.*field);
  if (!came.content.empty() && (kept.content.empty() || (first_seen_live && !kept.edited_at))) {
    out.content = came.content;
    out.edited_at = came.edited_at;
    if (!came.type.empty()) out.type = came.type;
  }
  if (out.revoked_at) out.content.clear();
  return out;
}

/// Of the same message, under any address of its sender that `message` knows.
Result<std::optional<MessageRecord>> find_known(const Transaction& chats, const MessageRecord& message) {
  PONTE_ASSIGN(auto known, get_exactly(chats, message.name()));
  if (known || message.from_me || message.sender_lid.empty() || message.sender_pn.empty()) return known;
  return get_exactly(chats, {message.chat, message.sender_pn, message.id});
}

/// Puts a message beside those of its chat, without counting it there.
Result<Put> put(Transaction& chats, const MessageRecord& message, Origin origin, MessageTally& tally) {
  PONTE_ASSIGN(const auto known, find_known(chats, message));
  if (!known) {
    write_message(chats, message);
    tally.count(message, Counting::kAdded);
    return Put::kAdded;
  }
  const MessageRecord changed = united(*known, message, origin);
  if (changed == *known) return Put::kKnown;
  replace(chats, *known, changed, tally);
  return Put::kChanged;
}

}  // namespace

MessageName MessageRecord::name() const {
  if (from_me) return {chat, kMe, id};
  return {chat, !sender_lid.empty() ? sender_lid : !sender_pn.empty() ? sender_pn : chat, id};
}

Result<Put> put_message(Transaction& chats, const MessageRecord& message, Origin origin) {
  MessageTally tally;
  PONTE_ASSIGN(const Put put_as, put_message(chats, message, origin, tally));
  PONTE_TRY(tally.write(chats));
  return put_as;
}

Result<Put> put_message(Transaction& chats, const MessageRecord& message, Origin origin, MessageTally& tally) {
  MessageRecord timed = message;
  timed.at = keys::key_time(message.at);
  timed.state = std::min<std::uint8_t>(message.state, kPlayedState);
  if (timed.revoked_at) timed.content.clear();
  if (origin == Origin::kHistory) timed.from_history = true;
  PONTE_ASSIGN(const Put put_as, put(chats, timed, origin, tally));
  if (put_as == Put::kKnown) return put_as;
  tally.count_in_chat(timed.chat, put_as == Put::kAdded ? 1 : 0, timed.at);
  if (origin == Origin::kLive) chats.require(Durability::kPowerLoss);
  return put_as;
}

// ---- finding ----------------------------------------------------------------------------------------

Result<std::optional<MessageRecord>> get_message(RecordSource source, const MessageName& name) {
  PONTE_ASSIGN(auto exactly, get_exactly(source, name));
  if (exactly || name.sender == kMe) return exactly;
  PONTE_ASSIGN(auto others, find_message(source, name.id, name.chat));
  for (MessageRecord& message : others) {
    if (!message.from_me && (message.sender_pn == name.sender || message.sender_lid == name.sender))
      return std::optional(std::move(message));
  }
  return std::optional<MessageRecord>();
}

Result<std::optional<MessageRecord>> get_message(RecordSource source, std::string_view chat, std::string_view sender,
                                                 std::string_view id) {
  return get_message(source, {std::string(chat), std::string(sender), std::string(id)});
}

Result<std::vector<MessageRecord>> find_message(RecordSource source, std::string_view id) {
  return messages_behind(source, keys::message_ids(id));
}

Result<std::vector<MessageRecord>> find_message(RecordSource source, std::string_view id, std::string_view chat) {
  return messages_behind(source, keys::message_ids(id, chat));
}

Result<std::optional<MessageRecord>> oldest_message(const Transaction& chats, std::string_view chat) {
  PONTE_ASSIGN(const auto first, chats.scan_after(keys::messages(chat), "", 1));
  if (first.empty()) return std::optional<MessageRecord>();
  PONTE_ASSIGN(MessageRecord message, message_of(chats, first.front().first, first.front().second));
  return std::optional(std::move(message));
}

Result<MessagePage> messages_before(const StoreReader& reader, const Owner& owner, const MessageQuery& query) {
  const std::string prefix = keys::messages(query.chat);
  std::string before = query.to ? keys::messages_from(query.chat, *query.to) : "";
  if (!query.cursor.empty()) {
    const std::string at_cursor = prefix + query.cursor;
    if (!keys::message_place(at_cursor))
      return Error{Errc::kInvalidArgument, Cause::kInvalidRequest, "cursor: expected one that a page has given"};
    before = before.empty() ? at_cursor : std::min(before, at_cursor);
  }
  PONTE_ASSIGN(auto records, reader.scan_before(owner, prefix, before, query.limit + 1));
  const bool more = records.size() > query.limit;
  if (more) records.pop_back();
  MessagePage page;
  for (const auto& [key, value] : records) {
    PONTE_ASSIGN(MessageRecord message, message_of({reader, owner}, key, value));
    if (query.from && message.at < *query.from) return page;
    page.messages.push_back(std::move(message));
  }
  if (more && !records.empty()) page.next = records.back().first.substr(prefix.size());
  return page;
}

// ---- changing ---------------------------------------------------------------------------------------

Result<bool> change_message(Transaction& chats, const MessageName& name, UniqueFunction<void(MessageRecord&)> change) {
  PONTE_ASSIGN(const auto known, get_message(chats, name));
  if (!known) return false;
  MessageRecord changed = *known;
  change(changed);
  changed.chat = known->chat;
  changed.id = known->id;
  changed.from_me = known->from_me;
  changed.sender_pn = known->sender_pn;
  changed.sender_lid = known->sender_lid;
  changed.at = keys::key_time(changed.at);
  changed.state = std::min<std::uint8_t>(changed.state, kPlayedState);
  if (changed == *known) return false;
  MessageTally tally;
  replace(chats, *known, changed, tally);
  PONTE_TRY(tally.write(chats));
  return true;
}

Result<bool> set_message_state(Transaction& chats, const MessageName& name, std::uint8_t state, Wall at) {
  return change_message(chats, name, [state, at](MessageRecord& message) {
    message.state = later_state(message.state, state);
    const std::optional<Wall> now(at);
    if (state == kDeliveredState) fill(message.delivered_at, now);
    if (state == kReadState) fill(message.read_at, now);
    if (state == kPlayedState) fill(message.played_at, now);
  });
}

Result<bool> mark_revoked(Transaction& chats, const MessageName& name, Wall at) {
  return change_message(chats, name, [at](MessageRecord& message) {
    fill(message.revoked_at, std::optional(at));
    message.content.clear();
  });
}

Result<bool> edit_message(Transaction& chats, const MessageName& name, ByteView content, Wall at) {
  return change_message(chats, name, [content, at](MessageRecord& message) {
    if (message.revoked_at || (message.edited_at && *message.edited_at >= at)) return;
    message.edited_at = at;
    message.content.assign(content.begin(), content.end());
  });
}

Result<bool> erase_message(Transaction& chats, const MessageName& name) {
  PONTE_ASSIGN(const auto known, get_message(chats, name));
  if (!known) return false;
  erase_keys(chats, *known);
  MessageTally tally;
  tally.count(*known, Counting::kRemoved);
  tally.count_in_chat(known->chat, -1, std::nullopt);
  PONTE_TRY(tally.write(chats));
  return true;
}

Result<bool> erase_messages(Transaction& chats, std::string_view chat, Wall until, Starred starred) {
  std::size_t erased = 0;
  MessageTally tally;
  std::string after;
  for (bool done = false; !done && erased < kMessagesAtOnce;) {
    PONTE_ASSIGN(const auto records, chats.scan_after(keys::messages(chat), after, kMessagesAtOnce - erased));
    done = records.empty();
    for (const auto& [key, value] : records) {
      PONTE_ASSIGN(const MessageRecord message, message_of(chats, key, value));
      if (message.at > until) {
        done = true;
        break;
      }
      after = key;
      if (message.starred && starred == Starred::kKept) continue;
      erase_keys(chats, message);
      tally.count(message, Counting::kRemoved);
      ++erased;
    }
  }
  if (erased > 0) tally.count_in_chat(chat, -static_cast<std::int64_t>(erased), std::nullopt);
  PONTE_TRY(tally.write(chats));
  return erased == kMessagesAtOnce;
}

// ---- two chats that are one -------------------------------------------------------------------------

namespace {

std::string MessageRecord::*address_field(std::string_view jid) {
  return jid.ends_with("@lid") ? &MessageRecord::sender_lid : &MessageRecord::sender_pn;
}

/// The message as one of the other chat. Where it is there already, under what is now known to be one sender, both
/// become one: what was counted twice is counted once.
Result<Put> move_message(Transaction& chats, const MessageRecord& message, std::string_view into, MessageTally& tally) {
  MessageRecord moved = message;
  moved.chat = into;
  fill(moved.chat_alt, message.chat);
  if (!message.from_me && is_person(into)) {
    fill(moved.*address_field(into), std::string(into));
    if (is_person(message.chat)) fill(moved.*address_field(message.chat), message.chat);
  }
  erase_keys(chats, message);
  tally.count(message, Counting::kRemoved);
  return put(chats, moved, message.from_history ? Origin::kHistory : Origin::kLive, tally);
}

Status move_chat(Transaction& chats, const ChatRecord& from, std::string_view into) {
  PONTE_TRY(change_chat(chats, into, [&from, into](ChatRecord& chat) {
    fill(chat.name, from.name);
    fill(chat.pinned_at, from.pinned_at);
    fill(chat.muted_until, from.muted_until);
    fill(chat.ephemeral_expiration, from.ephemeral_expiration);
    fill(chat.pn, from.pn);
    fill(chat.lid, from.lid);
    if (from.jid.ends_with("@s.whatsapp.net")) fill(chat.pn, from.jid);
    if (into.ends_with("@lid")) fill(chat.lid, std::string(into));
    if (from.last_message_at)
      chat.last_message_at = std::max(chat.last_message_at.value_or(*from.last_message_at), *from.last_message_at);
    chat.unread_count += from.unread_count;
    chat.archived = chat.archived || from.archived;
    chat.marked_unread = chat.marked_unread || from.marked_unread;
    chat.end_of_history = chat.end_of_history || from.end_of_history;
  }));
  PONTE_ASSIGN(const auto labels, get_chat_labels(chats, from.jid));
  for (const std::string& id : labels) add_label(chats, id, into);
  return erase_chat(chats, from.jid);
}

/// Whoever was known under either address is one.
Status move_contact(Transaction& chats, std::string_view from, std::string_view into) {
  PONTE_ASSIGN(const auto known, get_contact(chats, from));
  if (!known) return Status::Ok();
  PONTE_TRY(change_contact(chats, into, [&known, from, into](ContactRecord& contact) {
    fill(contact.full_name, known->full_name);
    fill(contact.first_name, known->first_name);
    fill(contact.push_name, known->push_name);
    fill(contact.business_name, known->business_name);
    fill(contact.username, known->username);
    fill(contact.pn, known->pn);
    fill(contact.lid, known->lid);
    if (from.ends_with("@s.whatsapp.net")) fill(contact.pn, std::string(from));
    if (into.ends_with("@lid")) fill(contact.lid, std::string(into));
  }));
  erase_contact(chats, from);
  return Status::Ok();
}

}  // namespace

Result<bool> merge_chats(Transaction& chats, std::string_view from, std::string_view into) {
  if (from == into) return false;
  PONTE_ASSIGN(const auto records, chats.scan_after(keys::messages(from), "", kMessagesAtOnce));
  std::int64_t added = 0;
  std::optional<Wall> newest;
  MessageTally tally;
  for (const auto& [key, value] : records) {
    PONTE_ASSIGN(const MessageRecord message, message_of(chats, key, value));
    PONTE_ASSIGN(const Put put_as, move_message(chats, message, into, tally));
    if (put_as == Put::kAdded) ++added;
    newest = message.at;
  }
  if (!records.empty()) {
    tally.count_in_chat(from, -static_cast<std::int64_t>(records.size()), std::nullopt);
    tally.count_in_chat(into, added, newest);
  }
  PONTE_TRY(tally.write(chats));
  if (records.size() == kMessagesAtOnce) return true;
  PONTE_ASSIGN(const auto rest, get_chat(chats, from));
  if (rest) PONTE_TRY(move_chat(chats, *rest, into));
  PONTE_TRY(move_contact(chats, from, into));
  return false;
}

}  // namespace ponte::store
