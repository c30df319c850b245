// Typed records over the store: what each key of keys.h holds.
//
// get_*: nullopt where there is no record; kStorage/kStoreCorrupt, naming the record, the field and what
// to do, where its value does not parse or lacks a field: a damaged record is never taken for an absent one.
// put_*: the record goes into the transaction, which is raised to the durability named here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/curve25519.h"
#include "store/store.h"

namespace ponte::store {

/// Where a get reads: the transaction of a step, or the records of an owner outside of any step.
/// Made on the spot as an argument; refers to what it was made from.
class RecordSource {
 public:
  RecordSource(const Transaction& transaction) : transaction_(&transaction) {}  // NOLINT(google-explicit-constructor)
  RecordSource(const StoreReader& reader, const Owner& owner) : reader_(&reader), owner_(&owner) {}

  Result<std::optional<Bytes>> get(std::string_view key) const;
  Result<std::vector<Record>> scan(std::string_view prefix) const;
  const Owner& owner() const { return transaction_ ? transaction_->owner() : *owner_; }

 private:
  const Transaction* transaction_ = nullptr;
  const StoreReader* reader_ = nullptr;
  const Owner* owner_ = nullptr;
};

// --- Of an instance ----------------------------------------------------------------------------

struct SignedPrekey {
  std::uint32_t id = 0;
  crypto::KeyPair pair;
  crypto::Signature signature{};  ///< by the identity key (wire: pairing.md 12)
};

/// The keys of one device. They belong together: a mix of two attempts cannot pair.
struct Credentials {
  crypto::KeyPair noise;
  crypto::KeyPair identity;
  SignedPrekey signed_prekey;
  std::uint32_t registration_id = 0;
  Secret<32> adv_secret;

  Credentials copy() const;
};

Result<std::optional<Credentials>> get_credentials(RecordSource source);
/// kPowerLoss.
void put_credentials(Transaction& transaction, const Credentials& credentials);

/// Who the device is. JIDs are text, as in Jid::to_string.
struct Account {
  std::string jid;               ///< AD JID of the phone number
  std::string lid;               ///< AD JID of the hidden identity; empty where the server sent none
  Bytes signed_device_identity;  ///< serialized ADVSignedDeviceIdentity, all four fields
  std::string platform;
  std::string business_name;
  std::string push_name;
  std::uint32_t login_counter = 0;  ///< ClientPayload.lc of the next login
  Wall paired_at{};
};

Result<std::optional<Account>> get_account(RecordSource source);
/// kPowerLoss.
void put_account(Transaction& transaction, const Account& account);

/// Bookkeeping of one-time prekeys (wire: pairing.md 8.3). The defaults are those of a new device.
struct PrekeyState {
  std::uint32_t next_id = 1;
  std::uint32_t first_unuploaded_id = 1;
};

Result<std::optional<PrekeyState>> get_prekey_state(RecordSource source);
/// kPowerLoss: an id that was offered is never offered again.
void put_prekey_state(Transaction& transaction, const PrekeyState& state);

struct Prekey {
  std::uint32_t id = 0;
  crypto::PrivateKey private_key;
};

Result<std::optional<crypto::PrivateKey>> get_prekey(RecordSource source, std::uint32_t id);
/// All prekeys with first <= id < end, by id. Reads all of them: about 1 us each.
Result<std::vector<Prekey>> get_prekeys(RecordSource source, std::uint32_t first, std::uint32_t end);
/// Precondition: 1 <= id <= 0xFFFFFF. kPowerLoss.
void put_prekey(Transaction& transaction, std::uint32_t id, const crypto::PrivateKey& private_key);
/// The key was consumed. kPowerLoss: it must not serve a second time.
void erase_prekey(Transaction& transaction, std::uint32_t id);

/// Opaque bytes of the server. Lost is merely slower: kProcessCrash.
Result<std::optional<Bytes>> get_routing_info(RecordSource source);
void put_routing_info(Transaction& transaction, ByteView routing_info);
void erase_routing_info(Transaction& transaction);

/// Why the device is no longer linked; only a new pairing helps. Absent for a device never linked.
struct LoggedOut {
  std::string code;  ///< cause_name of the reason
  std::string message;
  Wall at{};

  bool operator==(const LoggedOut&) const = default;
};

Result<std::optional<LoggedOut>> get_logged_out(RecordSource source);
/// kPowerLoss.
void put_logged_out(Transaction& transaction, const LoggedOut& logged_out);
void erase_logged_out(Transaction& transaction);

// --- Of the service (the transaction's owner is kSystem) ---------------------------------------

struct InstanceSettings {
  bool auto_reject_calls = false;
  std::string call_reject_message;
  bool ignore_group_messages = false;
  bool keep_online_status = false;
  bool auto_read_messages = false;
  bool disable_history_sync = true;
  bool ignore_status = false;

  bool operator==(const InstanceSettings&) const = default;
};

/// One instance, as the operator made it.
struct InstanceRecord {
  std::string id;  ///< UUID; the owner of the instance's own records
  std::string name;
  std::string token;  ///< the value, since list must return it; sealed on disk
  Wall created_at{};
  Wall updated_at{};
  InstanceSettings settings;

  bool operator==(const InstanceRecord&) const = default;
};

using TokenHash = ByteArray<32>;

/// The HMAC key of all token hashes; drawn and put (kPowerLoss) where there is none yet.
Result<Secret<32>> get_or_make_token_hash_key(Transaction& transaction, RandomSource& random);
/// HMAC-SHA256(key, token): what a presented token is looked up by.
TokenHash hash_token(const Secret<32>& key, std::string_view token);

Result<std::optional<InstanceRecord>> get_instance(RecordSource source, const std::string& id);
/// All instances, by id.
Result<std::vector<InstanceRecord>> get_instances(RecordSource source);
Result<std::optional<std::string>> find_instance_by_name(RecordSource source, std::string_view name);
Result<std::optional<std::string>> find_instance_by_token(RecordSource source, const TokenHash& hash);
/// Writes the record and its two look-ups. An instance keeps its name and token for life. kPowerLoss.
void put_instance(Transaction& transaction, const InstanceRecord& instance, const TokenHash& hash);
/// Removes the record and its two look-ups. kPowerLoss.
void erase_instance(Transaction& transaction, const InstanceRecord& instance, const TokenHash& hash);

Result<std::optional<TokenHash>> get_account_token(RecordSource source);
/// kPowerLoss.
void put_account_token(Transaction& transaction, const TokenHash& hash);

}  // namespace ponte::store
