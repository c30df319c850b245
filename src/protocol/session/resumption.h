// Whether a handshake may start from a server key known from before (wire: pairing.md 2.7).
#pragma once

#include <optional>

#include "protocol/noise/certificate.h"
#include "protocol/session/step.h"
#include "store/records.h"

namespace ponte::protocol {

/// The key of the chain that was verified last. nullopt, for XX: a device that is not linked, IK forbidden, no chain
/// kept, one of its certificates not valid now, or IK that was not answered the last time. kStorage/kStoreCorrupt.
Result<std::optional<crypto::PublicKey>> resumable_key(Step& step);

/// What is kept of a verified chain.
store::ServerChain stored_chain(const noise::CertificateChain& chain);

}  // namespace ponte::protocol
