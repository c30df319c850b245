#include "protocol/handlers/handlers.h"
#include "protocol/pairing/pair_device.h"

namespace ponte::protocol::handlers {
namespace {

bool from_server(const wire::Node& iq) {
  const auto from = iq.attribute("from");
  // Some servers write the address as a token instead of a JID.
  return !from || *from == wire::server_jid().to_string() || *from == wire::kUserServer;
}

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
  if (!from_server(node)) return Status::Ok();
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
