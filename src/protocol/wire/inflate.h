// Inflating what is small enough to be held: a compressed frame (wire: pairing.md 4.1), a collection of app state
// (wire: messages.md 5.6).
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::protocol::wire {

/// The content of exactly one zlib stream (RFC 1950). kMalformed/kNodeMalformed where it is damaged,
/// cut off or followed by more bytes; kMalformed/kNodeTooLarge as soon as it exceeds `limit` bytes.
Result<Bytes> inflate_zlib(ByteView compressed, std::size_t limit);
/// The same of a gzip stream (RFC 1952).
Result<Bytes> inflate_gzip(ByteView compressed, std::size_t limit);

}  // namespace ponte::protocol::wire
