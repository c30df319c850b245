// A link by passkey from the server's demand to pair-success (wire: pairing.md 7). The assertion itself takes the
// user's authenticator: whoever owns the session hands it in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/curve25519.h"
#include "protocol/pairing/passkey.h"
#include "protocol/session/command.h"
#include "protocol/wire/node.h"

namespace ponte::protocol {
struct Step;
}

namespace ponte::protocol::pairing {

/// What a session remembers of it, in memory only.
///
///   kOptions --> kRequested -- assertion --> kPrologue --> kPrimary -- crsc_continuation --> kNonce --> kConfirm
///       ^                                        |                                                        |
///       +---------------- refused ---------------+                       pair-success <-- kSealed <-- confirmed
struct PasskeyFlow {
  enum class Stage {
    kOptions,    ///< the request options are being fetched
    kRequested,  ///< waits for an assertion
    kPrologue,   ///< the ref is being fetched, or passkey_prologue is sent
    kPrimary,    ///< the server has taken it; waits for the phone's identity
    kNonce,      ///< companion_nonce is sent
    kConfirm,    ///< the code is shown; waits for its confirmation
    kSealed,     ///< encrypted_pairing_request is sent; waits for pair-success
  };
  static constexpr Milliseconds kLifetime{600'000};  ///< as the request options have it
  static constexpr Milliseconds kHandoffLifetime{300'000};
  static constexpr Milliseconds kPairSuccessWithin{60'000};

  Stage stage = Stage::kOptions;
  std::uint64_t serial = 0;  ///< tells this request's answers from an earlier one's
  std::string options;       ///< JSON, as the server wrote it
  std::optional<Secret<32>> handoff_key;
  Mono handoff_until{};
  Bytes credential_id;
  std::string assertion;
  std::string ref;
  crypto::KeyPair ephemeral;
  ByteArray<32> nonce{};
  Secret<32> key;    ///< of the pairing request
  std::string code;  ///< 8 symbols
  Mono valid_until{};
};

/// `<notification type="passkey_prologue_request">`, already acknowledged: the QR and any pairing code are over, the
/// ADV secret is changed.
Status on_passkey_request(Step& step, const wire::Node& notification);
/// `<notification type="crsc_continuation">`, already acknowledged.
Status on_passkey_continuation(Step& step, const wire::Node& notification);

/// Out of turn they are refused (event::Refused).
Status submit_assertion(Step& step, const command::SubmitAssertion& assertion);
Status confirm_passkey(Step& step);

/// Nobody went on in time: the attempt ends.
Status on_passkey_deadline(Step& step);

}  // namespace ponte::protocol::pairing
