#include "protocol/noise/channel.h"

#include "base/hex.h"
#include "support/vector_cases.h"

namespace ponte::protocol::noise {
namespace {

using test::VectorCase;

TransportKeys production_keys() {
  const VectorCase vector = test::load_cases("noise/xx_production.vec").at(0);
  return {Secret<32>(vector.array<32>("write_key")), Secret<32>(vector.array<32>("read_key"))};
}

Channel::Role writer_of(const VectorCase& vector) {
  return vector.text("role") == "client" ? Channel::Role::kClient : Channel::Role::kServer;
}
Channel::Role reader_of(const VectorCase& vector) {
  return vector.text("role") == "client" ? Channel::Role::kServer : Channel::Role::kClient;
}

void expect_refused(const Result<Bytes>& opened) {
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Errc::kUntrusted);
  EXPECT_EQ(opened.error().cause, Cause::kDecryptionFailed);
}

TEST(Channel, EncryptsAndDecryptsTheVectors) {
  for (const VectorCase& vector : test::load_cases("noise/transport.vec")) {
    const std::uint64_t counter = vector.number("counter");
    Channel writer(production_keys(), writer_of(vector), {counter, 0});
    Channel reader(production_keys(), reader_of(vector), {0, counter});
    EXPECT_EQ(to_hex(*writer.encrypt(vector.bytes("plaintext"))), vector.text("ciphertext")) << vector.title;
    EXPECT_EQ(to_hex(*reader.decrypt(vector.bytes("ciphertext"))), vector.text("plaintext")) << vector.title;
  }
}

TEST(Channel, RefusesDamagedFrames) {
  for (const VectorCase& vector : test::load_cases("noise/transport.vec")) {
    const std::uint64_t counter = vector.number("counter");
    std::vector<Bytes> damaged = test::bit_flips(vector.bytes("ciphertext"));
    for (Bytes& shorter : test::truncations(vector.bytes("ciphertext"))) damaged.push_back(std::move(shorter));
    for (const Bytes& frame : damaged) {
      Channel reader(production_keys(), reader_of(vector), {0, counter});
      expect_refused(reader.decrypt(frame));
    }
  }
}

TEST(Channel, RefusesAFrameAtAnotherCounter) {
  for (const VectorCase& vector : test::load_cases("noise/transport.vec")) {
    Channel late(production_keys(), reader_of(vector), {0, vector.number("counter") + 1});
    expect_refused(late.decrypt(vector.bytes("ciphertext")));
  }
}

TEST(Channel, RefusesAFrameOfTheOtherDirection) {
  for (const VectorCase& vector : test::load_cases("noise/transport.vec")) {
    Channel same_side(production_keys(), writer_of(vector), {0, vector.number("counter")});
    expect_refused(same_side.decrypt(vector.bytes("ciphertext")));
  }
}

TEST(Channel, RefusesAReplayedFrame) {
  Channel writer(production_keys(), Channel::Role::kClient);
  Channel reader(production_keys(), Channel::Role::kServer);
  const Bytes frame = *writer.encrypt(as_bytes("once"));
  ASSERT_TRUE(reader.decrypt(frame).ok());
  expect_refused(reader.decrypt(frame));
}

TEST(Channel, MovesTheCounterOnFailure) {
  Channel writer(production_keys(), Channel::Role::kClient);
  Channel reader(production_keys(), Channel::Role::kServer);
  ASSERT_TRUE(writer.encrypt(as_bytes("lost")).ok());
  const Bytes second = *writer.encrypt(as_bytes("second"));
  expect_refused(reader.decrypt(Bytes(20)));
  EXPECT_EQ(to_text(*reader.decrypt(second)), "second");
}

TEST(Channel, CarriesEmptyFrames) {
  Channel writer(production_keys(), Channel::Role::kClient);
  Channel reader(production_keys(), Channel::Role::kServer);
  const Bytes frame = *writer.encrypt({});
  EXPECT_EQ(frame.size(), 16u);
  EXPECT_TRUE(reader.decrypt(frame)->empty());
}

TEST(Channel, StopsAfterTheLastCounter) {
  constexpr std::uint64_t kLast = 0xFFFFFFFF;
  Channel writer(production_keys(), Channel::Role::kClient, {kLast, 0});
  Channel reader(production_keys(), Channel::Role::kServer, {0, kLast});
  const Bytes last = *writer.encrypt(as_bytes("last"));
  EXPECT_EQ(to_text(*reader.decrypt(last)), "last");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto sent = writer.encrypt(as_bytes("more"));
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error().code, Errc::kUnavailable);
    EXPECT_EQ(sent.error().cause, Cause::kCounterExhausted);
    const auto received = reader.decrypt(last);
    ASSERT_FALSE(received.ok());
    EXPECT_EQ(received.error().code, Errc::kUnavailable);
    EXPECT_EQ(received.error().cause, Cause::kCounterExhausted);
  }
}

}  // namespace
}  // namespace ponte::protocol::noise
