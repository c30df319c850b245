#include "protocol/history/web_message.h"

#include <algorithm>

#include "protocol/history/protobuf_fields.h"
#include "protocol/messages/addresses.h"
#include "protocol/messages/content.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/unwrap.h"

namespace ponte::protocol::history {
namespace {

using messages::Chat;
using messages::Kind;
using messages::MessageState;
using messages::Party;
using proto::WebMessageInfo;

constexpr std::uint32_t kMessageField = 2;
constexpr std::size_t kSecretSize = 32;
/// Senders whose addresses are remembered at most.
constexpr std::size_t kMostParties = 4096;
constexpr std::uint64_t kEndOfDates = 253'402'300'799;  // 9999-12-31T23:59:59Z

Bytes serialized(const proto::Message& message) {
  Bytes bytes(message.ByteSizeLong());
  message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

std::optional<Wall> time_of(std::int64_t unix_seconds) {
  if (unix_seconds <= 0 || static_cast<std::uint64_t>(unix_seconds) > kEndOfDates) return std::nullopt;
  return Wall(Seconds(unix_seconds));
}

/// A secret that stands beside the message belongs into it: votes and edits are sealed with it (wire: messages.md 7.2).
void add_secret(Bytes& content, const std::string& secret) {
  // messageContextInfo (35) with messageSecret (3). A field that comes twice is merged.
  constexpr std::uint8_t kHead[] = {0x9A, 0x02, kSecretSize + 2, 0x1A, kSecretSize};
  append(content, kHead);
  append(content, as_bytes(secret));
}

}  // namespace

Result<WebMessageReader> WebMessageReader::make(Step& step) {
  PONTE_ASSIGN(const messages::OwnAddress own, messages::own_address(step));
  return WebMessageReader(own.party());
}

/// Null where it is nobody's address.
Result<const Chat*> WebMessageReader::chat_of(Step& step, const std::string& jid) {
  if (jid != chat_jid_ || jid.empty()) {
    chat_jid_ = jid;
    chat_.reset();
    const auto parsed = wire::Jid::parse(jid);
    if (parsed && messages::is_nameable(*parsed)) {
      PONTE_ASSIGN(chat_, messages::chat_of(step, *parsed));
    }
  }
  return chat_ ? &*chat_ : nullptr;
}

Result<const Party*> WebMessageReader::party_of(Step& step, const std::string& jid) {
  auto known = parties_.find(jid);
  if (known == parties_.end()) {
    if (parties_.size() == kMostParties) parties_.clear();
    std::optional<Party> party;
    const auto parsed = wire::Jid::parse(jid);
    if (parsed && messages::is_nameable(*parsed) && messages::is_user(messages::plain(*parsed))) {
      PONTE_ASSIGN(party, messages::party_of(step, *parsed));
    }
    known = parties_.emplace(jid, std::move(party)).first;
  }
  return known->second ? &*known->second : nullptr;
}

/// False where nobody is named.
Result<bool> WebMessageReader::read_sender(Step& step, const Chat& chat) {
  const Party* sender = nullptr;
  if (record_.from_me) {
    sender = &own_;
  } else if (messages::is_user(chat.jid)) {
    sender = &chat.other;
  } else {
    const std::string& participant =
        info_.key().participant().empty() ? info_.participant() : info_.key().participant();
    PONTE_ASSIGN(sender, party_of(step, participant));
    // A channel speaks for itself.
    if (sender == nullptr) return messages::is_newsletter(chat.jid);
  }
  record_.sender_pn = messages::text_of(sender->pn);
  record_.sender_lid = messages::text_of(sender->lid);
  return true;
}

void WebMessageReader::read_state() {
  const MessageState unsaid = record_.from_me ? MessageState::kServerAck : MessageState::kDelivered;
  record_.state = info_.has_status() ? static_cast<std::uint8_t>(info_.status()) : static_cast<std::uint8_t>(unsaid);
  record_.starred = info_.starred();
  if (!record_.from_me || info_.user_receipt_size() != 1) return;
  const proto::UserReceipt& receipt = info_.user_receipt(0);
  record_.delivered_at = time_of(receipt.receipt_timestamp());
  record_.read_at = time_of(receipt.read_timestamp());
  record_.played_at = time_of(receipt.played_timestamp());
}

/// An edited message comes as its edit, which names it.
bool WebMessageReader::take_edit(const proto::Message& message) {
  const proto::ProtocolMessage& edit = messages::innermost(message).protocol_message();
  if (edit.type() != proto::ProtocolMessage::MESSAGE_EDIT || !messages::is_message_id(edit.key().id())) return false;
  record_.id = edit.key().id();
  record_.edited_at = record_.at;
  record_.content = serialized(edit.edited_message());
  record_.type = messages::kind_name(messages::read_kind(edit.edited_message()));
  return true;
}

WebMessageReader::Outcome WebMessageReader::read_content(ByteView info) {
  const proto::Message& message = info_.message();
  const Kind kind = messages::read_kind(message);
  // What is about another message has done its work before the phone tells of it.
  if (kind == Kind::kEdit) return take_edit(message) ? Outcome::kMessage : Outcome::kEvent;
  if (kind == Kind::kInternal || kind == Kind::kRevoke) return Outcome::kEvent;
  record_.type = messages::kind_name(kind);
  const auto raw = only_field(info, kMessageField);
  // In several parts, which only a parser puts together, it has no bytes of its own.
  record_.content = raw ? to_bytes(*raw) : serialized(message);
  const std::string& secret = info_.message_secret();
  if (secret.size() == kSecretSize && message.message_context_info().message_secret().empty())
    add_secret(record_.content, secret);
  return Outcome::kMessage;
}

Result<WebMessageReader::Outcome> WebMessageReader::read(Step& step, ByteView info, const std::string& chat_jid,
                                                         std::optional<Wall> oldest) {
  if (!info_.ParseFromArray(info.data(), static_cast<int>(info.size()))) return Outcome::kUnreadable;
  const proto::MessageKey& key = info_.key();
  const auto at = time_of(static_cast<std::int64_t>(std::min(info_.message_timestamp(), kEndOfDates + 1)));
  if (!messages::is_message_id(key.id()) || !at) return Outcome::kUnreadable;
  if (oldest && *at < *oldest) return Outcome::kTooOld;
  PONTE_ASSIGN(const Chat* chat, chat_of(step, chat_jid.empty() ? key.remote_jid() : chat_jid));
  if (chat == nullptr) return Outcome::kUnreadable;

  record_ = {};
  record_.chat = chat->jid.to_string();
  record_.id = key.id();
  record_.from_me = key.from_me();
  record_.at = *at;
  if (chat->other.pn && chat->other.lid) record_.chat_alt = messages::text_of(chat->other.pn);
  if (!record_.from_me) record_.push_name = info_.push_name();
  record_.from_history = true;
  // Events of the system have nobody who sent them.
  if (!info_.has_message()) return Outcome::kEvent;
  PONTE_ASSIGN(const bool has_sender, read_sender(step, *chat));
  if (!has_sender) return Outcome::kUnreadable;
  read_state();
  return read_content(info);
}

}  // namespace ponte::protocol::history
