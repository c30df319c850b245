// That the user has read messages of others (wire: messages.md 2.5).
#pragma once

#include <string>
#include <vector>

#include "protocol/messages/source.h"
#include "protocol/session/step.h"

namespace ponte::protocol::messages {

/// Keeps them as read and tells their authors. In a chat with one person also of those that are not kept; in a group
/// nobody knows whose these are.
Status mark_as_read(Step& step, const wire::Jid& chat, const std::vector<std::string>& ids);

/// Has just been received: it counts as read where the options say so. Statuses and newsletters do not.
Status read_at_once(Step& step, const Source& source);

}  // namespace ponte::protocol::messages
