// The file of a message that is kept, for whoever asks (wire: messages.md 6).
#pragma once

#include "protocol/session/command.h"
#include "protocol/session/step.h"

namespace ponte::protocol::features {

/// Answered by event::MediaFetched. What the hosts have no more the phone is asked for, once, and its answer is kept
/// with the message.
Status fetch_media(Step& step, const command::FetchMedia& request);

}  // namespace ponte::protocol::features
