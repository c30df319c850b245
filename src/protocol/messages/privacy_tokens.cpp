#include "protocol/messages/privacy_tokens.h"

#include "crypto/digest.h"
#include "protocol/messages/lid_map.h"
#include "protocol/session/link_state.h"
#include "store/messaging_records.h"

namespace ponte::protocol::messages {
namespace {

constexpr std::int64_t kBucket = 604'800;
constexpr std::int64_t kBuckets = 4;
constexpr std::size_t kLongestToken = 1024;

std::int64_t server_seconds(const Step& step) {
  return unix_seconds(step.link.server_time(step.now));
}

/// Tokens are kept under the LID where it is known.
Result<std::string> token_name(Step& step, const wire::Jid& contact) {
  PONTE_ASSIGN(const Chat chat, chat_of(step, contact));
  return chat.jid.to_string();
}

}  // namespace

bool is_valid_token(std::int64_t at, std::int64_t now) {
  return at >= (now / kBucket - (kBuckets - 1)) * kBucket;
}

Status add_privacy_token(Step& step, const Destination& destination, wire::Node& stanza) {
  if (destination.recipients.empty()) return Status::Ok();
  PONTE_ASSIGN(const std::string name, token_name(step, destination.to));
  PONTE_ASSIGN(const auto known, store::get_privacy_token(step.store, name));
  if (known && !known->token.empty() && is_valid_token(known->at, server_seconds(step))) {
    stanza.child(wire::Node("tctoken").bytes(known->token));
    return Status::Ok();
  }
  PONTE_ASSIGN(const auto salt, store::get_nct_salt(step.store));
  if (salt && is_lid(destination.to))
    stanza.child(wire::Node("cstoken").bytes(crypto::hmac_sha256(*salt, as_bytes(destination.to.to_string()))));
  return Status::Ok();
}

Status issue_privacy_token(Step& step, const Chat& chat) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  if (!is_user(chat.jid) || own.is_own(chat.jid)) return Status::Ok();
  const std::string name = chat.jid.to_string();
  PONTE_ASSIGN(const auto known, store::get_privacy_token(step.store, name));
  const std::int64_t now = server_seconds(step);
  if (known && known->issued_at && *known->issued_at / kBucket == now / kBucket) return Status::Ok();
  store::PrivacyToken token = known.value_or(store::PrivacyToken());
  token.issued_at = now;
  store::put_privacy_token(step.store, name, token);
  wire::Node issued("token");
  issued.with("jid", chat.jid).with("t", std::to_string(now)).with("type", "trusted_contact");
  return step.send_iq(wire::server_iq("privacy", "set").child(wire::Node("tokens").child(std::move(issued))),
                      [](Step&, const IqAnswer&) { return Status::Ok(); });
}

Status learn_privacy_token(Step& step, const wire::Jid& contact, ByteView token, std::int64_t at,
                           std::optional<std::int64_t> issued_at) {
  if (!is_user(contact) || !is_nameable(contact) || token.size() > kLongestToken) return Status::Ok();
  PONTE_ASSIGN(const std::string name, token_name(step, contact));
  PONTE_ASSIGN(const auto known, store::get_privacy_token(step.store, name));
  store::PrivacyToken updated = known.value_or(store::PrivacyToken());
  if (!token.empty() && at >= updated.at) {
    updated.token = to_bytes(token);
    updated.at = at;
  }
  if (issued_at && (!updated.issued_at || *issued_at > *updated.issued_at)) updated.issued_at = issued_at;
  store::put_privacy_token(step.store, name, updated);
  return Status::Ok();
}

Status on_privacy_token(Step& step, const wire::Node& notification) {
  const auto from = notification.jid("from");
  const wire::Node* tokens = notification.find("tokens");
  if (!from || tokens == nullptr) return Status::Ok();
  if (const auto lid = notification.jid("sender_lid")) PONTE_TRY(learn_mapping(step, *from, *lid));
  for (const wire::Node& token : tokens->children()) {
    const auto bytes = token.leaf();
    if (token.attribute("type") != "trusted_contact" || !bytes) continue;
    const auto at = static_cast<std::int64_t>(token.number("t").value_or(0) & 0xFFFF'FFFF);
    PONTE_TRY(learn_privacy_token(step, *from, *bytes, at, std::nullopt));
  }
  return Status::Ok();
}

}  // namespace ponte::protocol::messages
