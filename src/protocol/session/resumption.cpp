#include "protocol/session/resumption.h"

#include <utility>

#include "protocol/session/link_state.h"

namespace ponte::protocol {
namespace {

bool valid_at(const store::ServerCertificate& certificate, Wall wall) {
  const std::int64_t now = unix_seconds(wall);
  return now >= 0 && static_cast<std::uint64_t>(now) >= certificate.not_before &&
         static_cast<std::uint64_t>(now) < certificate.not_after;
}

store::ServerCertificate stored(const noise::Certificate& certificate) {
  return {certificate.key, certificate.not_before, certificate.not_after};
}

}  // namespace

Result<std::optional<crypto::PublicKey>> resumable_key(Step& step) {
  std::optional<crypto::PublicKey> none;
  if (std::exchange(step.link.full_handshake_next, false)) return none;
  if (!step.link.account || step.link.options.resumption == Resumption::kForbidden) return none;
  PONTE_ASSIGN(const std::optional<store::ServerChain> chain, store::get_server_chain(step.store));
  if (!chain || !valid_at(chain->leaf, step.now.wall) || !valid_at(chain->intermediate, step.now.wall)) return none;
  return std::optional(chain->leaf.key);
}

store::ServerChain stored_chain(const noise::CertificateChain& chain) {
  return {stored(chain.leaf), stored(chain.intermediate)};
}

}  // namespace ponte::protocol
