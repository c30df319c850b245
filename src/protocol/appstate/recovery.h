// A collection whose snapshot does not fit, as the phone has it (wire: messages.md 5.6).
#pragma once

#include "base/bytes.h"
#include "protocol/session/step.h"

namespace ponte::protocol::appstate {

enum class Compression { kNone, kGzip };

/// What the phone answers to SyncHooks::request_recovery: a SyncdSnapshotRecovery. Takes the place of a collection that
/// has failed; what was not asked for, or does not fit together, is refused. Precondition: it came from the phone
/// itself.
Status on_recovery(Step& step, ByteView snapshot, Compression compression);

}  // namespace ponte::protocol::appstate
