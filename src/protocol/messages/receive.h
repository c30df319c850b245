// `<message>` from the wire to the store, and what it is answered with (wire: messages.md 2).
#pragma once

#include "protocol/messages/source.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// Opens the message, keeps it, tells it and answers it: with a receipt, a request to send it again, or an ack.
/// Whatever the sender did wrong, the connection goes on. Precondition: step.link.account.
Status receive_message(Step& step, const wire::Node& message);

/// The longest that a message is asked for: what the phone said later than that, it never says.
inline constexpr std::uint32_t kMostRetries = 5;

}  // namespace ponte::protocol::messages
