// What a server that means harm can send to a client that is connected.
#pragma once

#include <cstddef>

#include "base/time.h"
#include "protocol/wire/frame_codec.h"
#include "simulator/sim_connection.h"

namespace ponte::simulator {

/// A pair-success that no phone has approved: signed for another account, rightly, for the identity of the device that
/// is connected. The HMAC is by the ADV secret where the device is linked, else by one that fits nothing. Noted as a
/// violation where the client accepts it. False where the handshake is not over.
bool send_unasked_pair_success(SimConnection& connection);

/// `<success>` for a device that is not the client's.
protocol::wire::Node stray_success_node(const Now& now);

/// One frame that is large, slow, or never ends. It decrypts, to an `<ib>` that holds nothing but zeros.
struct Oversize {
  static constexpr std::size_t kLeast = 64;
  std::size_t bytes = protocol::wire::kMaxFrameSize;  ///< announced, from kLeast on
  std::size_t sent = protocol::wire::kMaxFrameSize;   ///< of these; where it is less, the connection is frozen then
  std::size_t piece = 1u << 16;                       ///< bytes of one WebSocket message, 1 or more
  Milliseconds interval{0};                           ///< between messages
};
void send_oversize(SimConnection& connection, const Oversize& oversize);

/// A compressed stanza whose content alone inflates to `inflated` bytes.
void send_bomb(SimConnection& connection, std::size_t inflated);

/// A stanza of `depth` nodes, each the only child of the one before.
void send_nested(SimConnection& connection, std::size_t depth);

/// Many notifications at once, each of which wants to be acknowledged.
struct Flood {
  std::size_t count = 0;
  std::size_t bytes = 0;  ///< content of each
};
void send_flood(SimConnection& connection, const Flood& flood);

}  // namespace ponte::simulator
