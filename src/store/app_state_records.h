// What a device keeps of the state that all devices of its account share: its keys, and how far each collection is.
// get_* and put_* as in records.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/records.h"

namespace ponte::store {

inline constexpr std::size_t kLongestAppStateKeyId = 64;

/// A key that the phone shared, or one that it was asked for.
struct AppStateKey {
  Bytes id;
  std::optional<Secret<32>> data;    ///< absent: we have it not (yet)
  std::int64_t timestamp = 0;        ///< when the phone made it; the greatest seals what we write
  std::optional<Wall> requested_at;  ///< absent: never asked for
  bool unknown_to_phone = false;     ///< it answered that it has none either
};

Result<std::optional<AppStateKey>> get_app_state_key(RecordSource source, ByteView id);
/// All of them, by id.
Result<std::vector<AppStateKey>> get_app_state_keys(RecordSource source);
/// kPowerLoss: the phone shares a key once. Precondition: the id has 1 to kLongestAppStateKeyId bytes.
void put_app_state_key(Transaction& transaction, const AppStateKey& key);

/// How far a collection is (wire: messages.md 5.1).
struct AppStateCollection {
  std::uint64_t version = 0;
  std::optional<ByteArray<128>> hash;  ///< absent: nothing is held, the next fetch begins with a snapshot
  bool pending = false;                ///< something is to be fetched
  std::vector<Bytes> missing_keys;     ///< ids of keys without which it gets no further
  bool begun_anew = false;             ///< what was held did not fit and is gone; the next mismatch is a failure
  bool recovered = false;              ///< what is held came from the phone, because the snapshot does not fit
  std::optional<Wall> failed_at;       ///< absent: it works
  std::optional<Wall> recovery_asked_at;

  bool operator==(const AppStateCollection&) const = default;
};

Result<std::optional<AppStateCollection>> get_app_state(RecordSource source, std::string_view collection);
/// kProcessCrash; what takes note of something that the server tells once is raised by its writer.
void put_app_state(Transaction& transaction, std::string_view collection, const AppStateCollection& record);

/// MAC of the value that stands under the MAC of an index.
Result<std::optional<ByteArray<32>>> get_app_state_mac(RecordSource source, std::string_view collection,
                                                       const ByteArray<32>& index_mac);
/// nullopt erases it.
void put_app_state_mac(Transaction& transaction, std::string_view collection, const ByteArray<32>& index_mac,
                       const std::optional<ByteArray<32>>& value_mac);
/// All of a collection: reads each once.
Status erase_app_state_macs(Transaction& transaction, std::string_view collection);

/// What another device has cleared or deleted, and is not all erased here yet.
struct ChatErasure {
  std::string chat;  ///< JID without device
  Wall until{};      ///< messages up to then
  bool chat_too = false;
  bool keep_starred = false;

  bool operator==(const ChatErasure&) const = default;
};

/// The first of them, by chat.
Result<std::optional<ChatErasure>> next_chat_erasure(RecordSource source);
Result<std::optional<ChatErasure>> get_chat_erasure(RecordSource source, std::string_view chat);
/// kProcessCrash, as the changes of the chat themselves.
void put_chat_erasure(Transaction& transaction, const ChatErasure& erasure);
void erase_chat_erasure(Transaction& transaction, std::string_view chat);

}  // namespace ponte::store
