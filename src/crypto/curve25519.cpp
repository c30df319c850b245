#include "crypto/curve25519.h"

#include <curve.h>
#include <signal_protocol.h>
#include <sodium.h>

#include <algorithm>
#include <cassert>
#include <memory>

#include "crypto/algorithms.h"
#include "crypto/digest.h"

namespace ponte::crypto {
namespace {

// libsignal marks a Curve25519 public key with this byte in front (DJB_TYPE).
constexpr std::uint8_t kSignalKeyType = 0x05;
constexpr std::size_t kSignRandomSize = 64;

struct SignalUnref {
  template <typename T>
  void operator()(T* object) const {
    SIGNAL_UNREF(object);
  }
};
using SignalPublicKey = std::unique_ptr<ec_public_key, SignalUnref>;
using SignalPrivateKey = std::unique_ptr<ec_private_key, SignalUnref>;
using SignalContext = std::unique_ptr<signal_context, Releaser<signal_context_destroy>>;
using SignalBuffer = std::unique_ptr<signal_buffer, Releaser<signal_buffer_bzero_free>>;

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

bool may_sign(const PublicKey& key) {
  return less_little_endian(key, kFieldPrime) &&
         std::none_of(std::begin(kLowOrderKeys), std::end(kLowOrderKeys), [&](const auto& low) { return low == key; });
}

/// What libsignal draws while it signs: bytes drawn beforehand, so that no exception of a RandomSource
/// has to cross C.
struct SignRandom {
  Secret<kSignRandomSize> bytes;
  std::size_t used = 0;
};

int take_sign_random(std::uint8_t* data, std::size_t size, void* user_data) {
  auto& random = *static_cast<SignRandom*>(user_data);
  if (size > kSignRandomSize - random.used) return SG_ERR_UNKNOWN;
  std::memcpy(data, random.bytes.view().data() + random.used, size);
  random.used += size;
  return SG_SUCCESS;
}

// libsignal takes no provider without HMAC, though signing never calls it: these refuse if it ever did.
int refuse_hmac_init(void**, const std::uint8_t*, std::size_t, void*) {
  return SG_ERR_UNKNOWN;
}
int refuse_hmac_update(void*, const std::uint8_t*, std::size_t, void*) {
  return SG_ERR_UNKNOWN;
}
int refuse_hmac_final(void*, signal_buffer**, void*) {
  return SG_ERR_UNKNOWN;
}
void ignore_hmac_cleanup(void*, void*) {}

SignalContext signing_context(SignRandom& random) {
  signal_context* raw = nullptr;
  require(signal_context_create(&raw, &random) == SG_SUCCESS, "a libsignal context");
  SignalContext context(raw);
  signal_crypto_provider provider{};
  provider.random_func = take_sign_random;
  provider.hmac_sha256_init_func = refuse_hmac_init;
  provider.hmac_sha256_update_func = refuse_hmac_update;
  provider.hmac_sha256_final_func = refuse_hmac_final;
  provider.hmac_sha256_cleanup_func = ignore_hmac_cleanup;
  provider.user_data = &random;
  require(signal_context_set_crypto_provider(raw, &provider) == SG_SUCCESS, "the libsignal crypto provider");
  return context;
}

SignalPublicKey signal_public_key(const PublicKey& key) {
  ByteArray<33> encoded;
  encoded[0] = kSignalKeyType;
  std::copy(key.begin(), key.end(), encoded.begin() + 1);
  ec_public_key* raw = nullptr;
  require(curve_decode_point(&raw, encoded.data(), encoded.size(), nullptr) == SG_SUCCESS, "a libsignal public key");
  return SignalPublicKey(raw);
}

SignalPrivateKey signal_private_key(const PrivateKey& key) {
  ec_private_key* raw = nullptr;
  require(curve_decode_private_point(&raw, key.view().data(), key.size(), nullptr) == SG_SUCCESS,
          "a libsignal private key");
  return SignalPrivateKey(raw);
}

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
  SignRandom drawn;
  random.fill(drawn.bytes.mutable_view());
  const SignalContext context = signing_context(drawn);
  const SignalPrivateKey key = signal_private_key(own);
  signal_buffer* raw = nullptr;
  require(curve_calculate_signature(context.get(), &raw, key.get(), message.data(), message.size()) == SG_SUCCESS,
          "an XEdDSA signature");
  const SignalBuffer signature(raw);
  require(signal_buffer_len(raw) == Signature{}.size(), "an XEdDSA signature");
  return to_array<64>({signal_buffer_data(raw), signal_buffer_len(raw)});
}

bool xeddsa_verify(const PublicKey& signer, ByteView message, ByteView signature) {
  if (signature.size() != Signature{}.size() || !may_sign(signer)) return false;
  // libsignal bounds S only by its top bits; S + L would pass there as a second signature of the message.
  auto scalar = to_array<32>(signature.last(32));
  scalar[31] &= 0x7F;  // bit 7 is the sign of the Edwards key
  if (!less_little_endian(scalar, kGroupOrder)) return false;
  const SignalPublicKey key = signal_public_key(signer);
  // 1 is valid, 0 is not, and an error is negative.
  return curve_verify_signature(key.get(), message.data(), message.size(), signature.data(), signature.size()) == 1;
}

}  // namespace ponte::crypto
