#include "store/messaging_records.h"

#include "base/hex.h"
#include "base/writer.h"
#include "records.pb.h"
#include "store/keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

std::string joined(std::string_view prefix, std::string_view rest) {
  return std::string(prefix).append(rest);
}

/// JIDs hold no '/'; the id, which may, comes last.
std::string named(std::string_view prefix, const MessageName& name) {
  return joined(prefix, name.chat) + "/" + name.sender + "/" + name.id;
}

std::string retry_key(const MessageName& name) {
  return named(keys::kRetryPrefix, name);
}

std::string of_day(std::string_view prefix, std::int64_t day) {
  return joined(prefix, to_hex(big_endian_array<3>(static_cast<std::uint64_t>(day)))) + "/";
}

std::optional<MessageName> retry_name(std::string_view key) {
  key.remove_prefix(keys::kRetryPrefix.size());
  const std::size_t chat = key.find('/');
  const std::size_t sender = chat == key.npos ? key.npos : key.find('/', chat + 1);
  if (sender == key.npos) return std::nullopt;
  return MessageName{std::string(key.substr(0, chat)), std::string(key.substr(chat + 1, sender - chat - 1)),
                     std::string(key.substr(sender + 1))};
}

Result<std::optional<std::string>> get_text(RecordSource source, const std::string& key) {
  PONTE_ASSIGN(const auto value, source.get(key));
  if (!value) return std::optional<std::string>();
  return std::optional(to_text(*value));
}

std::string outgoing_of_day(std::int64_t day) {
  return of_day(keys::kOutgoingDayPrefix, day);
}

/// What stands behind `prefix` in the keys that have it.
Result<std::vector<std::string>> ids_behind(RecordSource source, std::string_view prefix) {
  PONTE_ASSIGN(const std::vector<Record> records, source.scan(prefix));
  std::vector<std::string> ids;
  ids.reserve(records.size());
  for (const auto& [key, value] : records) ids.push_back(key.substr(prefix.size()));
  return ids;
}

Result<Retry> read_retry(const RecordSource& source, const std::string& key, const proto::RetryRecord& message) {
  Fields fields;
  fields.present(message.has_count(), "count");
  fields.present(message.has_first_at(), "first_at");
  PONTE_TRY(fields.finish(source, key));
  return Retry{message.count(), wall_of(message.first_at()), wall_of(message.message_at()), message.phone_asked()};
}

Result<Outgoing> read_outgoing(const RecordSource& source, const std::string& key,
                               const proto::OutgoingRecord& message) {
  Fields fields;
  fields.present(!message.to().empty(), "to");
  fields.present(message.has_content(), "content");
  fields.present(message.has_at(), "at");
  PONTE_TRY(fields.finish(source, key));
  Outgoing out{message.to(),
               to_bytes(message.content()),
               wall_of(message.at()),
               message.type(),
               message.peer(),
               message.attempts(),
               {}};
  for (const auto& answer : message.answers()) out.answers.emplace_back(answer.device(), answer.count());
  return out;
}

}  // namespace

Result<std::optional<std::string>> get_lid_of(RecordSource source, std::string_view pn_user) {
  return get_text(source, joined(keys::kLidPrefix, pn_user));
}

Result<std::optional<std::string>> get_pn_of(RecordSource source, std::string_view lid_user) {
  return get_text(source, joined(keys::kPnPrefix, lid_user));
}

void put_lid_mapping(Transaction& transaction, std::string_view pn_user, std::string_view lid_user) {
  transaction.put(joined(keys::kLidPrefix, pn_user), to_bytes(lid_user));
  transaction.put(joined(keys::kPnPrefix, lid_user), to_bytes(pn_user));
}

void put_chat_merge(Transaction& transaction, std::string_view pn_user) {
  transaction.put(joined(keys::kChatMergePrefix, pn_user), {});
}

void erase_chat_merge(Transaction& transaction, std::string_view pn_user) {
  transaction.erase(joined(keys::kChatMergePrefix, pn_user));
}

Result<std::vector<std::string>> get_chat_merges(RecordSource source) {
  return ids_behind(source, keys::kChatMergePrefix);
}

Result<std::optional<Retry>> get_retry(RecordSource source, const MessageName& name) {
  const std::string key = retry_key(name);
  proto::RetryRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, key, message));
  if (!found) return std::optional<Retry>();
  PONTE_ASSIGN(Retry retry, read_retry(source, key, message));
  return std::optional(retry);
}

void put_retry(Transaction& transaction, const MessageName& name, const Retry& retry) {
  proto::RetryRecord message;
  message.set_count(retry.count);
  message.set_first_at(unix_milliseconds(retry.first_at));
  message.set_message_at(unix_milliseconds(retry.message_at));
  message.set_phone_asked(retry.phone_asked);
  put_durably(transaction, retry_key(name), serialize(message));
}

void erase_retry(Transaction& transaction, const MessageName& name) {
  transaction.erase(retry_key(name));
}

Result<std::vector<std::pair<MessageName, Retry>>> get_retries(RecordSource source) {
  PONTE_ASSIGN(const std::vector<Record> records, source.scan(keys::kRetryPrefix));
  std::vector<std::pair<MessageName, Retry>> out;
  for (const auto& [key, value] : records) {
    auto name = retry_name(key);
    if (!name) return corrupt(source, key, "the key does not name a message");
    proto::RetryRecord message;
    PONTE_TRY(parse_value(source, key, value, message));
    PONTE_ASSIGN(Retry retry, read_retry(source, key, message));
    out.emplace_back(std::move(*name), retry);
  }
  return out;
}

Result<bool> get_seen(RecordSource source, std::int64_t day, const MessageName& name) {
  PONTE_ASSIGN(const auto value, source.get(named(of_day(keys::kSeenPrefix, day), name)));
  return value.has_value();
}

void put_seen(Transaction& transaction, std::int64_t day, const MessageName& name) {
  put_durably(transaction, named(of_day(keys::kSeenPrefix, day), name), {});
}

Status erase_seen_of_day(Transaction& transaction, std::int64_t day) {
  PONTE_ASSIGN(const std::vector<Record> records, transaction.scan(of_day(keys::kSeenPrefix, day)));
  for (const auto& [key, value] : records) transaction.erase(key);
  return Status::Ok();
}

Result<std::optional<Outgoing>> get_outgoing(RecordSource source, std::string_view id) {
  const std::string key = joined(keys::kOutgoingPrefix, id);
  proto::OutgoingRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, key, message));
  if (!found) return std::optional<Outgoing>();
  PONTE_ASSIGN(Outgoing outgoing, read_outgoing(source, key, message));
  return std::optional(std::move(outgoing));
}

void put_outgoing(Transaction& transaction, std::string_view id, const Outgoing& outgoing) {
  proto::OutgoingRecord message;
  message.set_to(outgoing.to);
  message.set_content(to_text(outgoing.content));
  message.set_at(unix_milliseconds(outgoing.at));
  message.set_type(outgoing.type);
  message.set_peer(outgoing.peer);
  message.set_attempts(outgoing.attempts);
  for (const auto& [device, count] : outgoing.answers) {
    auto* answer = message.add_answers();
    answer->set_device(device);
    answer->set_count(count);
  }
  put_durably(transaction, joined(keys::kOutgoingPrefix, id), serialize(message));
  transaction.put(joined(outgoing_of_day(day_of(outgoing.at)), id), {});
}

Result<std::vector<std::string>> get_outgoing_of_day(RecordSource source, std::int64_t day) {
  return ids_behind(source, outgoing_of_day(day));
}

void erase_outgoing(Transaction& transaction, std::string_view id, std::int64_t day) {
  transaction.erase(joined(keys::kOutgoingPrefix, id));
  transaction.erase(joined(outgoing_of_day(day), id));
}

std::int64_t day_of(Wall at) {
  return unix_seconds(at) / 86'400;
}

void put_unacknowledged(Transaction& transaction, std::string_view id) {
  put_durably(transaction, joined(keys::kUnacknowledgedPrefix, id), {});
}

void erase_unacknowledged(Transaction& transaction, std::string_view id) {
  transaction.erase(joined(keys::kUnacknowledgedPrefix, id));
}

Result<std::vector<std::string>> get_unacknowledged(RecordSource source) {
  return ids_behind(source, keys::kUnacknowledgedPrefix);
}

Result<std::optional<PrivacyToken>> get_privacy_token(RecordSource source, std::string_view user_jid) {
  proto::PrivacyTokenRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, joined(keys::kPrivacyTokenPrefix, user_jid), message));
  if (!found) return std::optional<PrivacyToken>();
  PrivacyToken token{to_bytes(message.token()), message.at(), std::nullopt};
  if (message.has_issued_at()) token.issued_at = message.issued_at();
  return std::optional(std::move(token));
}

void put_privacy_token(Transaction& transaction, std::string_view user_jid, const PrivacyToken& token) {
  proto::PrivacyTokenRecord message;
  message.set_token(to_text(token.token));
  message.set_at(token.at);
  if (token.issued_at) message.set_issued_at(*token.issued_at);
  transaction.put(joined(keys::kPrivacyTokenPrefix, user_jid), serialize(message));
}

void erase_privacy_token(Transaction& transaction, std::string_view user_jid) {
  transaction.erase(joined(keys::kPrivacyTokenPrefix, user_jid));
}

Result<std::optional<Bytes>> get_nct_salt(RecordSource source) {
  return source.get(keys::kNctSalt);
}

void put_nct_salt(Transaction& transaction, ByteView salt) {
  if (salt.empty()) return transaction.erase(keys::kNctSalt);
  transaction.put(keys::kNctSalt, to_bytes(salt));
}

}  // namespace ponte::store
