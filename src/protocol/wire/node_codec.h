// Binary XML (wire: pairing.md 4): one decrypted frame <-> one node.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::wire {

inline constexpr std::size_t kMaxInflatedSize = 16u << 20;
inline constexpr std::size_t kMaxDepth = 128;
/// Nodes and attributes of one tree together: two bytes of input can ask for 112 bytes of memory.
inline constexpr std::size_t kMaxItems = 1u << 21;

/// Flag byte 00 and the node. Text values and text content take the shortest form of pairing.md 4.4
/// (token, packed, raw); text is never parsed as a JID, and an empty value is written as it is.
/// Precondition, for every node: tag and keys not empty, at most 32766 attributes, at most 65535
/// children, content under 4 GiB.
Bytes encode_frame(const Node& node);
/// The node without the flag byte.
Bytes encode_node(const Node& node);

/// A decrypted frame: flag byte, then the node, inflated where flag bit 0x02 is set (to at most
/// `max_inflated` bytes). kMalformed/kNodeMalformed or kNodeTooLarge; the message names the offset.
/// Nothing may follow the root node. Tags and keys are strings and not empty; the padding of an odd
/// packed string must be 0xF, as all peers write it. An AD_JID domain that the table does not know
/// reads as hosted (even with bit 0x80) or s.whatsapp.net, and is kept in Jid::unknown_domain.
Result<Node> decode_frame(ByteView frame, std::size_t max_inflated = kMaxInflatedSize);
/// The same without a flag byte.
Result<Node> decode_node(ByteView bytes);

}  // namespace ponte::protocol::wire
