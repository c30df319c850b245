// The server's side of prekeys: count, upload, digest, rotation (wire: pairing.md 8.3, 8.4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/wire/node.h"
#include "simulator/iq_answers.h"
#include "simulator/used_values.h"

namespace ponte::simulator {

/// Answers an iq of namespace `encrypt`.
protocol::wire::Node answer_encrypt(const protocol::wire::Node& request, Asking& asking);

/// Whose prekeys are noted, and where.
struct PrekeyUses {
  UsedValues& used_keys;
  std::string device;  ///< its JID
  const crypto::PublicKey& identity;
};
/// Notes the prekeys in an upload or a rotation, right ones alone. What is wrong with them where another key had an id
/// before: one text for each kind of key.
std::vector<std::string> reused_prekeys(const protocol::wire::Node& request, PrekeyUses& uses);
/// The same for a signed prekey that came otherwise.
std::optional<std::string> reused_signed_prekey(const SignedPrekey& prekey, PrekeyUses& uses);

}  // namespace ponte::simulator
