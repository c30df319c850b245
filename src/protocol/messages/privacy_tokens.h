// Tokens by which the server tells an answer from a cold call (wire: messages.md 3.9).
#pragma once

#include "protocol/messages/fanout.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// `<tctoken>` that the contact gave us, while it is valid; else `<cstoken>`, made of the account's salt where there is
/// one. Not for ourselves.
Status add_privacy_token(Step& step, const Destination& destination, wire::Node& stanza);

/// Gives the contact a token of ours, once a week at most: after we have written to it.
Status issue_privacy_token(Step& step, const Chat& chat);

/// `<notification type="privacy_token">`: a contact gave us one.
Status on_privacy_token(Step& step, const wire::Node& notification);

/// A token that came by history. An older one than is known is ignored.
Status learn_privacy_token(Step& step, const wire::Jid& contact, ByteView token, std::int64_t at,
                           std::optional<std::int64_t> issued_at);

/// Whether a token given at `at` still counts at `now`, Unix seconds: four buckets of seven days.
bool is_valid_token(std::int64_t at, std::int64_t now);

}  // namespace ponte::protocol::messages
