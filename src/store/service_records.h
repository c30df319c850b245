// Typed records of the service itself: instances, tokens, what it has fetched. The transaction's owner is kSystem.
// get_* and put_* behave as those of records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "base/time.h"
#include "store/records.h"
#include "store/store.h"

namespace ponte::store {

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

/// How an instance reaches WhatsApp where not directly.
struct InstanceProxy {
  enum class Protocol { kHttp, kHttps, kSocks5 };
  Protocol protocol = Protocol::kHttp;
  std::string host;  ///< a name or a numeric address, without brackets
  std::uint16_t port = 0;
  std::string username;
  std::string password;        ///< sealed on disk
  bool allow_private = false;  ///< it may lie in a private range: the account token named it

  bool operator==(const InstanceProxy&) const = default;
};

/// What an instance pushes over WebSockets.
struct InstanceWebSocket {
  bool enabled = false;
  std::vector<std::string> events;  ///< names of contract 1.3
  bool media_base64 = false;

  bool operator==(const InstanceWebSocket&) const = default;
};

/// One instance, as the operator made it.
struct InstanceRecord {
  std::string id;  ///< UUID; the owner of the instance's own records
  std::string name;
  std::string token;  ///< the value, since list must return it; sealed on disk
  Wall created_at{};
  Wall updated_at{};
  InstanceSettings settings;
  std::optional<InstanceProxy> proxy;
  std::optional<InstanceWebSocket> websocket;  ///< absent: never configured

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
/// Writes the record of an instance that is there: its settings or proxy have changed. kPowerLoss.
void update_instance(Transaction& transaction, const InstanceRecord& instance);
/// Removes the record and its two look-ups. kPowerLoss.
void erase_instance(Transaction& transaction, const InstanceRecord& instance, const TokenHash& hash);

Result<std::optional<TokenHash>> get_account_token(RecordSource source);
/// kPowerLoss.
void put_account_token(Transaction& transaction, const TokenHash& hash);

/// The client version that was fetched last (wire: pairing.md 10).
struct FetchedVersion {
  std::string version;  ///< `2.3000.N`
  Wall at{};

  bool operator==(const FetchedVersion&) const = default;
};

/// Lost is merely fetched again: kProcessCrash.
Result<std::optional<FetchedVersion>> get_fetched_version(RecordSource source);
void put_fetched_version(Transaction& transaction, const FetchedVersion& version);

}  // namespace ponte::store
