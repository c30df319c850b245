#include "protocol/pairing/registration.h"

#include <algorithm>
#include <charconv>

#include "base/writer.h"
#include "client_payload.pb.h"
#include "companion.pb.h"
#include "crypto/digest.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::pairing {
namespace {

using proto::ClientPayload;
using proto::DeviceProps;

std::string text_of(ByteView bytes) {
  return to_text(bytes);
}

/// Serialized in field order: deterministic, and equal to what the other implementations write.
template <typename Message>
Bytes serialized(const Message& message) {
  return to_bytes(std::string_view(message.SerializeAsString()));
}

void fill_common(const ClientVersion& client_version, ClientPayload& payload) {
  auto* agent = payload.mutable_user_agent();
  agent->set_platform(ClientPayload::UserAgent::WEB);
  auto* version = agent->mutable_app_version();
  version->set_primary(client_version.primary);
  version->set_secondary(client_version.secondary);
  version->set_tertiary(client_version.tertiary);
  agent->set_mcc("000");
  agent->set_mnc("000");
  agent->set_os_version("0.1");
  agent->set_manufacturer("");
  agent->set_device("Desktop");
  agent->set_os_build_number("0.1");
  // Zero-valued on purpose: proto2 presence counts on the wire (wire: pairing.md 13, pitfall 22).
  agent->set_release_channel(ClientPayload::UserAgent::RELEASE);
  agent->set_locale_language_iso6391("en");
  agent->set_locale_country_iso31661_alpha2("US");
  payload.mutable_web_info()->set_web_sub_platform(ClientPayload::WebInfo::WEB_BROWSER);
  payload.set_connect_type(ClientPayload::WIFI_UNKNOWN);
  payload.set_connect_reason(ClientPayload::USER_ACTIVATED);
}

/// The window that a phone sends as RECENT without being asked; a wish below it is told to it as well.
constexpr std::uint32_t kRecentWindowDays = 90;

}  // namespace

store::Credentials generate_credentials(RandomSource& random) {
  store::Credentials credentials;
  credentials.noise = crypto::generate_key_pair(random);
  credentials.identity = crypto::generate_key_pair(random);
  credentials.signed_prekey.id = 1;
  credentials.signed_prekey.pair = crypto::generate_key_pair(random);
  const Bytes signed_text = concat({ByteArray<1>{0x05}, credentials.signed_prekey.pair.public_key});
  credentials.signed_prekey.signature = crypto::xeddsa_sign(credentials.identity.private_key, signed_text, random);
  const auto bytes = random.array<2>();
  // 14 bits fit every consumer of registration ids, and 0 none (wire: pairing.md 12). No second draw: a
  // source that is stuck must not hold the loop.
  credentials.registration_id = std::max(1, (bytes[0] << 8 | bytes[1]) & 0x3FFF);
  random.fill(credentials.adv_secret.mutable_view());
  return credentials;
}

Bytes device_props(const SessionConfig& config, std::optional<std::uint32_t> history_days) {
  DeviceProps props;
  props.set_os(config.device_name);
  auto* version = props.mutable_version();
  version->set_primary(0);
  version->set_secondary(1);
  version->set_tertiary(0);
  props.set_platform_type(DeviceProps::CHROME);
  props.set_require_full_sync(history_days.has_value());
  auto* history = props.mutable_history_sync_config();
  if (history_days) {
    history->set_full_sync_days_limit(*history_days);
    if (*history_days < kRecentWindowDays) history->set_recent_sync_days_limit(*history_days);
    history->set_on_demand_ready(true);
  }
  history->set_storage_quota_mb(10240);
  history->set_inline_initial_payload_in_e2ee_msg(true);
  history->set_support_call_log_history(true);
  history->set_support_bot_user_agent_chat_history(true);
  history->set_support_cag_reactions_and_polls(true);
  history->set_support_biz_hosted_msg(true);
  history->set_support_recent_sync_chunk_message_count_tuning(true);
  history->set_support_hosted_group_msg(true);
  history->set_support_fbid_bot_chat_history(true);
  history->set_support_message_association(true);
  history->set_support_group_history(true);
  history->set_thumbnail_sync_days_limit(60);
  history->set_support_manus_history(true);
  history->set_support_hatch_history(true);
  return serialized(props);
}

Bytes registration_payload(const SessionConfig& config, const ClientVersion& version,
                           const store::Credentials& credentials, std::optional<std::uint32_t> history_days) {
  ClientPayload payload;
  fill_common(version, payload);
  payload.set_passive(false);
  payload.set_pull(false);
  auto* data = payload.mutable_device_pairing_data();
  data->set_e_regid(text_of(big_endian_array<4>(credentials.registration_id)));
  data->set_e_keytype("\x05");
  data->set_e_ident(text_of(credentials.identity.public_key));
  data->set_e_skey_id(text_of(big_endian_array<3>(credentials.signed_prekey.id)));
  data->set_e_skey_val(text_of(credentials.signed_prekey.pair.public_key));
  data->set_e_skey_sig(text_of(credentials.signed_prekey.signature));
  data->set_build_hash(text_of(crypto::md5(as_bytes(version.to_string()))));
  data->set_device_props(text_of(device_props(config, history_days)));
  return serialized(payload);
}

Result<Bytes> login_payload(const ClientVersion& version, const store::Account& account) {
  const auto jid = wire::Jid::parse(account.jid);
  std::uint64_t username = 0;
  const std::string user = jid ? jid->user : "";
  const auto [end, problem] = std::from_chars(user.data(), user.data() + user.size(), username);
  if (user.empty() || problem != std::errc() || end != user.data() + user.size() || jid->server != wire::kUserServer) {
    return Error{Errc::kStorage, Cause::kStoreCorrupt,
                 "account: expected a phone-number device as own JID; restore a backup or delete the instance"};
  }
  ClientPayload payload;
  fill_common(version, payload);
  payload.set_username(username);
  payload.set_device(jid->device);
  payload.set_passive(true);
  payload.set_pull(true);
  payload.set_lc(static_cast<std::int32_t>(account.login_counter));
  payload.set_lid_db_migrated(true);
  return serialized(payload);
}

}  // namespace ponte::protocol::pairing
