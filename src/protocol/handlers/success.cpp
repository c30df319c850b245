#include "protocol/appstate/sync.h"
#include "protocol/devices/prekeys.h"
#include "protocol/features/presence.h"
#include "protocol/handlers/handlers.h"
#include "protocol/history/jobs.h"
#include "protocol/messages/session_hooks.h"
#include "protocol/session/connection.h"
#include "protocol/session/link_state.h"
#include "protocol/session/unified_session.h"

namespace ponte::protocol::handlers {
namespace {

/// passive -> active: from here on the server delivers (wire: pairing.md 8.2). Failure is not fatal.
Status send_active(Step& step) {
  return step.send_iq(wire::server_iq("passive", "set").child(wire::Node("active")),
                      [](Step&, const IqAnswer&) { return Status::Ok(); });
}

}  // namespace

Status on_success(Step& step, const wire::Node& node) {
  LinkState& link = step.link;
  if (!link.account) {
    step.emit(event::Refused{
        Error{Errc::kRejected, Cause::kStanzaUnexpected, "success came to a device that is not linked"}});
    return Status::Ok();
  }
  // It may come again on the same connection.
  if (link.phase != Phase::kAwaitAuth) return Status::Ok();
  if (const auto t = node.number("t")) link.set_server_time(*t, step.now);
  if (const auto lid = node.jid("lid"); lid && link.account->lid.empty()) link.account->lid = lid->to_string();
  ++link.account->login_counter;
  store::put_account(step.store, *link.account);
  PONTE_ASSIGN(const std::optional<store::Hold> hold, store::get_hold(step.store));
  if (hold) store::erase_hold(step.store);
  if (link.verified_chain) store::put_server_chain(step.store, *link.verified_chain);
  link.verified_chain.reset();
  link.phase = Phase::kOnline;
  step.connection->logged_in();
  link.phase_deadline.reset();
  step.emit(event::Online{});
  PONTE_TRY(devices::ensure_prekeys(step));
  PONTE_TRY(send_active(step));
  PONTE_TRY(send_unified_session(step));
  PONTE_TRY(features::announce_presence(step));
  PONTE_TRY(messages::on_online(step));
  PONTE_TRY(appstate::on_online(step));
  return history::on_online(step);
}

}  // namespace ponte::protocol::handlers
