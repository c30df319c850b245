#include "protocol/messages/send_queue.h"

#include <algorithm>

#include "protocol/devices/bundles.h"
#include "protocol/devices/usync.h"
#include "protocol/messages/fanout.h"
#include "protocol/messages/groups.h"
#include "protocol/messages/kept.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/privacy_tokens.h"
#include "protocol/messages/send_refusal.h"
#include "protocol/session/link_state.h"
#include "store/messaging_records.h"

namespace ponte::protocol::messages {
namespace {

using Stage = PendingSend::Stage;

constexpr Milliseconds kPrepareWithin{60'000};
constexpr Milliseconds kAckWithin{75'000};  // wire: messages.md 3.2
constexpr unsigned kMostAttempts = 2;

std::deque<PendingSend>& queue(Step& step) {
  return step.link.messaging.sends;
}

PendingSend* find(Step& step, std::string_view id) {
  auto& sends = queue(step);
  const auto found = std::find_if(sends.begin(), sends.end(), [&](const auto& send) { return send.draft.id == id; });
  return found == sends.end() ? nullptr : &*found;
}

/// Takes it out of the queue and tells who waits.
void finish(Step& step, std::string_view id, const Result<SentMessage>& result) {
  auto& sends = queue(step);
  const auto found = std::find_if(sends.begin(), sends.end(), [&](const auto& send) { return send.draft.id == id; });
  if (found == sends.end()) return;
  for (const Ticket ticket : found->draft.tickets) step.emit(event::SendEnded{ticket, result});
  sends.erase(found);
}

/// The message will not be sent, or was refused.
Status fail(Step& step, const PendingSend& send, const Error& why) {
  const std::string id = send.draft.id;
  if (send.draft.kind == Draft::Kind::kPeer) {
    step.emit(event::Refused{why});
  } else if (send.attempts > 0) {
    PONTE_TRY(keep_refused(step, id, why));
  }
  store::erase_unacknowledged(step.store, id);
  finish(step, id, why);
  return Status::Ok();
}

/// What an answer of the server continues: the send is still there, and still waits for it.
template <typename Body>
auto continuing(std::string id, Body body) {
  return [id = std::move(id), body = std::move(body)](Step& step, auto&& answer) mutable -> Status {
    PendingSend* send = find(step, id);
    if (send == nullptr || send->stage != Stage::kPreparing) return Status::Ok();
    send->asked = false;
    PONTE_TRY(body(step, *send, answer));
    return advance_sends(step);
  };
}

Status ask_number(Step& step, PendingSend& send) {
  send.asked = send.checked = true;
  return devices::look_up_number(
      step, send.draft.to,
      continuing(send.draft.id, [](Step& later, PendingSend& waiting, const auto& users) -> Status {
        // Where the server cannot say, the number is tried as it is.
        if (!users.ok() || users->empty()) return Status::Ok();
        if (users->front().registered == false)
          return fail(later, waiting,
                      {Errc::kNotFound, Cause::kNotOnWhatsApp, "send: the number has no WhatsApp account"});
        // Some numbers are written in more than one way: the server's is the one that counts.
        if (is_user(users->front().jid)) waiting.draft.to = users->front().jid;
        return Status::Ok();
      }));
}

Status ask_group(Step& step, PendingSend& send) {
  send.asked = true;
  return fetch_group(step, send.draft.to,
                     continuing(send.draft.id, [](Step& later, PendingSend& waiting, const Status& status) -> Status {
                       return status.ok() ? Status::Ok() : fail(later, waiting, group_refusal(status.error()));
                     }));
}

Status ask_devices(Step& step, PendingSend& send, const std::vector<wire::Jid>& users) {
  send.asked = send.devices_known = true;
  return devices::fetch_devices(
      step, users, continuing(send.draft.id, [](Step& later, PendingSend& waiting, const auto& result) -> Status {
        return result.ok() ? Status::Ok() : fail(later, waiting, result.error());
      }));
}

Status ask_bundles(Step& step, PendingSend& send, const std::vector<wire::Jid>& devices) {
  send.asked = send.bundles_known = true;
  return devices::begin_sessions(
      step, devices, devices::BundleReason::kFirst,
      // Those that could not be had are seen when it is encrypted.
      continuing(send.draft.id, [](Step&, PendingSend&, const Status&) -> Status { return Status::Ok(); }));
}

/// Whose devices must be known; nullopt where the server was asked who is in the group.
std::vector<wire::Jid> users_of(const wire::Jid& to, const Group* group, const OwnAddress& own) {
  const bool lid = group ? group->addressing == Group::Addressing::kLid : is_lid(to);
  std::vector<wire::Jid> users;
  if (group != nullptr) {
    users = group->participants;
  } else {
    users.push_back(to);
  }
  const wire::Jid self = (lid && own.lid ? *own.lid : own.pn).without_device();
  if (std::find(users.begin(), users.end(), self) == users.end()) users.push_back(self);
  return users;
}

Destination destination_of(Step& step, const wire::Jid& to, const Group* group, const std::vector<wire::Jid>& users,
                           const OwnAddress& own) {
  Destination out;
  out.to = to;
  if (group != nullptr) out.addressing = group->addressing;
  for (const wire::Jid& user : users) {
    const auto known = step.link.messaging.devices.find(user.to_string());
    const DeviceNumbers numbers = known != step.link.messaging.devices.end() ? known->second : DeviceNumbers{0};
    for (const std::uint16_t number : numbers) {
      const wire::Jid device = device_jid(user.user, user.server, number);
      if (own.is_this_device(device)) continue;
      (group == nullptr && own.is_own(device) ? out.own_devices : out.recipients).push_back(device);
    }
  }
  return out;
}

Result<std::vector<wire::Jid>> without_session(Step& step, const Destination& destination) {
  std::vector<wire::Jid> out;
  for (const auto* devices : {&destination.recipients, &destination.own_devices}) {
    for (const wire::Jid& device : *devices) {
      PONTE_ASSIGN(const bool begun, devices::has_session(step, device));
      if (!begun) out.push_back(device);
    }
  }
  return out;
}

/// Encrypts and sends. From here on the message may be on the wire.
Status send_encrypted(Step& step, PendingSend& send, const Destination& destination) {
  auto stanza = encrypt_draft(step, send.draft, destination);
  if (!stanza.ok()) {
    if (stanza.error().code == Errc::kStorage) return stanza.error();
    return fail(step, send, stanza.error());
  }
  if (send.draft.kind == Draft::Kind::kChat && !destination.addressing)
    PONTE_TRY(add_privacy_token(step, destination, *stanza));
  ++send.attempts;
  PONTE_TRY(keep_outgoing(step, send.draft, destination.to, send.attempts));
  send.stage = Stage::kSent;
  send.deadline = step.now.mono + kAckWithin;
  PONTE_TRY(step.send(*stanza));
  send.stanza = std::move(*stanza);
  return Status::Ok();
}

Status prepare_peer(Step& step, PendingSend& send, const OwnAddress& own) {
  Destination destination;
  const wire::Jid phone = own.lid.value_or(own.pn).without_device();
  destination.to = phone;
  destination.recipients = {phone};
  PONTE_ASSIGN(const bool begun, devices::has_session(step, phone));
  if (!begun && !send.bundles_known) return ask_bundles(step, send, destination.recipients);
  return send_encrypted(step, send, destination);
}

/// Asks for what is missing, one thing after the other; sends where nothing is.
Status prepare(Step& step, PendingSend& send) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  if (send.draft.kind == Draft::Kind::kPeer) return prepare_peer(step, send, own);
  wire::Jid to = send.draft.to;
  const Group* group = nullptr;
  if (is_group(to)) {
    const auto known = step.link.messaging.groups.find(to.to_string());
    if (known == step.link.messaging.groups.end()) return ask_group(step, send);
    group = &known->second;
  } else if (is_pn(to)) {
    PONTE_ASSIGN(const auto lid, other_address(step, to));
    if (!lid && !send.checked && !own.is_own(to)) return ask_number(step, send);
    if (lid) to = lid->without_device();
  }
  const std::vector<wire::Jid> users = users_of(to, group, own);
  std::vector<wire::Jid> unknown;
  for (const wire::Jid& user : users) {
    if (!step.link.messaging.devices.contains(user.to_string())) unknown.push_back(user);
  }
  if (!unknown.empty() && !send.devices_known) return ask_devices(step, send, unknown);
  const Destination destination = destination_of(step, to, group, users, own);
  if (!send.bundles_known) {
    PONTE_ASSIGN(const auto missing, without_session(step, destination));
    if (!missing.empty()) return ask_bundles(step, send, missing);
  }
  return send_encrypted(step, send, destination);
}

bool may_send(const Step& step) {
  return step.link.phase == Phase::kOnline && step.link.account && !step.link.messaging.draining_until;
}

/// Encrypted anew, after what was known of the receivers has proved to be stale.
void begin_again(Step& step, PendingSend& send) {
  step.link.messaging.groups.erase(send.draft.to.to_string());
  step.link.messaging.devices.clear();
  send.stage = Stage::kWaiting;
  send.asked = send.devices_known = send.bundles_known = false;
  send.stanza.reset();
}

}  // namespace

Status enqueue(Step& step, Draft draft) {
  if (queue(step).size() >= kMostSends)
    return Error{Errc::kUnavailable, Cause::kOverloaded, "send: 1000 messages wait already"};
  if (PendingSend* same = find(step, draft.id)) {
    for (const Ticket ticket : draft.tickets) same->draft.tickets.push_back(ticket);
    return Status::Ok();
  }
  PendingSend send;
  send.draft = std::move(draft);
  queue(step).push_back(std::move(send));
  return advance_sends(step);
}

Status advance_sends(Step& step) {
  while (may_send(step)) {
    auto& sends = queue(step);
    const auto next = std::find_if(sends.begin(), sends.end(), [](const auto& s) { return s.stage != Stage::kSent; });
    if (next == sends.end() || next->asked) return Status::Ok();
    if (next->stage == Stage::kWaiting) {
      next->stage = Stage::kPreparing;
      next->deadline = step.now.mono + kPrepareWithin;
    }
    PONTE_TRY(prepare(step, *next));
  }
  return Status::Ok();
}

Status on_message_ack(Step& step, const wire::Node& ack) {
  const std::string id = ack.attribute("id").value_or("");
  const auto error = ack.number("error");
  if (ack.attribute("phash")) {
    // The server counts other devices than we do: who is written to next is asked for again.
    if (const auto to = ack.jid("from")) {
      step.link.messaging.groups.erase(to->to_string());
      devices::forget_devices(step, *to);
    }
  }
  PendingSend* send = find(step, id);
  const bool ours = send != nullptr && send->stage == Stage::kSent;
  if (ours && error && is_stale_addressing(*error) && send->attempts < kMostAttempts) {
    begin_again(step, *send);
    return advance_sends(step);
  }
  if (error && *error != 0) {
    const Error why = send_refusal(*error);
    if (ours) return fail(step, *send, why);
    return keep_refused(step, id, why);
  }
  if (ours && send->draft.kind == Draft::Kind::kPeer) {
    store::erase_unacknowledged(step.store, id);
    finish(step, id, SentMessage{});
    return Status::Ok();
  }
  const auto t = ack.number("t");
  PONTE_ASSIGN(auto sent, keep_acknowledged(step, id, t ? Wall(Seconds(*t)) : step.link.server_time(step.now)));
  if (!ours || !sent) return Status::Ok();
  PONTE_TRY(issue_privacy_token(step, sent->chat));
  finish(step, id, std::move(*sent));
  return Status::Ok();
}

Status on_send_deadline(Step& step) {
  for (;;) {
    auto& sends = queue(step);
    const auto due = std::find_if(sends.begin(), sends.end(), [&](const auto& send) {
      return send.stage != Stage::kWaiting && send.deadline <= step.now.mono;
    });
    if (due == sends.end()) return advance_sends(step);
    if (due->stage == Stage::kPreparing) {
      PONTE_TRY(fail(step, *due, {Errc::kTimedOut, Cause::kSendTimeout, "send: the server did not answer in time"}));
      continue;
    }
    // It may have been delivered: whoever waits hears that nothing is known, a later ack still counts.
    finish(step, due->draft.id,
           Error{Errc::kTimedOut, Cause::kSendUnconfirmed, "send: the server has not confirmed the message in time"});
  }
}

Status resume_sends(Step& step) {
  if (!step.link.messaging.interrupted_told) {
    PONTE_ASSIGN(const std::vector<std::string> ids, store::get_unacknowledged(step.store));
    for (const std::string& id : ids) {
      if (find(step, id) != nullptr) continue;
      store::erase_unacknowledged(step.store, id);
      PONTE_TRY(keep_refused(
          step, id,
          {Errc::kUnavailable, Cause::kSendUnconfirmed, "send: ended before the server had confirmed the message"}));
    }
    step.link.messaging.interrupted_told = true;
  }
  std::vector<std::string> lost;
  for (PendingSend& send : queue(step)) {
    if (send.stage != Stage::kSent) continue;
    PONTE_ASSIGN(const auto outgoing, store::get_outgoing(step.store, send.draft.id));
    if (!outgoing || outgoing->attempts != send.attempts) {
      // Its step came to nothing: these bytes never left, and their keys will be used for others.
      begin_again(step, send);
      continue;
    }
    if (std::exchange(send.resent, true)) {
      lost.push_back(send.draft.id);
      continue;
    }
    send.deadline = step.now.mono + kAckWithin;
    PONTE_TRY(step.send(*send.stanza));
  }
  for (const std::string& id : lost) {
    finish(step, id,
           Error{Errc::kTimedOut, Cause::kSendUnconfirmed,
                 "send: the connection was lost twice before the server had confirmed the message"});
  }
  return advance_sends(step);
}

void fail_sends(Step& step, const Error& why) {
  while (!queue(step).empty()) finish(step, queue(step).front().draft.id, why);
}

}  // namespace ponte::protocol::messages
