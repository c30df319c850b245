// The signed prekey and its successors (wire: messages.md 1.6).
//
// A successor is stored before it is offered, as one of the replaced ones with a greater id than the current: from then
// on what it is used for can be read, whether or not its offer's answer arrives.
#pragma once

#include <optional>

#include "protocol/session/step.h"
#include "store/records.h"

namespace ponte::protocol::devices {

inline constexpr Milliseconds kRotationInterval = std::chrono::hours(27 * 24);
/// How many that were replaced are kept for those who have not heard of it.
inline constexpr std::size_t kReplacedKept = 3;

/// How long until the current one is to be replaced; 0: now. A creation that is a whole interval ahead of the clock was
/// noted by a clock that was wrong.
Milliseconds until_rotation(const store::Credentials& credentials, const store::Account& account, Wall now);

/// The successor that was made and is not current yet. Signs it, which draws 64 bytes.
Result<std::optional<store::SignedPrekey>> find_successor(Step& step);
/// Makes one with the next id. kUnavailable/kCounterExhausted where there is none.
Result<store::SignedPrekey> make_successor(Step& step);

/// The server has it: `successor` is the current one from now on. The one it replaces is kept with the kReplacedKept
/// latest, older ones are erased.
Status adopt_successor(Step& step, store::SignedPrekey successor);

/// Whether the identity signed that key.
bool signed_by(const crypto::PublicKey& identity, const crypto::PublicKey& key, const crypto::Signature& signature);

}  // namespace ponte::protocol::devices
