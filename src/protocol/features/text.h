// What a user does in a chat: send a text, mark messages read, show that he types (wire: messages.md 3.2, 8.2, 8.3).
#pragma once

#include "protocol/session/command.h"
#include "protocol/session/step.h"

namespace ponte::protocol::features {

/// Answered by event::SendEnded: when the server has taken the message or will not.
Status send_text(Step& step, const command::SendText& request);

/// Answered by event::CommandEnded at once: tells the senders, where the account lets them know.
Status mark_read(Step& step, const command::MarkRead& request);

/// `<chatstate>`; answered by event::CommandEnded at once.
Status send_chat_state(Step& step, const command::SendChatState& request);

}  // namespace ponte::protocol::features
