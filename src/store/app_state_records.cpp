#include "store/app_state_records.h"

#include <cassert>

#include "base/hex.h"
#include "records.pb.h"
#include "store/keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kHashSize = 128;

std::string key_of(ByteView id) {
  return std::string(keys::kAppStateKeyPrefix) + to_hex(id);
}
std::string collection_key(std::string_view collection) {
  return std::string(keys::kAppStatePrefix).append(collection);
}
std::string macs_of(std::string_view collection) {
  return std::string(keys::kAppStateMacPrefix).append(collection) + "/";
}

std::optional<Wall> time_of(bool present, std::int64_t unix_milliseconds) {
  return present ? std::optional(wall_of(unix_milliseconds)) : std::nullopt;
}

std::string erasure_key(std::string_view chat) {
  return std::string(keys::kChatErasurePrefix).append(chat);
}

Result<ChatErasure> read_erasure(const RecordSource& source, std::string_view key, ByteView value) {
  proto::ChatErasureRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  Fields fields;
  fields.present(message.has_until(), "until");
  PONTE_TRY(fields.finish(source, key));
  return ChatErasure{std::string(key.substr(keys::kChatErasurePrefix.size())), wall_of(message.until()), message.chat(),
                     message.keep_starred()};
}

Result<AppStateKey> read_key(const RecordSource& source, std::string_view key, ByteView value) {
  proto::AppStateKeyRecord message;
  PONTE_TRY(parse_value(source, key, value, message));
  Fields fields;
  auto id = from_hex(key.substr(keys::kAppStateKeyPrefix.size()));
  if (!id.ok()) fields.fault("its id is not in hex");
  if (message.has_key_data()) fields.sized(message.key_data(), kKeySize, "key_data");
  const Status status = fields.finish(source, key);
  AppStateKey out;
  if (status.ok()) {
    out.id = std::move(*id);
    if (message.has_key_data()) out.data = Secret<kKeySize>::from(as_bytes(message.key_data()));
    out.timestamp = message.timestamp();
    out.requested_at = time_of(message.has_requested_at(), message.requested_at());
    out.unknown_to_phone = message.unknown_to_phone();
  }
  wipe_text(*message.mutable_key_data());
  PONTE_TRY(status);
  return out;
}

}  // namespace

Result<std::optional<AppStateKey>> get_app_state_key(RecordSource source, ByteView id) {
  const std::string key = key_of(id);
  PONTE_ASSIGN(std::optional<Bytes> value, source.get(key));
  if (!value) return std::optional<AppStateKey>();
  Wiped wiped(*value);
  PONTE_ASSIGN(AppStateKey read, read_key(source, key, *value));
  return std::optional(std::move(read));
}

Result<std::vector<AppStateKey>> get_app_state_keys(RecordSource source) {
  PONTE_ASSIGN(std::vector<Record> records, source.scan(keys::kAppStateKeyPrefix));
  std::vector<AppStateKey> out;
  for (auto& [key, value] : records) {
    Wiped wiped(value);
    PONTE_ASSIGN(AppStateKey read, read_key(source, key, value));
    out.push_back(std::move(read));
  }
  return out;
}

void put_app_state_key(Transaction& transaction, const AppStateKey& key) {
  assert(!key.id.empty() && key.id.size() <= kLongestAppStateKeyId);
  proto::AppStateKeyRecord message;
  if (key.data) message.set_key_data(to_text(key.data->view()));
  message.set_timestamp(key.timestamp);
  if (key.requested_at) message.set_requested_at(unix_milliseconds(*key.requested_at));
  if (key.unknown_to_phone) message.set_unknown_to_phone(true);
  put_durably(transaction, key_of(key.id), serialize(message));
  wipe_text(*message.mutable_key_data());
}

Result<std::optional<AppStateCollection>> get_app_state(RecordSource source, std::string_view collection) {
  const std::string key = collection_key(collection);
  proto::AppStateRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, key, message));
  if (!found) return std::optional<AppStateCollection>();
  Fields fields;
  if (message.has_hash()) fields.sized(message.hash(), kHashSize, "hash");
  PONTE_TRY(fields.finish(source, key));
  AppStateCollection out;
  out.version = message.version();
  if (message.has_hash()) out.hash = to_array<kHashSize>(as_bytes(message.hash()));
  out.pending = message.pending();
  for (const std::string& id : message.missing_keys()) out.missing_keys.push_back(to_bytes(id));
  out.begun_anew = message.begun_anew();
  out.recovered = message.recovered();
  out.failed_at = time_of(message.has_failed_at(), message.failed_at());
  out.recovery_asked_at = time_of(message.has_recovery_asked_at(), message.recovery_asked_at());
  return std::optional(std::move(out));
}

void put_app_state(Transaction& transaction, std::string_view collection, const AppStateCollection& record) {
  proto::AppStateRecord message;
  message.set_version(record.version);
  if (record.hash) message.set_hash(to_text(*record.hash));
  if (record.pending) message.set_pending(true);
  for (const Bytes& id : record.missing_keys) message.add_missing_keys(to_text(id));
  if (record.begun_anew) message.set_begun_anew(true);
  if (record.recovered) message.set_recovered(true);
  if (record.failed_at) message.set_failed_at(unix_milliseconds(*record.failed_at));
  if (record.recovery_asked_at) message.set_recovery_asked_at(unix_milliseconds(*record.recovery_asked_at));
  transaction.put(collection_key(collection), serialize(message));
}

Result<std::optional<ByteArray<32>>> get_app_state_mac(RecordSource source, std::string_view collection,
                                                       const ByteArray<32>& index_mac) {
  return get_array<32>(source, macs_of(collection) + to_hex(index_mac));
}

void put_app_state_mac(Transaction& transaction, std::string_view collection, const ByteArray<32>& index_mac,
                       const std::optional<ByteArray<32>>& value_mac) {
  const std::string key = macs_of(collection) + to_hex(index_mac);
  if (value_mac) {
    transaction.put(key, to_bytes(*value_mac));
  } else {
    transaction.erase(key);
  }
}

Status erase_app_state_macs(Transaction& transaction, std::string_view collection) {
  PONTE_ASSIGN(const std::vector<Record> records, transaction.scan(macs_of(collection)));
  for (const auto& [key, value] : records) transaction.erase(key);
  return Status::Ok();
}

Result<std::optional<ChatErasure>> next_chat_erasure(RecordSource source) {
  PONTE_ASSIGN(const std::vector<Record> records, source.scan(keys::kChatErasurePrefix));
  if (records.empty()) return std::optional<ChatErasure>();
  PONTE_ASSIGN(ChatErasure first, read_erasure(source, records.front().first, records.front().second));
  return std::optional(std::move(first));
}

Result<std::optional<ChatErasure>> get_chat_erasure(RecordSource source, std::string_view chat) {
  const std::string key = erasure_key(chat);
  PONTE_ASSIGN(const std::optional<Bytes> value, source.get(key));
  if (!value) return std::optional<ChatErasure>();
  PONTE_ASSIGN(ChatErasure read, read_erasure(source, key, *value));
  return std::optional(std::move(read));
}

void put_chat_erasure(Transaction& transaction, const ChatErasure& erasure) {
  proto::ChatErasureRecord message;
  message.set_until(unix_milliseconds(erasure.until));
  if (erasure.chat_too) message.set_chat(true);
  if (erasure.keep_starred) message.set_keep_starred(true);
  transaction.put(erasure_key(erasure.chat), serialize(message));
}

void erase_chat_erasure(Transaction& transaction, std::string_view chat) {
  transaction.erase(erasure_key(chat));
}

}  // namespace ponte::store
