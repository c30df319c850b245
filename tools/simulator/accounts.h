// The phones and the companions that the simulator knows.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "crypto/curve25519.h"
#include "protocol/wire/jid.h"
#include "protocol/wire/node.h"
#include "simulator/client_payload.h"
#include "simulator/derived_random.h"

namespace ponte::simulator {

struct Prekey {
  std::uint32_t id = 0;
  crypto::PublicKey key{};
};

/// A device of the phone with that number; device 0 is the phone itself.
struct DeviceId {
  std::string number;
  std::uint16_t device = 0;

  bool operator==(const DeviceId&) const = default;
  auto operator<=>(const DeviceId&) const = default;
};

/// One linked device.
struct Companion {
  std::uint16_t device = 0;
  std::uint32_t key_index = 0;
  Registration keys;       ///< signed_prekey follows rotations
  std::string version;     ///< client version at the last connection
  std::string push_name;   ///< from presence
  bool available = false;  ///< from presence
  Wall paired_at{};
  Secret<32> adv_secret;                ///< what its pair-success was authenticated with
  Bytes device_identity;                ///< ADVSignedDeviceIdentity with all four fields
  std::vector<Prekey> prekeys;          ///< on the server, oldest first
  std::uint32_t highest_prekey_id = 0;  ///< ever offered; 0 again: the server has lost them
  std::uint32_t last_upload_from = 0;   ///< first id of the last upload with new ones
  std::uint64_t prekeys_uploaded = 0;   ///< ever
  std::uint32_t uploads = 0;
  std::uint32_t logins = 0;
  bool greeted = false;                      ///< its phone has told it what is told to a new companion
  std::deque<protocol::wire::Node> offline;  ///< stanzas that wait for the next login
};

/// One phone with its companions.
struct Account {
  std::string number;    ///< digits
  std::string lid_user;  ///< digits
  std::string platform = "android";
  std::string business_name;  ///< empty: no business
  crypto::KeyPair identity;
  std::uint32_t raw_id = 0;
  std::uint16_t next_device = 1;
  std::uint32_t next_key_index = 1;
  std::map<std::uint16_t, Companion> companions;
  Companion primary;      ///< the phone as others write to it; has keys once it has published them
  std::string push_name;  ///< of the phone

  protocol::wire::Jid jid(std::uint16_t device) const;
  protocol::wire::Jid lid(std::uint16_t device) const;
  Companion* find(std::uint16_t device);
  /// The same, with the phone itself as device 0.
  Companion* device(std::uint16_t device);
  /// 0 and the numbers of the companions that have uploaded prekeys: whom a message can be encrypted for.
  std::vector<std::uint16_t> reachable() const;
};

/// A phone with the keys and the LID that follow from the seed and its number.
Account make_account(const Seed& seed, const std::string& number);

/// All phones, by number. A phone's keys and LID follow from the seed and its number. One thread.
class Accounts {
 public:
  explicit Accounts(const Seed& seed) : seed_(seed) {}

  Account* find(const std::string& number);
  /// Whose number or LID that is, whatever the device.
  Account* find(const protocol::wire::Jid& jid);
  /// The phone of that number, made where there is none. `number`: 7 to 15 digits, not 0 first.
  Account& get(const std::string& number);
  /// A phone that has no companion yet, with a number of the simulator's choice.
  Account& fresh();
  void clear();

  const std::map<std::string, std::unique_ptr<Account>>& all() const { return accounts_; }

 private:
  Seed seed_;
  std::uint64_t next_number_ = 5511900000001;
  std::map<std::string, std::unique_ptr<Account>> accounts_;  ///< pointers: connections refer to accounts
  std::unordered_map<std::string, Account*> lids_;
};

/// True for 7 to 15 digits that do not begin with 0.
bool is_phone_number(std::string_view text);

}  // namespace ponte::simulator
