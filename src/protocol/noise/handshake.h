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

  /// Draws the ephemeral pair (32 bytes) and nothing else.
  Handshake(const Options& options, RandomSource& random);

  /// The serialized HandshakeMessage{clientHello}, without frame length.
  Bytes client_hello() const;

  /// Verifies the reply and encrypts `payload` (a serialized ClientPayload).
  /// kMalformed/kHandshakeMalformed or kProtobufMalformed, kUntrusted with the cause of the check that
  /// failed. After an error, and after the one call that is allowed, the connection cannot go on with it.
  Result<Finished> on_server_hello(ByteView message, ByteView payload, Wall wall);

 private:
  struct ServerHello;
  static Result<ServerHello> parse_server_hello(ByteView message);
  /// From step 3 of wire: pairing.md 2.3 on, the part that XX and XXfallback have in common.
  Result<Finished> finish_xx(const ServerHello& hello, ByteView payload, Wall wall);

  Options options_;
  crypto::KeyPair ephemeral_;
  SymmetricState state_;
  bool spent_ = false;
};

}  // namespace ponte::protocol::noise
