#include "protocol/devices/prekeys.h"
#include "protocol/handlers/handlers.h"
#include "protocol/session/link_state.h"
#include "protocol/session/unified_session.h"

namespace ponte::protocol::handlers {
namespace {

/// passive -> active: from here on the server delivers (wire: pairing.md 8.2). Failure is not fatal.
Status send_active(Step& step) {
  return step.send_iq(wire::Node("iq")
                          .with("xmlns", "passive")
                          .with("type", "set")
                          .with("to", wire::server_jid())
                          .child(wire::Node("active")),
                      [](Step&, Result<const wire::Node*>) { return Status::Ok(); });
}

}  // namespace

Status on_success(Step& step, const wire::Node& node) {
  LinkState& link = step.link;
  // It may come again on the same connection; and while pairing it means nothing.
  if (link.phase != Phase::kAwaitAuth || !link.account) return Status::Ok();
  if (const auto t = node.number("t")) {
    link.server_time_offset = Milliseconds(static_cast<std::int64_t>(*t) * 1000) - step.now.wall.time_since_epoch();
  }
  if (const auto lid = node.jid("lid"); lid && link.account->lid.empty()) link.account->lid = lid->to_string();
  ++link.account->login_counter;
  store::put_account(step.store, *link.account);
  link.phase = Phase::kOnline;
  link.phase_deadline.reset();
  step.emit(event::Online{});
  PONTE_TRY(devices::ensure_prekeys(step));
  PONTE_TRY(send_active(step));
  return send_unified_session(step);
}

}  // namespace ponte::protocol::handlers
