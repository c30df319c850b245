// Binary XML (wire: pairing.md 4): one decrypted frame <-> one node.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::wire {

inline constexpr std::size_t kMaxInflatedSize = 16u << 20;
inline constexpr std::size_t kMaxDepth = 128;

/// Flag byte 00 and the node. Precondition: tag not empty, at most 32766 attributes, content under 4 GiB.
Bytes encode_frame(const Node& node);
/// The node without the flag byte.
Bytes encode_node(const Node& node);

/// A decrypted frame: flag byte, then the node, inflated where flag bit 0x02 is set (at most
/// kMaxInflatedSize). kMalformed/kNodeMalformed or kNodeTooLarge; the message names the offset.
/// Nothing may follow the root node.
Result<Node> decode_frame(ByteView frame);
/// The same without a flag byte.
Result<Node> decode_node(ByteView bytes);

}  // namespace ponte::protocol::wire
