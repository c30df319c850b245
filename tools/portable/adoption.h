// A device that another client linked, on its way to become an instance here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/signal/store.h"
#include "portable/foreign_sessions.h"
#include "portable/incoming.h"
#include "protocol/wire/jid.h"
#include "store/messaging_records.h"
#include "store/records.h"

namespace ponte::portable {

/// What was taken of it and what was not, to be told.
struct AdoptionCounts {
  std::uint64_t prekeys = 0;
  std::uint64_t sessions = 0;
  std::uint64_t sessions_left = 0;
  std::uint64_t identities = 0;
  std::uint64_t sender_keys = 0;
  std::uint64_t sender_keys_left = 0;  ///< of others
  std::uint64_t own_sender_keys = 0;   ///< left: a new one is made and handed out
  std::uint64_t app_state_keys = 0;
  std::uint64_t mappings = 0;
  std::uint64_t privacy_tokens = 0;
  std::uint64_t contacts = 0;
  std::uint64_t unreadable = 0;  ///< of all other kinds

  bool operator==(const AdoptionCounts&) const = default;
};

struct ForeignContact {
  std::string full_name;
  std::string first_name;
  std::string push_name;
  std::string business_name;
};

/// Collects the records of the device. Mappings of PNs to LIDs come first: what is under a PN whose LID is known is put
/// under the LID, where this program looks for it.
class Adoption {
 public:
  Adoption(Wall now, RandomSource& random);

  /// kMalformed/kInvalidField where the keys do not fit together or the account is none.
  Status set_device(const store::Credentials& credentials, const store::Account& account);
  void add_mapping(std::string_view pn_user, std::string_view lid_user);
  void add_prekey(std::uint32_t id, const crypto::PrivateKey& private_key);
  /// Ids from here on were never given to a key.
  void set_next_prekey_id(std::uint32_t id);
  /// The same where it is not known which id was given last: keys are gone once they were used.
  void pass_over_prekey_ids();
  /// Addresses are as Signal has them: `user`, or `user_1` of a LID, and a device.
  void add_identity(std::string_view name, std::string_view device, const crypto::PublicKey& identity);
  void add_session(std::string_view name, std::string_view device, const std::optional<ForeignSessions>& sessions);
  void add_sender_key(std::string_view group, std::string_view name, std::string_view device,
                      const std::optional<ForeignSenderKeys>& keys);
  void add_app_state_key(ByteView id, const std::optional<Secret<32>>& data, std::int64_t timestamp);
  void add_privacy_token(std::string_view jid, ByteView token, std::int64_t at,
                         std::optional<std::int64_t> issued_at = std::nullopt);
  void add_contact(std::string_view jid, const ForeignContact& contact);
  void count_unreadable() { ++counts_.unreadable; }

  const AdoptionCounts& counts() const { return counts_; }
  /// The instance, looked at. The object is spent afterwards.
  Result<Incoming> finish(const std::string& name);

 private:
  /// Whether a record stays under its address, or goes to the LID of its number.
  enum class Address { kAsItIs, kMoved };
  enum class Claim { kNew, kReplaces, kTaken };

  static Address moved(std::string_view name, const crypto::SignalAddress& to);
  Claim claim(std::string place, Address address);
  std::optional<crypto::SignalAddress> address_of(std::string_view name, std::string_view device) const;
  std::optional<protocol::wire::Jid> chat_jid(std::string_view jid) const;

  Wall now_;
  RandomSource& random_;
  const WipedRecords none_;
  const RecordsReader empty_{none_};
  store::Transaction device_{empty_, "device"};
  store::Transaction chats_{empty_, "chats"};
  std::map<std::string, std::string, std::less<>> lid_of_;
  std::map<std::string, bool> claimed_;  ///< places of records, and whether what is there was not moved there
  std::uint32_t next_prekey_id_ = 1;
  AdoptionCounts counts_;
};

inline constexpr std::uint32_t kLargestPrekeyId = 0xFFFFFF;

}  // namespace ponte::portable
