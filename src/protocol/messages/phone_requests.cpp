#include "protocol/messages/phone_requests.h"

#include <algorithm>

#include "history.pb.h"
#include "protocol/appstate/recovery.h"
#include "protocol/messages/incoming.h"
#include "protocol/messages/kept.h"
#include "protocol/messages/message_id.h"
#include "protocol/messages/send_queue.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::messages {
namespace {

constexpr Milliseconds kAskPhoneAfter{5'000};
constexpr std::size_t kMostRequests = 256;  // wire: messages.md 9: not for hundreds at once

PhoneRequest request_of(const Source& source, Mono due) {
  PhoneRequest out;
  out.due = due;
  out.chat = source.chat.to_string();
  if (source.has_sender_keys()) out.participant = source.sender.without_device().to_string();
  out.id = source.id;
  out.from_me = source.from_me;
  return out;
}

Status ask(Step& step, const PhoneRequest& request) {
  State& state = step.link.messaging;
  if (state.asked_phone.size() >= kMostRequests || !state.asked_phone.insert(request.id).second) return Status::Ok();
  proto::ProtocolMessage message;
  message.set_type(proto::ProtocolMessage::PEER_DATA_OPERATION_REQUEST_MESSAGE);
  auto& operation = *message.mutable_peer_data_operation_request_message();
  operation.set_peer_data_operation_request_type(proto::PLACEHOLDER_MESSAGE_RESEND);
  proto::MessageKey& key = *operation.add_placeholder_message_resend_request()->mutable_message_key();
  key.set_remote_jid(request.chat);
  key.set_from_me(request.from_me);
  key.set_id(request.id);
  if (!request.participant.empty() && !request.from_me) key.set_participant(request.participant);
  const auto sent = send_peer(step, message, {});
  return sent.ok() || sent.error().code != Errc::kStorage ? Status::Ok() : Status(sent.error());
}

/// One message out of the phone's own store, as if its stanza had come.
Status take_resent(Step& step, const proto::WebMessageInfo& info) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  const auto chat = wire::Jid::parse(info.key().remote_jid());
  if (!chat || !is_nameable(*chat) || !is_message_id(info.key().id()) || !info.has_message()) return Status::Ok();
  Source source;
  source.id = info.key().id();
  source.kind = is_group(*chat)                          ? Source::Kind::kGroup
                : chat->server == wire::kBroadcastServer ? Source::Kind::kBroadcast
                                                         : Source::Kind::kUser;
  source.chat = plain(*chat).without_device();
  source.from_me = info.key().from_me();
  const std::string& author = info.key().has_participant() ? info.key().participant() : info.participant();
  const auto participant = wire::Jid::parse(author);
  if (source.from_me) {
    source.sender = own.lid.value_or(own.pn);
  } else if (source.kind == Source::Kind::kUser) {
    source.sender = source.chat;
  } else if (participant && is_nameable(*participant)) {
    source.sender = plain(*participant);
  } else {
    return Status::Ok();
  }
  source.at = Wall(Seconds(static_cast<std::int64_t>(info.message_timestamp() & 0xFFFF'FFFF)));
  source.push_name = info.push_name();
  PONTE_TRY(no_longer_missing(step, source));
  return has_content(info.message()) ? keep_incoming(step, source, info.message()) : Status::Ok();
}

/// Collections of app state that we asked for.
Status take_recovered(Step& step, const proto::PeerDataOperationRequestResponseMessage& answer) {
  for (const auto& result : answer.peer_data_operation_result()) {
    const auto& response = result.syncd_snapshot_fatal_recovery_response();
    const auto compression = response.is_compressed() ? appstate::Compression::kGzip : appstate::Compression::kNone;
    PONTE_TRY(appstate::on_recovery(step, as_bytes(response.collection_snapshot()), compression));
  }
  return Status::Ok();
}

}  // namespace

Result<std::string> send_peer(Step& step, const proto::ProtocolMessage& message, const PeerOptions& options) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  Draft draft;
  draft.kind = Draft::Kind::kPeer;
  draft.id = message_id(step.link.server_time(step.now), own.pn, step.random.array<16>());
  draft.to = own.pn.without_device();
  proto::Message whole;
  *whole.mutable_protocol_message() = message;
  draft.content = to_bytes(whole.SerializeAsString());
  draft.push_priority = options.push_priority;
  draft.privacy_sensitive = options.privacy_sensitive;
  std::string id = draft.id;
  PONTE_TRY(enqueue(step, std::move(draft)));
  return id;
}

Status ask_phone(Step& step, const Source& source) {
  return ask(step, request_of(source, step.now.mono));
}

Status ask_phone_later(Step& step, const Source& source) {
  auto& requests = step.link.messaging.phone_requests;
  if (requests.size() >= kMostRequests) return Status::Ok();
  const bool waits =
      std::any_of(requests.begin(), requests.end(), [&](const PhoneRequest& r) { return r.id == source.id; });
  if (!waits) requests.push_back(request_of(source, step.now.mono + kAskPhoneAfter));
  return Status::Ok();
}

Status on_phone_request_deadline(Step& step) {
  auto& requests = step.link.messaging.phone_requests;
  while (!requests.empty() && requests.front().due <= step.now.mono) {
    const PhoneRequest request = std::move(requests.front());
    requests.pop_front();
    PONTE_TRY(ask(step, request));
  }
  return Status::Ok();
}

void forget_phone_request(Step& step, std::string_view id) {
  std::erase_if(step.link.messaging.phone_requests, [&](const PhoneRequest& request) { return request.id == id; });
}

Status take_phone_answer(Step& step, const Source& source,
                         const proto::PeerDataOperationRequestResponseMessage& answer) {
  if (!source.from_me || source.sender.device != 0) return Status::Ok();
  if (answer.peer_data_operation_request_type() == proto::COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY) {
    return take_recovered(step, answer);
  }
  if (answer.peer_data_operation_request_type() != proto::PLACEHOLDER_MESSAGE_RESEND) return Status::Ok();
  for (const auto& result : answer.peer_data_operation_result()) {
    proto::WebMessageInfo info;
    const std::string& bytes = result.placeholder_message_resend_response().web_message_info_bytes();
    // What was not asked for is not taken: the phone has other ways to tell it.
    if (!info.ParseFromString(bytes) || !step.link.messaging.asked_phone.contains(info.key().id())) continue;
    PONTE_TRY(take_resent(step, info));
  }
  return Status::Ok();
}

}  // namespace ponte::protocol::messages
