// One-time prekeys: how many the server has, and more of them (wire: pairing.md 8.3).
#pragma once

#include "crypto/curve25519.h"
#include "protocol/session/step.h"

namespace ponte::protocol::devices {

inline constexpr std::uint32_t kFirstUpload = 812;
inline constexpr std::uint32_t kTopUp = 50;
inline constexpr std::uint64_t kThreshold = 5;
inline constexpr std::uint32_t kMaxPrekeyId = 0xFFFFFF;

/// Asks the server for its count; uploads where it is under kThreshold.
Status ensure_prekeys(Step& step);

/// The server has `count` left (asked for or notified).
Status on_server_prekey_count(Step& step, std::uint64_t count);

/// run_work's answer: the keys are stored durably, then offered. The answer to other work is left alone: false.
Result<bool> on_prekeys_generated(Step& step, WorkId work, const Result<Bytes>& generated);

/// A one-time prekey that goes out in a retry receipt.
struct HandedPrekey {
  std::uint32_t id = 0;
  crypto::PublicKey key{};
};
/// A fresh one, stored durably; it is never uploaded. kUnavailable/kCounterExhausted where all ids are used up.
Result<HandedPrekey> hand_out_prekey(Step& step);

}  // namespace ponte::protocol::devices
