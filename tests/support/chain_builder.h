// Certificate chains for tests: signed by keys of our own, with every field open to damage.
#pragma once

#include "certificate.pb.h"
#include "crypto/curve25519.h"
#include "protocol/noise/certificate.h"
#include "support/scripted_random.h"

namespace ponte::test {

inline crypto::KeyPair key_pair_of(std::uint8_t byte) {
  ByteArray<32> scalar;
  scalar.fill(byte);
  return crypto::key_pair_from_private(Secret<32>(scalar));
}

/// A chain that verifies as it stands, from 2025-01-01 to 2026-01-01 (intermediate: one day more at both ends).
struct ChainBuilder {
  static constexpr std::uint64_t kNotBefore = 1'735'689'600;
  static constexpr std::uint64_t kNotAfter = 1'767'225'600;
  static constexpr std::uint64_t kDay = 86'400;

  crypto::KeyPair root = key_pair_of(0x31);
  crypto::KeyPair intermediate_key = key_pair_of(0x32);
  crypto::KeyPair server_static = key_pair_of(0x33);
  protocol::noise::Certificate intermediate{7, 0, intermediate_key.public_key, kNotBefore - kDay, kNotAfter + kDay};
  protocol::noise::Certificate leaf{8, 7, server_static.public_key, kNotBefore, kNotAfter};

  static Wall wall(std::uint64_t unix_seconds) { return Wall(Seconds(static_cast<std::int64_t>(unix_seconds))); }
  static Wall inside() { return wall(kNotBefore + kDay); }

  static std::string details(const protocol::noise::Certificate& certificate) {
    proto::CertChain::NoiseCertificate::Details message;
    message.set_serial(certificate.serial);
    message.set_issuer_serial(certificate.issuer_serial);
    message.set_key(to_text(certificate.key));
    message.set_not_before(certificate.not_before);
    message.set_not_after(certificate.not_after);
    return message.SerializeAsString();
  }
  static std::string sign(const crypto::KeyPair& issuer, const std::string& text) {
    SeededRandom random(1);
    return to_text(crypto::xeddsa_sign(issuer.private_key, as_bytes(text), random));
  }

  proto::CertChain message() const {
    proto::CertChain chain;
    chain.mutable_intermediate()->set_details(details(intermediate));
    chain.mutable_intermediate()->set_signature(sign(root, details(intermediate)));
    chain.mutable_leaf()->set_details(details(leaf));
    chain.mutable_leaf()->set_signature(sign(intermediate_key, details(leaf)));
    return chain;
  }
  Bytes bytes() const { return to_bytes(message().SerializeAsString()); }
};

}  // namespace ponte::test
