// Who is in a group, and who has our key there (wire: messages.md 3.5, 8.6).
#pragma once

#include <vector>

#include "base/task.h"
#include "protocol/messages/addresses.h"
#include "protocol/messages/state.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// `<group>` of an answer to a query for `jid`. kMalformed/kNodeMalformed where it holds no participant.
Result<Group> parse_group(const wire::Node& node);

/// Asks the server who is in the group; the session keeps it until the group changes. `done` gets the server's refusal.
Status fetch_group(Step& step, const wire::Jid& jid, UniqueFunction<Status(Step&, const Status&)> done);

/// `<notification type="w:gp2">`: what is known of the group is asked for again when next needed; where somebody left,
/// our key there is thrown away.
Status on_group_changed(Step& step, const wire::Node& notification);

/// Our key in a group is ours under this address.
crypto::SignalAddress own_sender(const OwnAddress& own);

/// Of these devices, those that have not got our key of the group.
Result<std::vector<wire::Jid>> without_sender_key(Step& step, const wire::Jid& group,
                                                  const std::vector<wire::Jid>& devices);
/// They have it once this step is committed.
Status note_sender_key(Step& step, const wire::Jid& group, const std::vector<wire::Jid>& devices);
/// One device must get it again: it has said that it cannot read.
Status forget_sender_key_of(Step& step, const wire::Jid& group, const wire::Jid& device);
/// A new key is made for the next message: somebody who had the old one is to read no more.
Status rotate_sender_key(Step& step, const wire::Jid& group);
/// The same in every group: a device of somebody is gone, and it may have been in any.
Status rotate_all_sender_keys(Step& step);

}  // namespace ponte::protocol::messages
