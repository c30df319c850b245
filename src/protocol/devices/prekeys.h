// The device's prekeys and what the server has of them (wire: messages.md 1.6).
//
// Whatever is offered is stored durably before, and counts as uploaded when the result is here: what was offered
// without one is offered again, the same keys under the same ids, until there is one.
#pragma once

#include "crypto/curve25519.h"
#include "protocol/session/step.h"

namespace ponte::protocol::devices {

inline constexpr std::uint32_t kFirstUpload = 812;  ///< and the most that one upload carries
inline constexpr std::uint32_t kTopUp = 50;
inline constexpr std::uint64_t kThreshold = 5;
inline constexpr std::uint32_t kMaxPrekeyId = 0xFFFFFF;

/// After login: asks the server for its count, tops up below kThreshold, compares once a day what the server has with
/// what is here, and replaces the signed prekey when it is due.
Status ensure_prekeys(Step& step);

/// `<notification type="encrypt">` of the server, already acknowledged: `<count/>` or `<digest/>`.
Status on_prekey_notification(Step& step, const wire::Node& notification);

/// What was refused or not answered is tried again; the signed prekey may be due.
Status on_prekey_deadline(Step& step);

/// How long to wait after the nth failure in a row (0: the first): 1, 2, 3, 5, 8 s and so on, at most 610 s.
Milliseconds retry_pause(unsigned failures);

/// A prekey that goes out in a retry receipt (wire: messages.md 1.6).
struct HandedPrekey {
  std::uint32_t id = 0;
  crypto::PublicKey public_key{};
};

/// Makes one, for one receiver: it is stored durably with this step and never uploaded. Draws 32 bytes.
/// kUnavailable/kCounterExhausted where all ids are used up.
Result<HandedPrekey> hand_out_prekey(Step& step);

}  // namespace ponte::protocol::devices
