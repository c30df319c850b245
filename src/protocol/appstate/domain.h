// What app state says, written into the records of the device and of its chats.
#pragma once

#include "protocol/appstate/sync_state.h"
#include "protocol/session/step.h"

namespace ponte::protocol::appstate {

/// Contacts, chats, labels and the account's name follow at once; messages that were cleared are erased over the next
/// steps (erase_some). Labels that changed are told, unless they come with a snapshot. Stars of messages that are not
/// here, labels of single messages and whether archived chats come back are nothing that is kept.
Status write_changes(Step& step, const Changes& changes);

/// Erases a part of what was cleared and says whether there is more. Its first call without anything costs a read.
Result<bool> erase_some(Step& step);

}  // namespace ponte::protocol::appstate
