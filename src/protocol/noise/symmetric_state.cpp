#include "protocol/noise/symmetric_state.h"

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"

namespace ponte::protocol::noise {
namespace {

struct SecretPair {
  Secret<32> first;
  Secret<32> second;
};

/// The two outputs of the specification's HKDF (Noise 4.3): salt is the chaining key, no info.
SecretPair derive_pair(ByteView input, ByteView chaining_key) {
  Secret<64> out;
  crypto::hkdf_sha256(input, chaining_key, {}, out.mutable_view());
  return {Secret<32>::from(out.view().first(32)), Secret<32>::from(out.view().last(32))};
}

}  // namespace

ByteArray<12> nonce(std::uint32_t counter) {
  ByteArray<12> out{};
  for (int i = 0; i < 4; ++i) out[8 + i] = static_cast<std::uint8_t>(counter >> (24 - 8 * i));
  return out;
}

SymmetricState::SymmetricState(std::string_view pattern, ByteView prologue) {
  if (pattern.size() <= hash_.size()) {
    std::memcpy(hash_.data(), pattern.data(), pattern.size());
  } else {
    hash_ = crypto::sha256(as_bytes(pattern));
  }
  chaining_key_ = Secret<32>(hash_);
  key_ = Secret<32>(hash_);
  mix_hash(prologue);
}

void SymmetricState::mix_hash(ByteView data) {
  hash_ = crypto::sha256(hash_, data);
}

void SymmetricState::mix_key(const Secret<32>& input) {
  SecretPair pair = derive_pair(input.view(), chaining_key_.view());
  chaining_key_ = std::move(pair.first);
  key_ = std::move(pair.second);
  counter_ = 0;
}

Status SymmetricState::mix_agreement(const crypto::PrivateKey& own, const crypto::PublicKey& peer) {
  PONTE_ASSIGN(const Secret<32> shared, crypto::agree(own, peer));
  mix_key(shared);
  return Status::Ok();
}

Bytes SymmetricState::encrypt_and_hash(ByteView plaintext) {
  Bytes ciphertext = crypto::Aes256Gcm(key_).seal(nonce(counter_++), plaintext, hash_);
  mix_hash(ciphertext);
  return ciphertext;
}

Result<Bytes> SymmetricState::decrypt_and_hash(ByteView ciphertext) {
  PONTE_ASSIGN(Bytes plaintext, crypto::Aes256Gcm(key_).open(nonce(counter_++), ciphertext, hash_));
  mix_hash(ciphertext);
  return plaintext;
}

TransportKeys SymmetricState::split() const {
  SecretPair pair = derive_pair({}, chaining_key_.view());
  return {std::move(pair.first), std::move(pair.second)};
}

}  // namespace ponte::protocol::noise
