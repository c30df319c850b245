// pair-success: what the phone's approval must prove, and our answer (wire: pairing.md 5.5).
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "protocol/wire/node.h"
#include "store/records.h"

namespace ponte::protocol::pairing {

/// A verified approval.
struct Approval {
  store::Account account;  ///< complete but for paired_at
  std::string key_index;   ///< decimal
  Bytes reply_identity;    ///< ADVSignedDeviceIdentity without accountSignatureKey, for the reply
};

/// Checks the container's HMAC and the account's signature, then signs for the device (draws 64 bytes).
/// `pair_success` is the <pair-success> node. Errors:
/// kMalformed/kPairingMalformed, kUntrusted/kPairingHmacMismatch, kUntrusted/kPairingSignatureMismatch.
Result<Approval> approve(const wire::Node& pair_success, const store::Credentials& credentials, RandomSource& random);

/// The `<error>` child that tells the server why: code and text as other companions send them.
wire::Node refusal(const Error& error);

}  // namespace ponte::protocol::pairing
