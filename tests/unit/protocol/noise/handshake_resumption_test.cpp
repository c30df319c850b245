// IK and XXfallback (wire: pairing.md 2.7).
#include "base/hex.h"
#include "protocol/noise/channel.h"
#include "protocol/noise/handshake.h"
#include "support/noise_responder.h"
#include "support/vector_cases.h"

namespace ponte::protocol::noise {
namespace {

using test::ChainBuilder;
using test::NoiseResponder;
using test::ScriptedRandom;
using test::VectorCase;

using Pattern = Handshake::Pattern;

/// The IK handshake of the vector, with every input open to damage.
struct Vector {
  VectorCase vector = test::load_cases("noise/ik.vec").at(0);
  crypto::KeyPair own = crypto::key_pair_from_private(Secret<32>(vector.array<32>("client_static_private")));
  Bytes payload = vector.bytes("payload");
  crypto::PublicKey server_static = vector.array<32>("server_static_public");

  Handshake handshake() const {
    ScriptedRandom random(vector.bytes("client_ephemeral_private"));
    Handshake out({{}, &own, Handshake::Resumption{server_static, payload}}, random);
    EXPECT_EQ(random.remaining(), 0u);
    return out;
  }
  Bytes server_hello() const {
    proto::HandshakeMessage message;
    message.mutable_server_hello()->set_ephemeral(to_text(vector.bytes("server_ephemeral_public")));
    message.mutable_server_hello()->set_payload(to_text(vector.bytes("server_encrypted_payload")));
    return to_bytes(message.SerializeAsString());
  }
};

TEST(HandshakeResumption, SaysTheHelloOfTheVectorAndTakesItsAnswer) {
  const Vector ik;
  Handshake handshake = ik.handshake();
  EXPECT_EQ(handshake.pattern(), Pattern::kIk);
  EXPECT_EQ(to_hex(handshake.client_hello()), ik.vector.text("client_hello"));
  const auto finished = handshake.on_server_hello(ik.server_hello(), {}, {});
  ASSERT_TRUE(finished.ok()) << finished.error().message;
  EXPECT_TRUE(finished->client_finish.empty());
  EXPECT_FALSE(finished->chain);
  EXPECT_EQ(to_hex(finished->keys.client_write.view()), ik.vector.text("write_key"));
  EXPECT_EQ(to_hex(finished->keys.client_read.view()), ik.vector.text("read_key"));
}

TEST(HandshakeResumption, RefusesEveryDamageToTheAnswerOfTheVector) {
  const Vector ik;
  std::vector<Bytes> damaged = test::bit_flips(ik.server_hello());
  for (Bytes& shorter : test::truncations(ik.server_hello())) damaged.push_back(std::move(shorter));
  for (const Bytes& message : damaged) {
    Handshake handshake = ik.handshake();
    const auto finished = handshake.on_server_hello(message, ik.payload, {});
    ASSERT_FALSE(finished.ok()) << to_hex(message);
    EXPECT_TRUE(finished.error().code == Errc::kMalformed || finished.error().code == Errc::kUntrusted);
  }
}

TEST(HandshakeResumption, RefusesAServerThatDoesNotHoldTheKnownKey) {
  Vector ik;
  ik.server_static = test::key_pair_of(0x35).public_key;
  Handshake handshake = ik.handshake();
  const auto finished = handshake.on_server_hello(ik.server_hello(), ik.payload, {});
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().cause, Cause::kDecryptionFailed);
  EXPECT_EQ(handshake.pattern(), Pattern::kIk) << "so that the owner knows whose fault it is";
}

TEST(HandshakeResumption, RefusesALowOrderEphemeral) {
  for (const VectorCase& low : test::load_cases("crypto/low_order.vec")) {
    const Vector ik;
    Handshake handshake = ik.handshake();
    proto::HandshakeMessage message;
    message.mutable_server_hello()->set_ephemeral(to_text(low.bytes("public")));
    message.mutable_server_hello()->set_payload(std::string(16, 'x'));
    const auto finished = handshake.on_server_hello(to_bytes(message.SerializeAsString()), {}, {});
    ASSERT_FALSE(finished.ok()) << low.title;
    EXPECT_EQ(finished.error().cause, Cause::kWeakKey);
  }
}

TEST(HandshakeResumption, SpeaksXxWhereTheKnownKeyIsNone) {
  for (const VectorCase& low : test::load_cases("crypto/low_order.vec")) {
    Vector ik;
    ik.server_static = low.array<32>("public");
    const Handshake handshake = ik.handshake();
    EXPECT_EQ(handshake.pattern(), Pattern::kXx) << low.title;
    proto::HandshakeMessage hello;
    ASSERT_TRUE(hello.ParseFromString(to_text(handshake.client_hello())));
    EXPECT_FALSE(hello.client_hello().has_static_());
  }
}

/// A client that knows the server's key, or one that it had earlier.
struct Resuming {
  NoiseResponder server;
  crypto::KeyPair own = test::key_pair_of(0x22);
  crypto::PublicKey known = server.chain.server_static.public_key;

  Handshake handshake() {
    test::SeededRandom random(7);
    return Handshake({server.chain.root.public_key, &own, Handshake::Resumption{known, as_bytes("early")}}, random);
  }
};

TEST(HandshakeResumption, AnAcceptedHelloCarriesThePayloadAndGivesBothSidesTheSameChannel) {
  Resuming resuming;
  Handshake handshake = resuming.handshake();
  const auto [message, payload] = resuming.server.accept(handshake.client_hello(), {});
  EXPECT_EQ(to_text(payload), "early");
  const auto finished = handshake.on_server_hello(to_bytes(message.SerializeAsString()), as_bytes("late"), {});
  ASSERT_TRUE(finished.ok()) << finished.error().message;
  Channel client(finished->keys, Channel::Role::kClient);
  Channel peer(resuming.server.state->split(), Channel::Role::kServer);
  EXPECT_EQ(to_text(*peer.decrypt(*client.encrypt(as_bytes("up")))), "up");
  EXPECT_EQ(to_text(*client.decrypt(*peer.encrypt(as_bytes("down")))), "down");
}

TEST(HandshakeResumption, ADeclinedHelloGoesOnWithTheChainAndThePayloadInTheFinish) {
  Resuming resuming;
  resuming.known = test::key_pair_of(0x36).public_key;
  Handshake handshake = resuming.handshake();
  NoiseResponder& server = resuming.server;
  const auto message = server.answer(handshake.client_hello(), server.chain.bytes(), kPatternXxFallback);
  const auto finished =
      handshake.on_server_hello(to_bytes(message.SerializeAsString()), as_bytes("late"), ChainBuilder::inside());
  ASSERT_TRUE(finished.ok()) << finished.error().message;
  EXPECT_EQ(handshake.pattern(), Pattern::kXxFallback);
  ASSERT_TRUE(finished->chain);
  EXPECT_EQ(finished->chain->leaf.key, server.chain.server_static.public_key);
  EXPECT_EQ(to_text(server.read_finish(finished->client_finish).second), "late");
  EXPECT_EQ(to_hex(server.state->split().client_write.view()), to_hex(finished->keys.client_write.view()));
}

TEST(HandshakeResumption, ADeclinedHelloIsNoWayAroundTheChain) {
  Resuming resuming;
  resuming.server.chain.root = test::key_pair_of(0x37);
  const Bytes foreign = resuming.server.chain.bytes();
  resuming.server.chain.root = test::key_pair_of(0x31);
  Handshake handshake = resuming.handshake();
  const auto message = resuming.server.answer(handshake.client_hello(), foreign, kPatternXxFallback);
  const auto finished =
      handshake.on_server_hello(to_bytes(message.SerializeAsString()), as_bytes("late"), ChainBuilder::inside());
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().cause, Cause::kCertificateSignature);
  EXPECT_EQ(handshake.pattern(), Pattern::kXxFallback);
}

TEST(HandshakeResumption, AnXxAnswerUnderTheFirstNameIsRefused) {
  Resuming resuming;
  Handshake handshake = resuming.handshake();
  NoiseResponder& server = resuming.server;
  const auto message = server.answer(handshake.client_hello(), server.chain.bytes(), kPatternXx);
  const auto finished =
      handshake.on_server_hello(to_bytes(message.SerializeAsString()), as_bytes("late"), ChainBuilder::inside());
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().cause, Cause::kDecryptionFailed);
}

TEST(HandshakeResumption, ADeclinedHelloIsRefusedForEveryDamageToItsAnswer) {
  Resuming resuming;
  Handshake first = resuming.handshake();
  NoiseResponder& server = resuming.server;
  const Bytes answer =
      to_bytes(server.answer(first.client_hello(), server.chain.bytes(), kPatternXxFallback).SerializeAsString());
  for (const Bytes& damaged : test::bit_flips(answer)) {
    Handshake handshake = resuming.handshake();
    ASSERT_FALSE(handshake.on_server_hello(damaged, as_bytes("late"), ChainBuilder::inside()).ok());
  }
}

}  // namespace
}  // namespace ponte::protocol::noise
