// Changes of ours to the state that all devices of the account share (wire: messages.md 5.5).
#pragma once

#include <vector>

#include "protocol/appstate/sync_state.h"
#include "protocol/session/step.h"

namespace ponte::protocol::appstate {

/// Has the other devices know of `actions`, all of one collection, and writes them down here once the server has taken
/// them. `done` is called once, in this step or a later one:
///   Ok                                 the server has them
///   kUnavailable/kAppStateMismatch     the collection cannot be followed at present
///   kNotFound/kAppStateKeyMissing      the phone has shared no key yet
///   kRejected/kIqRejected              the server refused them, or another device was first twice
///   kTimedOut/kIqTimeout               it did not answer: it may have them or not
/// Where the connection ends before, it goes on with the next. One after the other.
/// Preconditions: there is a SyncState; `actions` is not empty.
Status push(Step& step, const std::vector<TimedAction>& actions, SyncPush::Done done);

/// Sends the first push that waits. Precondition: there is one, its collection was fetched, and no round is running.
Status send_push(Step& step);

/// The first push is over. Precondition: there is one.
Status finish_push(Step& step, const Status& outcome);

}  // namespace ponte::protocol::appstate
