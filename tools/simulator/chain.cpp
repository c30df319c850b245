#include "simulator/chain.h"

#include <string>
#include <utility>

#include "certificate.pb.h"

namespace ponte::simulator {
namespace {

using proto::CertChain;

constexpr std::array<std::string_view, kChainDefectCount> kNames = {
    "none",           "wrong-root",  "intermediate-signature", "intermediate-issuer", "intermediate-expired",
    "leaf-signature", "leaf-issuer", "leaf-key-mismatch",      "leaf-expired",        "leaf-not-yet-valid",
    "garbage",        "empty"};

constexpr std::uint32_t kIntermediateSerial = 3;
constexpr std::int64_t kDay = 86'400;

struct Window {
  std::int64_t from;  ///< Unix seconds
  std::int64_t to;
};

struct Contents {
  std::uint32_t serial;
  std::uint32_t issuer_serial;
  crypto::PublicKey key;
  Window window;
};

void fill(CertChain::NoiseCertificate& certificate, const Contents& contents, const crypto::KeyPair& issuer,
          RandomSource& random) {
  CertChain::NoiseCertificate::Details details;
  details.set_serial(contents.serial);
  details.set_issuer_serial(contents.issuer_serial);
  details.set_key(to_text(contents.key));
  details.set_not_before(static_cast<std::uint64_t>(contents.window.from));
  details.set_not_after(static_cast<std::uint64_t>(contents.window.to));
  certificate.set_details(details.SerializeAsString());
  const auto signature = crypto::xeddsa_sign(issuer.private_key, as_bytes(certificate.details()), random);
  certificate.set_signature(to_text(signature));
}

void flip_one_bit(std::string& signature) {
  signature[10] = static_cast<char>(signature[10] ^ 0x04);
}

}  // namespace

std::string_view chain_defect_name(ChainDefect defect) {
  return kNames[static_cast<std::size_t>(defect)];
}

std::optional<ChainDefect> chain_defect_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<ChainDefect>(i);
  }
  return std::nullopt;
}

ServerChain::ServerChain(const Seed& seed) : random_(seed, "chain") {
  root_ = crypto::generate_key_pair(random_);
  intermediate_ = crypto::generate_key_pair(random_);
  leaf_ = {crypto::generate_key_pair(random_), last_serial_};
}

const Bytes& ServerChain::bytes(ChainDefect defect, Wall wall) {
  std::optional<Cached>& cached = cache_[static_cast<std::size_t>(defect)];
  constexpr auto kKeep = std::chrono::hours(1);
  if (!cached || wall < cached->made || wall - cached->made > kKeep) cached = Cached{build(defect, wall), wall};
  return cached->bytes;
}

void ServerChain::renew_leaf() {
  other_leaf_ = std::move(leaf_);
  leaf_ = {crypto::generate_key_pair(random_), ++last_serial_};
  cache_ = {};
}

bool ServerChain::restore_leaf() {
  if (!other_leaf_) return false;
  std::swap(leaf_, *other_leaf_);
  cache_ = {};
  return true;
}

void ServerChain::renew_root() {
  root_ = crypto::generate_key_pair(random_);
  cache_ = {};
}

Bytes ServerChain::build(ChainDefect defect, Wall wall) {
  CertChain chain;
  if (defect == ChainDefect::kEmpty) {
    chain.mutable_leaf();
    chain.mutable_intermediate();
    return to_bytes(chain.SerializeAsString());
  }
  if (defect == ChainDefect::kGarbage) return Bytes(200, 0xFF);

  const std::int64_t now = unix_seconds(wall);
  Contents intermediate{kIntermediateSerial, 0, intermediate_.public_key, {now - 365 * kDay, now + 365 * kDay}};
  Contents leaf{leaf_.serial, kIntermediateSerial, leaf_.keys.public_key, {now - 30 * kDay, now + 90 * kDay}};
  const crypto::KeyPair stranger = crypto::generate_key_pair(random_);
  const crypto::KeyPair* root = &root_;
  switch (defect) {
    case ChainDefect::kWrongRoot: root = &stranger; break;
    case ChainDefect::kIntermediateIssuer: intermediate.issuer_serial = 7; break;
    case ChainDefect::kIntermediateExpired: intermediate.window.to = now - 10 * kDay; break;
    case ChainDefect::kLeafIssuer: leaf.issuer_serial = kIntermediateSerial + 1; break;
    case ChainDefect::kLeafKeyMismatch: leaf.key = stranger.public_key; break;
    case ChainDefect::kLeafExpired: leaf.window.to = now - 10 * kDay; break;
    case ChainDefect::kLeafNotYetValid: leaf.window.from = now + 10 * kDay; break;
    default: break;
  }
  fill(*chain.mutable_intermediate(), intermediate, *root, random_);
  fill(*chain.mutable_leaf(), leaf, intermediate_, random_);
  if (defect == ChainDefect::kIntermediateSignature) flip_one_bit(*chain.mutable_intermediate()->mutable_signature());
  if (defect == ChainDefect::kLeafSignature) flip_one_bit(*chain.mutable_leaf()->mutable_signature());
  return to_bytes(chain.SerializeAsString());
}

}  // namespace ponte::simulator
