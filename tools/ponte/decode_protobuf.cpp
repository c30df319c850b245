#include "ponte/decode_protobuf.h"

#include "adv.pb.h"
#include "client_payload.pb.h"
#include "companion.pb.h"

namespace ponte::tool {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kSignatureSize = 64;

Error not_this(std::string reason) {
  return {Errc::kMalformed, Cause::kProtobufMalformed, std::move(reason)};
}

template <typename Message>
bool parse(ByteView bytes, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

/// For messages without any field of a telling size: every byte must be a known field in the usual order.
template <typename Message>
bool parse_exactly(ByteView bytes, Message& message) {
  return parse(bytes, message) && message.unknown_fields().empty() &&
         equal(as_bytes(message.SerializeAsString()), bytes);
}

void draw_unknown(std::string_view unknown, Outline& out) {
  if (!unknown.empty()) out.field("other fields", std::to_string(unknown.size()) + " bytes");
}

template <typename Version>
std::string version_text(const Version& version) {
  std::string out = std::to_string(version.primary()) + "." + std::to_string(version.secondary()) + "." +
                    std::to_string(version.tertiary());
  if (version.has_quaternary()) out += "." + std::to_string(version.quaternary());
  if (version.has_quinary()) out += "." + std::to_string(version.quinary());
  return out;
}

void draw_text(std::string_view name, bool present, const std::string& value, Outline& out) {
  if (present) out.field(name, "\"" + printable(value) + "\"");
}
void draw_number(std::string_view name, bool present, std::uint64_t value, Outline& out) {
  if (present) out.number(name, value);
}
void draw_flag(std::string_view name, bool present, bool value, Outline& out) {
  if (present) out.flag(name, value);
}
void draw_bytes(std::string_view name, const std::string& value, Outline& out) {
  if (!value.empty()) out.hex(name, as_bytes(value));
}

void draw_user_agent(const proto::ClientPayload::UserAgent& agent, Outline& out) {
  using Agent = proto::ClientPayload::UserAgent;
  out.begin("user agent");
  out.field("platform", Agent::Platform_Name(agent.platform()));
  out.field("app version", version_text(agent.app_version()));
  draw_text("mcc", agent.has_mcc(), agent.mcc(), out);
  draw_text("mnc", agent.has_mnc(), agent.mnc(), out);
  draw_text("os version", agent.has_os_version(), agent.os_version(), out);
  draw_text("manufacturer", agent.has_manufacturer(), agent.manufacturer(), out);
  draw_text("device", agent.has_device(), agent.device(), out);
  draw_text("os build number", agent.has_os_build_number(), agent.os_build_number(), out);
  draw_text("phone id", agent.has_phone_id(), agent.phone_id(), out);
  if (agent.has_release_channel()) out.field("release channel", Agent::ReleaseChannel_Name(agent.release_channel()));
  draw_text("language", agent.has_locale_language_iso6391(), agent.locale_language_iso6391(), out);
  draw_text("country", agent.has_locale_country_iso31661_alpha2(), agent.locale_country_iso31661_alpha2(), out);
  draw_unknown(agent.unknown_fields(), out);
  out.end();
}

void draw_registration(const proto::ClientPayload::DevicePairingRegistrationData& data, Outline& out) {
  out.begin("registration data");
  draw_bytes("registration id", data.e_regid(), out);
  draw_bytes("key type", data.e_keytype(), out);
  draw_bytes("identity key", data.e_ident(), out);
  draw_bytes("signed prekey id", data.e_skey_id(), out);
  draw_bytes("signed prekey", data.e_skey_val(), out);
  draw_bytes("signed prekey signature", data.e_skey_sig(), out);
  draw_bytes("build hash", data.build_hash(), out);
  draw_unknown(data.unknown_fields(), out);
  if (data.has_device_props() && !draw_device_props(as_bytes(data.device_props()), out).ok()) {
    draw_bytes("device props", data.device_props(), out);
  }
  out.end();
}

}  // namespace

Status draw_signed_device_identity_hmac(ByteView bytes, Outline& out) {
  proto::ADVSignedDeviceIdentityHMAC container;
  if (!parse(bytes, container)) return not_this("no protobuf");
  if (container.hmac().size() != kKeySize) return not_this("no HMAC of 32 bytes");
  Outline probe;
  PONTE_TRY(draw_signed_device_identity(as_bytes(container.details()), probe));
  out.begin("ADVSignedDeviceIdentityHMAC");
  out.hex("hmac", as_bytes(container.hmac()));
  if (container.has_account_type()) out.field("account type", proto::ADVEncryptionType_Name(container.account_type()));
  draw_unknown(container.unknown_fields(), out);
  out.block(std::move(probe).take());
  out.end();
  return Status::Ok();
}

Status draw_signed_device_identity(ByteView bytes, Outline& out) {
  proto::ADVSignedDeviceIdentity identity;
  if (!parse(bytes, identity)) return not_this("no protobuf");
  if (identity.account_signature().size() != kSignatureSize) return not_this("no account signature of 64 bytes");
  Outline probe;
  PONTE_TRY(draw_device_identity(as_bytes(identity.details()), probe));
  out.begin("ADVSignedDeviceIdentity");
  draw_bytes("account signature key", identity.account_signature_key(), out);
  draw_bytes("account signature", identity.account_signature(), out);
  draw_bytes("device signature", identity.device_signature(), out);
  draw_unknown(identity.unknown_fields(), out);
  out.block(std::move(probe).take());
  out.end();
  return Status::Ok();
}

Status draw_device_identity(ByteView bytes, Outline& out) {
  proto::ADVDeviceIdentity identity;
  if (!parse_exactly(bytes, identity)) return not_this("fields that an ADVDeviceIdentity does not have");
  if (!identity.has_raw_id() || !identity.has_timestamp() || !identity.has_key_index()) {
    return not_this("no raw id, time and key index");
  }
  out.begin("ADVDeviceIdentity");
  out.number("raw id", identity.raw_id());
  out.number("timestamp", identity.timestamp());
  out.number("key index", identity.key_index());
  if (identity.has_account_type()) out.field("account type", proto::ADVEncryptionType_Name(identity.account_type()));
  if (identity.has_device_type()) out.field("device type", proto::ADVEncryptionType_Name(identity.device_type()));
  out.end();
  return Status::Ok();
}

Status draw_client_payload(ByteView bytes, Outline& out) {
  using Payload = proto::ClientPayload;
  Payload payload;
  if (!parse(bytes, payload)) return not_this("no protobuf");
  if (!payload.user_agent().has_platform() || !payload.user_agent().has_app_version()) {
    return not_this("no user agent with platform and version");
  }
  const bool registers = payload.has_device_pairing_data();
  out.begin(registers ? "ClientPayload: registration" : "ClientPayload: login");
  draw_number("username", payload.has_username(), payload.username(), out);
  draw_number("device", payload.has_device(), payload.device(), out);
  draw_flag("passive", payload.has_passive(), payload.passive(), out);
  draw_flag("pull", payload.has_pull(), payload.pull(), out);
  draw_flag("lid db migrated", payload.has_lid_db_migrated(), payload.lid_db_migrated(), out);
  if (payload.has_lc()) out.field("lc", std::to_string(payload.lc()));
  draw_text("push name", payload.has_push_name(), payload.push_name(), out);
  if (payload.has_connect_type()) out.field("connect type", Payload::ConnectType_Name(payload.connect_type()));
  if (payload.has_connect_reason()) out.field("connect reason", Payload::ConnectReason_Name(payload.connect_reason()));
  draw_number("connect attempts", payload.has_connect_attempt_count(), payload.connect_attempt_count(), out);
  if (payload.web_info().has_web_sub_platform()) {
    out.field("web sub platform", Payload::WebInfo::WebSubPlatform_Name(payload.web_info().web_sub_platform()));
  }
  draw_unknown(payload.unknown_fields(), out);
  draw_user_agent(payload.user_agent(), out);
  if (registers) draw_registration(payload.device_pairing_data(), out);
  out.end();
  return Status::Ok();
}

Status draw_device_props(ByteView bytes, Outline& out) {
  proto::DeviceProps props;
  if (!parse_exactly(bytes, props)) return not_this("fields that DeviceProps do not have");
  if (!props.has_os() || !props.has_platform_type()) return not_this("no os and platform type");
  out.begin("DeviceProps");
  draw_text("os", true, props.os(), out);
  if (props.has_version()) out.field("version", version_text(props.version()));
  out.field("platform type", proto::DeviceProps::PlatformType_Name(props.platform_type()));
  draw_flag("require full sync", props.has_require_full_sync(), props.require_full_sync(), out);
  const auto& history = props.history_sync_config();
  draw_number("full sync days", history.has_full_sync_days_limit(), history.full_sync_days_limit(), out);
  draw_number("full sync megabytes", history.has_full_sync_size_mb_limit(), history.full_sync_size_mb_limit(), out);
  draw_number("storage megabytes", history.has_storage_quota_mb(), history.storage_quota_mb(), out);
  draw_number("recent sync days", history.has_recent_sync_days_limit(), history.recent_sync_days_limit(), out);
  draw_flag("inline first history", history.has_inline_initial_payload_in_e2ee_msg(),
            history.inline_initial_payload_in_e2ee_msg(), out);
  if (props.has_history_sync_config()) draw_bytes("history sync config", history.SerializeAsString(), out);
  out.end();
  return Status::Ok();
}

Status draw_client_pairing_props(ByteView bytes, Outline& out) {
  proto::ClientPairingProps props;
  if (!parse_exactly(bytes, props)) return not_this("fields that ClientPairingProps do not have");
  if (!props.has_is_chat_db_lid_migrated()) return not_this("no isChatDbLidMigrated");
  out.begin("ClientPairingProps");
  draw_flag("chats use LIDs", true, props.is_chat_db_lid_migrated(), out);
  draw_flag("pure LID session", props.has_is_syncd_pure_lid_session(), props.is_syncd_pure_lid_session(), out);
  draw_flag("snapshot recovery", props.has_is_syncd_snapshot_recovery_enabled(),
            props.is_syncd_snapshot_recovery_enabled(), out);
  draw_flag("history thumbnails", props.has_is_hs_thumbnail_sync_enabled(), props.is_hs_thumbnail_sync_enabled(), out);
  draw_bytes("subscription sync", props.subscription_sync_payload(), out);
  out.end();
  return Status::Ok();
}

}  // namespace ponte::tool
