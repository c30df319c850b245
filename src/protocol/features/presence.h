// Whether the account is announced as online (wire: pairing.md 8.10).
#pragma once

#include "protocol/session/config.h"
#include "protocol/session/step.h"

namespace ponte::protocol::features {

/// Announces what the session's options say. Nothing goes out while not logged in, nor `available` while the account
/// has no name yet: the others would see none.
Status announce_presence(Step& step);

/// Changes the option, and announces it at once where logged in.
Status set_presence(Step& step, Presence presence);

}  // namespace ponte::protocol::features
