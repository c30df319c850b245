#include "protocol/handlers/handlers.h"

namespace ponte::protocol::handlers {

Status on_message(Step& step, const wire::Node& node) {
  return send_ack(step, node, AckType::kOmitted);
}

Status on_receipt(Step& step, const wire::Node& node) {
  return send_ack(step, node, AckType::kCopied);
}

Status on_call(Step& step, const wire::Node& node) {
  return send_ack(step, node, AckType::kCopied);
}

}  // namespace ponte::protocol::handlers
