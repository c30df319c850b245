// What happens when time is up.
#pragma once

#include "protocol/session/step.h"

namespace ponte::protocol {

/// The phase waited in vain: for ServerHello, pair-device, `<success>` or the restart after pairing.
Status phase_timed_out(Step& step);

/// Puts the next ref on display, or ends the attempt where none is left.
Status rotate_qr(Step& step);

/// A `w:p` iq; its answer's `t` refines the server time offset (wire: pairing.md 8.7).
Status send_ping(Step& step);

}  // namespace ponte::protocol
