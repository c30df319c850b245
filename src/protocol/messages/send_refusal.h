// Why the server does not take a message (wire: messages.md 3.7).
#pragma once

#include <cstdint>

#include "base/result.h"

namespace ponte::protocol::messages {

/// The attribute `error` of an ack as an error of its own cause.
Error send_refusal(std::uint64_t code);

/// 400, 421, 479: what we know of the receivers is old; with newer lists it may go through.
bool is_stale_addressing(std::uint64_t code);

/// The refusal of a group's metadata, for who wanted to write to it.
Error group_refusal(const Error& why);

}  // namespace ponte::protocol::messages
