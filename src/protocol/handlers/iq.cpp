#include "protocol/handlers/handlers.h"
#include "protocol/pairing/pair_device.h"

namespace ponte::protocol::handlers {
namespace {

Status answer_ping(Step& step, const wire::Node& iq) {
  return step.send(wire::Node("iq")
                       .with("to", wire::server_jid())
                       .with("type", "result")
                       .with("id", iq.attribute("id").value_or("")));
}

}  // namespace

Status on_iq(Step& step, const wire::Node& node) {
  const std::string type = node.attribute("type").value_or("");
  if (type == "result" || type == "error") {
    PONTE_TRY([&]() -> Status {
      auto taken = step.iqs.on_reply(step, node);
      return taken.ok() ? Status::Ok() : Status(taken.error());
    }());
    return Status::Ok();
  }
  if (!from_server(node)) {
    step.emit(event::Refused{Error{Errc::kRejected, Cause::kStanzaUnexpected, "iq that is not the server's own"}});
    return Status::Ok();
  }
  if (node.attribute("xmlns") == "urn:xmpp:ping" || node.find("ping") != nullptr) return answer_ping(step, node);
  if (const wire::Node* pair_device = node.find("pair-device")) {
    return pairing::on_pair_device(step, node, *pair_device);
  }
  if (const wire::Node* pair_success = node.find("pair-success")) {
    return pairing::on_pair_success(step, node, *pair_success);
  }
  return Status::Ok();
}

}  // namespace ponte::protocol::handlers
