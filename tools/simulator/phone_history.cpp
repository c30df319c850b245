#include "simulator/phone_history.h"

#include <algorithm>

#include "base/hex.h"
#include "crypto/digest.h"
#include "protocol/media/envelope.h"
#include "simulator/messaging_appstate.h"
#include "simulator/phone_messaging.h"
#include "simulator/world.h"

namespace ponte::simulator {

using proto::HistorySyncNotification;

namespace {

/// A message from the phone to one companion of the account, about the account.
Status tell(PhoneMessaging& phone, std::uint16_t companion, const proto::ProtocolMessage& content, const Now& now) {
  proto::Message message;
  *message.mutable_protocol_message() = content;
  Outgoing outgoing;
  outgoing.chat = phone.account().lid(companion);
  outgoing.message = to_bytes(message.SerializeAsString());
  outgoing.peer = true;
  auto sent = phone.send(outgoing, now);
  return sent.ok() ? Status::Ok() : Status(sent.error());
}

/// A phone that cannot write to its companion is a fault of the simulation.
void note(World& world, const Status& told) {
  if (!told.ok()) world.note_violation(0, "the phone did not tell its companion: " + told.error().message);
}

/// What the companion inflates.
Bytes stream_of(const proto::HistorySync& chunk, HistoryDefect defect, const HistoryPlan& plan) {
  const std::string plain = chunk.SerializeAsString();
  switch (defect) {
    case HistoryDefect::kTruncated: {
      Bytes out = deflated(as_bytes(plain));
      out.resize(out.size() / 2);
      return out;
    }
    case HistoryDefect::kBomb: return deflated_zeros(plan.bomb_bytes);
    case HistoryDefect::kNoZlib: return to_bytes(plain);
    case HistoryDefect::kNoProtobuf: return deflated(Bytes(100, 0xFF));
    case HistoryDefect::kEmpty: return {};
    default: return deflated(as_bytes(plain));
  }
}

unsigned status_of(HistoryDefect defect) {
  switch (defect) {
    case HistoryDefect::kForbidden: return 403;
    case HistoryDefect::kNotFound: return 404;
    case HistoryDefect::kGone: return 410;
    default: return 200;
  }
}

/// Puts the stream at the media host and says in the notification where it is.
void attach_file(World& world, PhoneMessaging& phone, const Bytes& stream, HistoryDefect defect,
                 HistorySyncNotification& out) {
  const Secret<32> key(phone.random().array<32>());
  auto sealed = protocol::media::seal_file(stream, key, protocol::media::MediaType::kHistory);
  auto plain_hash = *sealed.digests.plain_sha256;
  auto sealed_hash = *sealed.digests.sealed_sha256;
  std::uint64_t length = stream.size();
  if (defect == HistoryDefect::kBadMac) {
    sealed.file.back() ^= 1;
    sealed_hash = crypto::sha256(sealed.file);
  }
  if (defect == HistoryDefect::kBadPlainHash) plain_hash[0] ^= 1;
  if (defect == HistoryDefect::kBadSealedHash) sealed_hash[0] ^= 1;
  if (defect == HistoryDefect::kLongLength) ++length;
  if (defect == HistoryDefect::kShortLength) --length;
  if (defect == HistoryDefect::kEmpty) sealed.file.clear();
  out.set_file_sha256(to_text(plain_hash));
  out.set_file_length(length);
  out.set_file_enc_sha256(to_text(sealed_hash));
  const auto another = phone.random().array<32>();
  out.set_media_key(to_text(defect == HistoryDefect::kWrongKey ? ByteView(another) : key.view()));
  const std::string hash = to_hex(*sealed.digests.sealed_sha256);
  const std::string name = "history " + phone.id().number + " " + hash;
  out.set_direct_path(world.blobs.put(
      name, {std::move(sealed.file), status_of(defect), defect == HistoryDefect::kUnavailable ? 1u : 0u, 0}));
  out.set_enc_handle(hash.substr(0, 32));
}

/// Where and how one chunk travels.
struct Carriage {
  const HistoryPlan& plan;
  bool in_line = false;
  HistoryDefect defect = HistoryDefect::kNone;
  std::string session;  ///< id of the request that it answers; empty: none asked
};

std::int64_t oldest_of(const proto::HistorySync& chunk) {
  std::int64_t out = 0;
  for (const auto& conversation : chunk.conversations()) {
    for (const auto& entry : conversation.messages()) {
      const auto at = static_cast<std::int64_t>(entry.message().message_timestamp());
      if (out == 0 || at < out) out = at;
    }
  }
  return out;
}

Status tell_chunk(World& world, PhoneMessaging& phone, std::uint16_t companion, const proto::HistorySync& chunk,
                  const Carriage& carriage, const Now& now) {
  if (carriage.defect == HistoryDefect::kNeverTold) return Status::Ok();
  proto::ProtocolMessage content;
  content.set_type(proto::ProtocolMessage::HISTORY_SYNC_NOTIFICATION);
  HistorySyncNotification& out = *content.mutable_history_sync_notification();
  out.set_sync_type(chunk.sync_type());
  out.set_chunk_order(chunk.chunk_order());
  out.set_progress(chunk.progress());
  if (const std::int64_t oldest = oldest_of(chunk); oldest > 0) out.set_oldest_msg_in_chunk_timestamp_sec(oldest);
  if (!carriage.session.empty()) out.set_peer_data_request_session_id(carriage.session);
  const Bytes stream = stream_of(chunk, carriage.defect, carriage.plan);
  if (carriage.in_line) {
    out.set_initial_hist_bootstrap_inline_payload(to_text(stream));
  } else {
    attach_file(world, phone, stream, carriage.defect, out);
  }
  return tell(phone, companion, content, now);
}

}  // namespace

Status tell_history(World& world, PhoneMessaging& phone, std::uint16_t companion, const HistoryPlan& plan,
                    const Now& now) {
  const History history(world, phone.account(), plan);
  const auto defect = [&](unsigned chunk) { return chunk == plan.damaged_chunk ? plan.defect : HistoryDefect::kNone; };
  PONTE_TRY(tell_chunk(world, phone, companion, history.bootstrap(), {plan, plan.in_line, defect(0), {}}, now));
  PONTE_TRY(tell_chunk(world, phone, companion, history.push_names(), {plan, false, HistoryDefect::kNone, {}}, now));
  for (unsigned chunk = 1; chunk <= plan.chunks; ++chunk) {
    PONTE_TRY(
        tell_chunk(world, phone, companion, history.chunk(chunk, plan.full), {plan, false, defect(chunk), {}}, now));
  }
  return Status::Ok();
}

Status share_app_state_keys(World& world, PhoneMessaging& phone, std::uint16_t companion, const Now& now) {
  proto::ProtocolMessage content;
  content.set_type(proto::ProtocolMessage::APP_STATE_SYNC_KEY_SHARE);
  *content.mutable_app_state_sync_key_share() = world.app_state->of(phone.account()).share();
  return tell(phone, companion, content, now);
}

void greet_companion(World& world, Account& account, std::uint16_t companion, const Now& now) {
  const Greeting* greeting = world.greeting_of(account.number);
  Companion* device = account.find(companion);
  if (greeting == nullptr || device == nullptr || std::exchange(device->greeted, true)) return;
  PhoneMessaging& phone = world.phones.phone(account);
  proto::ProtocolMessage setting;
  setting.set_type(proto::ProtocolMessage::INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC);
  setting.mutable_initial_security_notification_setting_sync()->set_security_notification_enabled(true);
  note(world, tell(phone, companion, setting, now));
  if (greeting->app_state) note(world, share_app_state_keys(world, phone, companion, now));
  if (!greeting->history) return;
  HistoryPlan plan = *greeting->history;
  plan.full = plan.full && device->keys.require_full_sync;
  phone.remember_history(plan);
  note(world, tell_history(world, phone, companion, plan, now));
}

namespace {

using Request = proto::PeerDataOperationRequestMessage;

void answer_on_demand(World& world, PhoneMessaging& phone, std::uint16_t companion, const std::string& id,
                      const Request::HistorySyncOnDemandRequest& request, const Now& now) {
  if (!phone.past()) return;  // phones often do not answer
  const History history(world, phone.account(), *phone.past());
  const auto place = history.place_of(request.oldest_msg_id());
  if (!place) return;
  const auto count = static_cast<unsigned>(std::clamp(request.on_demand_msg_count(), 0, 50));
  const bool in_line = request.support_inline_response();
  const Carriage carriage{history.plan(), in_line, HistoryDefect::kNone, id};
  note(world, tell_chunk(world, phone, companion, history.older(*place, count), carriage, now));
}

void answer_chunk_retry(World& world, PhoneMessaging& phone, std::uint16_t companion, const std::string& id,
                        const Request::HistorySyncChunkRetryRequest& request, const Now& now) {
  if (!phone.past()) return;
  const History history(world, phone.account(), *phone.past());
  const unsigned order = request.chunk_order();
  const bool first = request.sync_type() == proto::INITIAL_BOOTSTRAP;
  if (!first && (order == 0 || order > history.plan().chunks)) return;
  const bool full = request.sync_type() == proto::FULL;
  const Carriage carriage{history.plan(), false, HistoryDefect::kNone, id};
  const proto::HistorySync chunk = first ? history.bootstrap() : history.chunk(order, full);
  note(world, tell_chunk(world, phone, companion, chunk, carriage, now));
}

/// Sends what a companion could not decrypt, as the phone has it.
void answer_placeholders(World& world, PhoneMessaging& phone, std::uint16_t companion, const std::string& id,
                         const Request& request, const Now& now) {
  proto::ProtocolMessage content;
  content.set_type(proto::ProtocolMessage::PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE);
  auto& response = *content.mutable_peer_data_operation_request_response_message();
  response.set_peer_data_operation_request_type(proto::PLACEHOLDER_MESSAGE_RESEND);
  response.set_stanza_id(id);
  for (const auto& asked : request.placeholder_message_resend_request()) {
    auto& result = *response.add_peer_data_operation_result();
    const auto& read = phone.read();
    const auto found = std::find_if(read.rbegin(), read.rend(),
                                    [&](const ReadMessage& one) { return one.id == asked.message_key().id(); });
    if (found == read.rend()) continue;
    proto::WebMessageInfo info;
    *info.mutable_key() = asked.message_key();
    info.mutable_message()->ParseFromArray(found->content.data(), static_cast<int>(found->content.size()));
    info.set_message_timestamp(static_cast<std::uint64_t>(unix_seconds(found->at)));
    if (asked.message_key().has_participant()) info.set_participant(asked.message_key().participant());
    result.mutable_placeholder_message_resend_response()->set_web_message_info_bytes(info.SerializeAsString());
  }
  note(world, tell(phone, companion, content, now));
}

}  // namespace

void answer_companion(World& world, PhoneMessaging& phone, std::uint16_t companion, const std::string& id,
                      const proto::ProtocolMessage& request, const Now& now) {
  if (request.type() == proto::ProtocolMessage::APP_STATE_SYNC_KEY_REQUEST) {
    return note(world, share_app_state_keys(world, phone, companion, now));
  }
  if (request.type() != proto::ProtocolMessage::PEER_DATA_OPERATION_REQUEST_MESSAGE) return;
  const Request& asked = request.peer_data_operation_request_message();
  switch (asked.peer_data_operation_request_type()) {
    case proto::HISTORY_SYNC_ON_DEMAND:
      return answer_on_demand(world, phone, companion, id, asked.history_sync_on_demand_request(), now);
    case proto::HISTORY_SYNC_CHUNK_RETRY:
      return answer_chunk_retry(world, phone, companion, id, asked.history_sync_chunk_retry_request(), now);
    case proto::PLACEHOLDER_MESSAGE_RESEND: return answer_placeholders(world, phone, companion, id, asked, now);
    default: return;
  }
}

}  // namespace ponte::simulator
