// A zlib stream, inflated piece by piece (wire: messages.md 4.3).
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::protocol::history {

/// What a stream may become. Deflate makes 1032 bytes of one at most; what people write gives 3 to 30.
struct InflateLimits {
  std::uint64_t largest = 512u << 20;  ///< bytes that come out, all together
  std::uint64_t ratio = 200;           ///< bytes out for one that went in ...
  std::uint64_t free = 8u << 20;       ///< ... counted where more than this came out
};

/// Gives the plaintext of one zlib stream, in order, once. Holds zlib's window of 32 KiB and nothing of the plaintext.
/// One thread.
class InflateStream {
 public:
  /// `compressed` outlives the stream.
  explicit InflateStream(ByteView compressed, const InflateLimits& limits = {});
  ~InflateStream();
  InflateStream(InflateStream&&) noexcept;
  InflateStream& operator=(InflateStream&&) noexcept;

  /// Fills the front of `out`, which is not empty, and says how far: 0 after the last byte.
  /// kMalformed/kHistoryMalformed for what is no whole zlib stream, or has bytes behind it; kMalformed/kHistoryTooLarge
  /// beyond the limits. After an error nothing more comes.
  Result<std::size_t> read(MutableByteView out);
  /// Bytes that came out so far.
  std::uint64_t produced() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ponte::protocol::history
