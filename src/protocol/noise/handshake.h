// The client's Noise handshake (wire: pairing.md 2.2, 2.3). XX today; IK and XXfallback join as
// further patterns behind the same interface.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/curve25519.h"
#include "protocol/noise/certificate.h"
#include "protocol/noise/symmetric_state.h"

namespace ponte::protocol::noise {

/// One handshake of one connection. Pure, single use, one thread. Calls in order:
/// client_hello, then on_server_hello once.
class Handshake {
 public:
  struct Options {
    crypto::PublicKey root_key;          ///< root of the certificate chain
    const crypto::KeyPair* static_keys;  ///< the noise key pair; outlives the handshake
  };
  struct Finished {
    Bytes client_finish;  ///< serialized HandshakeMessage, without frame length
    TransportKeys keys;
    CertificateChain chain;
  };

  /// Draws the ephemeral pair (32 bytes).
  Handshake(Options options, RandomSource& random);

  /// The serialized HandshakeMessage{clientHello}, without frame length.
  Bytes client_hello();

  /// Verifies the reply and encrypts `payload` (a serialized ClientPayload).
  /// kMalformed/kHandshakeMalformed or kProtobufMalformed, kUntrusted with the cause of the check that
  /// failed. After an error the connection cannot go on.
  Result<Finished> on_server_hello(ByteView message, ByteView payload, Wall wall);

 private:
  Options options_;
  crypto::KeyPair ephemeral_;
  SymmetricState state_;
};

}  // namespace ponte::protocol::noise
