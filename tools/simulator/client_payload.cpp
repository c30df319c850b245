#include "simulator/client_payload.h"

#include "base/reader.h"
#include "client_payload.pb.h"
#include "companion.pb.h"
#include "crypto/digest.h"

namespace ponte::simulator {
namespace {

using proto::ClientPayload;

constexpr std::uint8_t kKeyTypeCurve25519 = 0x05;

Error refused(std::string message) {
  return {Errc::kInvalidArgument, Cause::kClientRefused, std::move(message)};
}

Status expect_size(std::string_view field, const std::string& value, std::size_t size) {
  if (value.size() == size) return Status::Ok();
  return refused(std::string(field) + ": expected " + std::to_string(size) + " bytes, got " +
                 std::to_string(value.size()));
}

std::uint32_t number_of(const std::string& big_endian) {
  Reader reader(as_bytes(big_endian));
  return static_cast<std::uint32_t>(reader.big_endian(big_endian.size()).value_or(0));
}

Status read_version(const ClientPayload& payload, ClientDetails& details) {
  if (!payload.has_user_agent()) return refused("userAgent is missing");
  const auto& agent = payload.user_agent();
  if (!agent.has_app_version()) return refused("userAgent.appVersion is missing");
  const auto& version = agent.app_version();
  if (version.primary() != 2 || version.secondary() != 3000 || version.tertiary() == 0) {
    return refused("appVersion: expected 2.3000.N, got " + std::to_string(version.primary()) + "." +
                   std::to_string(version.secondary()) + "." + std::to_string(version.tertiary()));
  }
  if (agent.has_phone_id())
    details.remarks.push_back("userAgent.phoneID should be absent: the server takes it for a fingerprint");
  details.revision = version.tertiary();
  details.version = "2.3000." + std::to_string(details.revision);
  return Status::Ok();
}

Status read_keys(const ClientPayload::DevicePairingRegistrationData& data, Registration& out) {
  PONTE_TRY(expect_size("eRegid", data.e_regid(), 4));
  PONTE_TRY(expect_size("eKeytype", data.e_keytype(), 1));
  if (static_cast<std::uint8_t>(data.e_keytype()[0]) != kKeyTypeCurve25519) return refused("eKeytype: expected 05");
  PONTE_TRY(expect_size("eIdent", data.e_ident(), 32));
  PONTE_TRY(expect_size("eSkeyID", data.e_skey_id(), 3));
  PONTE_TRY(expect_size("eSkeyVal", data.e_skey_val(), 32));
  PONTE_TRY(expect_size("eSkeySig", data.e_skey_sig(), 64));
  out.registration_id = number_of(data.e_regid());
  if (out.registration_id == 0) return refused("eRegid: must not be 0");
  out.identity = to_array<32>(as_bytes(data.e_ident()));
  out.signed_prekey.id = number_of(data.e_skey_id());
  out.signed_prekey.key = to_array<32>(as_bytes(data.e_skey_val()));
  out.signed_prekey.signature = to_array<64>(as_bytes(data.e_skey_sig()));
  if (!signed_prekey_valid(out.identity, out.signed_prekey)) {
    return refused("eSkeySig: not the identity key's signature over 05 || eSkeyVal");
  }
  return Status::Ok();
}

Status read_props(const std::string& bytes, Registration& out) {
  proto::DeviceProps props;
  if (!props.ParseFromString(bytes)) return refused("deviceProps: not a DeviceProps message");
  if (props.os().empty()) return refused("deviceProps.os is missing");
  if (!props.has_platform_type()) return refused("deviceProps.platformType is missing");
  out.os = props.os();
  out.platform_type = static_cast<std::uint32_t>(props.platform_type());
  out.require_full_sync = props.require_full_sync();
  if (props.history_sync_config().has_full_sync_days_limit()) {
    out.full_sync_days = props.history_sync_config().full_sync_days_limit();
  }
  return Status::Ok();
}

Result<Registration> read_registration(const ClientPayload& payload, const ClientDetails& details) {
  Registration out;
  if (payload.passive()) return refused("passive must be false at registration");
  const auto& data = payload.device_pairing_data();
  PONTE_TRY(read_keys(data, out));
  if (!equal(as_bytes(data.build_hash()), crypto::md5(as_bytes(details.version)))) {
    return refused("buildHash: not the MD5 of " + details.version);
  }
  PONTE_TRY(read_props(data.device_props(), out));
  return out;
}

Result<Login> read_login(const ClientPayload& payload) {
  if (payload.has_device_pairing_data()) return refused("devicePairingData must be absent at login");
  if (payload.username() == 0) return refused("username: expected a phone number, got 0");
  if (payload.device() == 0 || payload.device() > 255) {
    return refused("device: expected 1 to 255, got " + std::to_string(payload.device()));
  }
  Login out;
  out.number = std::to_string(payload.username());
  out.device = static_cast<std::uint16_t>(payload.device());
  out.passive = payload.passive();
  out.pull = payload.pull();
  return out;
}

}  // namespace

bool signed_prekey_valid(const crypto::PublicKey& identity, const SignedPrekey& prekey) {
  const Bytes message = concat({ByteArray<1>{kKeyTypeCurve25519}, prekey.key});
  return crypto::xeddsa_verify(identity, message, prekey.signature);
}

Result<ClientDetails> read_client_payload(ByteView bytes, const crypto::PublicKey& noise) {
  ClientPayload payload;
  if (!payload.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error{Errc::kMalformed, Cause::kProtobufMalformed, "expected a ClientPayload, got other bytes"};
  }
  ClientDetails details;
  PONTE_TRY(read_version(payload, details));
  details.push_name = payload.push_name();
  if (payload.has_username()) {
    PONTE_ASSIGN(Login login, read_login(payload));
    login.noise = noise;
    details.purpose = std::move(login);
    return details;
  }
  if (!payload.has_device_pairing_data()) return refused("neither username nor devicePairingData is present");
  PONTE_ASSIGN(Registration registration, read_registration(payload, details));
  registration.noise = noise;
  details.purpose = std::move(registration);
  return details;
}

}  // namespace ponte::simulator
