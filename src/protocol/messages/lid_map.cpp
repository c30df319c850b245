#include "protocol/messages/lid_map.h"

#include "protocol/messages/addresses.h"
#include "protocol/session/link_state.h"
#include "store/message_records.h"
#include "store/messaging_records.h"
#include "store/signal_records.h"

namespace ponte::protocol::messages {
namespace {

/// One device's records, from its PN to its LID. A session that is there under the LID stays: the peer speaks on it.
Status move_device(Step& step, const crypto::SignalAddress& from, const crypto::SignalAddress& to) {
  PONTE_ASSIGN(auto session, store::get_signal_session(step.store, from));
  if (session) {
    PONTE_ASSIGN(const auto kept, store::get_signal_session(step.store, to));
    if (!kept) store::put_signal_session(step.store, to, std::move(*session));
    store::erase_signal_session(step.store, from);
  }
  PONTE_ASSIGN(const auto identity, store::get_signal_identity(step.store, from));
  if (identity) {
    PONTE_ASSIGN(const auto kept, store::get_signal_identity(step.store, to));
    if (!kept) store::put_signal_identity(step.store, to, *identity);
    store::erase_signal_identity(step.store, from);
  }
  PONTE_ASSIGN(const std::vector<std::string> groups, store::get_sender_key_groups(step.store, from));
  for (const std::string& group : groups) {
    PONTE_ASSIGN(auto record, store::get_sender_key(step.store, {group, from}));
    PONTE_ASSIGN(const auto kept, store::get_sender_key(step.store, {group, to}));
    if (record && !kept) store::put_sender_key(step.store, {group, to}, std::move(*record));
    store::erase_sender_key(step.store, {group, from});
  }
  return Status::Ok();
}

/// The token that he has given us stays his.
Status move_token(Step& step, const std::string& from, const std::string& to) {
  PONTE_ASSIGN(const auto token, store::get_privacy_token(step.store, from));
  if (!token) return Status::Ok();
  PONTE_ASSIGN(const auto kept, store::get_privacy_token(step.store, to));
  if (!kept || kept->at < token->at) store::put_privacy_token(step.store, to, *token);
  store::erase_privacy_token(step.store, from);
  return Status::Ok();
}

/// What does not fit into this step is noted, and goes on in the next.
Status merge_chat(Step& step, const wire::Jid& number, const wire::Jid& hidden) {
  PONTE_ASSIGN(const bool more, store::merge_chats(step.chats, number.to_string(), hidden.to_string()));
  if (!more) return Status::Ok();
  store::put_chat_merge(step.store, number.user);
  step.link.messaging.merging_chats = true;
  return Status::Ok();
}

}  // namespace

Status learn_mapping(Step& step, const wire::Jid& pn, const wire::Jid& lid) {
  const wire::Jid number = plain(pn);
  const wire::Jid hidden = plain(lid);
  if (number.server != wire::kUserServer || hidden.server != wire::kLidServer) return Status::Ok();
  if (!is_nameable(number) || !is_nameable(hidden)) return Status::Ok();
  PONTE_ASSIGN(const auto known, store::get_lid_of(step.store, number.user));
  if (known == hidden.user) return Status::Ok();
  store::put_lid_mapping(step.store, number.user, hidden.user);
  const std::string name = signal_address(number).name;
  PONTE_ASSIGN(const std::vector<std::int32_t> devices, store::get_signal_devices(step.store, name));
  for (const std::int32_t device : devices)
    PONTE_TRY(move_device(step, {name, device}, {signal_address(hidden).name, device}));
  PONTE_TRY(move_token(step, number.to_string(), hidden.to_string()));
  return merge_chat(step, number, hidden);
}

Status merge_more_chats(Step& step) {
  PONTE_ASSIGN(const auto users, store::get_chat_merges(step.store));
  step.link.messaging.merging_chats = users.size() > 1;
  if (users.empty()) return Status::Ok();
  PONTE_ASSIGN(const auto lid, store::get_lid_of(step.store, users.front()));
  store::erase_chat_merge(step.store, users.front());
  if (!lid) return Status::Ok();
  return merge_chat(step, device_jid(users.front(), wire::kUserServer), device_jid(*lid, wire::kLidServer));
}

Result<std::optional<wire::Jid>> other_address(Step& step, const wire::Jid& user) {
  const wire::Jid jid = plain(user);
  std::optional<std::string> other;
  if (is_pn(jid)) {
    PONTE_ASSIGN(other, store::get_lid_of(step.store, jid.user));
  } else if (is_lid(jid)) {
    PONTE_ASSIGN(other, store::get_pn_of(step.store, jid.user));
  }
  if (!other) return std::optional<wire::Jid>();
  return std::optional(device_jid(*other, is_pn(jid) ? wire::kLidServer : wire::kUserServer, jid.device));
}

Result<wire::Jid> encryption_jid(Step& step, const wire::Jid& device) {
  if (device.server != wire::kUserServer) return device;
  PONTE_ASSIGN(const auto lid, other_address(step, device));
  return lid.value_or(device);
}

std::string text_of(const std::optional<wire::Jid>& jid) {
  return jid ? jid->to_string() : std::string();
}

Result<Party> party_of(Step& step, const wire::Jid& user) {
  const wire::Jid jid = plain(user).without_device();
  PONTE_ASSIGN(auto other, other_address(step, jid));
  Party out;
  (is_lid(jid) ? out.lid : out.pn) = jid;
  if (other) (is_lid(*other) ? out.lid : out.pn) = std::move(other);
  return out;
}

Result<Chat> chat_of(Step& step, const wire::Jid& jid) {
  Chat out;
  out.jid = plain(jid).without_device();
  if (!is_user(out.jid)) return out;
  PONTE_ASSIGN(out.other, party_of(step, out.jid));
  if (out.other.lid) out.jid = *out.other.lid;
  return out;
}

}  // namespace ponte::protocol::messages
