// The client's XX handshake, and each primitive it is made of at the size and as fresh as the handshake uses it.
#include "bench/medians.h"
#include "bench/parts.h"
#include "crypto/aead.h"
#include "crypto/curve25519.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "crypto/system_random.h"
#include "protocol/noise/handshake.h"
#include "protocol/pairing/registration.h"
#include "simulator/chain.h"
#include "simulator/responder.h"

namespace ponte::bench {

// Counted in handshake.cpp and symmetric_state.cpp; the test of Noise vectors holds the order.
//   keygen    the ephemeral pair
//   agree     ee, es, se
//   hkdf      after each agreement, and split
//   open      the server's static key, its chain
//   seal      our static key, the payload
//   sha256    prologue, both ephemerals, and after each of the four ciphertexts
//   verify    intermediate, leaf
const std::vector<Share> kHandshakeShares = {
    {"x25519 keygen", 1},   {"x25519 agree", 3},      {"hkdf 64", 4},       {"gcm open 48", 1},  {"gcm open chain", 1},
    {"gcm seal 32", 1},     {"gcm seal payload", 1},  {"sha256 32+4", 1},   {"sha256 32+32", 2}, {"sha256 32+48", 2},
    {"sha256 32+chain", 1}, {"sha256 32+payload", 1}, {"xeddsa verify", 2},
};
const char* const kHandshake = "xx handshake, client";

namespace {

using protocol::noise::Handshake;

const Wall kWall{Milliseconds(1'750'000'000'000)};

/// The same 32 bytes each time: one recorded ServerHello then answers every handshake.
class SameRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i * 37 + 11);
  }
};

/// One handshake with the simulator, recorded.
struct Recorded {
  Recorded() {
    protocol::SessionConfig config;
    config.version = {2, 3000, 1045649367};
    config.device_name = "Chrome (Linux)";
    const store::Credentials credentials = protocol::pairing::generate_credentials(random);
    keys = credentials.noise.copy();
    payload = protocol::pairing::registration_payload(config, config.version, credentials, std::nullopt);
    chain_bytes = chain.bytes(simulator::ChainDefect::kNone, kWall);
    SameRandom client_random;
    Handshake handshake(options(), client_random);
    simulator::Responder responder;
    auto reply = responder.on_client_hello(handshake.client_hello(), {&chain.static_keys(), chain_bytes}, random);
    server_hello = std::move(reply).value().server_hello;
    auto finished = handshake.on_server_hello(server_hello, payload, kWall);
    leaf = finished.value().chain->leaf;
  }
  Handshake::Options options() const { return {chain.root_key(), &keys}; }

  crypto::SystemRandom random;
  simulator::ServerChain chain{simulator::Seed{1, 2, 3}};
  crypto::KeyPair keys;
  Bytes payload;
  Bytes chain_bytes;
  Bytes server_hello;
  protocol::noise::Certificate leaf;
};

const Recorded& recorded() {
  static const Recorded made;
  return made;
}

void whole_handshake(benchmark::State& state) {
  const Recorded& line = recorded();
  SameRandom random;
  for (auto _ : state) {
    Handshake handshake(line.options(), random);
    benchmark::DoNotOptimize(handshake.client_hello());
    auto finished = handshake.on_server_hello(line.server_hello, line.payload, kWall);
    if (!finished.ok()) state.SkipWithError(finished.error().message.c_str());
    benchmark::DoNotOptimize(finished);
  }
}

void keygen(benchmark::State& state) {
  SameRandom random;
  for (auto _ : state) benchmark::DoNotOptimize(crypto::generate_key_pair(random));
}

void agree(benchmark::State& state) {
  const Recorded& line = recorded();
  for (auto _ : state) {
    auto shared = crypto::agree(line.keys.private_key, line.chain.static_keys().public_key);
    benchmark::DoNotOptimize(shared);
  }
}

void hkdf(benchmark::State& state) {
  const ByteArray<32> input{1};
  const ByteArray<32> salt{2};
  for (auto _ : state) {
    Secret<64> out;
    crypto::hkdf_sha256(input, salt, {}, out.mutable_view());
    benchmark::DoNotOptimize(out);
  }
}

// Every message of the handshake is under a key of its own, so the key schedule belongs to it.
void seal(benchmark::State& state, std::size_t size) {
  const Secret<32> key(ByteArray<32>{3});
  const Bytes plaintext(size);
  const ByteArray<32> hash{4};
  for (auto _ : state) benchmark::DoNotOptimize(crypto::Aes256Gcm(key).seal({}, plaintext, hash));
}

void open(benchmark::State& state, std::size_t size) {
  const Secret<32> key(ByteArray<32>{3});
  const ByteArray<32> hash{4};
  const Bytes sealed = crypto::Aes256Gcm(key).seal({}, Bytes(size - crypto::kGcmTagSize), hash);
  for (auto _ : state) {
    auto opened = crypto::Aes256Gcm(key).open({}, sealed, hash);
    if (!opened.ok()) state.SkipWithError("the tag is wrong");
    benchmark::DoNotOptimize(opened);
  }
}

void sha256(benchmark::State& state, std::size_t size) {
  const ByteArray<32> hash{5};
  const Bytes data(size);
  for (auto _ : state) benchmark::DoNotOptimize(crypto::sha256(hash, data));
}

void verify(benchmark::State& state) {
  crypto::SystemRandom random;
  const crypto::KeyPair signer = crypto::generate_key_pair(random);
  const Bytes details(50, 7);  // the captured chain's details have 50 and 52 bytes
  const crypto::Signature signature = crypto::xeddsa_sign(signer.private_key, details, random);
  for (auto _ : state) {
    if (!crypto::xeddsa_verify(signer.public_key, details, signature)) state.SkipWithError("the signature is wrong");
  }
}

void sign(benchmark::State& state) {
  crypto::SystemRandom random;
  const crypto::KeyPair signer = crypto::generate_key_pair(random);
  const Bytes message(33, 7);
  for (auto _ : state) benchmark::DoNotOptimize(crypto::xeddsa_sign(signer.private_key, message, random));
}

// A transport key is kept: what one stanza costs each way.
void channel_seal(benchmark::State& state) {
  const Secret<32> key(ByteArray<32>{3});
  crypto::Aes256Gcm cipher(key);
  const Bytes plaintext(100);
  for (auto _ : state) benchmark::DoNotOptimize(cipher.seal({}, plaintext, {}));
}

}  // namespace

void register_handshake_parts() {
  const std::size_t chain = recorded().chain_bytes.size() + crypto::kGcmTagSize;
  const std::size_t payload = recorded().payload.size();
  const auto with = [](auto function, std::size_t size) {
    return [function, size](benchmark::State& state) { function(state, size); };
  };
  benchmark::RegisterBenchmark(kHandshake, whole_handshake);
  benchmark::RegisterBenchmark("x25519 keygen", keygen);
  benchmark::RegisterBenchmark("x25519 agree", agree);
  benchmark::RegisterBenchmark("hkdf 64", hkdf);
  benchmark::RegisterBenchmark("gcm open 48", with(open, 48));
  benchmark::RegisterBenchmark("gcm open chain", with(open, chain));
  benchmark::RegisterBenchmark("gcm seal 32", with(seal, 32));
  benchmark::RegisterBenchmark("gcm seal payload", with(seal, payload));
  benchmark::RegisterBenchmark("sha256 32+4", with(sha256, 4));
  benchmark::RegisterBenchmark("sha256 32+32", with(sha256, 32));
  benchmark::RegisterBenchmark("sha256 32+48", with(sha256, 48));
  benchmark::RegisterBenchmark("sha256 32+chain", with(sha256, chain));
  benchmark::RegisterBenchmark("sha256 32+payload", with(sha256, payload + crypto::kGcmTagSize));
  benchmark::RegisterBenchmark("xeddsa verify", verify);
  benchmark::RegisterBenchmark("xeddsa sign", sign);
  benchmark::RegisterBenchmark("gcm seal 100, kept key", channel_seal);
}

}  // namespace ponte::bench
