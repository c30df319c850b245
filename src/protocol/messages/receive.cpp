#include "protocol/messages/receive.h"

#include "protocol/handlers/handlers.h"
#include "protocol/messages/identities.h"
#include "protocol/messages/incoming.h"
#include "protocol/messages/kept.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/open.h"
#include "protocol/messages/phone_requests.h"
#include "protocol/messages/reading.h"
#include "protocol/messages/receipts.h"
#include "protocol/session/link_state.h"
#include "store/messaging_records.h"

namespace ponte::protocol::messages {
namespace {

using handlers::AckType;
using handlers::send_ack;

constexpr Seconds kStatusWorthRetrying{86'400};

/// Both addresses of who takes part, before anything is decrypted: the sessions are kept under the LID.
Status learn_addresses(Step& step, const Source& source) {
  if (source.sender_pair) PONTE_TRY(learn_mapping(step, source.sender_pair->pn, source.sender_pair->lid));
  if (source.chat_pair) PONTE_TRY(learn_mapping(step, source.chat_pair->pn, source.chat_pair->lid));
  return Status::Ok();
}

/// Without encryption between ends.
Status receive_newsletter(Step& step, const wire::Node& node, const Source& source) {
  const wire::Node* plaintext = node.find("plaintext");
  const auto bytes = plaintext ? plaintext->leaf() : std::nullopt;
  proto::Message message;
  if (bytes && message.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())) && has_content(message))
    PONTE_TRY(keep_incoming(step, source, message));
  return send_ack(step, node, AckType::kOmitted);
}

/// The server has no copy for this device.
Status receive_unavailable(Step& step, const wire::Node& node, const Source& source, const wire::Node& unavailable) {
  const bool ask = unavailable.attribute("type").value_or("").empty() && !unavailable.attribute("hosted");
  PONTE_TRY(ask ? ask_phone(step, source) : tell_lost(step, source, LostMessage::Reason::kUnavailable));
  return send_ack(step, node, AckType::kOmitted);
}

Status give_up(Step& step, const wire::Node& node, const Source& source, const store::MessageName& name,
               store::Retry retry) {
  // Told once: the record stays, in case that the server offers it again.
  if (retry.count <= kMostRetries) {
    retry.count = kMostRetries + 1;
    store::put_retry(step.store, name, retry);
    PONTE_TRY(tell_lost(step, source, LostMessage::Reason::kUndecryptable));
  }
  return send_ack(step, node, AckType::kOmitted);
}

/// Asks for the message again, and counts how often: over restarts too.
Status ask_again(Step& step, const wire::Node& node, const Source& source, const Opened& opened) {
  const Error& why = *opened.failure;
  step.emit(event::Refused{why});
  if (source.is_status() && step.link.server_time(step.now) - source.at > kStatusWorthRetrying)
    return send_ack(step, node, AckType::kOmitted);
  PONTE_ASSIGN(const store::MessageName name, name_of(step, source));
  PONTE_ASSIGN(const auto asked, store::get_retry(step.store, name));
  store::Retry retry = asked.value_or(store::Retry{0, step.now.wall, source.at, false});
  if (!asked) retry.count = std::min(opened.count, kMostRetries);
  if (retry.count >= kMostRetries) return give_up(step, node, source, name, retry);
  ++retry.count;
  store::put_retry(step.store, name, retry);
  if (source.from_me && !source.peer) {
    // What we sent elsewhere: the phone has it.
    PONTE_TRY(ask_phone(step, source));
    return send_sender_receipt(step, node);
  }
  const auto with_keys = opened.only_sender_key_missing ? WithKeys::kAlways : WithKeys::kFromSecond;
  PONTE_TRY(send_retry_receipt(step, node, source, retry.count, why, with_keys));
  if (!source.peer && !source.is_status()) PONTE_TRY(ask_phone_later(step, source));
  return send_ack(step, node, AckType::kOmitted);
}

Status receive_encrypted(Step& step, const wire::Node& node, const Source& source) {
  PONTE_ASSIGN(Opened opened, open_message(step, source, node));
  if (opened.changed_identity) PONTE_TRY(on_changed_identity(step, source.sender));
  for (proto::Message& message : opened.messages) PONTE_TRY(take_message(step, source, std::move(message)));
  if (opened.failure) return ask_again(step, node, source, opened);
  PONTE_ASSIGN(const bool known, is_known(step, source));
  if (!known && opened.duplicate) {
    // Its key is used up, and still nobody has seen it: a sender key that was handed out later than this message was
    // written begins behind it.
    opened.failure = Error{Errc::kUntrusted, Cause::kSignalDuplicate, "message: its key is used up, but it never came"};
    return ask_again(step, node, source, opened);
  }
  if (!known) PONTE_TRY(note_seen(step, source));
  // The answer says that the message is here for good.
  step.store.require(store::Durability::kPowerLoss);
  if (!opened.messages.empty()) PONTE_TRY(no_longer_missing(step, source));
  if (node.tag == "status") PONTE_TRY(send_ack(step, node, AckType::kCopied));
  PONTE_TRY(send_receipt(step, node, source));
  return opened.messages.empty() ? Status::Ok() : read_at_once(step, source);
}

bool has_enc(const wire::Node& node, std::string_view type) {
  for (const wire::Node& child : node.children()) {
    if (child.tag == "enc" && (type.empty() || child.attribute("type") == type)) return true;
  }
  return false;
}

}  // namespace

Status receive_message(Step& step, const wire::Node& node) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  const auto source = resolve_source(node, own, step.now.wall);
  if (!source.ok()) {
    step.emit(event::Refused{source.error()});
    return send_ack(step, node, AckType::kOmitted, "487");  // parsing
  }
  if (source->kind == Source::Kind::kNewsletter) return receive_newsletter(step, node, *source);
  PONTE_TRY(learn_addresses(step, *source));
  if (has_enc(node, "msmsg") && !has_enc(node, "pkmsg") && !has_enc(node, "msg"))
    return send_ack(step, node, AckType::kOmitted, "495");  // we hold no secret that a bot's answer is under
  if (has_enc(node, "")) return receive_encrypted(step, node, *source);
  if (const wire::Node* unavailable = node.find("unavailable"))
    return receive_unavailable(step, node, *source, *unavailable);
  return send_ack(step, node, AckType::kOmitted);
}

}  // namespace ponte::protocol::messages
