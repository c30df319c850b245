#include "protocol/session/connection_end.h"

#include "protocol/session/connection.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol {
namespace {

event::Disposition disposition_of(const Error& why, bool linked) {
  // A linked device never gives up by itself: a wrong chain today may be a proxy that is gone tomorrow.
  // A linking attempt fails at once on what a retry cannot mend (contract, decision 5).
  if (linked) return event::Disposition::kRetry;
  switch (why.code) {
    case Errc::kUnavailable:
    case Errc::kTimedOut:
    case Errc::kNotConnected: return event::Disposition::kRetry;
    default: return event::Disposition::kStop;
  }
}

/// What the next handshake does without. Silence says nothing about the key, but may be the routing's fault.
void forget_hints(Step& step, const Error& why) {
  if (step.link.phase != Phase::kHandshake) return;
  if (step.link.routed) store::erase_routing_info(step.store);  // wire: pairing.md 1.2
  if (step.connection == nullptr || !step.connection->resuming()) return;
  if (why.code == Errc::kMalformed || why.code == Errc::kUntrusted) {  // wire: pairing.md 2.7
    store::erase_server_chain(step.store);
    step.emit(event::ResumptionFailed{why});
  } else {
    // Whoever hangs up on IK, or is silent, gets a handshake next that every server knows; the key stays known.
    step.link.full_handshake_next = true;
  }
}

}  // namespace

void connection_failed(Step& step, const Error& why) {
  forget_hints(step, why);
  step.end(disposition_of(why, step.link.account.has_value()), why);
}

void connection_closed(Step& step, const Error& why) {
  forget_hints(step, why);
  const bool paired = step.link.phase == Phase::kPaired;
  step.end(paired ? event::Disposition::kRestart : event::Disposition::kRetry, why);
}

}  // namespace ponte::protocol
