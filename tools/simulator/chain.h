// The simulator's certificate chain: really signed, under a root of its own, and wrong on demand
// (wire: pairing.md 2.5).
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/curve25519.h"
#include "simulator/derived_random.h"

namespace ponte::simulator {

/// What is wrong with the chain that a client is shown. Each breaks exactly one check of verify_chain.
enum class ChainDefect {
  kNone,
  kWrongRoot,              ///< signed by another root
  kIntermediateSignature,  ///< one bit of the intermediate's signature is flipped
  kIntermediateIssuer,     ///< the intermediate names an issuer other than the root (serial 0)
  kIntermediateExpired,
  kLeafSignature,    ///< one bit of the leaf's signature is flipped
  kLeafIssuer,       ///< the leaf names another intermediate
  kLeafKeyMismatch,  ///< the leaf is for another key than the server's static key
  kLeafExpired,
  kLeafNotYetValid,
  kGarbage,  ///< no protobuf at all
  kEmpty,    ///< a chain whose certificates are empty
};
inline constexpr std::size_t kChainDefectCount = 12;

std::string_view chain_defect_name(ChainDefect defect);
std::optional<ChainDefect> chain_defect_from_name(std::string_view name);

/// Root, intermediate and leaf keys, and the serialized chains made from them. One thread.
class ServerChain {
 public:
  explicit ServerChain(const Seed& seed);

  /// What a client must be given in place of WhatsApp's root.
  const crypto::PublicKey& root_key() const { return root_.public_key; }
  /// The server's static pair; its public half is the leaf's key.
  const crypto::KeyPair& static_keys() const { return leaf_.keys; }

  /// Serialized CertChain, valid around `wall` (leaf 30 days back to 90 ahead, intermediate a year
  /// each way) unless the defect says otherwise. Kept for an hour, so that a login storm does not sign.
  const Bytes& bytes(ChainDefect defect, Wall wall);

  /// A new leaf key: clients that cached the old one find their IK hello declined.
  void renew_leaf();
  /// Changes places with the leaf from before renew_leaf. False where there was none.
  bool restore_leaf();
  /// Another root from now on, above the same intermediate and leaf keys: no client that was given the old one trusts
  /// it.
  void renew_root();

 private:
  struct Leaf {
    crypto::KeyPair keys;
    std::uint32_t serial = 0;
  };
  struct Cached {
    Bytes bytes;
    Wall made;
  };
  Bytes build(ChainDefect defect, Wall wall);

  DerivedRandom random_;
  crypto::KeyPair root_;
  crypto::KeyPair intermediate_;
  Leaf leaf_;
  std::optional<Leaf> other_leaf_;  ///< from before the last renewal
  std::uint32_t last_serial_ = 329;
  std::array<std::optional<Cached>, kChainDefectCount> cache_;
};

}  // namespace ponte::simulator
