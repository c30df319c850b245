#include "protocol/appstate/session_hooks.h"

#include "protocol/appstate/domain.h"
#include "protocol/media/download.h"
#include "protocol/messages/phone_requests.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::appstate {
namespace {

using Protocol = proto::ProtocolMessage;

/// What cannot be sent now is asked for again later; only the store's errors end the connection.
Status send_to_phone(Step& step, const Protocol& message, const messages::PeerOptions& options) {
  const auto sent = messages::send_peer(step, message, options);
  if (sent.ok()) return Status::Ok();
  if (sent.error().code == Errc::kStorage) return sent.error();
  step.emit(event::Refused{sent.error()});
  return Status::Ok();
}

/// wire: messages.md 5.1
Status ask_phone_for_keys(Step& step, const std::vector<Bytes>& ids) {
  Protocol message;
  message.set_type(Protocol::APP_STATE_SYNC_KEY_REQUEST);
  for (const Bytes& id : ids) {
    message.mutable_app_state_sync_key_request()->add_key_ids()->set_key_id(to_text(id));
  }
  messages::PeerOptions options;
  options.push_priority = "high";
  return send_to_phone(step, message, options);
}

/// wire: messages.md 5.6
Status request_recovery(Step& step, Collection collection) {
  Protocol message;
  message.set_type(Protocol::PEER_DATA_OPERATION_REQUEST_MESSAGE);
  auto& operation = *message.mutable_peer_data_operation_request_message();
  operation.set_peer_data_operation_request_type(proto::COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY);
  auto& request = *operation.mutable_syncd_collection_fatal_recovery_request();
  request.set_collection_name(std::string(collection_name(collection)));
  request.set_timestamp(unix_seconds(step.link.server_time(step.now)));
  return send_to_phone(step, message, {});
}

/// wire: messages.md 5.4
Status fetch_blob(Step& step, const proto::ExternalBlobReference& blob, SyncHooks::BlobHandler handler) {
  // Whether its size is that of the plaintext nobody has written down: the digests say enough.
  auto file = media::make_reference(blob.direct_path(), as_bytes(blob.media_key()), as_bytes(blob.file_enc_sha256()),
                                    as_bytes(blob.file_sha256()), std::nullopt);
  // In a later step: a file that is none at all is told of at once, and whoever asks is not done asking.
  step.after(Milliseconds(0), [file = std::move(file), handler = std::move(handler)](Step& later) mutable {
    if (!file.ok()) return handler(later, file.error());
    return media::download(later, std::move(*file), media::MediaType::kAppState, std::move(handler));
  });
  return Status::Ok();
}

}  // namespace

SyncHooks session_hooks() {
  SyncHooks hooks;
  hooks.fetch_blob = fetch_blob;
  hooks.request_keys = ask_phone_for_keys;
  hooks.request_recovery = request_recovery;
  hooks.apply = write_changes;
  return hooks;
}

}  // namespace ponte::protocol::appstate
