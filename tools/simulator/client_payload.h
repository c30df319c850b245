// What a client says of itself in the handshake, read strictly (wire: pairing.md 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/curve25519.h"

namespace ponte::simulator {

struct SignedPrekey {
  std::uint32_t id = 0;
  crypto::PublicKey key{};
  crypto::Signature signature{};
};

/// Keys and properties of a device that asks to be paired.
struct Registration {
  std::uint32_t registration_id = 0;
  crypto::PublicKey noise{};  ///< the static key of the handshake
  crypto::PublicKey identity{};
  SignedPrekey signed_prekey;
  std::string os;                   ///< DeviceProps.os, the name on the phone's list
  std::uint32_t platform_type = 0;  ///< DeviceProps.PlatformType
  bool require_full_sync = false;
  std::optional<std::uint32_t> full_sync_days;
};

/// A device that says it is paired.
struct Login {
  std::string number;  ///< digits of the phone number
  std::uint16_t device = 0;
  crypto::PublicKey noise{};
  bool passive = false;
  bool pull = false;
};

struct ClientDetails {
  std::string version;  ///< "2.3000.N"
  std::uint32_t revision = 0;
  std::string push_name;
  std::vector<std::string> remarks;  ///< what is accepted, but would harm with the real server
  std::variant<Registration, Login> purpose;
};

/// Checks a serialized ClientPayload that came under the static key `noise`: user agent and version; then
/// for a registration the sizes, key type 05, the signed prekey's signature over 05 || key, the build hash
/// against the version, and DeviceProps; for a login the user name. kMalformed/kProtobufMalformed, or
/// kInvalidArgument/kClientRefused naming the field.
Result<ClientDetails> read_client_payload(ByteView payload, const crypto::PublicKey& noise);

/// True where `signature` is the identity's over 05 || key (wire: pairing.md 3.3).
bool signed_prekey_valid(const crypto::PublicKey& identity, const SignedPrekey& prekey);

}  // namespace ponte::simulator
