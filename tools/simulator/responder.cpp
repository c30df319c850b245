#include "simulator/responder.h"

#include "crypto/aead.h"
#include "handshake.pb.h"
#include "protocol/wire/frame_codec.h"

namespace ponte::simulator {
namespace {

using proto::HandshakeMessage;
using protocol::noise::SymmetricState;
using protocol::wire::kPrologue;

constexpr std::size_t kEncryptedKeySize = 48;

Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kHandshakeMalformed, std::move(message)};
}

Result<HandshakeMessage> parse(ByteView bytes) {
  HandshakeMessage message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error{Errc::kMalformed, Cause::kProtobufMalformed, "expected a HandshakeMessage, got other bytes"};
  }
  return message;
}

Bytes serialize(const HandshakeMessage& message) {
  return to_bytes(message.SerializeAsString());
}

}  // namespace

struct Responder::ClientHello {
  crypto::PublicKey ephemeral{};
  Bytes encrypted_static;
  Bytes payload;
};

std::string_view pattern_name(Pattern pattern) {
  switch (pattern) {
    case Pattern::kXx: return "XX";
    case Pattern::kIk: return "IK";
    case Pattern::kXxFallback: return "XXfallback";
  }
  return "";
}

std::optional<crypto::PublicKey> client_ephemeral(ByteView message) {
  const auto parsed = parse(message);
  if (!parsed.ok() || parsed->client_hello().ephemeral().size() != 32) return std::nullopt;
  return to_array<32>(as_bytes(parsed->client_hello().ephemeral()));
}

Result<Responder::HelloReply> Responder::on_client_hello(ByteView message, const Options& options,
                                                         RandomSource& random) {
  PONTE_ASSIGN(const HandshakeMessage parsed, parse(message));
  if (!parsed.has_client_hello()) return malformed("expected clientHello, got another handshake message");
  const auto& fields = parsed.client_hello();
  if (fields.ephemeral().size() != 32) {
    return malformed("expected a client ephemeral of 32 bytes, got " + std::to_string(fields.ephemeral().size()));
  }
  if (fields.has_static_() != fields.has_payload()) {
    return malformed("expected both or neither of static and payload in clientHello");
  }
  const ClientHello hello{to_array<32>(as_bytes(fields.ephemeral())), to_bytes(fields.static_()),
                          to_bytes(fields.payload())};
  ephemeral_ = crypto::generate_key_pair(random);
  if (!fields.has_static_()) return offer_static(hello, Pattern::kXx, options);
  if (hello.encrypted_static.size() != kEncryptedKeySize) {
    return malformed("expected an encrypted static of 48 bytes, got " + std::to_string(hello.encrypted_static.size()));
  }
  if (options.ik != IkAnswer::kFallback) {
    auto accepted = accept_ik(hello, options);
    // A hello for another key cannot be opened: the server declines by showing its key.
    if (accepted.ok() || accepted.error().cause != Cause::kDecryptionFailed) return accepted;
  }
  return offer_static(hello, Pattern::kXxFallback, options);
}

Result<Responder::HelloReply> Responder::accept_ik(const ClientHello& hello, const Options& options) {
  SymmetricState state(protocol::noise::kPatternIk, kPrologue);
  const crypto::KeyPair& own = *options.static_keys;
  state.mix_hash(own.public_key);
  state.mix_hash(hello.ephemeral);
  PONTE_TRY(state.mix_agreement(own.private_key, hello.ephemeral));
  PONTE_ASSIGN(const Bytes client_static, state.decrypt_and_hash(hello.encrypted_static));
  Finished finished;
  finished.client_static = to_array<32>(client_static);
  PONTE_TRY(state.mix_agreement(own.private_key, finished.client_static));
  PONTE_ASSIGN(finished.payload, state.decrypt_and_hash(hello.payload));

  state.mix_hash(ephemeral_.public_key);
  PONTE_TRY(state.mix_agreement(ephemeral_.private_key, hello.ephemeral));
  PONTE_TRY(state.mix_agreement(ephemeral_.private_key, finished.client_static));
  HandshakeMessage reply;
  reply.mutable_server_hello()->set_ephemeral(to_text(ephemeral_.public_key));
  Bytes payload = state.encrypt_and_hash(options.chain);
  if (options.ik == IkAnswer::kGarbage) payload.back() ^= 1;
  if (options.ik == IkAnswer::kShort) payload.resize(crypto::kGcmTagSize - 1);
  if (options.ik != IkAnswer::kNoPayload) reply.mutable_server_hello()->set_payload(to_text(payload));
  if (options.ik != IkAnswer::kAccept) return HelloReply{serialize(reply), Pattern::kIk, std::nullopt};
  finished.keys = state.split();
  return HelloReply{serialize(reply), Pattern::kIk, std::move(finished)};
}

Result<Responder::HelloReply> Responder::offer_static(const ClientHello& hello, Pattern pattern,
                                                      const Options& options) {
  const auto name = pattern == Pattern::kXx ? protocol::noise::kPatternXx : protocol::noise::kPatternXxFallback;
  SymmetricState state(name, kPrologue);
  // WhatsApp does not mix in the empty payload of XX message 1, where the Noise book would (wire: pairing.md 2.3).
  state.mix_hash(hello.ephemeral);
  state.mix_hash(ephemeral_.public_key);
  PONTE_TRY(state.mix_agreement(ephemeral_.private_key, hello.ephemeral));
  HandshakeMessage reply;
  auto& fields = *reply.mutable_server_hello();
  fields.set_ephemeral(to_text(ephemeral_.public_key));
  fields.set_static_(to_text(state.encrypt_and_hash(options.static_keys->public_key)));
  PONTE_TRY(state.mix_agreement(options.static_keys->private_key, hello.ephemeral));
  fields.set_payload(to_text(state.encrypt_and_hash(options.chain)));
  state_ = std::move(state);
  return HelloReply{serialize(reply), pattern, std::nullopt};
}

Result<Responder::Finished> Responder::on_client_finish(ByteView message) {
  if (!state_) return malformed("clientFinish before clientHello");
  PONTE_ASSIGN(const HandshakeMessage parsed, parse(message));
  if (!parsed.has_client_finish()) return malformed("expected clientFinish, got another handshake message");
  const auto& fields = parsed.client_finish();
  if (fields.static_().size() != kEncryptedKeySize) {
    return malformed("expected an encrypted static of 48 bytes, got " + std::to_string(fields.static_().size()));
  }
  Finished finished;
  PONTE_ASSIGN(const Bytes client_static, state_->decrypt_and_hash(as_bytes(fields.static_())));
  finished.client_static = to_array<32>(client_static);
  PONTE_TRY(state_->mix_agreement(ephemeral_.private_key, finished.client_static));
  PONTE_ASSIGN(finished.payload, state_->decrypt_and_hash(as_bytes(fields.payload())));
  finished.keys = state_->split();
  state_.reset();
  return finished;
}

}  // namespace ponte::simulator
