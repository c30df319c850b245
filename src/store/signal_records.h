// The records of end-to-end encryption: what the keys below `signal/` hold. get_* and put_* as in records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signal/store.h"
#include "store/records.h"

namespace ponte::store {

// Sessions and sender keys are opaque and hold keys. All of these are raised to kPowerLoss: a ratchet that a crash took
// back would use a key twice.

Result<std::optional<Bytes>> get_signal_session(RecordSource source, const crypto::SignalAddress& address);
void put_signal_session(Transaction& transaction, const crypto::SignalAddress& address, Bytes record);
void erase_signal_session(Transaction& transaction, const crypto::SignalAddress& address);
/// Numbers of the devices of that name that a session is with, in order.
Result<std::vector<std::int32_t>> get_signal_devices(RecordSource source, std::string_view name);

Result<std::optional<crypto::PublicKey>> get_signal_identity(RecordSource source, const crypto::SignalAddress& address);
void put_signal_identity(Transaction& transaction, const crypto::SignalAddress& address,
                         const crypto::PublicKey& identity);
void erase_signal_identity(Transaction& transaction, const crypto::SignalAddress& address);

Result<std::optional<Bytes>> get_sender_key(RecordSource source, const crypto::SenderKeyName& name);
void put_sender_key(Transaction& transaction, const crypto::SenderKeyName& name, Bytes record);
void erase_sender_key(Transaction& transaction, const crypto::SenderKeyName& name);
/// Groups in which a key of that sender is known.
Result<std::vector<std::string>> get_sender_key_groups(RecordSource source, const crypto::SignalAddress& sender);

/// A one-time prekey that went out in a retry receipt: it is never uploaded (wire: messages.md 2.5).
Result<std::optional<crypto::PrivateKey>> get_handed_prekey(RecordSource source, std::uint32_t id);
void put_handed_prekey(Transaction& transaction, std::uint32_t id, const crypto::PrivateKey& private_key);
void erase_handed_prekey(Transaction& transaction, std::uint32_t id);

/// Signed prekeys that were replaced, which others may still use.
Result<std::optional<crypto::PrivateKey>> get_replaced_signed_prekey(RecordSource source, std::uint32_t id);
void put_replaced_signed_prekey(Transaction& transaction, std::uint32_t id, const crypto::PrivateKey& private_key);
Result<std::vector<std::uint32_t>> get_replaced_signed_prekey_ids(RecordSource source);
void erase_replaced_signed_prekey(Transaction& transaction, std::uint32_t id);

/// Which devices of a group have our sender key; by JID, as they are written in `<to>`.
struct SenderKeyMemo {
  std::vector<std::string> devices;  ///< sorted
};
Result<std::optional<SenderKeyMemo>> get_sender_key_memo(RecordSource source, std::string_view group);
void put_sender_key_memo(Transaction& transaction, std::string_view group, const SenderKeyMemo& memo);
void erase_sender_key_memo(Transaction& transaction, std::string_view group);

}  // namespace ponte::store
