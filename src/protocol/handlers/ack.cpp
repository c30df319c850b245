#include "protocol/handlers/handlers.h"

namespace ponte::protocol::handlers {

Status send_ack(Step& step, const wire::Node& node, AckType type, std::string_view error) {
  const auto id = node.attribute("id");
  const auto from = node.jid("from");
  if (!id || !from) return Status::Ok();  // there is nothing an ack could name
  wire::Node ack("ack");
  ack.with("class", node.tag).with("id", *id).with("to", *from);
  if (const auto participant = node.jid("participant")) ack.with("participant", *participant);
  // Left out, the server ends the stream with <stream:error><ack/>.
  if (const auto recipient = node.jid("recipient")) ack.with("recipient", *recipient);
  if (type == AckType::kCopied) ack.with("type", node.attribute("type").value_or(""));
  ack.with("error", error);
  return step.send(ack);
}

bool from_server(const wire::Node& node) {
  const auto from = node.attribute("from");
  // Some servers write the address as a token instead of a JID.
  return !from || *from == wire::server_jid().to_string() || *from == wire::kUserServer;
}

Status on_ignored(Step&, const wire::Node&) {
  return Status::Ok();
}

Status on_unknown(Step& step, const wire::Node& node) {
  return send_ack(step, node, AckType::kCopied, "488");  // unrecognized stanza
}

}  // namespace ponte::protocol::handlers
