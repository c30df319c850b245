// IK, with the client's side written out (wire: pairing.md 2.7).
#pragma once

#include "hand_made_client.h"
#include "handshake.pb.h"

namespace ponte::test::by_hand {

struct IkHello {
  explicit IkHello(RandomSource& random) : ephemeral(crypto::generate_key_pair(random)) {}
  explicit IkHello(crypto::KeyPair key) : ephemeral(std::move(key)) {}

  /// ClientHello for a server with `server_key`; once.
  Bytes message(const crypto::KeyPair& noise_key, const crypto::PublicKey& server_key, ByteView payload) {
    state.mix_hash(server_key);
    state.mix_hash(ephemeral.public_key);
    EXPECT_TRUE(state.mix_agreement(ephemeral.private_key, server_key).ok());
    proto::HandshakeMessage out;
    auto& hello = *out.mutable_client_hello();
    hello.set_ephemeral(to_text(ephemeral.public_key));
    hello.set_static_(to_text(state.encrypt_and_hash(noise_key.public_key)));
    EXPECT_TRUE(state.mix_agreement(noise_key.private_key, server_key).ok());
    hello.set_payload(to_text(state.encrypt_and_hash(payload)));
    return to_bytes(out.SerializeAsString());
  }
  /// Goes on with a ServerHello that accepts; the certificate chain.
  Result<Bytes> accept(const crypto::KeyPair& noise_key, const proto::HandshakeMessage::ServerHello& hello) {
    const auto server_ephemeral = to_array<32>(as_bytes(hello.ephemeral()));
    state.mix_hash(server_ephemeral);
    PONTE_TRY(state.mix_agreement(ephemeral.private_key, server_ephemeral));
    PONTE_TRY(state.mix_agreement(noise_key.private_key, server_ephemeral));
    return state.decrypt_and_hash(as_bytes(hello.payload()));
  }

  crypto::KeyPair ephemeral;
  noise::SymmetricState state{noise::kPatternIk, wire::kPrologue};
};

inline proto::HandshakeMessage::ServerHello server_hello(const std::optional<Bytes>& frame) {
  proto::HandshakeMessage message;
  EXPECT_TRUE(frame && message.ParseFromArray(frame->data(), static_cast<int>(frame->size())));
  return message.server_hello();
}

}  // namespace ponte::test::by_hand
