#include "protocol/history/older.h"

#include <algorithm>
#include <utility>

#include "protocol/messages/addresses.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::history {
namespace {

using Request = proto::PeerDataOperationRequestMessage;

Status on_silence(Step& step, const std::string& message_id) {
  auto& requests = step.link.history.older;
  const auto found = requests.find(message_id);
  // What has come is being read, however long that takes.
  if (found == requests.end() || found->second.job) return Status::Ok();
  OlderHandler handler = std::move(found->second.handler);
  requests.erase(found);
  return handler(step, Error{Errc::kTimedOut, Cause::kHistoryUnanswered,
                             "history: the phone gave no older messages within 60 s; it may be off, or have none"});
}

}  // namespace

Result<proto::ProtocolMessage> older_messages_request(Step& step, const OldestMessage& oldest, std::uint32_t count,
                                                      OlderTime time) {
  PONTE_ASSIGN(const messages::OwnAddress own, messages::own_address(step));
  proto::ProtocolMessage out;
  out.set_type(proto::ProtocolMessage::PEER_DATA_OPERATION_REQUEST_MESSAGE);
  Request& request = *out.mutable_peer_data_operation_request_message();
  request.set_peer_data_operation_request_type(proto::HISTORY_SYNC_ON_DEMAND);
  auto& what = *request.mutable_history_sync_on_demand_request();
  what.set_chat_jid(oldest.chat.to_string());
  what.set_oldest_msg_id(oldest.id);
  what.set_oldest_msg_from_me(oldest.from_me);
  what.set_on_demand_msg_count(static_cast<std::int32_t>(std::clamp(count, 1U, kMostOlderMessages)));
  what.set_oldest_msg_timestamp_ms(time == OlderTime::kSeconds ? unix_seconds(oldest.at)
                                                               : unix_milliseconds(oldest.at));
  if (own.lid) what.set_account_lid(own.lid->without_device().to_string());
  return out;
}

void expect_older_messages(Step& step, const std::string& message_id, OlderHandler handler) {
  step.link.history.older.insert_or_assign(message_id, OlderRequest{std::move(handler), std::nullopt});
  step.after(kOlderWithin, [message_id](Step& later) { return on_silence(later, message_id); });
}

void note_older_arrived(Step& step, std::string_view message_id, std::uint32_t job) {
  const auto found = step.link.history.older.find(message_id);
  if (found != step.link.history.older.end()) found->second.job = job;
}

Status tell_older(Step& step, std::uint32_t job, const Result<OlderMessages>& outcome) {
  auto& requests = step.link.history.older;
  const auto found =
      std::find_if(requests.begin(), requests.end(), [job](const auto& entry) { return entry.second.job == job; });
  if (found == requests.end()) return Status::Ok();
  OlderHandler handler = std::move(found->second.handler);
  requests.erase(found);
  return handler(step, outcome);
}

}  // namespace ponte::protocol::history
