// The server's half of one handshake, made of the same symmetric state as the client's.
#pragma once

#include <optional>
#include <stdexcept>
#include <utility>

#include "handshake.pb.h"
#include "protocol/noise/symmetric_state.h"
#include "support/chain_builder.h"

namespace ponte::test {

/// What it holds is open to damage: which static key, whose chain. Throws where the client's bytes do not fit.
struct NoiseResponder {
  ChainBuilder chain;
  crypto::KeyPair ephemeral = key_pair_of(0x34);
  std::optional<protocol::noise::SymmetricState> state;

  /// The ServerHello that carries `chain_bytes`, whatever they are. `pattern` XXfallback declines an IK hello.
  proto::HandshakeMessage answer(ByteView client_hello, ByteView chain_bytes,
                                 std::string_view pattern = protocol::noise::kPatternXx) {
    const proto::HandshakeMessage hello = parsed(client_hello);
    const auto client_ephemeral = to_array<32>(as_bytes(hello.client_hello().ephemeral()));
    state.emplace(pattern, as_bytes("WA\x06\x03"));
    state->mix_hash(client_ephemeral);
    state->mix_hash(ephemeral.public_key);
    mix(ephemeral, client_ephemeral);
    proto::HandshakeMessage out;
    auto& server_hello = *out.mutable_server_hello();
    server_hello.set_ephemeral(to_text(ephemeral.public_key));
    server_hello.set_static_(to_text(state->encrypt_and_hash(chain.server_static.public_key)));
    mix(chain.server_static, client_ephemeral);
    server_hello.set_payload(to_text(state->encrypt_and_hash(chain_bytes)));
    return out;
  }

  /// The ServerHello that accepts an IK hello, and the client's payload.
  std::pair<proto::HandshakeMessage, Bytes> accept(ByteView client_hello, ByteView server_payload) {
    const proto::HandshakeMessage hello = parsed(client_hello);
    const auto client_ephemeral = to_array<32>(as_bytes(hello.client_hello().ephemeral()));
    state.emplace(protocol::noise::kPatternIk, as_bytes("WA\x06\x03"));
    state->mix_hash(chain.server_static.public_key);
    state->mix_hash(client_ephemeral);
    mix(chain.server_static, client_ephemeral);
    const auto client_static = to_array<32>(opened(hello.client_hello().static_()));
    mix(chain.server_static, client_static);
    Bytes payload = opened(hello.client_hello().payload());
    state->mix_hash(ephemeral.public_key);
    mix(ephemeral, client_ephemeral);
    mix(ephemeral, client_static);
    proto::HandshakeMessage out;
    out.mutable_server_hello()->set_ephemeral(to_text(ephemeral.public_key));
    out.mutable_server_hello()->set_payload(to_text(state->encrypt_and_hash(server_payload)));
    return {std::move(out), std::move(payload)};
  }

  /// The client's static key and payload.
  std::pair<Bytes, Bytes> read_finish(ByteView client_finish) {
    const proto::HandshakeMessage message = parsed(client_finish);
    Bytes client_static = opened(message.client_finish().static_());
    mix(ephemeral, to_array<32>(client_static));
    return {std::move(client_static), opened(message.client_finish().payload())};
  }

 private:
  static proto::HandshakeMessage parsed(ByteView bytes) {
    proto::HandshakeMessage message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      throw std::runtime_error("NoiseResponder: no HandshakeMessage");
    }
    return message;
  }
  void mix(const crypto::KeyPair& own, const crypto::PublicKey& peer) {
    if (!state->mix_agreement(own.private_key, peer).ok()) throw std::runtime_error("NoiseResponder: a weak key");
  }
  Bytes opened(const std::string& sealed) {
    auto bytes = state->decrypt_and_hash(as_bytes(sealed));
    if (!bytes.ok()) throw std::runtime_error("NoiseResponder: " + bytes.error().message);
    return std::move(bytes).value();
  }
};

}  // namespace ponte::test
