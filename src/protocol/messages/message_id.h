// Ids of messages and of sets of devices (wire: messages.md 3.1, 3.4).
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::messages {

/// `3EB0` and 18 hex digits, of the time, the account and 16 random bytes.
std::string message_id(Wall at, const wire::Jid& own_pn, const ByteArray<16>& random);

/// `2:` and 8 characters: a digest of all devices that a message goes to, the sending one too.
std::string phash(const std::vector<wire::Jid>& devices);

}  // namespace ponte::protocol::messages
