#include "protocol/devices/prekeys.h"
#include "protocol/handlers/handlers.h"
#include "protocol/pairing/pair_device.h"

namespace ponte::protocol::handlers {

Status on_notification(Step& step, const wire::Node& node) {
  const std::string type = node.attribute("type").value_or("");
  // An identity change is acknowledged without its type (wire: pairing.md 8.11).
  const bool identity_change = type == "encrypt" && node.find("identity") != nullptr;
  PONTE_TRY(send_ack(step, node, identity_change ? AckType::kOmitted : AckType::kCopied));
  if (type == "companion_reg_refresh") return pairing::on_registration_refresh(step, node);
  if (type == "encrypt") {
    if (const wire::Node* count = node.find("count")) {
      return devices::on_server_prekey_count(step, count->number("value").value_or(0));
    }
  }
  return Status::Ok();
}

}  // namespace ponte::protocol::handlers
