#include "protocol/session/deadlines.h"

#include "protocol/pairing/pair_device.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol {

Status phase_timed_out(Step& step) {
  LinkState& link = step.link;
  switch (link.phase) {
    case Phase::kHandshake:
      return Error{Errc::kTimedOut, Cause::kHandshakeTimeout, "handshake: the server sent no hello within 20 s"};
    case Phase::kAwaitAuth:
      if (link.account) return Error{Errc::kTimedOut, Cause::kLoginTimeout, "login: no <success> within 60 s"};
      return Error{Errc::kTimedOut, Cause::kPairDeviceTimeout, "pairing: the server sent no refs within 60 s"};
    case Phase::kPaired:
      step.end(event::Disposition::kRestart,
               Error{Errc::kTimedOut, Cause::kRestartRequired, "pairing: the server kept the stream open"});
      return Status::Ok();
    default: link.phase_deadline.reset(); return Status::Ok();
  }
}

Status rotate_qr(Step& step) {
  switch (step.link.qr.on_deadline(step.now.mono)) {
    case pairing::QrRotation::Due::kNothing: return Status::Ok();
    case pairing::QrRotation::Due::kNext: pairing::show_qr(step); return Status::Ok();
    case pairing::QrRotation::Due::kExhausted:
      // A pairing code lives longer than the refs; its end is the attempt's then (wire: pairing.md 6.5).
      if (step.link.code) return Status::Ok();
      step.end(event::Disposition::kStop,
               Error{Errc::kTimedOut, Cause::kQrExpired, "pairing: no phone scanned before the refs ran out"});
      return Status::Ok();
  }
  return Status::Ok();
}

Status send_ping(Step& step) {
  const Mono sent = step.now.mono;
  return step.send_iq(wire::server_iq("w:p", "get"), [sent](Step& later, const IqAnswer& answer) -> Status {
    // Only silence is fatal, and Keepalive watches for that: an error answer proves life as well.
    if (!answer.ok()) return Status::Ok();
    const auto t = answer->number("t");
    if (t) later.link.set_server_time(*t, later.now, (later.now.mono - sent) / 2);
    return Status::Ok();
  });
}

}  // namespace ponte::protocol
