// Private to crypto/signal: the states within a record of sender keys, which libsignal itself only prepends to.
#pragma once

#include <optional>
#include <vector>

#include "crypto/signal/context.h"

namespace ponte::crypto {

/// One key of a sender.
struct SenderKeyState {
  std::uint32_t id = 0;
  std::uint32_t iteration = 0;  ///< of the next message that was not decrypted or skipped yet
  PublicKey signing_key{};
  bool own = false;  ///< its private signing key is there
  ByteView record;   ///< a record with this state alone; a view into the whole one
};

/// The states of a record, newest first. kStorage/kStoreCorrupt where libsignal did not write it.
Result<std::vector<SenderKeyState>> sender_key_states(ByteView record, const SignalContext& context);

}  // namespace ponte::crypto
