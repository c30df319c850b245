#include "protocol/handlers/handlers.h"
#include "protocol/messages/receive.h"
#include "protocol/messages/send_queue.h"
#include "protocol/messages/status.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::handlers {

Status on_message(Step& step, const wire::Node& node) {
  if (!step.link.account) return send_ack(step, node, AckType::kOmitted);
  return messages::receive_message(step, node);
}

Status on_receipt(Step& step, const wire::Node& node) {
  if (!step.link.account) return send_ack(step, node, AckType::kCopied);
  return messages::receive_receipt(step, node);
}

Status on_call(Step& step, const wire::Node& node) {
  return send_ack(step, node, AckType::kCopied);
}

Status on_ack(Step& step, const wire::Node& node) {
  if (!step.link.account || node.attribute("class") != "message") return Status::Ok();
  return messages::on_message_ack(step, node);
}

}  // namespace ponte::protocol::handlers
