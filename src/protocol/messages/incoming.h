// What a decrypted message leads to: it is kept and told, or it is between our own devices.
#pragma once

#include "e2e.pb.h"
#include "protocol/messages/source.h"
#include "protocol/session/step.h"

namespace ponte::protocol::messages {

/// Takes one Message out of a stanza. What claims to be of ours and is not is told as event::Refused and dropped.
Status take_message(Step& step, const Source& source, proto::Message message);

/// The other devices of the account, and nobody else, may say what changes keys, history and addresses
/// (wire: messages.md 2.3). `sender`: the device that said it.
Status take_internal(Step& step, const Source& source, const proto::ProtocolMessage& message);

/// Whether somebody is to see it: it holds more than keys and what devices tell each other.
bool has_content(const proto::Message& message);

}  // namespace ponte::protocol::messages
