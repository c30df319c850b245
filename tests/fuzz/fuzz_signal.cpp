// What a peer or the server can hand to the Signal layer, against a device with a session, prekeys and a sender key:
// any bytes as each kind of message, patches of messages that are good, and group messages signed as they should be.
#include <cstdlib>
#include <set>

#include "crypto/signal/padding.h"
#include "support/signal_store.h"

namespace {

using namespace ponte;
using namespace ponte::crypto;
using Type = SignalMessageType;

void require(bool condition) {
  if (!condition) std::abort();
}

const SenderKeyName kName{"120363000000000001@g.us", {"alice", 0}};

struct Fixture {
  Fixture() {
    pair.settle();
    message = pair.from_alice("text").bytes;
    test::SignalParty anew("alice", 33);
    require(anew.sessions().process_bundle(pair.bob.address, pair.bob.bundle(7)).ok());
    prekey_message = anew.sessions().encrypt(pair.bob.address, as_bytes("text"))->bytes;
    // A sender key of which we have the private half: 33, id 1, iteration 3, chain key, signing key.
    const Bytes head = {0x33, 0x08, 1, 0x10, 3, 0x1A, 32};
    const Bytes key_head = {0x22, 33, 0x05};
    distribution = concat({head, Bytes(32, 0x5A), key_head, signing.public_key});
    require(pair.bob.sender_keys().process(kName, distribution).ok());
    saved = pair.bob.store.records.copy();
  }

  test::SignalPair pair;
  KeyPair signing = pair.alice.store.identity.copy();
  Bytes message;
  Bytes prekey_message;
  Bytes distribution;
  test::MemorySignalStore::Records saved;
};

/// `good` with the bytes of the input over it from the offset that its first two bytes say.
Bytes patched(const Bytes& good, ByteView input) {
  if (input.size() < 2) return good;
  const std::size_t at = (input[0] << 8 | input[1]) % good.size();
  Bytes out = good;
  const ByteView over = input.subspan(2, std::min(input.size() - 2, good.size() - at));
  std::copy(over.begin(), over.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
  return out;
}

Bytes signed_group_message(const Fixture& fixture, ByteView input) {
  test::SeededRandom random(3);
  return concat({input, xeddsa_sign(fixture.signing.private_key, input, random)});
}

PrekeyBundle bundle_of(ByteView input) {
  PrekeyBundle bundle;
  Bytes padded = to_bytes(input);
  padded.resize(200);
  const ByteView bytes = padded;
  bundle.registration_id = bytes[0];
  bundle.signed_prekey_id = bytes[1];
  bundle.identity = to_array<32>(bytes.subspan(8, 32));
  bundle.signed_prekey = to_array<32>(bytes.subspan(40, 32));
  bundle.signature = to_array<64>(bytes.subspan(72, 64));
  if (bytes[2] & 1) bundle.one_time = {bytes[3], to_array<32>(bytes.subspan(136, 32))};
  return bundle;
}

/// A bundle that its identity did sign, with whatever keys the input has for the rest.
PrekeyBundle signed_bundle_of(const Fixture& fixture, ByteView input) {
  PrekeyBundle bundle = bundle_of(input);
  test::SeededRandom random(4);
  const ByteArray<1> type = {0x05};
  bundle.identity = fixture.signing.public_key;
  bundle.signature = xeddsa_sign(fixture.signing.private_key, concat({type, bundle.signed_prekey}), random);
  return bundle;
}

/// Refused for what the bytes are, never for a record or a mistake of our own.
void check_refusal(const Error& error, Fixture& fixture, std::size_t writes) {
  static const std::set<Cause> causes = {
      Cause::kSignalNoSession,  Cause::kSignalNoSenderKey, Cause::kSignalUnknownPrekey,  Cause::kSignalDuplicate,
      Cause::kSignalInvalidKey, Cause::kSignalMalformed,   Cause::kSignalInvalidMessage, Cause::kSignalVersion};
  require(causes.contains(error.cause));
  require(fixture.pair.bob.store.writes() == writes);
}

template <typename T>
void check(const T& result, Fixture& fixture, std::size_t writes) {
  if (!result.ok()) check_refusal(result.error(), fixture, writes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Fixture fixture;
  test::SignalParty& bob = fixture.pair.bob;
  const SignalAddress& alice = fixture.pair.alice.address;
  const ByteView input(data + 1, size - 1);
  const std::size_t writes = bob.store.writes();
  bob.random = test::SeededRandom(5);
  switch (data[0] % 10) {
    case 0: check(bob.sessions().decrypt(alice, Type::kPrekey, input), fixture, writes); break;
    case 1: check(bob.sessions().decrypt(alice, Type::kMessage, input), fixture, writes); break;
    case 2:
      check(bob.sessions().decrypt(alice, Type::kPrekey, patched(fixture.prekey_message, input)), fixture, writes);
      break;
    case 3:
      check(bob.sessions().decrypt(alice, Type::kMessage, patched(fixture.message, input)), fixture, writes);
      break;
    case 4: check(bob.sender_keys().decrypt(kName, input), fixture, writes); break;
    case 5: check(bob.sender_keys().decrypt(kName, signed_group_message(fixture, input)), fixture, writes); break;
    case 6: check(bob.sender_keys().process(kName, input), fixture, writes); break;
    case 7: check(bob.sender_keys().process(kName, patched(fixture.distribution, input)), fixture, writes); break;
    case 8: check(bob.sessions().process_bundle(alice, bundle_of(input)), fixture, writes); break;
    case 9: check(bob.sessions().process_bundle(alice, signed_bundle_of(fixture, input)), fixture, writes); break;
  }
  const auto unpadded = unpad(input);
  require(!unpadded.ok() || unpadded->size() < input.size());
  if (bob.store.writes() != writes) bob.store.records = fixture.saved.copy();
  return 0;
}
