// What no client may do with what it encrypts.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "protocol/wire/node.h"

namespace ponte::simulator {

/// Which message key an `<enc>` was made with: ratchet key and counter, or id and iteration of a sender key
/// (wire: messages.md 1.3). Two messages under one key are the mark of a ratchet that was rolled back. nullopt where it
/// is no message of version 3.
std::optional<std::string> message_key_of(const protocol::wire::Node& enc);

/// The `msg` within a `pkmsg`. Empty where there is none.
Bytes inner_message(ByteView prekey_message);

/// What is wrong with an `<enc>` of a message, as far as a server can tell.
std::optional<std::string> fault_of_enc(const protocol::wire::Node& enc);

}  // namespace ponte::simulator
