// Messages of a chat from before what the phone has told by itself (wire: messages.md 4.6).
#pragma once

#include "protocol/session/command.h"
#include "protocol/session/step.h"

namespace ponte::protocol::features {

/// Answered by event::CommandEnded: when the older messages are in the store, why they could not be had, or
/// kTimedOut/kHistoryUnanswered. kNotFound/kMessageNotFound where no message of the chat is known to ask from.
Status request_older(Step& step, const command::RequestOlder& request);

}  // namespace ponte::protocol::features
