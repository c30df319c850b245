// The server's certificate chain (wire: pairing.md 2.5).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/curve25519.h"

namespace ponte::protocol::noise {

/// WhatsAppLongTerm1, serial 0 (wire: pairing.md 2.5).
extern const crypto::PublicKey kWhatsAppRootKey;

/// One verified certificate, as the IK cache keeps it.
struct Certificate {
  std::uint32_t serial = 0;
  std::uint32_t issuer_serial = 0;
  crypto::PublicKey key{};
  std::uint64_t not_before = 0;  ///< Unix seconds
  std::uint64_t not_after = 0;   ///< Unix seconds
};

struct CertificateChain {
  Certificate leaf;
  Certificate intermediate;
};

/// Longer input is refused unread; the captured production chain has 241 bytes.
inline constexpr std::size_t kMaxChainSize = 4096;

/// All seven checks, in this order: shape, both XEdDSA signatures over the raw details, both serials, leaf key equal to
/// `server_static` (constant time), both validity windows against `wall`, strictly.
/// kMalformed/kCertificateMalformed, or kUntrusted with the cause that failed; a window's error names
/// the clock, the window and the time it was held against.
Result<CertificateChain> verify_chain(ByteView chain_bytes, const crypto::PublicKey& root,
                                      const crypto::PublicKey& server_static, Wall wall);

}  // namespace ponte::protocol::noise
