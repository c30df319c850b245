#include "protocol/noise/handshake.h"

#include "base/hex.h"
#include "protocol/noise/channel.h"
#include "support/noise_responder.h"
#include "support/vector_cases.h"

namespace ponte::protocol::noise {
namespace {

using test::ChainBuilder;
using test::NoiseResponder;
using test::ScriptedRandom;
using test::VectorCase;

// 2025-06-15T15:06:40Z: inside both windows of the production chain.
const Wall kProductionTime{Seconds(1'750'000'000)};

/// The production handshake, with every input open to damage.
struct Production {
  VectorCase vector = test::load_cases("noise/xx_production.vec").at(0);
  crypto::KeyPair own = crypto::key_pair_from_private(Secret<32>(vector.array<32>("client_static_private")));
  crypto::PublicKey root = kWhatsAppRootKey;
  Bytes ephemeral = vector.bytes("client_ephemeral_private");
  Bytes server_hello = vector.bytes("server_hello");
  Wall wall = kProductionTime;

  Handshake handshake() const {
    ScriptedRandom random(ephemeral);
    Handshake out({root, &own}, random);
    EXPECT_EQ(random.remaining(), 0u);
    return out;
  }
  Result<Handshake::Finished> run() const {
    return handshake().on_server_hello(server_hello, vector.bytes("payload"), wall);
  }
  void expect_refused(Errc code, Cause cause) const {
    const auto finished = run();
    ASSERT_FALSE(finished.ok());
    EXPECT_EQ(finished.error().code, code) << finished.error().message;
    EXPECT_EQ(finished.error().cause, cause) << finished.error().message;
  }
};

Bytes serialized(const proto::HandshakeMessage& message) {
  return to_bytes(message.SerializeAsString());
}

/// One handshake of a client with `server`, whose ServerHello `damage` may change.
template <typename Damage>
Result<Handshake::Finished> run_with(NoiseResponder& server, ByteView chain_bytes, Damage damage) {
  test::SeededRandom random(7);
  const crypto::KeyPair own = test::key_pair_of(0x22);
  Handshake handshake({server.chain.root.public_key, &own}, random);
  proto::HandshakeMessage message = server.answer(handshake.client_hello(), chain_bytes);
  damage(message);
  return handshake.on_server_hello(serialized(message), as_bytes("payload"), ChainBuilder::inside());
}

TEST(Handshake, ReplaysTheProductionHandshakeBitForBit) {
  const Production production;
  Handshake handshake = production.handshake();
  EXPECT_EQ(to_hex(handshake.client_hello()), production.vector.text("client_hello"));
  const auto finished =
      handshake.on_server_hello(production.server_hello, production.vector.bytes("payload"), production.wall);
  ASSERT_TRUE(finished.ok()) << finished.error().message;
  EXPECT_EQ(to_hex(finished->client_finish), production.vector.text("client_finish"));
  EXPECT_EQ(to_hex(finished->keys.client_write.view()), production.vector.text("write_key"));
  EXPECT_EQ(to_hex(finished->keys.client_read.view()), production.vector.text("read_key"));
  EXPECT_EQ(finished->chain->leaf.serial, 329u);
  EXPECT_EQ(to_hex(finished->chain->leaf.key), production.vector.text("server_static"));
  EXPECT_EQ(finished->chain->intermediate.serial, 3u);
}

TEST(Handshake, SaysTheSameHelloEachTimeItIsAsked) {
  const Production production;
  const Handshake handshake = production.handshake();
  EXPECT_EQ(handshake.client_hello(), handshake.client_hello());
}

TEST(Handshake, RefusesEveryBitFlipOfTheProductionServerHello) {
  Production production;
  const Bytes original = production.server_hello;
  for (const Bytes& damaged : test::bit_flips(original)) {
    production.server_hello = damaged;
    const auto finished = production.run();
    ASSERT_FALSE(finished.ok());
    EXPECT_TRUE(finished.error().code == Errc::kMalformed || finished.error().code == Errc::kUntrusted);
    EXPECT_TRUE(finished.error().cause == Cause::kHandshakeMalformed ||
                finished.error().cause == Cause::kProtobufMalformed ||
                finished.error().cause == Cause::kDecryptionFailed)
        << finished.error().message;
  }
}

TEST(Handshake, RefusesEveryTruncationOfTheProductionServerHello) {
  Production production;
  for (const Bytes& damaged : test::truncations(Production{}.server_hello)) {
    production.server_hello = damaged;
    const auto finished = production.run();
    ASSERT_FALSE(finished.ok());
    EXPECT_EQ(finished.error().code, Errc::kMalformed);
  }
}

TEST(Handshake, RefusesTheProductionServerHelloForAnotherEphemeral) {
  Production production;
  production.ephemeral[5] ^= 1;
  production.expect_refused(Errc::kUntrusted, Cause::kDecryptionFailed);
}

TEST(Handshake, HoldsTheProductionChainAgainstAnotherRoot) {
  Production production;
  production.root = test::key_pair_of(0x31).public_key;
  production.expect_refused(Errc::kUntrusted, Cause::kCertificateSignature);
}

TEST(Handshake, RefusesTheProductionChainOnceItHasExpired) {
  Production production;
  production.wall = Wall(Seconds(1'753'736'401));
  production.expect_refused(Errc::kUntrusted, Cause::kCertificateExpired);
}

TEST(Handshake, RefusesTheProductionChainBeforeItIsValid) {
  Production production;
  production.wall = Wall(Seconds(1'742'849'999));
  production.expect_refused(Errc::kUntrusted, Cause::kCertificateNotYetValid);
}

TEST(Handshake, RefusesASecondServerHello) {
  const Production production;
  Handshake handshake = production.handshake();
  const Bytes payload = production.vector.bytes("payload");
  ASSERT_TRUE(handshake.on_server_hello(production.server_hello, payload, production.wall).ok());
  const auto again = handshake.on_server_hello(production.server_hello, payload, production.wall);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().cause, Cause::kHandshakeMalformed);
}

TEST(Handshake, GivesBothSidesTheSameChannel) {
  NoiseResponder server;
  const auto finished = run_with(server, server.chain.bytes(), [](auto&) {});
  ASSERT_TRUE(finished.ok()) << finished.error().message;
  const auto [client_static, payload] = server.read_finish(finished->client_finish);
  EXPECT_EQ(to_hex(client_static), to_hex(test::key_pair_of(0x22).public_key));
  EXPECT_EQ(to_text(payload), "payload");
  Channel client(finished->keys, Channel::Role::kClient);
  Channel peer(server.state->split(), Channel::Role::kServer);
  EXPECT_EQ(to_text(*peer.decrypt(*client.encrypt(as_bytes("up")))), "up");
  EXPECT_EQ(to_text(*client.decrypt(*peer.encrypt(as_bytes("down")))), "down");
}

TEST(Handshake, IgnoresFieldsItDoesNotKnow) {
  NoiseResponder server;
  const auto finished = run_with(server, server.chain.bytes(), [](proto::HandshakeMessage& message) {
    // paddingBytes = 5, as the schema has it (wire: pairing.md 2.2).
    message.mutable_server_hello()->mutable_unknown_fields()->append("\x2a\x03\x00\x00\x00", 5);
  });
  EXPECT_TRUE(finished.ok()) << finished.error().message;
}

struct ShapeCase {
  const char* title;
  void (*damage)(proto::HandshakeMessage&);
};

TEST(Handshake, RefusesAServerHelloOfTheWrongShape) {
  const ShapeCase cases[] = {
      {"no serverHello", [](auto& m) { m.clear_server_hello(); }},
      {"a clientHello instead",
       [](auto& m) {
         m.mutable_client_hello()->set_ephemeral(m.server_hello().ephemeral());
         m.clear_server_hello();
       }},
      {"no ephemeral", [](auto& m) { m.mutable_server_hello()->clear_ephemeral(); }},
      {"ephemeral of 31 bytes", [](auto& m) { m.mutable_server_hello()->mutable_ephemeral()->pop_back(); }},
      {"ephemeral of 33 bytes", [](auto& m) { m.mutable_server_hello()->mutable_ephemeral()->insert(0, 1, '\x05'); }},
      {"no static", [](auto& m) { m.mutable_server_hello()->clear_static_(); }},
      {"static of 47 bytes", [](auto& m) { m.mutable_server_hello()->mutable_static_()->pop_back(); }},
      {"static of 49 bytes", [](auto& m) { m.mutable_server_hello()->mutable_static_()->push_back('\0'); }},
      {"no payload", [](auto& m) { m.mutable_server_hello()->clear_payload(); }},
      {"a payload that is only a tag", [](auto& m) { m.mutable_server_hello()->mutable_payload()->resize(16); }},
      {"70000 bytes", [](auto& m) { m.mutable_server_hello()->mutable_payload()->resize(70'000); }},
  };
  for (const ShapeCase& shape : cases) {
    NoiseResponder server;
    const auto finished = run_with(server, server.chain.bytes(), shape.damage);
    ASSERT_FALSE(finished.ok()) << shape.title;
    EXPECT_EQ(finished.error().code, Errc::kMalformed) << shape.title;
    EXPECT_EQ(finished.error().cause, Cause::kHandshakeMalformed) << shape.title;
  }
}

TEST(Handshake, RefusesBytesThatAreNoMessage) {
  Production production;
  production.server_hello = {0x1a, 0xff};
  production.expect_refused(Errc::kMalformed, Cause::kProtobufMalformed);
  production.server_hello = {};
  production.expect_refused(Errc::kMalformed, Cause::kHandshakeMalformed);
}

TEST(Handshake, RefusesALowOrderEphemeral) {
  for (const VectorCase& vector : test::load_cases("crypto/low_order.vec")) {
    NoiseResponder server;
    const auto finished = run_with(server, server.chain.bytes(), [&](proto::HandshakeMessage& message) {
      message.mutable_server_hello()->set_ephemeral(to_text(vector.bytes("public")));
    });
    ASSERT_FALSE(finished.ok()) << vector.title;
    EXPECT_EQ(finished.error().code, Errc::kUntrusted);
    EXPECT_EQ(finished.error().cause, Cause::kWeakKey);
  }
}

TEST(Handshake, RefusesALowOrderServerStatic) {
  NoiseResponder server;
  server.chain.server_static.public_key = {};
  const auto finished = run_with(server, server.chain.bytes(), [](auto&) {});
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().cause, Cause::kWeakKey);
}

TEST(Handshake, RefusesAServerThatHoldsAnotherKeyThanItsChain) {
  NoiseResponder server;
  const Bytes chain_of_another = server.chain.bytes();
  server.chain.server_static = test::key_pair_of(0x35);
  const auto finished = run_with(server, chain_of_another, [](auto&) {});
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().code, Errc::kUntrusted);
  EXPECT_EQ(finished.error().cause, Cause::kCertificateKeyMismatch);
}

TEST(Handshake, RefusesAServerWithoutTheStaticKeyItClaims) {
  NoiseResponder server;
  // It copies the genuine public key and chain, but agrees with a key of its own.
  server.chain.server_static.private_key = test::key_pair_of(0x35).private_key.copy();
  const auto finished = run_with(server, server.chain.bytes(), [](auto&) {});
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().cause, Cause::kDecryptionFailed);
}

TEST(Handshake, RefusesAPayloadThatIsNoChain) {
  NoiseResponder server;
  const auto finished = run_with(server, as_bytes("not a chain"), [](auto&) {});
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().code, Errc::kMalformed);
  EXPECT_EQ(finished.error().cause, Cause::kCertificateMalformed);
}

}  // namespace
}  // namespace ponte::protocol::noise
