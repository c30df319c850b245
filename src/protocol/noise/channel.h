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
  Channel(const TransportKeys& keys, Role role);

  /// Ciphertext of one frame. kUnavailable/kCounterExhausted after 2^32 frames: reconnect.
  Result<Bytes> encrypt(ByteView plaintext);
  /// The counter moves even on failure; a failure is final for the connection.
  /// kUntrusted/kDecryptionFailed, kUnavailable/kCounterExhausted.
  Result<Bytes> decrypt(ByteView ciphertext);

 private:
  crypto::Aes256Gcm write_;
  crypto::Aes256Gcm read_;
  std::uint64_t write_counter_ = 0;
  std::uint64_t read_counter_ = 0;
};

}  // namespace ponte::protocol::noise
