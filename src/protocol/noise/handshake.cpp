#include "protocol/noise/handshake.h"

#include "handshake.pb.h"

namespace ponte::protocol::noise {
namespace {

// "WA", then the protocol version and the dictionary version (wire: pairing.md 1.2, 2.1).
constexpr ByteArray<4> kPrologue = {0x57, 0x41, 0x06, 0x03};
// The captured production ServerHello has 347 bytes; this leaves room for the padding fields of the schema.
constexpr std::size_t kMaxMessageSize = 64 * 1024;
constexpr std::size_t kEncryptedKeySize = 32 + 16;
constexpr std::size_t kTagSize = 16;

Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kHandshakeMalformed, "ServerHello: " + std::move(message)};
}

Bytes serialize(const proto::HandshakeMessage& message) {
  Bytes out(message.ByteSizeLong());
  message.SerializeToArray(out.data(), static_cast<int>(out.size()));
  return out;
}

void assign(std::string& field, ByteView bytes) {
  field.assign(as_text(bytes));
}

}  // namespace

struct Handshake::ServerHello {
  crypto::PublicKey ephemeral;
  Bytes encrypted_static;  ///< empty where the server accepts IK
  Bytes encrypted_payload;
};

Handshake::Handshake(const Options& options, RandomSource& random)
    : options_(options), ephemeral_(crypto::generate_key_pair(random)), state_(kPatternXx, kPrologue) {
  if (options_.resumption) {
    auto hello = resume(*options_.resumption);
    options_.resumption.reset();
    if (hello.ok()) {
      hello_ = std::move(*hello);
      return;
    }
    // A key that no agreement is possible with proves nobody: XX asks the server for its own.
  }
  start(kPatternXx, Pattern::kXx);
  proto::HandshakeMessage message;
  assign(*message.mutable_client_hello()->mutable_ephemeral(), ephemeral_.public_key);
  hello_ = serialize(message);
}

/// XX and XXfallback from our ephemeral key on.
void Handshake::start(std::string_view name, Pattern pattern) {
  pattern_ = pattern;
  state_ = SymmetricState(name, kPrologue);
  // The empty payload of message 1 is not mixed in, unlike in Noise's own XX (wire: pairing.md 2.3).
  state_.mix_hash(ephemeral_.public_key);
}

Result<Bytes> Handshake::resume(const Resumption& resumption) {
  const crypto::KeyPair& own = *options_.static_keys;
  pattern_ = Pattern::kIk;
  state_ = SymmetricState(kPatternIk, kPrologue);
  state_.mix_hash(resumption.server_static);
  state_.mix_hash(ephemeral_.public_key);
  proto::HandshakeMessage message;
  auto& hello = *message.mutable_client_hello();
  assign(*hello.mutable_ephemeral(), ephemeral_.public_key);
  PONTE_TRY(state_.mix_agreement(ephemeral_.private_key, resumption.server_static));
  assign(*hello.mutable_static_(), state_.encrypt_and_hash(own.public_key));
  PONTE_TRY(state_.mix_agreement(own.private_key, resumption.server_static));
  assign(*hello.mutable_payload(), state_.encrypt_and_hash(resumption.payload));
  return serialize(message);
}

Result<Handshake::ServerHello> Handshake::parse_server_hello(ByteView message) {
  if (message.empty() || message.size() > kMaxMessageSize) {
    return malformed("expected 1 to 65536 bytes, got " + std::to_string(message.size()));
  }
  proto::HandshakeMessage parsed;
  if (!parsed.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return Error{Errc::kMalformed, Cause::kProtobufMalformed,
                 "expected a HandshakeMessage, got " + std::to_string(message.size()) + " bytes that are not one"};
  }
  if (!parsed.has_server_hello()) return malformed("expected a serverHello in the HandshakeMessage, got none");
  const auto& hello = parsed.server_hello();
  if (hello.ephemeral().size() != crypto::PublicKey{}.size()) {
    return malformed("expected an ephemeral key of 32 bytes, got " + std::to_string(hello.ephemeral().size()));
  }
  return ServerHello{to_array<32>(as_bytes(hello.ephemeral())), to_bytes(hello.static_()), to_bytes(hello.payload())};
}

Result<Handshake::Finished> Handshake::on_server_hello(ByteView message, ByteView payload, Wall wall) {
  if (spent_) return malformed("expected one in a handshake, got a second");
  spent_ = true;
  PONTE_ASSIGN(const ServerHello hello, parse_server_hello(message));
  if (pattern_ == Pattern::kIk) {
    if (hello.encrypted_static.empty()) return finish_ik(hello);
    start(kPatternXxFallback, Pattern::kXxFallback);
  }
  return finish_xx(hello, payload, wall);
}

Result<Handshake::Finished> Handshake::finish_ik(const ServerHello& hello) {
  if (hello.encrypted_payload.size() < kTagSize) {
    return malformed("expected an encrypted payload, got " + std::to_string(hello.encrypted_payload.size()) + " bytes");
  }
  state_.mix_hash(hello.ephemeral);
  PONTE_TRY(state_.mix_agreement(ephemeral_.private_key, hello.ephemeral));
  PONTE_TRY(state_.mix_agreement(options_.static_keys->private_key, hello.ephemeral));
  // That it opens proves the server's key; the payload has nothing that the kept chain does not say.
  PONTE_TRY(state_.decrypt_and_hash(hello.encrypted_payload));
  return Finished{{}, state_.split(), std::nullopt};
}

Result<Handshake::Finished> Handshake::finish_xx(const ServerHello& hello, ByteView payload, Wall wall) {
  if (hello.encrypted_static.size() != kEncryptedKeySize) {
    return malformed("expected an encrypted static key of 48 bytes, got " +
                     std::to_string(hello.encrypted_static.size()));
  }
  if (hello.encrypted_payload.size() <= kTagSize) {
    return malformed("expected an encrypted certificate chain, got " + std::to_string(hello.encrypted_payload.size()) +
                     " bytes");
  }
  state_.mix_hash(hello.ephemeral);
  PONTE_TRY(state_.mix_agreement(ephemeral_.private_key, hello.ephemeral));
  PONTE_ASSIGN(const Bytes static_bytes, state_.decrypt_and_hash(hello.encrypted_static));
  const auto server_static = to_array<32>(static_bytes);
  PONTE_TRY(state_.mix_agreement(ephemeral_.private_key, server_static));
  PONTE_ASSIGN(const Bytes chain_bytes, state_.decrypt_and_hash(hello.encrypted_payload));
  PONTE_ASSIGN(const CertificateChain chain, verify_chain(chain_bytes, options_.root_key, server_static, wall));

  proto::HandshakeMessage message;
  auto& finish = *message.mutable_client_finish();
  const crypto::KeyPair& own = *options_.static_keys;
  assign(*finish.mutable_static_(), state_.encrypt_and_hash(own.public_key));
  // Our static key with the server's ephemeral one, before the payload (wire: pairing.md 13, 6).
  PONTE_TRY(state_.mix_agreement(own.private_key, hello.ephemeral));
  assign(*finish.mutable_payload(), state_.encrypt_and_hash(payload));
  return Finished{serialize(message), state_.split(), chain};
}

}  // namespace ponte::protocol::noise
