// The end of a link: by our wish, or because the server says so.
#pragma once

#include "protocol/session/step.h"

namespace ponte::protocol {

/// Erases every record of the device (keys, account, prekeys ...) and notes why; the instance's own
/// records live elsewhere and stay. Survives power loss with the step.
Status wipe_device(Step& step, const Error& why);

/// Notes that the device stays down until `why.retry_after` has passed, or until somebody asks. Survives power loss
/// with the step.
void hold_device(Step& step, const Error& why);

/// Unlinks from the account where logged in, waits up to 5 s for the answer, then wipes and ends
/// with kLoggedOut (wire: pairing.md 8.13).
Status logout(Step& step);

}  // namespace ponte::protocol
