// The records that end-to-end encryption reads and writes, as the Signal layer sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/curve25519.h"

namespace ponte::crypto {

/// Whom a session is with (wire: messages.md 1.1).
struct SignalAddress {
  std::string name;         ///< the user part of the JID, with `_1` behind that of a LID
  std::int32_t device = 0;  ///< 0 is the phone

  bool operator==(const SignalAddress&) const = default;
  auto operator<=>(const SignalAddress&) const = default;
};

/// Whose key a group message is under (wire: messages.md 1.1).
struct SenderKeyName {
  std::string group;  ///< JID of the group, or `status@broadcast`
  SignalAddress sender;

  bool operator==(const SenderKeyName&) const = default;
  auto operator<=>(const SenderKeyName&) const = default;
};

/// What SignalSessions and SenderKeys ask for and hand in. To be implemented over one transaction, so that all writes
/// of an operation are committed together or not at all (wire: messages.md 1.5). Used on the caller's thread, only
/// while an operation runs.
///
/// load_*: nullopt where there is no such record, an Error where there may be one that cannot be had; that Error comes
/// out of the operation as it is. An operation asks for everything before it writes anything, writes nothing when it
/// fails, and stops at the first write that fails: the transaction is then to be dropped.
/// Records of sessions and sender keys are opaque and hold keys.
class SignalStore {
 public:
  virtual ~SignalStore() = default;

  virtual Result<std::optional<Bytes>> load_session(const SignalAddress& address) = 0;
  virtual Status store_session(const SignalAddress& address, Bytes record) = 0;

  /// The identity key that this peer was last seen with.
  virtual Result<std::optional<PublicKey>> load_identity(const SignalAddress& address) = 0;
  virtual Status store_identity(const SignalAddress& address, const PublicKey& identity) = 0;

  /// One-time prekeys of our own; `id` is 1 to 0xFFFFFF.
  virtual Result<std::optional<PrivateKey>> load_prekey(std::uint32_t id) = 0;
  /// The key served for a session; it must not serve a second time.
  virtual Status remove_prekey(std::uint32_t id) = 0;
  /// Signed prekeys of our own, the current one and those that others may still use; `id` is 1 to 0xFFFFFF.
  virtual Result<std::optional<KeyPair>> load_signed_prekey(std::uint32_t id) = 0;

  virtual Result<KeyPair> own_identity() = 0;
  virtual Result<std::uint32_t> own_registration_id() = 0;

  virtual Result<std::optional<Bytes>> load_sender_key(const SenderKeyName& name) = 0;
  virtual Status store_sender_key(const SenderKeyName& name, Bytes record) = 0;
};

}  // namespace ponte::crypto
