// A stream of sealed chunks (libsodium's secretstream, XChaCha20-Poly1305): none can be altered, left out, moved or
// repeated, and the last one says that it is the last.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::crypto {

/// What a chunk is longer by than what it holds.
inline constexpr std::size_t kStreamOverhead = 17;
/// Stands in front of the chunks, in the clear. Drawn from the system's randomness, as libsodium gives no other way.
using StreamHeader = ByteArray<24>;

enum class ChunkKind { kMore, kLast };

class SecretStreamSealer {
 public:
  explicit SecretStreamSealer(const Secret<32>& key);
  SecretStreamSealer(SecretStreamSealer&&) noexcept;
  SecretStreamSealer& operator=(SecretStreamSealer&&) noexcept;
  ~SecretStreamSealer();

  const StreamHeader& header() const { return header_; }
  /// `associated_data` must be the same when it is opened. Nothing may follow the last chunk.
  Bytes seal(ByteView plaintext, ByteView associated_data, ChunkKind kind);

 private:
  struct State;
  std::unique_ptr<State> state_;
  StreamHeader header_{};
};

struct OpenedChunk {
  SecretBytes plaintext;
  ChunkKind kind = ChunkKind::kMore;
};

class SecretStreamOpener {
 public:
  SecretStreamOpener(const Secret<32>& key, const StreamHeader& header);
  SecretStreamOpener(SecretStreamOpener&&) noexcept;
  SecretStreamOpener& operator=(SecretStreamOpener&&) noexcept;
  ~SecretStreamOpener();

  /// kUntrusted/kDecryptionFailed where the chunk is not the next one of this stream under this key.
  Result<OpenedChunk> open(ByteView chunk, ByteView associated_data);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ponte::crypto
