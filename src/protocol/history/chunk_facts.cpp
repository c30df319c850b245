#include "protocol/history/chunk_facts.h"

#include <algorithm>
#include <optional>
#include <string>

#include "history.pb.h"
#include "protocol/messages/addresses.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/privacy_tokens.h"
#include "store/chat_records.h"
#include "store/messaging_records.h"

namespace ponte::protocol::history {
namespace {

using messages::Chat;

// Fields of HistorySync (wire: messages.md 4.4).
constexpr std::uint32_t kPushnames = 7;
constexpr std::uint32_t kMappings = 15;
constexpr std::uint32_t kNctSalt = 19;
constexpr std::uint32_t kInlineContacts = 20;

constexpr std::size_t kLargestSalt = 256;
constexpr std::size_t kLargestToken = 1024;

template <typename Message>
bool parse(Message& message, ByteView bytes) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::optional<wire::Jid> user_of(const std::string& text) {
  auto jid = wire::Jid::parse(text);
  if (!jid) return std::nullopt;
  *jid = messages::plain(jid->without_device());
  return messages::is_user(*jid) && messages::is_nameable(*jid) ? jid : std::nullopt;
}

/// Both are somebody's, or nothing is learnt.
Status learn_pair(Step& step, const std::string& pn, const std::string& lid) {
  const auto number = user_of(pn);
  const auto hidden = user_of(lid);
  return number && hidden ? messages::learn_mapping(step, *number, *hidden) : Status::Ok();
}

void fill(std::string& kept, const std::string& told) {
  if (kept.empty()) kept = told;
}

/// The record of somebody, under the address that his chat is kept under.
Result<Taken> change_contact(Step& step, const wire::Jid& jid, UniqueFunction<void(store::ContactRecord&)> change) {
  PONTE_ASSIGN(const Chat chat, messages::chat_of(step, jid));
  PONTE_ASSIGN(const bool changed,
               store::change_contact(step.chats, chat.jid.to_string(), [&chat, &change](store::ContactRecord& contact) {
                 fill(contact.pn, messages::text_of(chat.other.pn));
                 fill(contact.lid, messages::text_of(chat.other.lid));
                 change(contact);
               }));
  return changed ? Taken::kYes : Taken::kNo;
}

Result<Taken> take_pushname(Step& step, ByteView bytes) {
  proto::Pushname message;
  const bool parsed = parse(message, bytes);
  const auto jid = user_of(message.id());
  if (!parsed || !jid) return Taken::kUnreadable;
  // The phone writes a dash where it knows none.
  if (message.pushname().empty() || message.pushname() == "-") return Taken::kNo;
  return change_contact(step, *jid,
                        [&message](store::ContactRecord& contact) { fill(contact.push_name, message.pushname()); });
}

Result<Taken> take_mapping(Step& step, ByteView bytes) {
  proto::PhoneNumberToLIDMapping message;
  if (!parse(message, bytes) || !user_of(message.pn_jid()) || !user_of(message.lid_jid())) return Taken::kUnreadable;
  PONTE_TRY(learn_pair(step, message.pn_jid(), message.lid_jid()));
  return Taken::kYes;
}

Result<Taken> take_inline_contact(Step& step, ByteView bytes) {
  proto::InlineContact message;
  if (!parse(message, bytes)) return Taken::kUnreadable;
  const auto jid = user_of(message.lid_jid().empty() ? message.pn_jid() : message.lid_jid());
  if (!jid) return Taken::kUnreadable;
  PONTE_TRY(learn_pair(step, message.pn_jid(), message.lid_jid()));
  return change_contact(step, *jid, [&message](store::ContactRecord& contact) {
    fill(contact.full_name, message.full_name());
    fill(contact.first_name, message.first_name());
    fill(contact.username, message.username());
  });
}

Result<Taken> take_salt(Step& step, ByteView bytes) {
  if (bytes.empty() || bytes.size() > kLargestSalt) return Taken::kUnreadable;
  PONTE_ASSIGN(const auto known, store::get_nct_salt(step.store));
  // App state tells it too, and anew where it changes.
  if (known) return Taken::kNo;
  store::put_nct_salt(step.store, bytes);
  return Taken::kYes;
}

std::optional<Wall> time_of(std::uint64_t unix_seconds) {
  constexpr std::uint64_t kEndOfDates = 253'402'300'799;  // 9999-12-31T23:59:59Z
  if (unix_seconds == 0 || unix_seconds > kEndOfDates) return std::nullopt;
  return Wall(Seconds(static_cast<std::int64_t>(unix_seconds)));
}

/// Phones write seconds and milliseconds, and what has no end as a number beyond all dates.
std::optional<std::int64_t> muted_until(std::uint64_t told) {
  constexpr std::uint64_t kLastSeconds = 100'000'000'000;  // the year 5138
  constexpr std::uint64_t kLastMilliseconds = 100'000'000'000'000;
  if (told == 0) return std::nullopt;
  if (told < kLastSeconds) return static_cast<std::int64_t>(told * 1000);
  return told < kLastMilliseconds ? static_cast<std::int64_t>(told) : -1;
}

bool is_end_of_history(const proto::Conversation& conversation) {
  if (!conversation.has_end_of_history_transfer_type()) return conversation.end_of_history_transfer();
  return conversation.end_of_history_transfer_type() ==
         proto::Conversation::COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY;
}

/// What nobody but the phone knows, and only at the beginning.
void set_new_chat(store::ChatRecord& chat, const proto::Conversation& told) {
  chat.unread_count = told.unread_count();
  chat.marked_unread = told.marked_as_unread();
  chat.archived = told.archived();
  chat.pinned_at = time_of(told.pinned());
  chat.muted_until = muted_until(told.mute_end_time());
  chat.ephemeral_expiration = told.ephemeral_expiration();
  chat.last_message_at = time_of(std::max(told.conversation_timestamp(), told.last_msg_timestamp()));
}

Status take_token(Step& step, const Chat& chat, const proto::Conversation& told) {
  if (told.tc_token().empty() || told.tc_token().size() > kLargestToken || !messages::is_user(chat.jid)) return {};
  std::optional<std::int64_t> issued_at;
  if (const auto at = time_of(told.tc_token_sender_timestamp())) issued_at = unix_seconds(*at);
  const auto at = time_of(told.tc_token_timestamp());
  if (!at) return {};
  return messages::learn_privacy_token(step, chat.jid, as_bytes(told.tc_token()), unix_seconds(*at), issued_at);
}

}  // namespace

Result<Taken> take_field(Step& step, const FieldHeader& header, ByteView bytes) {
  if (header.type != WireType::kBytes) return Taken::kNo;
  switch (header.number) {
    case kPushnames: return take_pushname(step, bytes);
    case kMappings: return take_mapping(step, bytes);
    case kNctSalt: return take_salt(step, bytes);
    case kInlineContacts: return take_inline_contact(step, bytes);
    default: return Taken::kNo;
  }
}

Result<Taken> take_conversation(Step& step, ByteView bytes) {
  proto::Conversation told;
  if (!parse(told, bytes)) return Taken::kUnreadable;
  const auto jid = wire::Jid::parse(told.id());
  if (!jid || !messages::is_nameable(*jid)) return Taken::kUnreadable;
  PONTE_TRY(learn_pair(step, told.pn_jid(), told.lid_jid()));
  // Beside a LID stands the number alone, and the other way round.
  if (messages::is_lid(*jid)) PONTE_TRY(learn_pair(step, told.pn_jid(), told.id()));
  if (messages::is_pn(messages::plain(*jid))) PONTE_TRY(learn_pair(step, told.id(), told.lid_jid()));
  PONTE_ASSIGN(const Chat chat, messages::chat_of(step, *jid));
  const std::string name = chat.jid.to_string();
  PONTE_ASSIGN(const auto known, store::get_chat(step.chats, name));
  PONTE_TRY(store::change_chat(step.chats, name, [&](store::ChatRecord& record) {
    if (!known) set_new_chat(record, told);
    if (!messages::is_user(chat.jid)) fill(record.name, told.name());
    fill(record.pn, messages::text_of(chat.other.pn));
    fill(record.lid, messages::text_of(chat.other.lid));
    record.end_of_history = record.end_of_history || is_end_of_history(told);
  }));
  PONTE_TRY(take_token(step, chat, told));
  if (messages::is_user(chat.jid) && !told.name().empty()) {
    PONTE_TRY(change_contact(step, chat.jid,
                             [&told](store::ContactRecord& contact) { fill(contact.full_name, told.name()); }));
  }
  return Taken::kYes;
}

}  // namespace ponte::protocol::history
