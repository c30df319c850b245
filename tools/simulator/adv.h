// The phone's approval of a companion: ADV identities and QR texts, from the phone's side
// (wire: pairing.md 5.2, 5.5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "simulator/accounts.h"
#include "simulator/faults.h"

namespace ponte::simulator {

/// The five fields of a QR text.
struct QrCode {
  std::string ref;
  crypto::PublicKey noise{};
  crypto::PublicKey identity{};
  Secret<32> adv_secret;
  char client_type = 0;
};

/// Bare or with any URL in front of '#'. kInvalidArgument/kInvalidRequest naming the field that is wrong.
Result<QrCode> parse_qr(std::string_view text);

/// What the phone has signed for one companion.
struct DeviceIdentity {
  Bytes details;  ///< serialized ADVDeviceIdentity
  crypto::PublicKey account_key{};
  crypto::Signature account_signature{};
};

DeviceIdentity sign_device_identity(const Account& account, const crypto::PublicKey& companion_identity,
                                    std::uint32_t key_index, Wall wall, RandomSource& random);

/// Serialized ADVSignedDeviceIdentity with all four fields, as a companion with that identity would answer.
Bytes countersigned(const DeviceIdentity& identity, const crypto::KeyPair& companion_identity, RandomSource& random);

/// Serialized ADVSignedKeyIndexList: which companions the phone counts as its own (wire: messages.md 3.3). Follows from
/// the seed and the list.
Bytes signed_key_index_list(const Seed& seed, const Account& account, Wall wall);

/// Serialized ADVSignedDeviceIdentityHMAC, the content of pair-success/device-identity, damaged where
/// the defect says so.
Bytes seal_device_identity(const DeviceIdentity& identity, const Secret<32>& adv_secret, PairSuccessDefect defect);

/// Checks the companion's answer (serialized ADVSignedDeviceIdentity): what the phone signed is
/// unchanged, and the device signature is the companion's. The result is the identity with all four
/// fields. kRejected/kPairingMalformed or kPairingSignatureMismatch.
Result<Bytes> check_signed_identity(ByteView answer, const DeviceIdentity& identity,
                                    const crypto::PublicKey& companion_identity);

}  // namespace ponte::simulator
