// The QR side of pairing: refs in, codes out, the phone's approval answered (wire: pairing.md 5).
#pragma once

#include "base/secret.h"
#include "protocol/session/step.h"

namespace ponte::protocol::pairing {

/// Emits the QR text of the ref on display. Precondition: a rotation is active.
void show_qr(Step& step);

/// Replaces the ADV secret, durably with this step, and shows the code on display anew, since it carries the secret.
void set_adv_secret(Step& step, Secret<32> secret);
/// The same with a drawn one (32 bytes).
void change_adv_secret(Step& step);

/// `<iq><pair-device>`: acknowledges, and begins to show its refs.
Status on_pair_device(Step& step, const wire::Node& iq, const wire::Node& pair_device);

/// `<iq><pair-success>`: verifies, persists, answers; or refuses with the reason and ends.
Status on_pair_success(Step& step, const wire::Node& iq, const wire::Node& pair_success);

/// `<notification type="companion_reg_refresh">`: a new ADV secret, and the current ref shown anew at
/// once (wire: pairing.md 5.4). The notification itself is acknowledged by the router.
Status on_registration_refresh(Step& step, const wire::Node& notification);

}  // namespace ponte::protocol::pairing
