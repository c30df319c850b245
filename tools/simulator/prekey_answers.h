// The server's side of prekeys: count, upload, digest, rotation (wire: pairing.md 8.3, 8.4).
#pragma once

#include "protocol/wire/node.h"
#include "simulator/iq_answers.h"

namespace ponte::simulator {

/// Answers an iq of namespace `encrypt`.
protocol::wire::Node answer_encrypt(const protocol::wire::Node& request, Asking& asking);

}  // namespace ponte::simulator
