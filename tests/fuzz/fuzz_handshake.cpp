// Handshake::on_server_hello: whatever a server says, no reading past the end and no handshake with a stranger.
#include <cstdlib>

#include "protocol/noise/handshake.h"
#include "support/noise_responder.h"

namespace {

using namespace ponte;
using namespace ponte::protocol::noise;
using ponte::test::ChainBuilder;
using ponte::test::NoiseResponder;
using ponte::test::ScriptedRandom;

void require(bool condition) {
  if (!condition) std::abort();
}

// The ephemeral key of the captured production handshake, so that its ServerHello in the corpus opens.
constexpr ByteArray<32> kProductionEphemeral = {0xb8, 0xde, 0x0b, 0x5e, 0xba, 0xd3, 0xe7, 0x87, 0x9f, 0xa6, 0x59,
                                                0xc0, 0xd2, 0x7b, 0xaa, 0x6c, 0x3e, 0x3f, 0x32, 0xa1, 0x0f, 0x7c,
                                                0x4c, 0xb2, 0x61, 0x3c, 0xb4, 0x18, 0x2f, 0xe8, 0x30, 0x47};
const Wall kProductionTime{Seconds(1'750'000'000)};

Handshake handshake(const crypto::PublicKey& root) {
  static const crypto::KeyPair own = test::key_pair_of(0x22);
  ScriptedRandom random(kProductionEphemeral);
  return Handshake({root, &own}, random);
}

/// A message as it comes from the network.
void raw_message(ByteView message) {
  const auto finished = handshake(kWhatsAppRootKey).on_server_hello(message, as_bytes("payload"), kProductionTime);
  if (finished.ok()) {
    require(finished->chain->leaf.serial == 329);
  } else {
    require(finished.error().code == Errc::kMalformed || finished.error().code == Errc::kUntrusted);
  }
}

/// A genuine server that sends these bytes for its certificate chain.
void sealed_chain(ByteView chain_bytes) {
  NoiseResponder server;
  Handshake client = handshake(server.chain.root.public_key);
  const std::string message = server.answer(client.client_hello(), chain_bytes).SerializeAsString();
  const auto finished = client.on_server_hello(as_bytes(message), as_bytes("payload"), ChainBuilder::inside());
  if (!finished.ok()) return;
  require(finished->chain->leaf.key == server.chain.server_static.public_key);
  require(to_text(server.read_finish(finished->client_finish).second) == "payload");
  require(equal(server.state->split().client_write.view(), finished->keys.client_write.view()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    raw_message(rest);
  } else {
    sealed_chain(rest);
  }
  return 0;
}
