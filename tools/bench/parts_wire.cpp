// Stanzas, and what is made of a QR ref.
#include <benchmark/benchmark.h>

#include <string>

#include "api/qr_image.h"
#include "base/vec.h"
#include "bench/parts.h"
#include "crypto/system_random.h"
#include "protocol/pairing/qr.h"
#include "protocol/pairing/registration.h"
#include "protocol/wire/frame_codec.h"
#include "protocol/wire/node_codec.h"

namespace ponte::bench {
namespace {

using protocol::wire::Node;

/// The <success> stanza that a WhatsApp server sent, without its flag byte.
const Bytes& captured_success() {
  static const Bytes bytes = [] {
    auto file = VecFile::load(PONTE_BENCH_DATA "/wire/success.vec");
    return file.ok() ? file->bytes("node").value() : Bytes();
  }();
  return bytes;
}

void decode_success(benchmark::State& state) {
  const Bytes& bytes = captured_success();
  for (auto _ : state) {
    auto node = protocol::wire::decode_node(bytes);
    if (!node.ok()) {
      state.SkipWithError(node.error().message.c_str());
      break;
    }
    benchmark::DoNotOptimize(node);
  }
}

void encode_success(benchmark::State& state) {
  const auto node = protocol::wire::decode_node(captured_success());
  if (!node.ok() || protocol::wire::encode_node(*node) != captured_success()) {
    state.SkipWithError("the stanza does not come back as it was");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(protocol::wire::encode_node(*node));
}

const std::string& a_ref() {
  static const std::string ref = "2@" + std::string(200, 'r') + "==";
  return ref;
}

store::Credentials some_credentials() {
  crypto::SystemRandom random;
  return protocol::pairing::generate_credentials(random);
}

void qr_text(benchmark::State& state) {
  const store::Credentials credentials = some_credentials();
  for (auto _ : state) {
    benchmark::DoNotOptimize(protocol::pairing::qr_text(a_ref(), credentials, protocol::QrFormat::kUrl));
  }
}

void qr_picture(benchmark::State& state) {
  const std::string text = protocol::pairing::qr_text(a_ref(), some_credentials(), protocol::QrFormat::kUrl);
  for (auto _ : state) {
    auto uri = api::qr_data_uri(text);
    if (!uri.ok()) {
      state.SkipWithError(uri.error().message.c_str());
      break;
    }
    benchmark::DoNotOptimize(uri);
  }
}

}  // namespace

void register_wire_parts() {
  benchmark::RegisterBenchmark("decode <success>", decode_success);
  benchmark::RegisterBenchmark("encode <success>", encode_success);
  benchmark::RegisterBenchmark("QR text", qr_text);
  benchmark::RegisterBenchmark("QR picture, data URI", qr_picture);
}

}  // namespace ponte::bench
