// Somebody could not decrypt what we sent, and asks for it again (wire: messages.md 2.6).
#pragma once

#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// `<receipt type="retry">`: encrypts the message once more for that device alone, on a session that was mended where
/// it must be. What is not known any more is not answered, and neither is who asks too often.
Status answer_retry(Step& step, const wire::Node& receipt);

}  // namespace ponte::protocol::messages
