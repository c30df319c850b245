// Inflating a compressed frame (wire: pairing.md 4.1).
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::protocol::wire {

/// The content of exactly one zlib stream (RFC 1950). kMalformed/kNodeMalformed where it is damaged,
/// cut off or followed by more bytes; kMalformed/kNodeTooLarge as soon as it exceeds `limit` bytes.
Result<Bytes> inflate_zlib(ByteView compressed, std::size_t limit);

}  // namespace ponte::protocol::wire
