// A pairing code from the wish to pair-success (wire: pairing.md 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/curve25519.h"
#include "protocol/session/command.h"
#include "protocol/session/output.h"
#include "protocol/wire/node.h"

namespace ponte::protocol {
struct Step;
}

namespace ponte::protocol::pairing {

/// What a session remembers of the one code that may be out. In memory only: neither the ref nor the ephemeral key
/// outlives its socket.
///
///             pair-device            key               answered                  typed
///   kWanted ------------> kDeriving -----> kRequested ---------> kOut ------------------> kAnswering
///                             ^                                    ^                          | key
///                             |     refresh_code, or silence       |      typed again         v
///                             +--------------------------------- kFinishing <----------------+
struct CodeFlow {
  enum class Stage {
    kWanted,     ///< waits for pair-device
    kDeriving,   ///< waits for the key that the code stands for
    kRequested,  ///< companion_hello is sent
    kOut,        ///< the server knows of it: it is worth being typed
    kAnswering,  ///< primary_hello came; waits for the phone's key
    kFinishing,  ///< companion_finish is sent; waits for pair-success
  };

  static constexpr Milliseconds kLifetime{180'000};          ///< from just before companion_hello
  static constexpr Milliseconds kPairSuccessWithin{60'000};  ///< from primary_hello
  static constexpr Milliseconds kAnswerWithin{30'000};       ///< of companion_hello
  static constexpr unsigned kMostAttempts = 3;               ///< primary_hello for one code
  static constexpr unsigned kMostRenewals = 3;               ///< codes made by ourselves for one wish

  Stage stage = Stage::kWanted;
  std::uint64_t serial = 0;  ///< tells this code's answers from an earlier one's
  std::string number;
  bool chosen = false;  ///< the user chose the code, so that a renewal keeps it
  std::string code;
  crypto::KeyPair ephemeral;
  ByteArray<32> salt{};
  ByteArray<16> iv{};
  Bytes ref;
  unsigned attempts = 0;
  unsigned renewals = 0;
  Bytes wrapped_primary;  ///< of the primary_hello that came last
  crypto::PublicKey primary_identity{};
  bool secret_changed = false;  ///< the ADV secret is the one of the bundle that the phone was sent
  Mono valid_until{};
  std::optional<Mono> pair_success_by;

  std::optional<Mono> next_deadline() const;
};

/// Begins, or replaces the code that is out: an earlier one of another number ends as superseded.
Status request_code(Step& step, const command::RequestPairingCode& request);

/// pair-device has come: a code that was wanted before can be asked for.
Status on_pairing_ready(Step& step);

/// `<notification type="link_code_companion_reg">`, already acknowledged.
Status on_link_code(Step& step, const wire::Node& notification);

/// A code that has run out, or a phone that fell silent.
Status on_code_deadline(Step& step);

}  // namespace ponte::protocol::pairing
