#include "portable/whatsmeow.h"

#include <algorithm>
#include <vector>

#include "adv.pb.h"
#include "portable/sqlite.h"

namespace ponte::portable {
namespace {

using protocol::wire::Jid;

/// `user:device`, as whatsmeow writes Signal's addresses.
std::pair<std::string, std::string> split_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<std::uint32_t> unsigned_of(std::optional<std::int64_t> number) {
  if (!number || *number < 0 || *number > 0xFFFF'FFFF) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

template <std::size_t N>
std::optional<Secret<N>> secret_at(const Row& row, int column) {
  const SecretBytes bytes = row.bytes(column);
  if (bytes.view().size() != N) return std::nullopt;
  return Secret<N>::from(bytes.view());
}

Error not_whole(std::string_view what) {
  return malformed("the device is not whole: expected " + std::string(what));
}

std::string listed(const std::vector<std::string>& jids) {
  std::string text;
  for (const std::string& jid : jids) text += (text.empty() ? "" : ", ") + jid;
  return text;
}

/// The JID as the store has it.
Result<std::string> choose_device(const Database& store, const std::string& jid) {
  std::vector<std::string> jids;
  PONTE_TRY(store.each("SELECT jid FROM whatsmeow_device ORDER BY jid", "", [&jids](const Row& row) {
    jids.push_back(row.text(0));
    return Status::Ok();
  }));
  const auto missing = [](std::string what) { return Error{Errc::kNotFound, Cause::kInvalidField, std::move(what)}; };
  if (jids.empty()) return missing("there is no device in it");
  if (jid.empty()) {
    if (jids.size() == 1) return jids.front();
    return missing("there are several devices in it. Name one with --jid: " + listed(jids));
  }
  const auto is_that = [&jid](const std::string& one) {
    const auto wanted = Jid::parse(jid);
    return one == jid || (wanted && Jid::parse(one) == wanted);
  };
  const auto found = std::find_if(jids.begin(), jids.end(), is_that);
  if (found == jids.end()) return missing("there is no device " + jid + " in it, but " + listed(jids));
  return *found;
}

Result<store::Credentials> credentials_of(const Row& row) {
  auto noise = secret_at<32>(row, 0);
  auto identity = secret_at<32>(row, 1);
  auto signed_prekey = secret_at<32>(row, 2);
  const auto signed_prekey_id = unsigned_of(row.number(3));
  const SecretBytes signature = row.bytes(4);
  const auto registration_id = unsigned_of(row.number(5));
  auto adv_secret = secret_at<32>(row, 6);
  if (!noise || !identity || !signed_prekey || !adv_secret) return not_whole("keys of 32 bytes");
  if (signature.view().size() != 64) return not_whole("a signature of 64 bytes");
  if (!signed_prekey_id || *signed_prekey_id > kLargestPrekeyId || !registration_id) return not_whole("ids");
  store::Credentials credentials;
  credentials.noise = crypto::key_pair_from_private(std::move(*noise));
  credentials.identity = crypto::key_pair_from_private(std::move(*identity));
  credentials.signed_prekey = {*signed_prekey_id, crypto::key_pair_from_private(std::move(*signed_prekey)),
                               to_array<64>(signature.view())};
  credentials.registration_id = *registration_id;
  credentials.adv_secret = std::move(*adv_secret);
  return credentials;
}

Result<store::Account> account_of(const Row& row, const std::string& jid, Wall now) {
  proto::ADVSignedDeviceIdentity identity;
  identity.set_details(to_text(row.bytes(7).view()));
  identity.set_account_signature_key(to_text(row.bytes(8).view()));
  identity.set_account_signature(to_text(row.bytes(9).view()));
  identity.set_device_signature(to_text(row.bytes(10).view()));
  if (identity.details().empty() || identity.account_signature_key().size() != 32 ||
      identity.account_signature().size() != 64 || identity.device_signature().size() != 64)
    return not_whole("the account's signatures");
  const auto parsed = Jid::parse(jid);
  const auto lid = Jid::parse(row.text(14));
  store::Account account;
  account.jid = parsed ? parsed->to_string() : jid;
  account.lid = lid ? lid->to_string() : "";
  account.signed_device_identity = to_bytes(identity.SerializeAsString());
  account.platform = row.text(11);
  account.business_name = row.text(12);
  account.push_name = row.text(13);
  account.paired_at = now;
  return account;
}

Status read_device(const Database& store, const std::string& jid, Wall now, Adoption& into) {
  PONTE_ASSIGN(const bool has_lid, store.has_column("whatsmeow_device", "lid"));
  const std::string query =
      std::string(
          "SELECT noise_key, identity_key, signed_pre_key, signed_pre_key_id, signed_pre_key_sig, "
          "registration_id, adv_key, adv_details, adv_account_sig_key, adv_account_sig, "
          "adv_device_sig, platform, business_name, push_name, ") +
      (has_lid ? "lid" : "NULL") + " FROM whatsmeow_device WHERE jid = ?1";
  return store.each(query, jid, [&](const Row& row) -> Status {
    PONTE_ASSIGN(const store::Credentials credentials, credentials_of(row));
    PONTE_ASSIGN(const store::Account account, account_of(row, jid, now));
    return into.set_device(credentials, account);
  });
}

struct Table {
  std::string_view name;
  std::string query;
  void (*take)(const Row& row, Adoption& into);
};

void take_mapping(const Row& row, Adoption& into) {
  into.add_mapping(row.text(1), row.text(0));
}

void take_prekey(const Row& row, Adoption& into) {
  const auto id = unsigned_of(row.number(0));
  const auto key = secret_at<32>(row, 1);
  if (!id || !key) return into.count_unreadable();
  into.add_prekey(*id, *key);
}

void take_identity(const Row& row, Adoption& into) {
  const auto [name, device] = split_address(row.text(0));
  const SecretBytes identity = row.bytes(1);
  if (identity.view().size() != 32) return into.count_unreadable();
  into.add_identity(name, device, to_array<32>(identity.view()));
}

void take_session(const Row& row, Adoption& into) {
  const auto [name, device] = split_address(row.text(0));
  const WipedJson json(row.bytes(1).view());
  into.add_session(name, device, json.ok() ? sessions_of_whatsmeow(json.value()) : std::nullopt);
}

void take_sender_key(const Row& row, Adoption& into) {
  const auto [name, device] = split_address(row.text(1));
  const WipedJson json(row.bytes(2).view());
  into.add_sender_key(row.text(0), name, device, json.ok() ? sender_keys_of_whatsmeow(json.value()) : std::nullopt);
}

void take_app_state_key(const Row& row, Adoption& into) {
  into.add_app_state_key(row.bytes(0).view(), secret_at<32>(row, 1), row.number(2).value_or(0));
}

void take_privacy_token(const Row& row, Adoption& into) {
  into.add_privacy_token(row.text(0), row.bytes(1).view(), row.number(2).value_or(0));
}

void take_contact(const Row& row, Adoption& into) {
  into.add_contact(row.text(0), {row.text(1), row.text(2), row.text(3), row.text(4)});
}

/// In the order in which they must be read. LIDs are everybody's; the rest is the device's own.
const std::vector<Table>& tables() {
  static const std::vector<Table> kTables{
      {"whatsmeow_lid_map", "SELECT lid, pn FROM whatsmeow_lid_map", take_mapping},
      {"whatsmeow_pre_keys", "SELECT key_id, key FROM whatsmeow_pre_keys WHERE jid = ?1 ORDER BY key_id", take_prekey},
      {"whatsmeow_identity_keys",
       "SELECT their_id, identity FROM whatsmeow_identity_keys WHERE our_jid = ?1 ORDER BY their_id", take_identity},
      {"whatsmeow_sessions",
       "SELECT their_id, session FROM whatsmeow_sessions WHERE our_jid = ?1 AND session IS NOT NULL ORDER BY their_id",
       take_session},
      {"whatsmeow_sender_keys",
       "SELECT chat_id, sender_id, sender_key FROM whatsmeow_sender_keys WHERE our_jid = ?1 ORDER BY chat_id, "
       "sender_id",
       take_sender_key},
      {"whatsmeow_app_state_sync_keys",
       "SELECT key_id, key_data, timestamp FROM whatsmeow_app_state_sync_keys WHERE jid = ?1", take_app_state_key},
      {"whatsmeow_privacy_tokens",
       "SELECT their_jid, token, timestamp FROM whatsmeow_privacy_tokens WHERE our_jid = ?1 ORDER BY their_jid",
       take_privacy_token},
      {"whatsmeow_contacts",
       "SELECT their_jid, full_name, first_name, push_name, business_name FROM whatsmeow_contacts WHERE our_jid = ?1 "
       "ORDER BY their_jid",
       take_contact},
  };
  return kTables;
}

}  // namespace

Status read_whatsmeow(const std::string& path, const std::string& jid, Wall now, Adoption& into) {
  PONTE_ASSIGN(const Database store, Database::open(path));
  PONTE_ASSIGN(const bool is_store, store.has_table("whatsmeow_device"));
  if (!is_store) {
    return Error{Errc::kUnsupported, Cause::kInvalidField,
                 "it is a SQLite database, but not one of whatsmeow: there is no table whatsmeow_device"};
  }
  PONTE_ASSIGN(const std::string device, choose_device(store, jid));
  PONTE_TRY(read_device(store, device, now, into));
  for (const Table& table : tables()) {
    PONTE_ASSIGN(const bool there, store.has_table(table.name));
    if (!there) continue;  // older versions have fewer
    PONTE_TRY(store.each(table.query, device, [&](const Row& row) {
      table.take(row, into);
      return Status::Ok();
    }));
  }
  // It remembers the keys that are there, and not those that were used.
  into.pass_over_prekey_ids();
  return Status::Ok();
}

}  // namespace ponte::portable
