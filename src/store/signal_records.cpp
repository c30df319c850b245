#include "store/signal_records.h"

#include <charconv>

#include "base/hex.h"
#include "base/writer.h"
#include "records.pb.h"
#include "store/keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

std::string text(std::string_view prefix) {
  return std::string(prefix);
}

/// `<name>.<device>`: a name may hold dots, a device is digits.
std::string address_text(const crypto::SignalAddress& address) {
  return address.name + "." + std::to_string(address.device);
}
std::string sessions_of(std::string_view name) {
  return text(keys::kSignalSessionPrefix).append(name) + ".";
}
std::string session_key(const crypto::SignalAddress& address) {
  return sessions_of(address.name) + std::to_string(address.device);
}
std::string identity_key(const crypto::SignalAddress& address) {
  return text(keys::kSignalIdentityPrefix) + address_text(address);
}
std::string sender_key_key(const crypto::SenderKeyName& name) {
  return text(keys::kSenderKeyPrefix) + name.group + "/" + address_text(name.sender);
}
std::string handed_prekey_key(std::uint32_t id) {
  return text(keys::kHandedPrekeyPrefix) + to_hex(big_endian_array<3>(id));
}
std::string replaced_signed_prekey_key(std::uint32_t id) {
  return text(keys::kReplacedSignedPrekeyPrefix) + to_hex(big_endian_array<3>(id));
}
std::string memo_key(std::string_view group) {
  return text(keys::kSenderKeyMemoPrefix).append(group);
}

/// The number behind `prefix` in a key, in `base`; nullopt where there is something else.
template <typename Number>
std::optional<Number> number_behind(std::string_view key, std::size_t prefix, int base) {
  Number number{};
  const char* end = key.data() + key.size();
  const auto [at, error] = std::from_chars(key.data() + prefix, end, number, base);
  if (error != std::errc() || at != end || prefix == key.size()) return std::nullopt;
  return number;
}

Result<std::optional<crypto::PrivateKey>> get_private_key(RecordSource source, const std::string& key) {
  PONTE_ASSIGN(auto value, get_array<32>(source, key));
  if (!value) return std::optional<crypto::PrivateKey>();
  crypto::PrivateKey private_key(*value);
  wipe(*value);
  return std::optional(std::move(private_key));
}

void erase_durably(Transaction& transaction, std::string_view key) {
  transaction.erase(key);
  transaction.require(Durability::kPowerLoss);
}

}  // namespace

Result<std::optional<Bytes>> get_signal_session(RecordSource source, const crypto::SignalAddress& address) {
  return source.get(session_key(address));
}

void put_signal_session(Transaction& transaction, const crypto::SignalAddress& address, Bytes record) {
  put_durably(transaction, session_key(address), std::move(record));
}

void erase_signal_session(Transaction& transaction, const crypto::SignalAddress& address) {
  erase_durably(transaction, session_key(address));
}

Result<std::vector<std::int32_t>> get_signal_devices(RecordSource source, std::string_view name) {
  const std::string prefix = sessions_of(name);
  PONTE_ASSIGN(std::vector<Record> records, source.scan(prefix));
  std::vector<std::int32_t> devices;
  for (auto& [key, value] : records) {
    wipe(value);
    if (const auto device = number_behind<std::int32_t>(key, prefix.size(), 10)) devices.push_back(*device);
  }
  return devices;
}

Result<std::optional<crypto::PublicKey>> get_signal_identity(RecordSource source,
                                                             const crypto::SignalAddress& address) {
  return get_array<32>(source, identity_key(address));
}

void put_signal_identity(Transaction& transaction, const crypto::SignalAddress& address,
                         const crypto::PublicKey& identity) {
  put_durably(transaction, identity_key(address), to_bytes(identity));
}

void erase_signal_identity(Transaction& transaction, const crypto::SignalAddress& address) {
  erase_durably(transaction, identity_key(address));
}

Result<std::optional<Bytes>> get_sender_key(RecordSource source, const crypto::SenderKeyName& name) {
  return source.get(sender_key_key(name));
}

void put_sender_key(Transaction& transaction, const crypto::SenderKeyName& name, Bytes record) {
  put_durably(transaction, sender_key_key(name), std::move(record));
}

void erase_sender_key(Transaction& transaction, const crypto::SenderKeyName& name) {
  erase_durably(transaction, sender_key_key(name));
}

Result<std::vector<std::string>> get_sender_key_groups(RecordSource source, const crypto::SignalAddress& sender) {
  PONTE_ASSIGN(std::vector<Record> records, source.scan(keys::kSenderKeyPrefix));
  const std::string suffix = "/" + address_text(sender);
  std::vector<std::string> groups;
  for (auto& [key, value] : records) {
    wipe(value);
    if (!key.ends_with(suffix)) continue;
    const std::string_view rest = std::string_view(key).substr(keys::kSenderKeyPrefix.size());
    groups.emplace_back(rest.substr(0, rest.size() - suffix.size()));
  }
  return groups;
}

Result<std::optional<crypto::PrivateKey>> get_handed_prekey(RecordSource source, std::uint32_t id) {
  return get_private_key(source, handed_prekey_key(id));
}

void put_handed_prekey(Transaction& transaction, std::uint32_t id, const crypto::PrivateKey& private_key) {
  put_durably(transaction, handed_prekey_key(id), to_bytes(private_key.view()));
}

void erase_handed_prekey(Transaction& transaction, std::uint32_t id) {
  erase_durably(transaction, handed_prekey_key(id));
}

Result<std::optional<crypto::PrivateKey>> get_replaced_signed_prekey(RecordSource source, std::uint32_t id) {
  return get_private_key(source, replaced_signed_prekey_key(id));
}

void put_replaced_signed_prekey(Transaction& transaction, std::uint32_t id, const crypto::PrivateKey& private_key) {
  put_durably(transaction, replaced_signed_prekey_key(id), to_bytes(private_key.view()));
}

Result<std::vector<std::uint32_t>> get_replaced_signed_prekey_ids(RecordSource source) {
  PONTE_ASSIGN(std::vector<Record> records, source.scan(keys::kReplacedSignedPrekeyPrefix));
  std::vector<std::uint32_t> ids;
  for (auto& [key, value] : records) {
    wipe(value);
    if (const auto id = number_behind<std::uint32_t>(key, keys::kReplacedSignedPrekeyPrefix.size(), 16))
      ids.push_back(*id);
  }
  return ids;
}

void erase_replaced_signed_prekey(Transaction& transaction, std::uint32_t id) {
  erase_durably(transaction, replaced_signed_prekey_key(id));
}

Result<std::optional<SenderKeyMemo>> get_sender_key_memo(RecordSource source, std::string_view group) {
  proto::SenderKeyMemoRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, memo_key(group), message));
  if (!found) return std::optional<SenderKeyMemo>();
  return std::optional(SenderKeyMemo{{message.devices().begin(), message.devices().end()}});
}

void put_sender_key_memo(Transaction& transaction, std::string_view group, const SenderKeyMemo& memo) {
  proto::SenderKeyMemoRecord message;
  for (const std::string& device : memo.devices) message.add_devices(device);
  put_durably(transaction, memo_key(group), serialize(message));
}

void erase_sender_key_memo(Transaction& transaction, std::string_view group) {
  erase_durably(transaction, memo_key(group));
}

}  // namespace ponte::store
