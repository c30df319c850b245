// Which LID a phone number has, and what follows when it becomes known (wire: messages.md 2.9).
#pragma once

#include <optional>
#include <string>

#include "protocol/messages/types.h"
#include "protocol/session/step.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::messages {

/// Keeps the pair, and moves sessions, identities and sender keys of the PN's devices to the LID, as well as chat,
/// contact and privacy token. A pair that is known costs one read. Pairs that are none (another server, a name that is
/// nobody's) are ignored.
Status learn_mapping(Step& step, const wire::Jid& pn, const wire::Jid& lid);

/// Moves the next messages of chats that turned out to be one with their LID's; a bounded number in each step.
Status merge_more_chats(Step& step);

/// The LID of a PN, or the PN of a LID, with the same device number; nullopt where it is not known.
Result<std::optional<wire::Jid>> other_address(Step& step, const wire::Jid& user);

/// The address that messages for a device are encrypted for: the LID where it is known (wire: messages.md 1.1).
Result<wire::Jid> encryption_jid(Step& step, const wire::Jid& device);

/// As records have it: empty where there is none.
std::string text_of(const std::optional<wire::Jid>& jid);

/// Both addresses of somebody, as far as they are known.
Result<Party> party_of(Step& step, const wire::Jid& user);
/// The chat with somebody, or the group and the like, under the address that its records are kept under.
Result<Chat> chat_of(Step& step, const wire::Jid& jid);

}  // namespace ponte::protocol::messages
