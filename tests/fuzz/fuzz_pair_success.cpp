// The protobuf envelopes of pair-success: any bytes, and containers whose HMAC and account signature are made
// good so that what lies within is reached.
#include <cstdlib>

#include "adv.pb.h"
#include "crypto/digest.h"
#include "protocol/pairing/device_identity.h"
#include "protocol/wire/node_codec.h"
#include "support/scripted_random.h"
#include "support/session_fixtures.h"

namespace {

using namespace ponte;
using namespace ponte::protocol;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Fixture {
  store::Credentials credentials = test::vector_credentials();
  VecFile file = test::load_vectors("pairing/pair_success.vec");
  crypto::KeyPair account =
      crypto::key_pair_from_private(Secret<32>::from(test::vector_bytes(file, "account_private")));
  wire::Node node = *wire::decode_frame(test::vector_bytes(file, "pair_success_frame"))->find("pair-success");
};

/// A right HMAC around `identity`.
std::string sealed(const Fixture& fixture, const std::string& identity) {
  proto::ADVSignedDeviceIdentityHMAC container;
  container.set_details(identity);
  container.set_hmac(to_text(crypto::hmac_sha256(fixture.credentials.adv_secret.view(), as_bytes(identity))));
  return container.SerializeAsString();
}

/// The account's right signature over `details`.
std::string signed_identity(const Fixture& fixture, const std::string& details) {
  const ByteArray<2> prefix = {0x06, 0x00};
  test::SeededRandom random(1);
  proto::ADVSignedDeviceIdentity identity;
  identity.set_details(details);
  identity.set_account_signature_key(to_text(fixture.account.public_key));
  identity.set_account_signature(to_text(
      crypto::xeddsa_sign(fixture.account.private_key,
                          concat({prefix, as_bytes(details), fixture.credentials.identity.public_key}), random)));
  return identity.SerializeAsString();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const Fixture fixture;
  std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 3 == 1) text = sealed(fixture, text);
  if (data[0] % 3 == 2) text = sealed(fixture, signed_identity(fixture, text));
  wire::Node node = fixture.node;
  for (auto& child : std::get<wire::Node::Children>(node.content)) {
    if (child.tag == "device-identity") child.content = to_bytes(std::string_view(text));
  }
  test::SeededRandom random(2);
  const auto approval = pairing::approve(node, fixture.credentials, random);
  if (!approval.ok()) {
    require(approval.error().code == Errc::kMalformed || approval.error().code == Errc::kUntrusted);
    return 0;
  }
  proto::ADVSignedDeviceIdentity reply;
  require(reply.ParseFromArray(approval->reply_identity.data(), static_cast<int>(approval->reply_identity.size())));
  require(!reply.has_account_signature_key() && reply.device_signature().size() == 64);
  return 0;
}
