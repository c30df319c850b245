// Framing of the byte stream: 3-byte big-endian length, then the payload (wire: pairing.md 1.2, 1.3).
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::protocol::wire {

inline constexpr std::size_t kMaxFrameSize = (1u << 24) - 1;
/// 'W' 'A' magic 6, dictionary version 3: sent once before the first frame, and the Noise prologue.
inline constexpr ByteArray<4> kPrologue = {0x57, 0x41, 0x06, 0x03};

/// What goes before the first frame: the edge-routing block, where there is routing info, and kPrologue.
/// Routing info over 2^24-1 bytes is left out.
Bytes stream_prologue(ByteView routing_info = {});

/// Length and payload. kFrameTooLarge over kMaxFrameSize.
Result<Bytes> encode_frame_bytes(ByteView payload);

/// Cuts a byte stream into frames, however it was split or joined. Keeps only what is incomplete;
/// never reserves a length that has not arrived. When `take` is not called, bytes accumulate up to
/// the caller's own limit.
class FrameDecoder {
 public:
  /// Appends received bytes.
  void feed(ByteView bytes);
  /// The next whole frame (possibly empty), or nullopt when more bytes are needed.
  std::optional<Bytes> take();
  /// Bytes held back.
  std::size_t buffered() const { return buffer_.size() - consumed_; }
  /// Memory held, in bytes: 0 once every byte was taken.
  std::size_t allocated() const { return buffer_.capacity(); }

 private:
  Bytes buffer_;
  std::size_t consumed_ = 0;
};

/// The server's side: strips the optional edge-routing block and the prologue from the first bytes.
class PrologueDecoder {
 public:
  struct Found {
    Bytes routing_info;
    Bytes rest;  ///< bytes after the prologue
  };
  /// nullopt: more bytes needed. kMalformed where the bytes cannot be a prologue.
  Result<std::optional<Found>> feed(ByteView bytes);

 private:
  Bytes buffer_;
};

}  // namespace ponte::protocol::wire
