// One round of fetching: a request, its answer, the files that it refers to. Used by the flow alone.
#pragma once

#include <vector>

#include "protocol/appstate/sync_state.h"
#include "protocol/session/step.h"
#include "store/app_state_records.h"

namespace ponte::protocol::appstate {

/// Begins a round with all that is due, unless one is running or has to wait. Precondition: there is a SyncState.
Status begin_due(Step& step);

/// Asks the server for these collections. Precondition: none is running.
Status begin_round(Step& step, const std::vector<Collection>& collections);

/// Works off what the server holds of these. Precondition: none is running.
Status take_answers(Step& step, std::vector<CollectionAnswer> answers);

/// Takes another part of what is being taken. Precondition: SyncState::busy.
Status go_on(Step& step);

/// A collection that does not get any further: it is told, and tried again after kAskAgain. Saves `record`.
Status fail(Step& step, Collection collection, store::AppStateCollection record, const Error& why);

/// kNotFound/kAppStateKeyMissing: what a collection fails with that needs such a key.
Error key_unknown_to_phone(Collection collection);

/// Asks the phone for those keys that it was not asked for within kAskAgain. When to come back.
Result<Wall> request_keys(Step& step, const std::vector<Bytes>& ids);

/// Tells of what was verified, and hands it on. Records that are none are counted as skipped.
Status apply_changes(Step& step, Collection collection, Changes::Source source, const Applied& applied);

}  // namespace ponte::protocol::appstate
