// Whether the server has of this device what the store has (wire: messages.md 1.6).
#pragma once

#include <vector>

#include "protocol/devices/key_digest.h"
#include "protocol/session/step.h"

namespace ponte::protocol::devices {

/// What a comparison found, and what is to be done about it.
struct PrekeyFindings {
  std::vector<Error> differences;  ///< kRejected/kStanzaUnexpected, to be told
  bool other_device = false;       ///< what it has stands under another device's identity
  bool offer_signed = false;       ///< it has a signed prekey that is not ours to answer for
};

/// Compares. A signed prekey whose rotation was not acknowledged but has arrived is adopted; ids that the server knows
/// of a later life of this store (it was put back to an older state) are passed over from now on.
Result<PrekeyFindings> compare_prekeys(Step& step, const KeyDigest& digest);

}  // namespace ponte::protocol::devices
