#include "store/service_records.h"

#include "crypto/digest.h"
#include "records.pb.h"
#include "store/keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

Result<std::optional<std::string>> get_text(const RecordSource& source, std::string_view key) {
  PONTE_ASSIGN(std::optional<Bytes> value, source.get(key));
  if (!value) return std::optional<std::string>();
  if (value->empty()) return corrupt(source, key, "expected the id of an instance, got nothing");
  return std::optional(to_text(*value));
}

InstanceSettings settings_of(const proto::SettingsRecord& message) {
  InstanceSettings settings;
  settings.auto_reject_calls = message.auto_reject_calls();
  settings.call_reject_message = message.call_reject_message();
  settings.ignore_group_messages = message.ignore_group_messages();
  settings.keep_online_status = message.keep_online_status();
  settings.auto_read_messages = message.auto_read_messages();
  settings.disable_history_sync = message.disable_history_sync();
  settings.ignore_status = message.ignore_status();
  return settings;
}

void write_settings(const InstanceSettings& settings, proto::SettingsRecord& message) {
  message.set_auto_reject_calls(settings.auto_reject_calls);
  message.set_call_reject_message(settings.call_reject_message);
  message.set_ignore_group_messages(settings.ignore_group_messages);
  message.set_keep_online_status(settings.keep_online_status);
  message.set_auto_read_messages(settings.auto_read_messages);
  message.set_disable_history_sync(settings.disable_history_sync);
  message.set_ignore_status(settings.ignore_status);
}

bool is_protocol(std::uint32_t number) {
  return number <= static_cast<std::uint32_t>(InstanceProxy::Protocol::kSocks5);
}

/// Precondition: its fields have been checked.
InstanceProxy proxy_of(const proto::ProxyRecord& message) {
  InstanceProxy proxy;
  proxy.protocol = static_cast<InstanceProxy::Protocol>(message.protocol());
  proxy.host = message.host();
  proxy.port = static_cast<std::uint16_t>(message.port());
  proxy.username = message.username();
  proxy.password = message.password();
  proxy.allow_private = message.allow_private();
  return proxy;
}

void write_proxy(const InstanceProxy& proxy, proto::ProxyRecord& message) {
  message.set_protocol(static_cast<std::uint32_t>(proxy.protocol));
  message.set_host(proxy.host);
  message.set_port(proxy.port);
  message.set_username(proxy.username);
  message.set_password(proxy.password);
  message.set_allow_private(proxy.allow_private);
}

Bytes serialize_instance(const InstanceRecord& instance) {
  proto::InstanceRecord message;
  message.set_id(instance.id);
  message.set_name(instance.name);
  message.set_token(instance.token);
  message.set_created_at(unix_milliseconds(instance.created_at));
  message.set_updated_at(unix_milliseconds(instance.updated_at));
  write_settings(instance.settings, *message.mutable_settings());
  if (instance.proxy) write_proxy(*instance.proxy, *message.mutable_proxy());
  if (instance.websocket) {
    message.mutable_websocket()->set_enabled(instance.websocket->enabled);
    for (const std::string& event : instance.websocket->events) message.mutable_websocket()->add_events(event);
    message.mutable_websocket()->set_media_base64(instance.websocket->media_base64);
  }
  return serialize(message);
}

Result<InstanceRecord> instance_of(const RecordSource& source, std::string_view key,
                                   const proto::InstanceRecord& message) {
  Fields fields;
  fields.present(message.has_id(), "id");
  fields.present(message.has_name(), "name");
  fields.present(message.has_token(), "token");
  fields.present(message.has_created_at(), "created_at");
  fields.present(message.has_updated_at(), "updated_at");
  fields.present(message.has_settings(), "settings");
  if (message.has_proxy()) {
    fields.present(is_protocol(message.proxy().protocol()), "proxy.protocol");
    fields.present(!message.proxy().host().empty(), "proxy.host");
    fields.present(message.proxy().port() >= 1 && message.proxy().port() <= 65'535, "proxy.port");
  }
  if (keys::instance(message.id()) != key) fields.fault("its id is not the one in its key");
  PONTE_TRY(fields.finish(source, key));

  InstanceRecord instance;
  instance.id = message.id();
  instance.name = message.name();
  instance.token = message.token();
  instance.created_at = wall_of(message.created_at());
  instance.updated_at = wall_of(message.updated_at());
  instance.settings = settings_of(message.settings());
  if (message.has_proxy()) instance.proxy = proxy_of(message.proxy());
  if (message.has_websocket()) {
    const auto& websocket = message.websocket();
    instance.websocket = InstanceWebSocket{
        websocket.enabled(), {websocket.events().begin(), websocket.events().end()}, websocket.media_base64()};
  }
  return instance;
}

}  // namespace

Result<Secret<32>> get_or_make_token_hash_key(Transaction& transaction, RandomSource& random) {
  PONTE_ASSIGN(auto stored, get_array<32>(transaction, keys::kTokenHashKey));
  if (stored) {
    Secret<32> key(*stored);
    wipe(*stored);
    return key;
  }
  Secret<32> key;
  random.fill(key.mutable_view());
  put_durably(transaction, keys::kTokenHashKey, to_bytes(key.view()));
  return key;
}

TokenHash hash_token(const Secret<32>& key, std::string_view token) {
  return crypto::hmac_sha256(key.view(), as_bytes(token));
}

Result<std::optional<InstanceRecord>> get_instance(RecordSource source, const std::string& id) {
  proto::InstanceRecord message;
  const std::string key = keys::instance(id);
  PONTE_ASSIGN(const bool found, parse_record(source, key, message));
  if (!found) return std::optional<InstanceRecord>();
  PONTE_ASSIGN(InstanceRecord instance, instance_of(source, key, message));
  return std::optional(std::move(instance));
}

Result<std::vector<InstanceRecord>> get_instances(RecordSource source) {
  PONTE_ASSIGN(std::vector<Record> records, source.scan(keys::kInstancePrefix));
  std::vector<InstanceRecord> instances;
  instances.reserve(records.size());
  for (const auto& [key, value] : records) {
    proto::InstanceRecord message;
    PONTE_TRY(parse_value(source, key, value, message));
    PONTE_ASSIGN(InstanceRecord instance, instance_of(source, key, message));
    instances.push_back(std::move(instance));
  }
  return instances;
}

Result<std::optional<std::string>> find_instance_by_name(RecordSource source, std::string_view name) {
  return get_text(source, keys::name(name));
}

Result<std::optional<std::string>> find_instance_by_token(RecordSource source, const TokenHash& hash) {
  return get_text(source, keys::token(hash));
}

void put_instance(Transaction& transaction, const InstanceRecord& instance, const TokenHash& hash) {
  update_instance(transaction, instance);
  put_durably(transaction, keys::name(instance.name), to_bytes(instance.id));
  put_durably(transaction, keys::token(hash), to_bytes(instance.id));
}

void update_instance(Transaction& transaction, const InstanceRecord& instance) {
  put_durably(transaction, keys::instance(instance.id), serialize_instance(instance));
}

void erase_instance(Transaction& transaction, const InstanceRecord& instance, const TokenHash& hash) {
  transaction.erase(keys::instance(instance.id));
  transaction.erase(keys::name(instance.name));
  transaction.erase(keys::token(hash));
  transaction.require(Durability::kPowerLoss);
}

Result<std::optional<TokenHash>> get_account_token(RecordSource source) {
  return get_array<32>(source, keys::kAccountToken);
}

void put_account_token(Transaction& transaction, const TokenHash& hash) {
  put_durably(transaction, keys::kAccountToken, to_bytes(hash));
}

Result<std::optional<FetchedVersion>> get_fetched_version(RecordSource source) {
  proto::FetchedVersionRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, keys::kFetchedVersion, message));
  if (!found) return std::optional<FetchedVersion>();
  Fields fields;
  fields.present(!message.version().empty(), "version");
  fields.present(message.has_at(), "at");
  PONTE_TRY(fields.finish(source, keys::kFetchedVersion));
  return std::optional(FetchedVersion{message.version(), wall_of(message.at())});
}

void put_fetched_version(Transaction& transaction, const FetchedVersion& version) {
  proto::FetchedVersionRecord message;
  message.set_version(version.version);
  message.set_at(unix_milliseconds(version.at));
  transaction.put(keys::kFetchedVersion, serialize(message));
}

}  // namespace ponte::store
