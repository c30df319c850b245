// The server's side of the Noise handshake: XX, IK, and XXfallback after a declined IK
// (wire: pairing.md 2.3, 2.7).
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/curve25519.h"
#include "protocol/noise/symmetric_state.h"

namespace ponte::simulator {

enum class Pattern { kXx, kIk, kXxFallback };
std::string_view pattern_name(Pattern pattern);

/// The client's ephemeral key in a serialized ClientHello; nullopt where it is none.
std::optional<crypto::PublicKey> client_ephemeral(ByteView message);

/// What the server does with an IK hello. A hello for another static key is always declined. Where an answer is damaged
/// on purpose, the handshake stays unfinished.
enum class IkAnswer {
  kAccept,
  kFallback,   ///< answer with a static key, as after a key change
  kGarbage,    ///< accept, with a payload whose tag is wrong
  kNoPayload,  ///< accept without payload
  kShort,      ///< accept with a payload of 15 bytes, which is less than a tag
};

/// One handshake of one connection. Pure, single use, one thread. on_client_hello once; unless it
/// finished (IK), on_client_finish once.
class Responder {
 public:
  struct Finished {
    Bytes payload;  ///< serialized ClientPayload
    crypto::PublicKey client_static{};
    protocol::noise::TransportKeys keys;
  };
  struct HelloReply {
    Bytes server_hello;  ///< serialized HandshakeMessage, without frame length
    Pattern pattern = Pattern::kXx;
    std::optional<Finished> finished;  ///< only where IK was accepted, and the answer is whole
  };
  struct Options {
    const crypto::KeyPair* static_keys;  ///< outlives the call
    ByteView chain;                      ///< serialized CertChain, the payload of ServerHello
    IkAnswer ik = IkAnswer::kAccept;
  };

  /// kMalformed/kHandshakeMalformed or kProtobufMalformed; kUntrusted/kWeakKey. Draws 32 bytes.
  Result<HelloReply> on_client_hello(ByteView message, const Options& options, RandomSource& random);
  /// The same, or kUntrusted/kDecryptionFailed.
  Result<Finished> on_client_finish(ByteView message);

 private:
  struct ClientHello;
  Result<HelloReply> accept_ik(const ClientHello& hello, const Options& options);
  Result<HelloReply> offer_static(const ClientHello& hello, Pattern pattern, const Options& options);

  crypto::KeyPair ephemeral_;
  std::optional<protocol::noise::SymmetricState> state_;
};

}  // namespace ponte::simulator
