// What others say of messages: received, read, played, or not readable (wire: messages.md 2.10).
#pragma once

#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// `<receipt>`: what it says of messages that are known is kept and told; a request to send again is answered. Always
/// acknowledged. Precondition: step.link.account.
Status receive_receipt(Step& step, const wire::Node& receipt);

}  // namespace ponte::protocol::messages
