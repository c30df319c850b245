// The server's side of prekeys: count, upload, digest, rotation (wire: pairing.md 8.3, 8.4).
#pragma once

#include <optional>
#include <string>

#include "protocol/wire/node.h"
#include "simulator/iq_answers.h"

namespace ponte::simulator {

/// Answers an iq of namespace `encrypt`.
protocol::wire::Node answer_encrypt(const protocol::wire::Node& request, Asking& asking);

/// Notes a device's signed prekey. What is wrong with it where another key had its id before.
std::optional<std::string> reused_signed_prekey(UsedValues& used_keys, const protocol::wire::Jid& device,
                                                const SignedPrekey& prekey);

}  // namespace ponte::simulator
