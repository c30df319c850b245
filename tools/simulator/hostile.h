// What a server that means harm can send to a client that is connected.
#pragma once

#include "base/time.h"
#include "simulator/sim_connection.h"

namespace ponte::simulator {

/// A pair-success that no phone has approved: signed for another account, rightly, for the identity of the device that
/// is connected. The HMAC is by the ADV secret where the device is linked, else by one that fits nothing. Noted as a
/// violation where the client accepts it. False where the handshake is not over.
bool send_unasked_pair_success(SimConnection& connection);

/// `<success>` for a device that is not the client's.
protocol::wire::Node stray_success_node(const Now& now);

}  // namespace ponte::simulator
