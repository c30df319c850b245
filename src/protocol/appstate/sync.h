// App state as a flow over a session: what is fetched when, and what becomes of it (wire: messages.md 5.4, 5.6).
//
// Each collection has a record that says whether something is to be fetched, so that neither the end of a connection
// nor a crash loses what the server told. Nothing here is needed for messages: a collection that does not work is told
// of, and the rest goes on. All functions are part of a step; an error ends the connection, and is one of the store.
// Where the session has no SyncState (LinkState::app_state), none of them does anything.
#pragma once

#include "e2e.pb.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::appstate {

/// Logged in: goes on with what waited, or begins where nothing was ever fetched.
Status on_online(Step& step);

/// Keys from the phone. Precondition: the message came from a device of the account itself.
Status on_key_share(Step& step, const proto::AppStateSyncKeyShare& share);

/// `<notification type="server_sync">`: fetches what is newer than what is held.
Status on_server_sync(Step& step, const wire::Node& notification);

/// `<dirty type="syncd_app_state">`: fetches everything, and says that it was seen.
Status on_dirty(Step& step, const wire::Node& dirty);

/// What was put off is due.
Status on_deadline(Step& step);

}  // namespace ponte::protocol::appstate
