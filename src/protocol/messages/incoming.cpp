#include "protocol/messages/incoming.h"

#include "protocol/appstate/sync.h"
#include "protocol/history/jobs.h"
#include "protocol/messages/kept.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/phone_requests.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::messages {
namespace {

using Protocol = proto::ProtocolMessage;

bool is_internal(const Protocol& message) {
  switch (message.type()) {
    case Protocol::REVOKE: return !message.has_key();  // a message without type reads as one
    case Protocol::EPHEMERAL_SETTING:
    case Protocol::MESSAGE_EDIT: return false;
    default: return true;
  }
}

Error refused(const std::string& what) {
  return {Errc::kUntrusted, Cause::kStanzaUnexpected, "message: " + what};
}

/// The message that a device of ours sent to somebody, out of the copy for its other devices; `source` then says to
/// whom.
Status unwrap_sent(Source& source, proto::Message& message) {
  proto::DeviceSentMessage sent;
  sent.Swap(message.mutable_device_sent_message());
  if (source.kind == Source::Kind::kUser) {
    const auto destination = wire::Jid::parse(sent.destination_jid());
    // The stanza's own word counts more: it may know the LID.
    const bool unsaid = source.chat == source.sender.without_device();
    if (unsaid && destination && is_nameable(*destination)) source.chat = plain(*destination).without_device();
  }
  if (!sent.message().has_message_context_info() && message.has_message_context_info())
    *sent.mutable_message()->mutable_message_context_info() = message.message_context_info();
  message.Swap(sent.mutable_message());
  return Status::Ok();
}

}  // namespace

bool has_content(const proto::Message& message) {
  proto::Message rest = message;
  rest.clear_sender_key_distribution_message();
  rest.clear_fast_ratchet_key_sender_key_distribution_message();
  rest.clear_message_context_info();
  if (rest.has_protocol_message() && is_internal(rest.protocol_message())) rest.clear_protocol_message();
  return rest.ByteSizeLong() > 0;
}

Status take_message(Step& step, const Source& stanza, proto::Message message) {
  Source source = stanza;
  if (message.has_device_sent_message()) {
    if (!source.from_me) {
      step.emit(event::Refused{refused("a copy of what we sent came from somebody else")});
      return Status::Ok();
    }
    PONTE_TRY(unwrap_sent(source, message));
  }
  if (message.has_protocol_message() && is_internal(message.protocol_message())) {
    if (source.from_me) {
      PONTE_TRY(take_internal(step, source, message.protocol_message()));
    } else if (message.protocol_message().type() != Protocol::EPHEMERAL_SYNC_RESPONSE) {
      step.emit(event::Refused{refused("what only our own devices may say came from somebody else")});
    }
  }
  if (!has_content(message)) return Status::Ok();
  return keep_incoming(step, source, message);
}

Status take_internal(Step& step, const Source& source, const Protocol& message) {
  switch (message.type()) {
    case Protocol::LID_MIGRATION_MAPPING_SYNC: {
      proto::LIDMigrationMappingSyncPayload payload;
      const std::string& bytes = message.lid_migration_mapping_sync_message().encoded_mapping_payload();
      if (!payload.ParseFromString(bytes)) return Status::Ok();
      for (const auto& mapping : payload.pn_to_lid_mappings()) {
        const std::uint64_t lid = mapping.has_latest_lid() ? mapping.latest_lid() : mapping.assigned_lid();
        PONTE_TRY(learn_mapping(step, device_jid(std::to_string(mapping.pn()), wire::kUserServer),
                                device_jid(std::to_string(lid), wire::kLidServer)));
      }
      return Status::Ok();
    }
    case Protocol::APP_STATE_SYNC_KEY_SHARE: return appstate::on_key_share(step, message.app_state_sync_key_share());
    case Protocol::HISTORY_SYNC_NOTIFICATION:
      return history::on_notification(step, message.history_sync_notification(), source.id);
    case Protocol::PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE:
      return take_phone_answer(step, source, message.peer_data_operation_request_response_message());
    default: return Status::Ok();
  }
}

}  // namespace ponte::protocol::messages
