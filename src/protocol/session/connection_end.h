// What the end of a connection leaves behind.
#pragma once

#include "protocol/session/step.h"

namespace ponte::protocol {

/// This connection cannot go on. What may have made it fail is forgotten: routing info that the server did not answer
/// to, a server key that did not fit. Then the connection ends with what that means for the device.
void connection_failed(Step& step, const Error& why);

/// The socket is gone. Right after pairing that is the restart (wire: pairing.md 5.6).
void connection_closed(Step& step, const Error& why);

}  // namespace ponte::protocol
