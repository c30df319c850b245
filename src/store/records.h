// Typed records over the store: what the keys of an instance in keys.h hold. Those of the service: service_records.h.
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
  Result<std::vector<Record>> scan_after(std::string_view prefix, std::string_view after, std::size_t limit) const;
  Result<std::vector<Record>> scan_before(std::string_view prefix, std::string_view before, std::size_t limit) const;
  const Owner& owner() const { return transaction_ ? transaction_->owner() : *owner_; }

 private:
  const Transaction* transaction_ = nullptr;
  const StoreReader* reader_ = nullptr;
  const Owner* owner_ = nullptr;
};

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
  std::optional<Wall> signed_prekey_at;  ///< when it replaced another; absent: it is the one of the pairing

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
  std::uint32_t next_id = 1;              ///< 0x1000000: all ids are used up
  std::uint32_t first_unuploaded_id = 1;  ///< what is stored from here on was not acknowledged by the server
  std::optional<Wall> checked_at;         ///< when the server last said what it has (wire: pairing.md 8.4)
};

Result<std::optional<PrekeyState>> get_prekey_state(RecordSource source);
/// kPowerLoss: an id that was offered is never offered again.
void put_prekey_state(Transaction& transaction, const PrekeyState& state);

struct Prekey {
  std::uint32_t id = 0;
  crypto::KeyPair pair;
};

Result<std::optional<crypto::PrivateKey>> get_prekey(RecordSource source, std::uint32_t id);
/// All prekeys with first <= id < end, by id. Reads all of them: about 1 us each.
Result<std::vector<Prekey>> get_prekeys(RecordSource source, std::uint32_t first, std::uint32_t end);
/// The ids of all of them, in order.
Result<std::vector<std::uint32_t>> get_prekey_ids(RecordSource source);
/// Precondition: 1 <= id <= 0xFFFFFF. kPowerLoss.
void put_prekey(Transaction& transaction, std::uint32_t id, const crypto::KeyPair& pair);
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

/// One certificate of the server's chain, verified (wire: pairing.md 2.5).
struct ServerCertificate {
  crypto::PublicKey key{};
  std::uint64_t not_before = 0;  ///< Unix seconds
  std::uint64_t not_after = 0;   ///< Unix seconds

  bool operator==(const ServerCertificate&) const = default;
};

/// What a handshake may resume from (wire: pairing.md 2.7).
struct ServerChain {
  ServerCertificate leaf;
  ServerCertificate intermediate;

  bool operator==(const ServerChain&) const = default;
};

/// Lost is merely slower: kProcessCrash.
Result<std::optional<ServerChain>> get_server_chain(RecordSource source);
void put_server_chain(Transaction& transaction, const ServerChain& chain);
void erase_server_chain(Transaction& transaction);

/// Why a linked device stays down, also over a restart, until its time or until somebody asks for it.
struct Hold {
  std::string code;  ///< cause_name of the reason
  std::string message;
  std::optional<Wall> until;  ///< absent: until asked

  bool operator==(const Hold&) const = default;
};

Result<std::optional<Hold>> get_hold(RecordSource source);
/// kPowerLoss: a device that was thrown out or banned does not come back by itself.
void put_hold(Transaction& transaction, const Hold& hold);
void erase_hold(Transaction& transaction);

}  // namespace ponte::store
