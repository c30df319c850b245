#include "protocol/messages/kept.h"

#include <algorithm>

#include "protocol/messages/content.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/phone_requests.h"
#include "protocol/messages/unwrap.h"
#include "protocol/session/link_state.h"
#include "store/chat_records.h"
#include "store/message_records.h"

namespace ponte::protocol::messages {
namespace {

std::uint8_t number_of(MessageState state) {
  return static_cast<std::uint8_t>(state);
}

Bytes serialized(const proto::Message& message) {
  Bytes bytes(message.ByteSizeLong());
  message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

/// What is said, without wrappers and without what is for devices alone: keys are nobody's to read.
proto::Message content_of(const proto::Message& message) {
  proto::Message content = message;
  content.clear_sender_key_distribution_message();
  content.clear_fast_ratchet_key_sender_key_distribution_message();
  unwrap(content);
  return content;
}

/// The address that a sender's records are under: the LID where it is known.
std::string sender_name(const Party& party) {
  return text_of(party.lid ? party.lid : party.pn);
}

std::string other_of(const Chat& chat) {
  return text_of(is_lid(chat.jid) ? chat.other.pn : chat.other.lid);
}

Result<ChatMessage> chat_message(Step& step, const Source& source) {
  ChatMessage out;
  out.id = source.id;
  PONTE_ASSIGN(out.chat, chat_of(step, source.chat));
  PONTE_ASSIGN(out.sender, party_of(step, source.sender));
  out.from_me = source.from_me;
  out.at = source.at;
  out.push_name = source.push_name;
  out.from_offline = source.offline;
  return out;
}

store::MessageRecord record_of(const ChatMessage& message, Kind kind) {
  store::MessageRecord record;
  record.chat = message.chat.jid.to_string();
  record.chat_alt = other_of(message.chat);
  record.id = message.id;
  record.sender_pn = text_of(message.sender.pn);
  record.sender_lid = text_of(message.sender.lid);
  record.from_me = message.from_me;
  record.at = message.at;
  record.push_name = message.push_name;
  record.content = message.content;
  record.type = kind_name(kind);
  record.state = number_of(message.state);
  record.source = message.source;
  record.from_offline = message.from_offline;
  return record;
}

/// The wire has whole seconds. What came within one keeps its order by the milliseconds, as far as these reach.
Result<Wall> in_order(Step& step, const Chat& chat, Wall at) {
  PONTE_ASSIGN(const auto record, store::get_chat(step.chats, chat.jid.to_string()));
  if (!record || !record->last_message_at) return at;
  const auto second = std::chrono::floor<Seconds>(at);
  if (std::chrono::floor<Seconds>(*record->last_message_at) != second) return at;
  const Wall last = second + Milliseconds(999);
  return std::min(last, std::max(at, *record->last_message_at + Milliseconds(1)));
}

/// Who he is, as he says himself; and that his chat has something to be read.
Status note_sender(Step& step, const ChatMessage& message) {
  const std::string chat = message.chat.jid.to_string();
  const auto changed = store::change_chat(step.chats, chat, [&](store::ChatRecord& record) {
    record.unread_count = message.from_me ? 0 : record.unread_count + 1;
    record.pn = text_of(message.chat.other.pn);
    record.lid = text_of(message.chat.other.lid);
  });
  if (!changed.ok()) return changed.error();
  if (message.from_me || message.push_name.empty()) return Status::Ok();
  const auto named = store::change_contact(step.chats, sender_name(message.sender), [&](store::ContactRecord& record) {
    record.push_name = message.push_name;
    record.pn = text_of(message.sender.pn);
    record.lid = text_of(message.sender.lid);
  });
  return named.ok() ? Status::Ok() : Status(named.error());
}

/// The message that an edit or a revocation is about: its author's own, or in a group anybody's where the server has
/// let an admin through.
std::optional<store::MessageName> target_of(const Source& source, const ChatMessage& message, const Target& target) {
  store::MessageName name{message.chat.jid.to_string(), "", target.id};
  if (target.from_sender) {
    name.sender = message.from_me ? store::kMe : sender_name(message.sender);
    return name;
  }
  constexpr std::string_view kAdminRevoke = "8";
  const auto author = wire::Jid::parse(target.participant);
  if (source.kind != Source::Kind::kGroup || source.edit != kAdminRevoke || !author) return std::nullopt;
  name.sender = plain(*author).without_device().to_string();
  return name;
}

/// What changes another message. It is told, and no message itself.
Status keep_change(Step& step, const Source& source, ChatMessage message, const proto::Message& body,
                   const Content& content) {
  const auto target = content.target ? target_of(source, message, *content.target) : std::nullopt;
  if (!target) {
    step.emit(event::Refused{
        Error{Errc::kUntrusted, Cause::kStanzaUnexpected, "message: changes one that is not its sender's"}});
    return Status::Ok();
  }
  if (content.kind == Kind::kRevoke) {
    PONTE_ASSIGN(const auto known, store::get_message(step.chats, *target));
    if (known && known->revoked_at) return Status::Ok();
    const auto revoked = store::mark_revoked(step.chats, *target, message.at);
    if (!revoked.ok()) return revoked.error();
  } else {
    const Bytes text = serialized(body.protocol_message().edited_message());
    const auto edited = store::edit_message(step.chats, *target, text, message.at);
    if (!edited.ok()) return edited.error();
  }
  step.tell(event::MessageExchanged{std::move(message)});
  return Status::Ok();
}

Status set_state(Step& step, const store::MessageRecord& record, MessageState state, Wall at, bool& changed) {
  PONTE_ASSIGN(const bool moved, store::set_message_state(step.chats, record.name(), number_of(state), at));
  changed = changed || moved;
  return Status::Ok();
}

std::optional<MessageState> state_of(StatusChange::Kind kind) {
  switch (kind) {
    case StatusChange::Kind::kDelivered:
    case StatusChange::Kind::kInactive: return MessageState::kDelivered;
    case StatusChange::Kind::kRead:
    case StatusChange::Kind::kReadSelf: return MessageState::kRead;
    case StatusChange::Kind::kPlayed:
    case StatusChange::Kind::kPlayedSelf: return MessageState::kPlayed;
    case StatusChange::Kind::kServerError: return MessageState::kError;
    case StatusChange::Kind::kSender:
    case StatusChange::Kind::kRetry: return std::nullopt;
  }
  return std::nullopt;
}

bool is_of_self(StatusChange::Kind kind) {
  return kind == StatusChange::Kind::kReadSelf || kind == StatusChange::Kind::kPlayedSelf;
}

SentMessage sent_of(const store::MessageRecord& record, const Chat& chat) {
  SentMessage sent;
  sent.id = record.id;
  sent.chat = chat;
  sent.sender = {wire::Jid::parse(record.sender_pn), wire::Jid::parse(record.sender_lid)};
  sent.at = record.at;
  sent.content = record.content;
  return sent;
}

/// Of all with that id, the one that we sent ourselves.
Result<std::optional<store::MessageRecord>> own_message(Step& step, std::string_view id) {
  PONTE_ASSIGN(const auto found, store::find_message(step.chats, id));
  for (const store::MessageRecord& record : found) {
    if (record.from_me) return std::optional(record);
  }
  return std::optional<store::MessageRecord>();
}

}  // namespace

Result<store::MessageName> name_of(Step& step, const Source& source) {
  PONTE_ASSIGN(const Chat chat, chat_of(step, source.chat));
  PONTE_ASSIGN(const Party sender, party_of(step, source.sender));
  return store::MessageName{chat.jid.to_string(), sender_name(sender), source.id};
}

Result<bool> is_known(Step& step, const Source& source) {
  PONTE_ASSIGN(store::MessageName name, name_of(step, source));
  PONTE_ASSIGN(const bool seen, store::get_seen(step.store, store::day_of(source.at), name));
  if (seen) return true;
  if (source.from_me) name.sender = store::kMe;
  PONTE_ASSIGN(const auto kept, store::get_message(step.chats, name));
  return kept.has_value();
}

Status note_seen(Step& step, const Source& source) {
  PONTE_ASSIGN(const store::MessageName name, name_of(step, source));
  store::put_seen(step.store, store::day_of(source.at), name);
  return Status::Ok();
}

Status keep_incoming(Step& step, const Source& source, const proto::Message& message) {
  PONTE_ASSIGN(ChatMessage kept, chat_message(step, source));
  const proto::Message body = content_of(message);
  kept.content = serialized(body);
  if (kept.from_me) kept.state = MessageState::kServerAck;
  const auto read = read_content(kept.content);
  const Content content = read.ok() ? *read : Content();
  const bool changes = content.kind == Kind::kRevoke || content.kind == Kind::kEdit;
  if (changes && body.has_protocol_message()) return keep_change(step, source, std::move(kept), body, content);
  store::MessageRecord record = record_of(kept, content.kind);
  PONTE_ASSIGN(record.at, in_order(step, kept.chat, kept.at));
  PONTE_ASSIGN(const store::Put put, store::put_message(step.chats, record, store::Origin::kLive));
  // It has been told already, by an earlier stanza or by the one that sent it.
  if (put != store::Put::kAdded) return Status::Ok();
  PONTE_TRY(note_sender(step, kept));
  step.tell(event::MessageExchanged{std::move(kept)});
  return Status::Ok();
}

Status tell_lost(Step& step, const Source& source, LostMessage::Reason reason) {
  PONTE_ASSIGN(const ChatMessage message, chat_message(step, source));
  step.tell(event::MessageLost{{message.id, message.chat, message.sender, message.from_me, message.at, reason}});
  return Status::Ok();
}

Status tell_lost(Step& step, const store::MessageName& name, const store::Retry& retry) {
  const auto chat = wire::Jid::parse(name.chat);
  const auto sender = wire::Jid::parse(name.sender);
  if (!chat || !sender) return Status::Ok();
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  LostMessage lost;
  lost.id = name.id;
  PONTE_ASSIGN(lost.chat, chat_of(step, *chat));
  PONTE_ASSIGN(lost.sender, party_of(step, *sender));
  lost.from_me = own.is_own(*sender);
  lost.at = retry.message_at;
  step.tell(event::MessageLost{std::move(lost)});
  return Status::Ok();
}

Status no_longer_missing(Step& step, const Source& source) {
  forget_phone_request(step, source.id);
  PONTE_ASSIGN(const store::MessageName name, name_of(step, source));
  PONTE_ASSIGN(const auto retry, store::get_retry(step.store, name));
  if (retry) store::erase_retry(step.store, name);
  return Status::Ok();
}

Status keep_outgoing(Step& step, const Draft& draft, const wire::Jid& to, std::uint32_t attempts) {
  store::Outgoing outgoing;
  outgoing.to = to.to_string();
  outgoing.content = draft.content;
  outgoing.at = step.link.server_time(step.now);
  outgoing.type = "text";
  outgoing.peer = draft.kind == Draft::Kind::kPeer;
  outgoing.attempts = attempts;
  store::put_outgoing(step.store, draft.id, outgoing);
  store::put_unacknowledged(step.store, draft.id);
  if (outgoing.peer) return Status::Ok();
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  ChatMessage message;
  message.id = draft.id;
  PONTE_ASSIGN(message.chat, chat_of(step, to));
  message.sender = own.party();
  message.from_me = true;
  message.at = outgoing.at;
  message.content = draft.content;
  message.source = draft.source;
  message.state = MessageState::kPending;
  const auto content = read_content(draft.content);
  const Kind kind = content.ok() ? content->kind : Kind::kUnknown;
  store::MessageRecord record = record_of(message, kind);
  PONTE_ASSIGN(record.at, in_order(step, message.chat, message.at));
  const auto put = store::put_message(step.chats, record, store::Origin::kLive);
  return put.ok() ? Status::Ok() : Status(put.error());
}

Result<std::optional<SentMessage>> keep_acknowledged(Step& step, std::string_view id, Wall at) {
  std::optional<SentMessage> none;
  PONTE_ASSIGN(auto outgoing, store::get_outgoing(step.store, id));
  if (!outgoing) return none;
  store::erase_unacknowledged(step.store, id);
  PONTE_ASSIGN(auto record, own_message(step, id));
  const auto to = wire::Jid::parse(outgoing->to);
  if (!record || !to) return none;
  PONTE_ASSIGN(const Chat chat, chat_of(step, *to));
  if (record->state >= number_of(MessageState::kServerAck)) return std::optional(sent_of(*record, chat));
  if (std::chrono::floor<Seconds>(record->at) != std::chrono::floor<Seconds>(at)) {
    PONTE_ASSIGN(record->at, in_order(step, chat, at));
  }
  record->state = number_of(MessageState::kServerAck);
  PONTE_ASSIGN([[maybe_unused]] const auto put, store::put_message(step.chats, *record, store::Origin::kLive));
  SentMessage sent = sent_of(*record, chat);
  ChatMessage message;
  message.id = id;
  message.chat = chat;
  message.sender = sent.sender;
  message.from_me = true;
  message.at = at;
  message.content = record->content;
  message.source = record->source;
  message.state = MessageState::kServerAck;
  step.tell(event::MessageExchanged{std::move(message)});
  return std::optional(std::move(sent));
}

Status keep_refused(Step& step, std::string_view id, const Error& why) {
  PONTE_ASSIGN(const auto outgoing, store::get_outgoing(step.store, id));
  const auto to = outgoing ? wire::Jid::parse(outgoing->to) : std::nullopt;
  if (!to || outgoing->peer) return Status::Ok();
  StatusChange change;
  change.kind = StatusChange::Kind::kServerError;
  change.message_ids = {std::string(id)};
  PONTE_ASSIGN(change.chat, chat_of(step, *to));
  change.at = step.link.server_time(step.now);
  change.why = why;
  return keep_status(step, std::move(change));
}

Result<std::optional<SentMessage>> sent_before(Step& step, std::string_view id) {
  std::optional<SentMessage> none;
  PONTE_ASSIGN(const auto record, own_message(step, id));
  if (!record || record->state < number_of(MessageState::kServerAck)) return none;
  const auto jid = wire::Jid::parse(record->chat);
  if (!jid) return none;
  PONTE_ASSIGN(const Chat chat, chat_of(step, *jid));
  return std::optional(sent_of(*record, chat));
}

Status keep_status(Step& step, StatusChange change) {
  const auto state = state_of(change.kind);
  bool changed = !state;
  for (const std::string& id : change.message_ids) {
    PONTE_ASSIGN(const auto found, store::find_message(step.chats, id, change.chat.jid.to_string()));
    // Of one that is not known, whoever watches may know.
    changed = changed || found.empty();
    for (const store::MessageRecord& record : found) {
      if (record.from_me == is_of_self(change.kind)) continue;
      if (state) PONTE_TRY(set_state(step, record, *state, change.at, changed));
    }
  }
  change.of_own_message = !is_of_self(change.kind);
  if (is_of_self(change.kind)) {
    const auto read = store::change_chat(step.chats, change.chat.jid.to_string(),
                                         [](store::ChatRecord& record) { record.unread_count = 0; });
    if (!read.ok()) return read.error();
  }
  // In a group each one says it for himself.
  if (changed || !is_user(change.chat.jid)) step.tell(event::StatusChanged{std::move(change)});
  return Status::Ok();
}

Status tell_retry(Step& step, const store::Outgoing& outgoing, const std::string& id, const wire::Jid& device) {
  const auto to = wire::Jid::parse(outgoing.to);
  if (!to) return Status::Ok();
  StatusChange change;
  change.kind = StatusChange::Kind::kRetry;
  change.message_ids = {id};
  PONTE_ASSIGN(change.chat, chat_of(step, *to));
  PONTE_ASSIGN(change.actor, party_of(step, device));
  change.at = step.link.server_time(step.now);
  return keep_status(step, std::move(change));
}

Result<std::map<std::string, std::vector<std::string>>> read_messages(Step& step, const wire::Jid& chat,
                                                                      const std::vector<std::string>& ids) {
  PONTE_ASSIGN(const Chat where, chat_of(step, chat));
  std::map<std::string, std::vector<std::string>> out;
  for (const std::string& id : ids) {
    PONTE_ASSIGN(const auto found, store::find_message(step.chats, id, where.jid.to_string()));
    for (const store::MessageRecord& record : found) {
      if (record.from_me) continue;
      bool changed = false;
      PONTE_TRY(set_state(step, record, MessageState::kRead, step.link.server_time(step.now), changed));
      out[record.name().sender].push_back(id);
    }
  }
  if (out.empty()) return out;
  const auto read = store::change_chat(step.chats, where.jid.to_string(), [&](store::ChatRecord& record) {
    record.unread_count = 0;
    record.marked_unread = false;
  });
  if (!read.ok()) return read.error();
  return out;
}

Status quote(Step& step, const wire::Jid& chat, const std::string& id, proto::ContextInfo& context) {
  PONTE_ASSIGN(const Chat where, chat_of(step, chat));
  PONTE_ASSIGN(const auto found, store::find_message(step.chats, id, where.jid.to_string()));
  if (found.empty())
    return Error{Errc::kNotFound, Cause::kMessageNotFound, "no message with the id of replyTo is known in this chat"};
  const store::MessageRecord& record = found.front();
  context.set_stanza_id(id);
  context.set_participant(record.sender_lid.empty() ? record.sender_pn : record.sender_lid);
  proto::Message quoted;
  if (quoted.ParseFromArray(record.content.data(), static_cast<int>(record.content.size()))) {
    quoted.clear_message_context_info();
    context.mutable_quoted_message()->Swap(&quoted);
  }
  return Status::Ok();
}

}  // namespace ponte::protocol::messages
