// The flow of app state with what the rest of a session has for it.
#pragma once

#include "protocol/appstate/sync_state.h"

namespace ponte::protocol::appstate {

/// Files from the media hosts, peer messages to the phone, and the records of device and chats.
SyncHooks session_hooks();

}  // namespace ponte::protocol::appstate
