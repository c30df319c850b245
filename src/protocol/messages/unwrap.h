// What a message is sent in: devices of one account pass copies on, and chats that vanish, media to be seen once and
// the like wrap what is said (wire: messages.md 2.3).
#pragma once

#include <optional>
#include <string>

namespace ponte::proto {
class Message;
}

namespace ponte::protocol::messages {

/// Takes the copy out of a DeviceSentMessage, in place: the JID of the chat that it was sent to, empty where it is not
/// said. nullopt, and nothing changed, where it is none. Only another device of ours may send one: that is for the
/// caller to check.
std::optional<std::string> take_device_sent(proto::Message& message);

/// Takes all other wrappers off, in place, however many there are. What is within keeps the outer messageContextInfo
/// where it has none. To be done after distribution and protocol messages of the outer one were looked at: they go with
/// it.
void unwrap(proto::Message& message);

/// What is within all wrappers but a DeviceSentMessage; `message` itself where there is none. Lives as long as
/// `message`.
const proto::Message& innermost(const proto::Message& message);

}  // namespace ponte::protocol::messages
