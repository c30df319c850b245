// Keys of a new device, and what a client says of itself in ClientFinish (wire: pairing.md 3, 12).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "protocol/session/config.h"
#include "store/records.h"

namespace ponte::protocol::pairing {

/// Draws, in this order: noise (32), identity (32), signed prekey (32), its signature (64),
/// registration id (2; 1..0x3FFF), adv secret (32).
store::Credentials generate_credentials(RandomSource& random);

/// Serialized DeviceProps of a Chrome companion. `history_days`: 3.6's mapping; absent: recent only.
Bytes device_props(const SessionConfig& config, std::optional<std::uint32_t> history_days);

/// Serialized ClientPayload of a device without an account.
Bytes registration_payload(const SessionConfig& config, const ClientVersion& version,
                           const store::Credentials& credentials, std::optional<std::uint32_t> history_days);

/// Serialized ClientPayload of a linked device. kStorage/kStoreCorrupt where the account's JID is no
/// phone-number device.
Result<Bytes> login_payload(const ClientVersion& version, const store::Account& account);

}  // namespace ponte::protocol::pairing
