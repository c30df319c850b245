// What is kept of messages, and told with it in the same commit: the chats' records, `message.exchange`,
// `message.status`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "e2e.pb.h"
#include "protocol/messages/source.h"
#include "protocol/messages/state.h"
#include "protocol/messages/types.h"
#include "protocol/session/step.h"
#include "store/messaging_records.h"

namespace ponte::protocol::messages {

/// Names the message of a stanza: chat and sender under the addresses that records are kept under.
Result<store::MessageName> name_of(Step& step, const Source& source);

/// Whether the message has been taken: it is kept, or was noted.
Result<bool> is_known(Step& step, const Source& source);
/// Taken, and kept nowhere: what devices tell each other, changes of other messages.
Status note_seen(Step& step, const Source& source);

/// A message with content: kept and told, once however often it comes. Edits and revocations change the one that they
/// are about.
Status keep_incoming(Step& step, const Source& source, const proto::Message& message);

/// A message that will not come.
Status tell_lost(Step& step, const Source& source, LostMessage::Reason reason);
/// The same of one that was asked for again and again.
Status tell_lost(Step& step, const store::MessageName& name, const store::Retry& retry);
/// It has come after all: it is asked for no more.
Status no_longer_missing(Step& step, const Source& source);

/// A message of ours, in the step that encrypts it. `to`: the attribute of the stanza.
Status keep_outgoing(Step& step, const Draft& draft, const wire::Jid& to, std::uint32_t attempts);
/// The server has taken it at `at`: kept and told, once. nullopt where it is none of ours.
Result<std::optional<SentMessage>> keep_acknowledged(Step& step, std::string_view id, Wall at);
/// It was refused, or nobody knows.
Status keep_refused(Step& step, std::string_view id, const Error& why);
/// What was sent under that id before and was taken; nullopt where nothing was.
Result<std::optional<SentMessage>> sent_before(Step& step, std::string_view id);

/// A receipt. What it says of messages that are not known is told all the same.
Status keep_status(Step& step, StatusChange change);
/// A device has asked for a message of ours again.
Status tell_retry(Step& step, const store::Outgoing& outgoing, const std::string& id, const wire::Jid& device);

/// Of these messages of a chat, those of others that are kept, by author; they count as read from now on.
Result<std::map<std::string, std::vector<std::string>>> read_messages(Step& step, const wire::Jid& chat,
                                                                      const std::vector<std::string>& ids);

/// The context of an answer to the message with that id in the chat. kNotFound/kMessageNotFound.
Status quote(Step& step, const wire::Jid& chat, const std::string& id, proto::ContextInfo& context);

}  // namespace ponte::protocol::messages
