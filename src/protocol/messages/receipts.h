// The answers to messages (wire: messages.md 2.4, 2.5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/messages/source.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// `<receipt>` that says that a message is here, with the addresses of its stanza copied. The one answer of a message
/// that could be processed; goes out once what it stands for is committed.
Status send_receipt(Step& step, const wire::Node& message, const Source& source);
/// A copy of our own that cannot be read: the server holds it until it gets this very answer.
Status send_sender_receipt(Step& step, const wire::Node& message);

/// Asks the sender for the message again. `count` from 1 on. With our keys from the second on, or where `force_keys`:
/// so that the sender can begin a session anew.
enum class WithKeys { kFromSecond, kAlways };
Status send_retry_receipt(Step& step, const wire::Node& message, const Source& source, std::uint32_t count,
                          const Error& why, WithKeys with_keys);

/// Tells the senders that messages of theirs were read. `participant`: the author in a group; empty elsewhere.
Status send_read_receipt(Step& step, const wire::Jid& chat, const std::optional<wire::Jid>& participant,
                         const std::vector<std::string>& ids);

}  // namespace ponte::protocol::messages
