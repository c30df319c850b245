#include "crypto/signal/handles.h"

#include <algorithm>

namespace ponte::crypto {
namespace {

constexpr std::uint8_t kKeyType = 0x05;

}  // namespace

ByteArray<33> typed_key(const PublicKey& key) {
  ByteArray<33> out;
  out[0] = kKeyType;
  std::copy(key.begin(), key.end(), out.begin() + 1);
  return out;
}

SignalPublicKey to_signal(const PublicKey& key) {
  const ByteArray<33> typed = typed_key(key);
  SignalPublicKey decoded;
  require(curve_decode_point(out(decoded), typed.data(), typed.size(), nullptr) == SG_SUCCESS,
          "a libsignal public key");
  return decoded;
}

SignalPrivateKey to_signal(const PrivateKey& key) {
  SignalPrivateKey decoded;
  require(curve_decode_private_point(out(decoded), key.view().data(), key.size(), nullptr) == SG_SUCCESS,
          "a libsignal private key");
  return decoded;
}

SignalHandle<ec_key_pair> to_signal(const KeyPair& pair) {
  const SignalPublicKey public_key = to_signal(pair.public_key);
  const SignalPrivateKey private_key = to_signal(pair.private_key);
  SignalHandle<ec_key_pair> made;
  require(ec_key_pair_create(out(made), public_key.get(), private_key.get()) == SG_SUCCESS, "a libsignal key pair");
  return made;
}

PublicKey from_signal(const ec_public_key* key) {
  SignalBuffer typed;
  require(ec_public_key_serialize(out(typed), key) == SG_SUCCESS, "a libsignal public key");
  return to_array<32>(view(typed.get()).subspan(1));
}

SignalBuffer to_buffer(ByteView bytes) {
  SignalBuffer buffer(signal_buffer_create(bytes.data(), bytes.size()));
  require(buffer != nullptr, "a libsignal buffer");
  return buffer;
}

ByteView view(const signal_buffer* buffer) {
  if (buffer == nullptr) return {};
  return {signal_buffer_const_data(buffer), signal_buffer_len(buffer)};
}

}  // namespace ponte::crypto
