#include <algorithm>

#include "protocol/devices/prekeys.h"
#include "protocol/handlers/handlers.h"
#include "protocol/pairing/code_flow.h"
#include "protocol/pairing/pair_device.h"
#include "protocol/pairing/passkey_flow.h"

namespace ponte::protocol::handlers {
namespace {

Status on_encrypt(Step& step, const wire::Node& notification) {
  const wire::Node* count = notification.find("count");
  if (count == nullptr) return Status::Ok();
  return devices::on_server_prekey_count(step, count->number("value").value_or(0));
}

struct Row {
  std::string_view type;
  Status (*handler)(Step&, const wire::Node&);
};

/// What the server itself says; from anybody else it is acknowledged and refused. Other types are acknowledged only.
constexpr Row kRows[] = {
    {"encrypt", on_encrypt},
    {"companion_reg_refresh", pairing::on_registration_refresh},
    {"link_code_companion_reg", pairing::on_link_code},
    {"passkey_prologue_request", pairing::on_passkey_request},
    {"crsc_continuation", pairing::on_passkey_continuation},
};

}  // namespace

Status on_notification(Step& step, const wire::Node& node) {
  const std::string type = node.attribute("type").value_or("");
  // An identity change is acknowledged without its type (wire: pairing.md 8.11).
  const bool identity_change = type == "encrypt" && node.find("identity") != nullptr;
  PONTE_TRY(send_ack(step, node, identity_change ? AckType::kOmitted : AckType::kCopied));
  if (identity_change) return Status::Ok();
  const Row* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.type == type; });
  if (row == std::end(kRows)) return Status::Ok();
  if (!from_server(node)) {
    step.emit(event::Refused{
        Error{Errc::kRejected, Cause::kStanzaUnexpected, "notification " + type + " that is not the server's own"}});
    return Status::Ok();
  }
  return row->handler(step, node);
}

}  // namespace ponte::protocol::handlers
