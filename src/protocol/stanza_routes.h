// THE table: which handler takes which stanza.
#pragma once

#include "protocol/session/step.h"

namespace ponte::protocol {

/// Hands a decrypted stanza to its handler and acknowledges what wants it (wire: pairing.md 8.11).
/// A tag nobody knows is acknowledged with error 488 where it has an id, else ignored.
Status route_stanza(Step& step, const wire::Node& node);

}  // namespace ponte::protocol
