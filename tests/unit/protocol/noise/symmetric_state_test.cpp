#include "protocol/noise/symmetric_state.h"

#include "base/hex.h"
#include "handshake.pb.h"
#include "support/scripted_random.h"
#include "support/vector_cases.h"

namespace ponte::protocol::noise {
namespace {

using test::VectorCase;

const ByteArray<4> kPrologue = {0x57, 0x41, 0x06, 0x03};

VectorCase only_case(const std::string& path) {
  return test::load_cases(path).at(0);
}

crypto::KeyPair key_pair(const VectorCase& vector, const std::string& name) {
  auto pair = crypto::key_pair_from_private(Secret<32>(vector.array<32>(name + "_private")));
  EXPECT_EQ(to_hex(pair.public_key), vector.text(name + "_public"));
  return pair;
}

TEST(SymmetricState, StartsAtTheHashOfEachPattern) {
  for (const VectorCase& vector : test::load_cases("noise/patterns.vec")) {
    const SymmetricState state(vector.text("pattern"), kPrologue);
    EXPECT_EQ(to_hex(state.hash()), vector.text("hash")) << vector.title;
  }
}

TEST(SymmetricState, StartsElsewhereWithAnotherPrologue) {
  for (const VectorCase& vector : test::load_cases("noise/patterns.vec")) {
    for (const Bytes& prologue : test::bit_flips(kPrologue)) {
      EXPECT_NE(to_hex(SymmetricState(vector.text("pattern"), prologue).hash()), vector.text("hash"));
    }
  }
}

TEST(SymmetricState, WritesTheCounterBigEndianBehindEightZeros) {
  EXPECT_EQ(to_hex(nonce(0)), "000000000000000000000000");
  EXPECT_EQ(to_hex(nonce(0x01020304)), "000000000000000001020304");
  EXPECT_EQ(to_hex(nonce(0xFFFFFFFF)), "0000000000000000ffffffff");
}

TEST(SymmetricState, ReplaysTheProductionXxHandshakeStepByStep) {
  const VectorCase vector = only_case("noise/xx_production.vec");
  const auto ephemeral = key_pair(vector, "client_ephemeral");
  const auto own = key_pair(vector, "client_static");
  const auto server_ephemeral = vector.array<32>("server_ephemeral");

  SymmetricState state(kPatternXx, vector.bytes("prologue"));
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_after_prologue"));
  state.mix_hash(ephemeral.public_key);
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_after_client_ephemeral"));
  state.mix_hash(server_ephemeral);
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_after_server_ephemeral"));
  ASSERT_TRUE(state.mix_agreement(ephemeral.private_key, server_ephemeral).ok());
  EXPECT_EQ(to_hex(state.chaining_key()), vector.text("chaining_key_1"));
  EXPECT_EQ(to_hex(state.key()), vector.text("key_1"));
  const auto server_static = state.decrypt_and_hash(vector.bytes("encrypted_static"));
  ASSERT_TRUE(server_static.ok());
  EXPECT_EQ(to_hex(*server_static), vector.text("server_static"));
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_after_static"));
  ASSERT_TRUE(state.mix_agreement(ephemeral.private_key, to_array<32>(*server_static)).ok());
  EXPECT_EQ(to_hex(state.chaining_key()), vector.text("chaining_key_2"));
  EXPECT_EQ(to_hex(state.key()), vector.text("key_2"));
  const auto chain = state.decrypt_and_hash(vector.bytes("encrypted_chain"));
  ASSERT_TRUE(chain.ok());
  EXPECT_EQ(to_hex(*chain), vector.text("chain"));
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_after_chain"));
  EXPECT_EQ(to_hex(state.encrypt_and_hash(own.public_key)), vector.text("client_encrypted_static"));
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_after_client_static"));
  ASSERT_TRUE(state.mix_agreement(own.private_key, server_ephemeral).ok());
  EXPECT_EQ(to_hex(state.chaining_key()), vector.text("chaining_key_3"));
  EXPECT_EQ(to_hex(state.key()), vector.text("key_3"));
  EXPECT_EQ(to_hex(state.encrypt_and_hash(vector.bytes("payload"))), vector.text("client_encrypted_payload"));
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_final"));
  const TransportKeys keys = state.split();
  EXPECT_EQ(to_hex(keys.client_write.view()), vector.text("write_key"));
  EXPECT_EQ(to_hex(keys.client_read.view()), vector.text("read_key"));
}

TEST(SymmetricState, ReplaysTheSecondProductionCapture) {
  const VectorCase vector = only_case("noise/xx_second_capture.vec");
  const auto ephemeral = key_pair(vector, "client_ephemeral");
  SymmetricState state(kPatternXx, kPrologue);
  state.mix_hash(ephemeral.public_key);
  state.mix_hash(vector.bytes("server_ephemeral"));
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_before_static"));
  ASSERT_TRUE(state.mix_agreement(ephemeral.private_key, vector.array<32>("server_ephemeral")).ok());
  EXPECT_EQ(to_hex(state.chaining_key()), vector.text("chaining_key_1"));
  const auto server_static = state.decrypt_and_hash(vector.bytes("encrypted_static"));
  ASSERT_TRUE(server_static.ok());
  EXPECT_EQ(to_hex(*server_static), vector.text("server_static"));
}

TEST(SymmetricState, RefusesADamagedStaticKey) {
  const VectorCase vector = only_case("noise/xx_second_capture.vec");
  const auto ephemeral = key_pair(vector, "client_ephemeral");
  const auto fresh = [&] {
    SymmetricState state(kPatternXx, kPrologue);
    state.mix_hash(ephemeral.public_key);
    state.mix_hash(vector.bytes("server_ephemeral"));
    EXPECT_TRUE(state.mix_agreement(ephemeral.private_key, vector.array<32>("server_ephemeral")).ok());
    return state;
  };
  const Bytes sealed = vector.bytes("encrypted_static");
  std::vector<Bytes> damaged = test::bit_flips(sealed);
  for (Bytes& shorter : test::truncations(sealed)) damaged.push_back(std::move(shorter));
  for (const Bytes& bytes : damaged) {
    const auto opened = fresh().decrypt_and_hash(bytes);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Errc::kUntrusted);
    EXPECT_EQ(opened.error().cause, Cause::kDecryptionFailed);
  }
  // Another transcript, another counter, another key.
  SymmetricState other_hash = fresh();
  other_hash.mix_hash({});
  EXPECT_EQ(other_hash.decrypt_and_hash(sealed).error().cause, Cause::kDecryptionFailed);
  SymmetricState other_counter = fresh();
  EXPECT_FALSE(other_counter.decrypt_and_hash(Bytes(48)).ok());
  EXPECT_EQ(other_counter.decrypt_and_hash(sealed).error().cause, Cause::kDecryptionFailed);
  SymmetricState other_key = fresh();
  other_key.mix_key(Secret<32>());
  EXPECT_EQ(other_key.decrypt_and_hash(sealed).error().cause, Cause::kDecryptionFailed);
}

TEST(SymmetricState, RefusesALowOrderKey) {
  for (const VectorCase& vector : test::load_cases("crypto/low_order.vec")) {
    SymmetricState state(kPatternXx, kPrologue);
    test::SeededRandom random(1);
    const Status status =
        state.mix_agreement(crypto::generate_key_pair(random).private_key, vector.array<32>("public"));
    ASSERT_FALSE(status.ok()) << vector.title;
    EXPECT_EQ(status.error().code, Errc::kUntrusted);
    EXPECT_EQ(status.error().cause, Cause::kWeakKey);
  }
}

TEST(SymmetricState, CarriesIkUpToTheTransportKeys) {
  const VectorCase vector = only_case("noise/ik.vec");
  const auto ephemeral = key_pair(vector, "client_ephemeral");
  const auto own = key_pair(vector, "client_static");
  const auto server_static = vector.array<32>("server_static_public");
  const auto server_ephemeral = vector.array<32>("server_ephemeral_public");

  SymmetricState state(kPatternIk, kPrologue);
  state.mix_hash(server_static);
  state.mix_hash(ephemeral.public_key);
  ASSERT_TRUE(state.mix_agreement(ephemeral.private_key, server_static).ok());
  const Bytes encrypted_static = state.encrypt_and_hash(own.public_key);
  EXPECT_EQ(to_hex(encrypted_static), vector.text("encrypted_static"));
  ASSERT_TRUE(state.mix_agreement(own.private_key, server_static).ok());
  const Bytes encrypted_payload = state.encrypt_and_hash(vector.bytes("payload"));
  EXPECT_EQ(to_hex(encrypted_payload), vector.text("encrypted_payload"));
  EXPECT_EQ(to_hex(state.hash()), vector.text("hash_after_client_hello"));
  proto::HandshakeMessage message;
  message.mutable_client_hello()->set_ephemeral(to_text(ephemeral.public_key));
  message.mutable_client_hello()->set_static_(to_text(encrypted_static));
  message.mutable_client_hello()->set_payload(to_text(encrypted_payload));
  EXPECT_EQ(to_hex(as_bytes(message.SerializeAsString())), vector.text("client_hello"));

  state.mix_hash(server_ephemeral);
  ASSERT_TRUE(state.mix_agreement(ephemeral.private_key, server_ephemeral).ok());
  ASSERT_TRUE(state.mix_agreement(own.private_key, server_ephemeral).ok());
  const auto payload = state.decrypt_and_hash(vector.bytes("server_encrypted_payload"));
  ASSERT_TRUE(payload.ok());
  EXPECT_EQ(to_hex(*payload), vector.text("server_payload"));
  const TransportKeys keys = state.split();
  EXPECT_EQ(to_hex(keys.client_write.view()), vector.text("write_key"));
  EXPECT_EQ(to_hex(keys.client_read.view()), vector.text("read_key"));
}

TEST(SymmetricState, ReadsAnIkClientHelloAsTheServer) {
  const VectorCase vector = only_case("noise/ik.vec");
  const auto server_static = key_pair(vector, "server_static");
  const auto open = [&](const crypto::KeyPair& responder, ByteView encrypted_payload) -> Result<Bytes> {
    SymmetricState state(kPatternIk, kPrologue);
    state.mix_hash(responder.public_key);
    state.mix_hash(vector.bytes("client_ephemeral_public"));
    PONTE_TRY(state.mix_agreement(responder.private_key, vector.array<32>("client_ephemeral_public")));
    PONTE_ASSIGN(const Bytes client_static, state.decrypt_and_hash(vector.bytes("encrypted_static")));
    PONTE_TRY(state.mix_agreement(responder.private_key, to_array<32>(client_static)));
    return state.decrypt_and_hash(encrypted_payload);
  };
  const Bytes sealed = vector.bytes("encrypted_payload");
  ASSERT_TRUE(open(server_static, sealed).ok());
  EXPECT_EQ(to_hex(*open(server_static, sealed)), vector.text("payload"));
  for (const Bytes& damaged : test::bit_flips(sealed)) {
    EXPECT_EQ(open(server_static, damaged).error().cause, Cause::kDecryptionFailed);
  }
  // A server with another static key, as after a key change, cannot read it: XXfallback follows.
  EXPECT_EQ(open(key_pair(vector, "server_ephemeral"), sealed).error().cause, Cause::kDecryptionFailed);
}

TEST(SymmetricState, BeginsXxFallbackWithTheSameEphemeral) {
  const VectorCase vector = only_case("noise/ik.vec");
  SymmetricState state(kPatternXxFallback, kPrologue);
  state.mix_hash(vector.bytes("client_ephemeral_public"));
  EXPECT_EQ(to_hex(state.hash()), vector.text("xxfallback_hash_after_client_ephemeral"));
}

}  // namespace
}  // namespace ponte::protocol::noise
