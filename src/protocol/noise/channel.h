// The transport after Split: one AES-GCM key and counter for each direction (wire: pairing.md 2.4).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/aead.h"
#include "protocol/noise/symmetric_state.h"

namespace ponte::protocol::noise {

/// One direction each way; AAD empty, counters from 0. One thread.
class Channel {
 public:
  enum class Role { kClient, kServer };
  /// Frames already encrypted and decrypted under the keys.
  struct Counters {
    std::uint64_t write = 0;
    std::uint64_t read = 0;
  };

  Channel(const TransportKeys& keys, Role role);
  /// Continues at `start`: for tools that look into a recording, and for tests near the limit.
  Channel(const TransportKeys& keys, Role role, Counters start);

  /// Ciphertext of one frame. kUnavailable/kCounterExhausted after 2^32 frames: reconnect.
  Result<Bytes> encrypt(ByteView plaintext);
  /// The counter moves even on failure; a failure is final for the connection.
  /// kUntrusted/kDecryptionFailed, kUnavailable/kCounterExhausted.
  Result<Bytes> decrypt(ByteView ciphertext);

 private:
  crypto::Aes256Gcm write_;
  crypto::Aes256Gcm read_;
  Counters counters_;
};

}  // namespace ponte::protocol::noise
