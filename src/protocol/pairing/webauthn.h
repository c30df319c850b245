// What an authenticator is asked for, and what it gives (WebAuthn level 3, 5.1 and 5.8; wire: pairing.md 7). Pure
// functions. A malformed answer may put the account at risk, so nothing goes to the server that its own page would
// not send.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/session/command.h"

namespace ponte::protocol::pairing {

/// The members of PublicKeyCredentialRequestOptions that an assertion is held against.
struct RequestOptions {
  std::string challenge;  ///< base64url, as it was written
  std::string relying_party;
};

/// kMalformed/kPairingMalformed for what is no JSON object of at most 16 KiB with a challenge.
Result<RequestOptions> parse_request_options(std::string_view json);

/// From PublicKeyCredential.toJSON() in at most 32 KiB: the same challenge, an origin of the relying party, a user who
/// was present and verified. Members that WhatsApp's page does not send are left out.
/// kInvalidArgument/kInvalidAssertion names the member and the rule.
Result<command::SubmitAssertion> read_assertion(std::string_view json, const RequestOptions& options);

}  // namespace ponte::protocol::pairing
