// The client's Noise handshake: XX, IK where the server's key is known, XXfallback where it declines that
// (wire: pairing.md 2.2, 2.3, 2.7).
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
///
///   kXx ----------------------- ServerHello ---------------------> finished
///   kIk ----- ServerHello without a static key (accepted) -------> finished
///    `------- with one (declined) -------> kXxFallback ----------> finished
class Handshake {
 public:
  enum class Pattern { kXx, kIk, kXxFallback };
  /// What IK starts from.
  struct Resumption {
    crypto::PublicKey server_static{};  ///< the leaf's key of a chain that was verified earlier
    ByteView payload;                   ///< a serialized login ClientPayload; read by the constructor
  };
  struct Options {
    crypto::PublicKey root_key{};                         ///< root of the certificate chain
    const crypto::KeyPair* static_keys = nullptr;         ///< the noise key pair; outlives the handshake
    std::optional<Resumption> resumption = std::nullopt;  ///< absent: XX
  };
  struct Finished {
    Bytes client_finish;  ///< serialized HandshakeMessage, without frame length; empty where IK was accepted
    TransportKeys keys;
    std::optional<CertificateChain> chain;  ///< verified just now; absent where IK was accepted
  };

  /// Draws the ephemeral pair (32 bytes) and nothing else.
  Handshake(const Options& options, RandomSource& random);

  /// The serialized HandshakeMessage{clientHello}, without frame length; the same at each call.
  const Bytes& client_hello() const { return hello_; }

  /// Verifies the reply; where a ClientFinish is due, encrypts `payload` (a serialized ClientPayload) into it.
  /// kMalformed/kHandshakeMalformed or kProtobufMalformed, kUntrusted with the cause of the check that
  /// failed. After an error, and after the one call that is allowed, the connection cannot go on with it.
  Result<Finished> on_server_hello(ByteView message, ByteView payload, Wall wall);

  /// What is spoken; kIk after a failure means that the known key did not fit the server.
  Pattern pattern() const { return pattern_; }

 private:
  struct ServerHello;
  static Result<ServerHello> parse_server_hello(ByteView message);
  /// ClientHello of IK; the state is spent where it fails.
  Result<Bytes> resume(const Resumption& resumption);
  void start(std::string_view name, Pattern pattern);
  Result<Finished> finish_ik(const ServerHello& hello);
  /// From step 3 of wire: pairing.md 2.3 on, the part that XX and XXfallback have in common.
  Result<Finished> finish_xx(const ServerHello& hello, ByteView payload, Wall wall);

  Options options_;
  crypto::KeyPair ephemeral_;
  SymmetricState state_;
  Pattern pattern_ = Pattern::kXx;
  Bytes hello_;
  bool spent_ = false;
};

}  // namespace ponte::protocol::noise
