#include "protocol/appstate/sync.h"
#include "protocol/handlers/handlers.h"
#include "protocol/messages/session_hooks.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::handlers {

Status on_ib(Step& step, const wire::Node& node) {
  if (const wire::Node* routing = node.find("edge_routing")) {
    const wire::Node* info = routing->find("routing_info");
    const auto bytes = info ? info->leaf() : std::nullopt;
    if (bytes && !bytes->empty() && step.link.account) store::put_routing_info(step.store, *bytes);
  }
  if (const wire::Node* expiry = node.find("client_expiration")) {
    if (const auto t = expiry->number("t")) step.emit(event::ClientExpires{Wall(Seconds(*t))});
  }
  if (step.link.account) {
    if (const wire::Node* preview = node.find("offline_preview"))
      PONTE_TRY(messages::on_offline_preview(step, *preview));
    if (node.find("offline") != nullptr) PONTE_TRY(messages::on_offline_end(step));
    const wire::Node* dirty = node.find("dirty");
    if (dirty != nullptr && dirty->attribute("type") == "syncd_app_state") PONTE_TRY(appstate::on_dirty(step, *dirty));
  }
  if (node.find("downgrade_webclient") != nullptr && step.link.phase == Phase::kPairing) {
    step.emit(event::ScannedWithoutMultidevice{});
    step.end(event::Disposition::kStop, Error{Errc::kRejected, Cause::kMultideviceUnsupported,
                                              "the phone that scanned does not know multi-device"});
  }
  return Status::Ok();
}

}  // namespace ponte::protocol::handlers
