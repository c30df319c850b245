#include "protocol/messages/retry_answer.h"

#include <algorithm>

#include "base/reader.h"
#include "crypto/signal/sessions.h"
#include "protocol/devices/bundles.h"
#include "protocol/messages/fanout.h"
#include "protocol/messages/groups.h"
#include "protocol/messages/kept.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/receive.h"
#include "protocol/messages/signal_records.h"
#include "protocol/session/link_state.h"
#include "store/messaging_records.h"

namespace ponte::protocol::messages {
namespace {

constexpr std::uint32_t kMostAnswers = 10;  ///< of one message, to one device

/// Who asks, and for what.
struct Request {
  std::string id;
  wire::Jid device;
  std::uint32_t count = 1;
  std::optional<std::uint32_t> registration_id;
};

std::optional<Request> read(const wire::Node& receipt) {
  const wire::Node* retry = receipt.find("retry");
  const auto participant = receipt.jid("participant");
  const auto device = participant ? participant : receipt.jid("from");
  if (retry == nullptr || !device || !is_nameable(*device) || !is_user(*device)) return std::nullopt;
  Request out;
  out.id = receipt.attribute("id").value_or("");
  out.device = plain(*device);
  out.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(retry->number("count").value_or(1), 1000));
  const wire::Node* registration = receipt.find("registration");
  const auto bytes = registration ? registration->leaf() : std::nullopt;
  if (bytes && bytes->size() == 4) out.registration_id = static_cast<std::uint32_t>(*Reader(*bytes).big_endian(4));
  if (!is_message_id(out.id)) return std::nullopt;
  return out;
}

/// Whether the device asks for a message that went to it: it is the chat's, one of the group's, or our own.
bool may_ask(Step& step, const store::Outgoing& outgoing, const Request& request, const OwnAddress& own,
             const std::optional<wire::Jid>& other) {
  if (own.is_this_device(request.device)) return false;
  if (own.is_own(request.device)) return true;
  const auto to = wire::Jid::parse(outgoing.to);
  if (!to) return false;
  const wire::Jid user = request.device.without_device();
  const auto is_that = [&](const wire::Jid& jid) { return jid == user || (other && jid == other->without_device()); };
  if (!is_group(*to)) return is_that(*to);
  const auto group = step.link.messaging.groups.find(outgoing.to);
  // Of a group that is not known any more the server knows who is in it: it relays for nobody else.
  if (group == step.link.messaging.groups.end()) return true;
  return std::any_of(group->second.participants.begin(), group->second.participants.end(), is_that);
}

/// Begins the session anew where the device says, or lets us see, that the one we hold is not its own.
enum class Mended { kUsable, kNeedsBundle };
Result<Mended> mend_session(Step& step, const wire::Node& receipt, const Request& request) {
  if (receipt.find("keys") != nullptr) {
    auto bundle = devices::parse_retry_keys(receipt);
    if (bundle.ok()) {
      const Status begun = devices::begin_session(step, request.device, *bundle);
      if (begun.ok()) return Mended::kUsable;
      if (begun.error().code == Errc::kStorage) return begun.error();
      step.emit(event::Refused{begun.error()});
    } else {
      step.emit(event::Refused{bundle.error()});
    }
  }
  PONTE_ASSIGN(const wire::Jid target, encryption_jid(step, request.device));
  SignalRecords records(step.store, step.link.credentials);
  crypto::SignalSessions sessions(records, step.random);
  PONTE_ASSIGN(const auto session, sessions.session(signal_address(target)));
  if (!session) return Mended::kNeedsBundle;
  // It was installed anew.
  if (request.registration_id && *request.registration_id != session->remote_registration_id)
    return Mended::kNeedsBundle;
  return request.count >= 2 ? Mended::kNeedsBundle : Mended::kUsable;
}

Result<proto::Message> copy_for(Step& step, const store::Outgoing& outgoing, const Request& request,
                                const OwnAddress& own) {
  proto::Message message;
  if (!message.ParseFromArray(outgoing.content.data(), static_cast<int>(outgoing.content.size())))
    return Error{Errc::kStorage, Cause::kStoreCorrupt,
                 "record outgoing/" + request.id + ": its content does not parse"};
  const auto to = wire::Jid::parse(outgoing.to);
  if (to && is_group(*to)) {
    PONTE_ASSIGN(auto key, sender_key_distribution(step, *to, own));
    message.mutable_sender_key_distribution_message()->Swap(&key);
    return message;
  }
  if (own.is_own(request.device) && !outgoing.peer && to) return for_own_devices(message, *to);
  return message;
}

/// `<message>` with its `<enc>` directly in it, under the id of the first.
Status send_copy(Step& step, const wire::Node& receipt, const Request& request) {
  PONTE_ASSIGN(auto outgoing, store::get_outgoing(step.store, request.id));
  if (!outgoing) return Status::Ok();
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  PONTE_ASSIGN(const proto::Message message, copy_for(step, *outgoing, request, own));
  auto copy = encrypt_for(step, request.device, message);
  if (!copy.ok()) {
    if (copy.error().code == Errc::kStorage) return copy.error();
    step.emit(event::Refused{copy.error()});
    return Status::Ok();
  }
  const auto to = wire::Jid::parse(outgoing->to);
  const bool group = to && is_group(*to);
  wire::Node stanza("message");
  if (const auto from = receipt.jid("from")) stanza.with("to", *from);
  if (const auto participant = receipt.jid("participant")) stanza.with("participant", *participant);
  if (const auto recipient = receipt.jid("recipient")) stanza.with("recipient", *recipient);
  stanza.with("id", request.id).with("type", outgoing->type);
  const wire::Node* retry = receipt.find("retry");
  stanza.with("t", retry->attribute("t").value_or(""));
  if (outgoing->peer) stanza.with("category", "peer");
  if (group) {
    stanza.with("addressing_mode", is_lid(request.device) ? "lid" : "pn");
  } else if (!outgoing->peer) {
    stanza.with("device_fanout", "false");
  }
  copy->enc.with("count", std::to_string(request.count));
  stanza.child(std::move(copy->enc));
  if (copy->begins_session)
    stanza.child(wire::Node("device-identity").bytes(step.link.account->signed_device_identity));
  if (group) PONTE_TRY(note_sender_key(step, *to, {request.device}));
  return step.send(stanza);
}

/// Counts the answer; false where the device has had enough of them.
bool count_answer(store::Outgoing& outgoing, const std::string& device) {
  for (auto& [asked, count] : outgoing.answers) {
    if (asked == device) return ++count <= kMostAnswers;
  }
  outgoing.answers.emplace_back(device, 1);
  return true;
}

}  // namespace

Status answer_retry(Step& step, const wire::Node& receipt) {
  const auto request = read(receipt);
  if (!request) return Status::Ok();
  PONTE_ASSIGN(auto outgoing, store::get_outgoing(step.store, request->id));
  if (!outgoing) return Status::Ok();
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  PONTE_ASSIGN(const auto other, other_address(step, request->device));
  if (!may_ask(step, *outgoing, *request, own, other) || request->count >= kMostRetries) return Status::Ok();
  if (!count_answer(*outgoing, request->device.to_string())) return Status::Ok();
  store::put_outgoing(step.store, request->id, *outgoing);
  const auto to = wire::Jid::parse(outgoing->to);
  if (to && is_group(*to)) PONTE_TRY(forget_sender_key_of(step, *to, request->device));
  if (!outgoing->peer) PONTE_TRY(tell_retry(step, *outgoing, request->id, request->device));
  PONTE_ASSIGN(const Mended mended, mend_session(step, receipt, *request));
  if (mended == Mended::kUsable) return send_copy(step, receipt, *request);
  return devices::begin_sessions(
      step, {request->device}, devices::BundleReason::kRetry,
      [receipt, request = *request](Step& later, const Status&) { return send_copy(later, receipt, request); });
}

}  // namespace ponte::protocol::messages
