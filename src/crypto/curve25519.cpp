#include "crypto/curve25519.h"

#include <sodium.h>

#include <algorithm>
#include <cassert>

#include "crypto/algorithms.h"
#include "crypto/digest.h"
#include "crypto/signal/context.h"

namespace ponte::crypto {
namespace {

void clamp(PrivateKey& scalar) {
  MutableByteView bytes = scalar.mutable_view();
  bytes[0] &= 248;
  bytes[31] &= 127;
  bytes[31] |= 64;
}

/// `value` < `bound`, both little-endian. Only for public values: the time tells where they differ.
bool less_little_endian(ByteView value, const ByteArray<32>& bound) {
  return std::lexicographical_compare(value.rbegin(), value.rend(), bound.rbegin(), bound.rend());
}

// p = 2^255 - 19, little-endian.
constexpr ByteArray<32> kFieldPrime = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
// L = 2^252 + 27742317777372353535851937790883648493, the order of the base point (RFC 8032 5.1).
constexpr ByteArray<32> kGroupOrder = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                       0xa2, 0xde, 0xf9, 0xde, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                       0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};
// The canonical u of the points whose order divides 8, on the curve and its twist: anybody can sign for them.
constexpr ByteArray<32> kLowOrderKeys[] = {
    {0x00},
    {0x01},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

}  // namespace

KeyPair generate_key_pair(RandomSource& random) {
  PrivateKey scalar;
  random.fill(scalar.mutable_view());
  return key_pair_from_private(std::move(scalar));
}

KeyPair key_pair_from_private(PrivateKey scalar) {
  initialize();
  clamp(scalar);
  KeyPair pair{std::move(scalar), {}};
  require(crypto_scalarmult_base(pair.public_key.data(), pair.private_key.view().data()) == 0, "X25519");
  return pair;
}

Result<Secret<32>> agree(const PrivateKey& own, const PublicKey& peer) {
  // libsodium, not libsignal: four times as fast, and it refuses a shared secret of zeros.
  initialize();
  Secret<32> shared;
  if (crypto_scalarmult(shared.mutable_view().data(), own.view().data(), peer.data()) != 0 ||
      sodium_is_zero(shared.view().data(), shared.size()) == 1) {
    return Error{Errc::kUntrusted, Cause::kWeakKey,
                 "expected a public key of full order, got one with which every agreement is zero"};
  }
  return shared;
}

Signature xeddsa_sign(const PrivateKey& own, ByteView message, RandomSource& random) {
  SignalContext context(random);
  const SignalPrivateKey key = to_signal(own);
  SignalBuffer signature;
  const int signed_well =
      curve_calculate_signature(context.get(), out(signature), key.get(), message.data(), message.size());
  context.rethrow();
  require(signed_well == SG_SUCCESS && view(signature.get()).size() == Signature{}.size(), "an XEdDSA signature");
  return to_array<64>(view(signature.get()));
}

bool is_sound(const PublicKey& key) {
  return less_little_endian(key, kFieldPrime) &&
         std::none_of(std::begin(kLowOrderKeys), std::end(kLowOrderKeys), [&](const auto& low) { return low == key; });
}

bool xeddsa_verify(const PublicKey& signer, ByteView message, ByteView signature) {
  if (signature.size() != Signature{}.size() || !is_sound(signer)) return false;
  // libsignal bounds S only by its top bits; S + L would pass there as a second signature of the message.
  auto scalar = to_array<32>(signature.last(32));
  scalar[31] &= 0x7F;  // bit 7 is the sign of the Edwards key
  if (!less_little_endian(scalar, kGroupOrder)) return false;
  const SignalPublicKey key = to_signal(signer);
  // 1 is valid, 0 is not, and an error is negative.
  return curve_verify_signature(key.get(), message.data(), message.size(), signature.data(), signature.size()) == 1;
}

}  // namespace ponte::crypto
