#include "store/records.h"

#include <cassert>

#include "records.pb.h"
#include "store/keys.h"
#include "store/record_fields.h"

namespace ponte::store {
namespace {

constexpr std::uint32_t kMaxPrekeyId = 0xFFFFFF;

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

std::string field_of(ByteView bytes) {
  return to_text(bytes);
}

Secret<32> secret_of(const std::string& field) {
  return Secret<32>::from(as_bytes(field));
}

crypto::KeyPair pair_of(const std::string& field) {
  return crypto::key_pair_from_private(secret_of(field));
}

}  // namespace

Result<std::optional<Bytes>> RecordSource::get(std::string_view key) const {
  return transaction_ ? transaction_->get(key) : reader_->get(*owner_, key);
}

Result<std::vector<Record>> RecordSource::scan(std::string_view prefix) const {
  return transaction_ ? transaction_->scan(prefix) : reader_->scan(*owner_, prefix);
}

Result<std::vector<Record>> RecordSource::scan_after(std::string_view prefix, std::string_view after,
                                                     std::size_t limit) const {
  return transaction_ ? transaction_->scan_after(prefix, after, limit)
                      : reader_->scan_after(*owner_, prefix, after, limit);
}

Result<std::vector<Record>> RecordSource::scan_before(std::string_view prefix, std::string_view before,
                                                      std::size_t limit) const {
  return transaction_ ? transaction_->scan_before(prefix, before, limit)
                      : reader_->scan_before(*owner_, prefix, before, limit);
}

Credentials Credentials::copy() const {
  Credentials out;
  out.noise = noise.copy();
  out.identity = identity.copy();
  out.signed_prekey = {signed_prekey.id, signed_prekey.pair.copy(), signed_prekey.signature};
  out.registration_id = registration_id;
  out.adv_secret = adv_secret.copy();
  out.signed_prekey_at = signed_prekey_at;
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
  if (message.has_signed_prekey_at()) credentials.signed_prekey_at = wall_of(message.signed_prekey_at());
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
  if (credentials.signed_prekey_at) message.set_signed_prekey_at(unix_milliseconds(*credentials.signed_prekey_at));
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
  if (message.first_unuploaded_id() < 1 || message.first_unuploaded_id() > message.next_id() ||
      message.next_id() > kMaxPrekeyId + 1) {
    fields.fault("expected 1 <= first_unuploaded_id <= next_id <= 16777216, got " +
                 std::to_string(message.first_unuploaded_id()) + " and " + std::to_string(message.next_id()));
  }
  PONTE_TRY(fields.finish(source, keys::kPrekeyState));
  PrekeyState state{message.next_id(), message.first_unuploaded_id(), std::nullopt};
  if (message.has_checked_at()) state.checked_at = wall_of(message.checked_at());
  return std::optional(state);
}

void put_prekey_state(Transaction& transaction, const PrekeyState& state) {
  proto::PrekeyStateRecord message;
  message.set_next_id(state.next_id);
  message.set_first_unuploaded_id(state.first_unuploaded_id);
  if (state.checked_at) message.set_checked_at(unix_milliseconds(*state.checked_at));
  put_durably(transaction, keys::kPrekeyState, serialize(message));
}

namespace {

constexpr std::size_t kPrivateOnly = 32;  // as they were written once
constexpr std::size_t kBothKeys = 64;

std::string wrong_size(const Bytes& value) {
  return "expected 64 bytes, got " + std::to_string(value.size());
}

bool prekey_size(const Bytes& value) {
  return value.size() == kBothKeys || value.size() == kPrivateOnly;
}

/// Precondition: prekey_size(value).
crypto::KeyPair prekey_pair(ByteView value) {
  crypto::PrivateKey private_key = crypto::PrivateKey::from(value.first(32));
  if (value.size() == kPrivateOnly) return crypto::key_pair_from_private(std::move(private_key));
  return {std::move(private_key), to_array<32>(value.subspan(32))};
}

/// Hands each prekey to `take(id, value)`.
template <typename Take>
Status each_prekey(RecordSource source, const Take& take) {
  PONTE_ASSIGN(std::vector<Record> records, source.scan(keys::kPrekeyPrefix));
  Fields fields;
  for (auto& [key, value] : records) {
    Wiped wiped(value);
    const std::optional<std::uint32_t> id = keys::prekey_id(key);
    if (!id) fields.fault("key " + key + " among the prekeys");
    if (!prekey_size(value)) fields.fault(key + ": " + wrong_size(value));
    if (id && prekey_size(value)) take(*id, ByteView(value));
  }
  return fields.finish(source, keys::kPrekeyPrefix);
}

}  // namespace

Result<std::optional<crypto::PrivateKey>> get_prekey(RecordSource source, std::uint32_t id) {
  const std::string key = keys::prekey(id);
  PONTE_ASSIGN(std::optional<Bytes> value, source.get(key));
  if (!value) return std::optional<crypto::PrivateKey>();
  Wiped wiped(*value);
  if (!prekey_size(*value)) return corrupt(source, key, wrong_size(*value));
  return std::optional(crypto::PrivateKey::from(ByteView(*value).first(32)));
}

Result<std::vector<Prekey>> get_prekeys(RecordSource source, std::uint32_t first, std::uint32_t end) {
  std::vector<Prekey> prekeys;
  PONTE_TRY(each_prekey(source, [&](std::uint32_t id, ByteView value) {
    if (id >= first && id < end) prekeys.push_back({id, prekey_pair(value)});
  }));
  return prekeys;
}

Result<std::vector<std::uint32_t>> get_prekey_ids(RecordSource source) {
  std::vector<std::uint32_t> ids;
  PONTE_TRY(each_prekey(source, [&](std::uint32_t id, ByteView) { ids.push_back(id); }));
  return ids;
}

void put_prekey(Transaction& transaction, std::uint32_t id, const crypto::KeyPair& pair) {
  assert(id >= 1 && id <= kMaxPrekeyId);
  put_durably(transaction, keys::prekey(id), concat({pair.private_key.view(), pair.public_key}));
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

namespace {

void write_certificate(const ServerCertificate& certificate, proto::ServerChainRecord::Certificate& message) {
  message.set_key(field_of(certificate.key));
  message.set_not_before(certificate.not_before);
  message.set_not_after(certificate.not_after);
}

/// Precondition: the key has been found to be of 32 bytes.
ServerCertificate certificate_of(const proto::ServerChainRecord::Certificate& message) {
  return {to_array<32>(as_bytes(message.key())), message.not_before(), message.not_after()};
}

}  // namespace

Result<std::optional<ServerChain>> get_server_chain(RecordSource source) {
  proto::ServerChainRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, keys::kServerChain, message));
  if (!found) return std::optional<ServerChain>();
  Fields fields;
  fields.sized(message.leaf().key(), 32, "leaf.key");
  fields.sized(message.intermediate().key(), 32, "intermediate.key");
  PONTE_TRY(fields.finish(source, keys::kServerChain));
  return std::optional(ServerChain{certificate_of(message.leaf()), certificate_of(message.intermediate())});
}

void put_server_chain(Transaction& transaction, const ServerChain& chain) {
  proto::ServerChainRecord message;
  write_certificate(chain.leaf, *message.mutable_leaf());
  write_certificate(chain.intermediate, *message.mutable_intermediate());
  transaction.put(keys::kServerChain, serialize(message));
}

void erase_server_chain(Transaction& transaction) {
  transaction.erase(keys::kServerChain);
}

Result<std::optional<Hold>> get_hold(RecordSource source) {
  proto::HoldRecord message;
  PONTE_ASSIGN(const bool found, parse_record(source, keys::kHold, message));
  if (!found) return std::optional<Hold>();
  Fields fields;
  fields.present(message.has_code(), "code");
  fields.present(message.has_message(), "message");
  PONTE_TRY(fields.finish(source, keys::kHold));
  Hold hold{message.code(), message.message(), std::nullopt};
  if (message.has_until()) hold.until = wall_of(message.until());
  return std::optional(std::move(hold));
}

void put_hold(Transaction& transaction, const Hold& hold) {
  proto::HoldRecord message;
  message.set_code(hold.code);
  message.set_message(hold.message);
  if (hold.until) message.set_until(unix_milliseconds(*hold.until));
  put_durably(transaction, keys::kHold, serialize(message));
}

void erase_hold(Transaction& transaction) {
  transaction.erase(keys::kHold);
}

}  // namespace ponte::store
