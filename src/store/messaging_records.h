// What a device remembers of its messages beside the ratchets: who is who, what to ask again, what was sent. get_* and
// put_* as in records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/records.h"

namespace ponte::store {

/// Users of JIDs, without server and device.
Result<std::optional<std::string>> get_lid_of(RecordSource source, std::string_view pn_user);
Result<std::optional<std::string>> get_pn_of(RecordSource source, std::string_view lid_user);
/// Both directions.
void put_lid_mapping(Transaction& transaction, std::string_view pn_user, std::string_view lid_user);

/// The chat under the PN has messages that are still to move to the LID's. Users of PNs.
void put_chat_merge(Transaction& transaction, std::string_view pn_user);
void erase_chat_merge(Transaction& transaction, std::string_view pn_user);
Result<std::vector<std::string>> get_chat_merges(RecordSource source);

/// Names a message as nothing else does: two senders of one group may use one id.
struct MessageName {
  std::string chat;    ///< JID
  std::string sender;  ///< JID without device
  std::string id;

  bool operator==(const MessageName&) const = default;
};

/// A message that could not be decrypted and was asked for again.
struct Retry {
  std::uint32_t count = 0;  ///< retry receipts so far
  Wall first_at{};
  Wall message_at{};
  bool phone_asked = false;
};
Result<std::optional<Retry>> get_retry(RecordSource source, const MessageName& name);
/// kPowerLoss: a counter that restarts would ask for ever.
void put_retry(Transaction& transaction, const MessageName& name, const Retry& retry);
void erase_retry(Transaction& transaction, const MessageName& name);
/// All of them, with their names.
Result<std::vector<std::pair<MessageName, Retry>>> get_retries(RecordSource source);

/// A message of that day, counted from 1970, was taken, and leaves no other trace.
Result<bool> get_seen(RecordSource source, std::int64_t day, const MessageName& name);
void put_seen(Transaction& transaction, std::int64_t day, const MessageName& name);
/// Forgets those of one day.
Status erase_seen_of_day(Transaction& transaction, std::int64_t day);

/// What was sent.
struct Outgoing {
  std::string to;  ///< JID as in the stanza
  Bytes content;   ///< serialized Message
  Wall at{};
  std::string type;            ///< of the stanza
  bool peer = false;           ///< to our own phone
  std::uint32_t attempts = 1;  ///< how often it was encrypted
  /// Retry receipts that were answered, by device.
  std::vector<std::pair<std::string, std::uint32_t>> answers;
};
Result<std::optional<Outgoing>> get_outgoing(RecordSource source, std::string_view id);
/// kPowerLoss.
void put_outgoing(Transaction& transaction, std::string_view id, const Outgoing& outgoing);
/// Ids of what was sent on that day, counted from 1970.
Result<std::vector<std::string>> get_outgoing_of_day(RecordSource source, std::int64_t day);
void erase_outgoing(Transaction& transaction, std::string_view id, std::int64_t day);
std::int64_t day_of(Wall at);

/// Sent, and the server has not said what it makes of it.
void put_unacknowledged(Transaction& transaction, std::string_view id);
void erase_unacknowledged(Transaction& transaction, std::string_view id);
Result<std::vector<std::string>> get_unacknowledged(RecordSource source);

/// Tokens between us and a contact (wire: messages.md 3.9).
struct PrivacyToken {
  Bytes token;                            ///< theirs; empty: none came
  std::int64_t at = 0;                    ///< of theirs, Unix seconds
  std::optional<std::int64_t> issued_at;  ///< of ours to them, Unix seconds
};
Result<std::optional<PrivacyToken>> get_privacy_token(RecordSource source, std::string_view user_jid);
void put_privacy_token(Transaction& transaction, std::string_view user_jid, const PrivacyToken& token);
void erase_privacy_token(Transaction& transaction, std::string_view user_jid);

Result<std::optional<Bytes>> get_nct_salt(RecordSource source);
/// An empty one removes it.
void put_nct_salt(Transaction& transaction, ByteView salt);

}  // namespace ponte::store
