#include "store/records.h"

#include <cassert>

#include "crypto/digest.h"
#include "records.pb.h"
#include "store/keys.h"

namespace ponte::store {
namespace {

constexpr std::uint32_t kMaxPrekeyId = 0xFFFFFF;

/// A value with its key material wiped afterwards, whichever way its reader returns.
class Wiped {
 public:
  explicit Wiped(Bytes& bytes) : bytes_(bytes) {}
  ~Wiped() { wipe(bytes_); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

 private:
  Bytes& bytes_;
};

void wipe_text(std::string& text) {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

/// Wipes the key fields of a message before protobuf frees them.
class WipedFields {
 public:
  explicit WipedFields(proto::CredentialsRecord& message) : message_(message) {}
  ~WipedFields() {
    wipe_text(*message_.mutable_noise_private());
    wipe_text(*message_.mutable_identity_private());
    wipe_text(*message_.mutable_signed_prekey_private());
    wipe_text(*message_.mutable_adv_secret());
  }
  WipedFields(const WipedFields&) = delete;
  WipedFields& operator=(const WipedFields&) = delete;

 private:
  proto::CredentialsRecord& message_;
};

Error corrupt(const RecordSource& source, std::string_view key, const std::string& what) {
  std::string message =
      keys::describe(source.owner(), key) + " is damaged: " + what + ". Restore the data directory from a backup";
  if (source.owner() != kSystem) message += ", or delete the instance and link it again";
  return {Errc::kStorage, Cause::kStoreCorrupt, std::move(message)};
}

/// Reads fields of one record and remembers the first that is not as it should be.
class Fields {
 public:
  void present(bool has, std::string_view name) {
    if (!has) fault(std::string(name) + " is missing");
  }
  void sized(const std::string& field, std::size_t size, std::string_view name) {
    if (field.size() == size) return;
    fault(std::string(name) + ": expected " + std::to_string(size) + " bytes, got " + std::to_string(field.size()));
  }
  void fault(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }
  Status finish(const RecordSource& source, std::string_view key) const {
    if (fault_.empty()) return {};
    return corrupt(source, key, fault_);
  }

 private:
  std::string fault_;
};

template <typename Message>
Bytes serialize(const Message& message) {
  Bytes bytes(message.ByteSizeLong());
  message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

/// False where there is no record.
template <typename Message>
Result<bool> parse_record(const RecordSource& source, std::string_view key, Message& message) {
  PONTE_ASSIGN(std::optional<Bytes> value, source.get(key));
  if (!value) return false;
  Wiped wiped(*value);
  if (!message.ParseFromArray(value->data(), static_cast<int>(value->size())))
    return corrupt(source, key, "its value of " + std::to_string(value->size()) + " bytes does not parse");
  return true;
}

/// A record whose value is N raw bytes.
template <std::size_t N>
Result<std::optional<ByteArray<N>>> get_array(const RecordSource& source, std::string_view key) {
  PONTE_ASSIGN(std::optional<Bytes> value, source.get(key));
  if (!value) return std::optional<ByteArray<N>>();
  Wiped wiped(*value);
  if (value->size() != N)
    return corrupt(source, key, "expected " + std::to_string(N) + " bytes, got " + std::to_string(value->size()));
  return std::optional(to_array<N>(*value));
}

Result<std::optional<std::string>> get_text(const RecordSource& source, std::string_view key) {
  PONTE_ASSIGN(std::optional<Bytes> value, source.get(key));
  if (!value) return std::optional<std::string>();
  if (value->empty()) return corrupt(source, key, "expected the id of an instance, got nothing");
  return std::optional(to_text(*value));
}

void put_durably(Transaction& transaction, std::string_view key, Bytes value) {
  transaction.put(key, std::move(value));
  transaction.require(Durability::kPowerLoss);
}

std::string field_of(ByteView bytes) {
  return to_text(bytes);
}

Secret<32> secret_of(const std::string& field) {
  return Secret<32>::from(as_bytes(field));
}

crypto::KeyPair pair_of(const std::string& field) {
  return crypto::key_pair_from_private(secret_of(field));
}

Wall wall_of(std::int64_t unix_milliseconds) {
  return Wall(Milliseconds(unix_milliseconds));
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

Result<InstanceRecord> instance_of(const RecordSource& source, std::string_view key,
                                   const proto::InstanceRecord& message) {
  Fields fields;
  fields.present(message.has_id(), "id");
  fields.present(message.has_name(), "name");
  fields.present(message.has_token(), "token");
  fields.present(message.has_created_at(), "created_at");
  fields.present(message.has_updated_at(), "updated_at");
  fields.present(message.has_settings(), "settings");
  if (keys::instance(message.id()) != key) fields.fault("its id is not the one in its key");
  PONTE_TRY(fields.finish(source, key));

  InstanceRecord instance;
  instance.id = message.id();
  instance.name = message.name();
  instance.token = message.token();
  instance.created_at = wall_of(message.created_at());
  instance.updated_at = wall_of(message.updated_at());
  instance.settings = settings_of(message.settings());
  return instance;
}

}  // namespace

Result<std::optional<Bytes>> RecordSource::get(std::string_view key) const {
  return transaction_ ? transaction_->get(key) : reader_->get(*owner_, key);
}

Result<std::vector<Record>> RecordSource::scan(std::string_view prefix) const {
  return transaction_ ? transaction_->scan(prefix) : reader_->scan(*owner_, prefix);
}

Credentials Credentials::copy() const {
  Credentials out;
  out.noise = noise.copy();
  out.identity = identity.copy();
  out.signed_prekey = {signed_prekey.id, signed_prekey.pair.copy(), signed_prekey.signature};
  out.registration_id = registration_id;
  out.adv_secret = adv_secret.copy();
  return out;
}

Result<std::optional<Credentials>> get_credentials(RecordSource source) {
  proto::CredentialsRecord message;
  WipedFields wiped(message);
  PONTE_ASSIGN(const bool found, parse_record(source, keys::kCredentials, message));
  if (!found) return std::optional<Credentials>();
  Fields fields;
  fields.sized(message.noise_private(), 32, "noise_private");
  fields.sized(message.identity_private(), 32, "identity_private");
  fields.present(message.has_registration_id(), "registration_id");
  fields.present(message.has_signed_prekey_id(), "signed_prekey_id");
  fields.sized(message.signed_prekey_private(), 32, "signed_prekey_private");
  fields.sized(message.signed_prekey_signature(), 64, "signed_prekey_signature");
  fields.sized(message.adv_secret(), 32, "adv_secret");
  PONTE_TRY(fields.finish(source, keys::kCredentials));

  Credentials credentials;
  credentials.noise = pair_of(message.noise_private());
  credentials.identity = pair_of(message.identity_private());
  credentials.signed_prekey = {message.signed_prekey_id(), pair_of(message.signed_prekey_private()),
                               to_array<64>(as_bytes(message.signed_prekey_signature()))};
  credentials.registration_id = message.registration_id();
  credentials.adv_secret = secret_of(message.adv_secret());
  return std::optional(std::move(credentials));
}

void put_credentials(Transaction& transaction, const Credentials& credentials) {
  proto::CredentialsRecord message;
  WipedFields wiped(message);
  message.set_noise_private(field_of(credentials.noise.private_key.view()));
  message.set_identity_private(field_of(credentials.identity.private_key.view()));
  message.set_registration_id(credentials.registration_id);
  message.set_signed_prekey_id(credentials.signed_prekey.id);
  message.set_signed_prekey_private(field_of(credentials.signed_prekey.pair.private_key.view()));
  message.set_signed_prekey_signature(field_of(credentials.signed_prekey.signature));
  message.set_adv_secret(field_of(credentials.adv_secret.view()));
  put_durably(transaction, keys::kCredentials, serialize(message));
}

Result<std::optional<Account>> get_account(RecordSource source) {
  proto::AccountRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, keys::kAccount, message));
  if (!found) return std::optional<Account>();
  Fields fields;
  fields.present(!message.jid().empty(), "jid");
  fields.present(message.has_lid(), "lid");
  fields.present(!message.signed_device_identity().empty(), "signed_device_identity");
  fields.present(message.has_platform(), "platform");
  fields.present(message.has_business_name(), "business_name");
  fields.present(message.has_push_name(), "push_name");
  fields.present(message.has_login_counter(), "login_counter");
  fields.present(message.has_paired_at(), "paired_at");
  PONTE_TRY(fields.finish(source, keys::kAccount));

  Account account;
  account.jid = message.jid();
  account.lid = message.lid();
  account.signed_device_identity = to_bytes(message.signed_device_identity());
  account.platform = message.platform();
  account.business_name = message.business_name();
  account.push_name = message.push_name();
  account.login_counter = message.login_counter();
  account.paired_at = wall_of(message.paired_at());
  return std::optional(std::move(account));
}

void put_account(Transaction& transaction, const Account& account) {
  proto::AccountRecord message;
  message.set_jid(account.jid);
  message.set_lid(account.lid);
  message.set_signed_device_identity(field_of(account.signed_device_identity));
  message.set_platform(account.platform);
  message.set_business_name(account.business_name);
  message.set_push_name(account.push_name);
  message.set_login_counter(account.login_counter);
  message.set_paired_at(unix_milliseconds(account.paired_at));
  put_durably(transaction, keys::kAccount, serialize(message));
}

Result<std::optional<PrekeyState>> get_prekey_state(RecordSource source) {
  proto::PrekeyStateRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, keys::kPrekeyState, message));
  if (!found) return std::optional<PrekeyState>();
  Fields fields;
  fields.present(message.has_next_id(), "next_id");
  fields.present(message.has_first_unuploaded_id(), "first_unuploaded_id");
  PONTE_TRY(fields.finish(source, keys::kPrekeyState));
  return std::optional(PrekeyState{message.next_id(), message.first_unuploaded_id()});
}

void put_prekey_state(Transaction& transaction, const PrekeyState& state) {
  proto::PrekeyStateRecord message;
  message.set_next_id(state.next_id);
  message.set_first_unuploaded_id(state.first_unuploaded_id);
  put_durably(transaction, keys::kPrekeyState, serialize(message));
}

Result<std::optional<crypto::PrivateKey>> get_prekey(RecordSource source, std::uint32_t id) {
  PONTE_ASSIGN(auto value, get_array<32>(source, keys::prekey(id)));
  if (!value) return std::optional<crypto::PrivateKey>();
  crypto::PrivateKey key(*value);
  wipe(*value);
  return std::optional(std::move(key));
}

Result<std::vector<Prekey>> get_prekeys(RecordSource source, std::uint32_t first, std::uint32_t end) {
  PONTE_ASSIGN(std::vector<Record> records, source.scan(keys::kPrekeyPrefix));
  std::vector<Prekey> prekeys;
  Fields fields;
  for (auto& [key, value] : records) {
    Wiped wiped(value);
    const std::optional<std::uint32_t> id = keys::prekey_id(key);
    if (!id) fields.fault("key " + key + " among the prekeys");
    if (value.size() != 32) fields.fault(key + ": expected 32 bytes, got " + std::to_string(value.size()));
    if (id && value.size() == 32 && *id >= first && *id < end)
      prekeys.push_back({*id, crypto::PrivateKey::from(value)});
  }
  PONTE_TRY(fields.finish(source, keys::kPrekeyPrefix));
  return prekeys;
}

void put_prekey(Transaction& transaction, std::uint32_t id, const crypto::PrivateKey& private_key) {
  assert(id >= 1 && id <= kMaxPrekeyId);
  put_durably(transaction, keys::prekey(id), to_bytes(private_key.view()));
}

void erase_prekey(Transaction& transaction, std::uint32_t id) {
  transaction.erase(keys::prekey(id));
  transaction.require(Durability::kPowerLoss);
}

Result<std::optional<Bytes>> get_routing_info(RecordSource source) {
  return source.get(keys::kRoutingInfo);
}

void put_routing_info(Transaction& transaction, ByteView routing_info) {
  transaction.put(keys::kRoutingInfo, to_bytes(routing_info));
}

void erase_routing_info(Transaction& transaction) {
  transaction.erase(keys::kRoutingInfo);
}

Result<std::optional<LoggedOut>> get_logged_out(RecordSource source) {
  proto::LoggedOutRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, keys::kLoggedOut, message));
  if (!found) return std::optional<LoggedOut>();
  Fields fields;
  fields.present(message.has_code(), "code");
  fields.present(message.has_message(), "message");
  fields.present(message.has_at(), "at");
  PONTE_TRY(fields.finish(source, keys::kLoggedOut));
  return std::optional(LoggedOut{message.code(), message.message(), wall_of(message.at())});
}

void put_logged_out(Transaction& transaction, const LoggedOut& logged_out) {
  proto::LoggedOutRecord message;
  message.set_code(logged_out.code);
  message.set_message(logged_out.message);
  message.set_at(unix_milliseconds(logged_out.at));
  transaction.put(keys::kLoggedOut, serialize(message));
  transaction.require(Durability::kPowerLoss);
}

void erase_logged_out(Transaction& transaction) {
  transaction.erase(keys::kLoggedOut);
}

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
    if (!message.ParseFromArray(value.data(), static_cast<int>(value.size())))
      return corrupt(source, key, "its value of " + std::to_string(value.size()) + " bytes does not parse");
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
  proto::InstanceRecord message;
  message.set_id(instance.id);
  message.set_name(instance.name);
  message.set_token(instance.token);
  message.set_created_at(unix_milliseconds(instance.created_at));
  message.set_updated_at(unix_milliseconds(instance.updated_at));
  write_settings(instance.settings, *message.mutable_settings());
  put_durably(transaction, keys::instance(instance.id), serialize(message));
  put_durably(transaction, keys::name(instance.name), to_bytes(instance.id));
  put_durably(transaction, keys::token(hash), to_bytes(instance.id));
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

}  // namespace ponte::store
