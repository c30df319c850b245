// Messages of one simulated device, with real encryption (wire: messages.md 2, 3). It sees what any device of WhatsApp
// sees, stanzas, and keeps its own Signal state.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/signal/sessions.h"
#include "e2e.pb.h"
#include "protocol/wire/node.h"
#include "simulator/accounts.h"
#include "simulator/history_plan.h"
#include "simulator/messaging_groups.h"
#include "simulator/phone_store.h"

namespace ponte::simulator {

struct World;

/// A message that a simulated device has decrypted.
struct ReadMessage {
  std::string id;
  protocol::wire::Jid from;  ///< device that sent it
  protocol::wire::Jid chat;  ///< group, or the other one; LID where the sender used it
  bool own = false;          ///< written on another device of the account
  std::string text;          ///< of conversation, extended text or a caption; else empty
  std::string kind;          ///< name of what it holds: "conversation", "protocol_message", ...
  Wall at{};                 ///< the server's time
  unsigned retries = 0;      ///< how often it had to be asked for
  Bytes content;             ///< serialized Message, unwrapped
};

/// A receipt for a message of the device.
struct SeenReceipt {
  std::string id;
  std::string type;  ///< empty: delivered
  protocol::wire::Jid from;
};

/// How a message goes wrong on purpose.
enum class SendDefect {
  kNone,
  kUnknownSession,  ///< under sessions that the receivers cannot know
  kDamaged,         ///< a byte of each ciphertext is flipped
  kNoDistribution,  ///< to a group, without the sender key that it needs
  kBadPadding,
  kNoMessage,  ///< well encrypted, and no protobuf
};
std::optional<SendDefect> send_defect_from_name(std::string_view name);

struct Outgoing {
  protocol::wire::Jid chat;  ///< group, or somebody
  Bytes message;             ///< serialized Message
  std::string id;            ///< empty: a new one
  std::string type = "text";
  std::string edit{};
  Addressing addressing = Addressing::kLid;  ///< of a message to one
  SendDefect defect = SendDefect::kNone;
  bool peer = false;  ///< to one companion of the account, `chat` with its device
};

/// One device: a phone, or a companion that the simulator runs. One thread; the World outlives it. All randomness
/// follows from the seed.
class PhoneMessaging {
 public:
  /// Publishes keys in `account.device(device)`, which is there.
  PhoneMessaging(World& world, Account& account, std::uint16_t device, const crypto::KeyPair& identity);
  PhoneMessaging(const PhoneMessaging&) = delete;
  PhoneMessaging& operator=(const PhoneMessaging&) = delete;

  /// Encrypts and sends; the id. It goes out with the router's next `settle`. kNotFound where nobody can be written to.
  Result<std::string> send(const Outgoing& outgoing, const Now& now);
  /// Sends a receipt for messages in a chat: `read`, `played` or empty; `author` in groups.
  void send_receipt(const protocol::wire::Jid& chat, const std::vector<std::string>& ids, std::string_view type,
                    const std::optional<protocol::wire::Jid>& author = std::nullopt);
  /// A stanza from the server.
  void on_stanza(const protocol::wire::Node& stanza, const Now& now);

  /// More one-time prekeys where few are left.
  void top_up_prekeys();
  /// Sessions, sender keys and others' identities are gone.
  void forget_sessions();
  /// Read receipts as soon as a message was read.
  void set_reads_at_once(bool reads) { reads_at_once_ = reads; }

  /// What it told of the past, for companions that ask for more of it.
  void remember_history(const HistoryPlan& plan) { past_ = plan; }
  const std::optional<HistoryPlan>& past() const { return past_; }

  const DeviceId& id() const { return id_; }
  const std::deque<ReadMessage>& read() const { return read_; }
  const std::deque<SeenReceipt>& receipts() const { return receipts_; }
  struct Counts {
    std::uint64_t sent = 0;
    std::uint64_t read = 0;
    std::uint64_t duplicates = 0;     ///< decrypted before
    std::uint64_t failures = 0;       ///< did not decrypt
    std::uint64_t retries_asked = 0;  ///< receipts of type retry that it sent
    std::uint64_t retries_answered = 0;
    std::uint64_t retries_unanswered = 0;  ///< asked for what it does not have, or too often
    std::uint64_t refused = 0;             ///< acks with an error
    std::uint64_t hash_mismatches = 0;     ///< acks with another hash
  };
  const Counts& counts() const { return counts_; }
  /// Serialized Message of one that it has sent or read; nullopt where it has none of that id.
  std::optional<Bytes> content_of(const std::string& id) const;
  /// Who is writing, online or not, as it was last heard: attribute or tag.
  const std::map<std::string, std::string>& heard() const { return heard_; }
  /// Why a message last did not decrypt; empty: none failed.
  const std::string& last_failure() const { return last_failure_; }
  Account& account() { return account_; }
  RandomSource& random() { return random_; }

 private:
  /// Kept for whoever asks again (wire: messages.md 2.6).
  struct Sent {
    Outgoing outgoing;
    Wall at;
    std::map<DeviceId, unsigned> resent;
  };
  struct GroupKey {
    std::set<DeviceId> have_it;  ///< who was given our sender key
  };
  /// One stanza while it is decrypted.
  struct Receiving;

  // phone_sending.cpp
  Result<protocol::wire::Node> encrypt_for(const DeviceId& device, ByteView plaintext, SendDefect defect);
  Status begin_session(const DeviceId& device);
  Result<protocol::wire::Node> group_stanza(const Outgoing& outgoing);
  Result<protocol::wire::Node> direct_stanza(const Outgoing& outgoing);
  Result<protocol::wire::Node> peer_stanza(const Outgoing& outgoing);
  Result<Bytes> distribution_message(const Group& group);
  protocol::wire::Node participants_of(const std::vector<std::pair<DeviceId, Bytes>>& plaintexts, Addressing addressing,
                                       SendDefect defect);
  void add_identity(protocol::wire::Node& stanza) const;
  std::vector<DeviceId> devices_of(const Account& account) const;
  crypto::SenderKeyName own_sender_key(const protocol::wire::Jid& group) const;
  Bytes padded(ByteView message, SendDefect defect);
  std::string fresh_id();
  void post(protocol::wire::Node stanza);

  // phone_receiving.cpp
  void on_message(const protocol::wire::Node& stanza, const Now& now);
  void decrypt(Receiving& receiving, const protocol::wire::Node& enc);
  Result<Bytes> decrypt_bytes(const Receiving& receiving, const protocol::wire::Node& enc);
  void take(Receiving& receiving, proto::Message message);
  void answer(const Receiving& receiving);

  // phone_retries.cpp
  void ask_again(const Receiving& receiving);
  void on_retry(const protocol::wire::Node& receipt, const Now& now);
  Status repair_session(const DeviceId& device, const protocol::wire::Node& receipt, unsigned count);
  protocol::wire::Node own_keys();

  World& world_;
  Account& account_;
  DeviceId id_;
  DerivedRandom random_;
  PhoneStore store_;
  Companion& published_;
  std::map<std::string, Sent> sent_;
  std::deque<std::string> sent_order_;
  std::map<std::string, GroupKey> group_keys_;  ///< by group JID
  std::map<std::string, unsigned> asked_;       ///< retries by sender and id
  std::deque<ReadMessage> read_;
  std::deque<SeenReceipt> receipts_;
  std::map<std::string, std::string> heard_;
  Counts counts_;
  std::string last_failure_;
  bool reads_at_once_ = false;
  std::optional<HistoryPlan> past_;
};

}  // namespace ponte::simulator
