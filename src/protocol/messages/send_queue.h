// Messages on their way out, one after the other (wire: messages.md 3.2, 3.7, 3.10).
#pragma once

#include <string_view>

#include "protocol/messages/state.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// The most that wait to be sent.
inline constexpr std::size_t kMostSends = 1'000;

/// Puts a draft behind those that wait, and sends what can go. It is answered by event::SendEnded for each of its
/// tickets. kUnavailable/kOverloaded where too many wait.
Status enqueue(Step& step, Draft draft);

/// Sends what can go now: after login, after an answer of the server, after the offline queue.
Status advance_sends(Step& step);

/// `<ack class="message">`: the server has taken or refused what we sent.
Status on_message_ack(Step& step, const wire::Node& ack);

/// Those whose time is up.
Status on_send_deadline(Step& step);

/// After `<success>`: what went out and was not acknowledged when the last connection ended goes out once more, in the
/// same bytes. What an earlier process left is told as not known to be sent, since a crash may have come before the
/// bytes left, or after.
Status resume_sends(Step& step);

/// The device is logged out: nothing of what waits will be sent.
void fail_sends(Step& step, const Error& why);

}  // namespace ponte::protocol::messages
