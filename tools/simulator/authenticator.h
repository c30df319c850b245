// A passkey, the authenticator that holds it, and WhatsApp's check of what it signs (wire: pairing.md 7).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "simulator/derived_random.h"

namespace ponte::simulator {

/// What navigator.credentials.get() gives to a page of WhatsApp Web.
struct Assertion {
  Bytes credential_id;
  std::string json;  ///< PublicKeyCredential.toJSON(): binary members in base64url without padding
};

/// One passkey, that of every phone. It follows from the seed. Pure; one thread.
///
/// There is no ECDSA behind it: its signature is HMAC-SHA256 under a key of its own, over what WebAuthn signs,
/// authenticatorData || SHA-256(clientDataJSON). Only the simulator makes and checks it, and a companion hands it on
/// without looking.
class Authenticator {
 public:
  explicit Authenticator(const Seed& seed);

  /// Signs for a user who is present and verified. `options`: PublicKeyCredentialRequestOptions as JSON, of which
  /// challenge and rpId are used. kInvalidArgument/kInvalidRequest naming the member.
  Result<Assertion> sign(std::string_view options) const;

  /// What the server makes of an assertion for `challenge`, which it has issued as base64url.
  /// kMalformed/kInvalidAssertion for what no companion may send: other than JSON, or a raw id that is not
  /// `credential_id`; kRejected/kPasskeyRejected for what its user may come by: another challenge, page, relying
  /// party, type or passkey, no verified user, a wrong signature.
  Status check(ByteView assertion, ByteView credential_id, std::string_view challenge) const;

 private:
  ByteArray<32> signature(ByteView authenticator_data, ByteView client_data) const;

  ByteArray<16> credential_id_{};
  Secret<32> key_;
};

}  // namespace ponte::simulator
