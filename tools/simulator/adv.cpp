#include "simulator/adv.h"

#include <vector>

#include "adv.pb.h"
#include "crypto/base64.h"
#include "crypto/digest.h"

namespace ponte::simulator {
namespace {

constexpr ByteArray<2> kAccountSignaturePrefix = {0x06, 0x00};
constexpr ByteArray<2> kDeviceSignaturePrefix = {0x06, 0x01};
constexpr ByteArray<2> kKeyIndexPrefix = {0x06, 0x02};
constexpr std::string_view kClientTypes = "123456789cdef";

Error bad_qr(std::string message) {
  return {Errc::kInvalidArgument, Cause::kInvalidRequest, "QR text: " + std::move(message)};
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t from = 0;;) {
    const std::size_t at = text.find(separator, from);
    out.push_back(text.substr(from, at == std::string_view::npos ? at : at - from));
    if (at == std::string_view::npos) return out;
    from = at + 1;
  }
}

Result<ByteArray<32>> key_field(std::string_view name, std::string_view text) {
  const auto bytes = crypto::from_base64(text);
  if (!bytes.ok() || bytes->size() != 32) return bad_qr(std::string(name) + ": expected base64 of 32 bytes");
  return to_array<32>(*bytes);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

Result<QrCode> parse_qr(std::string_view text) {
  text = trimmed(text);
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) text.remove_prefix(hash + 1);
  const std::vector<std::string_view> fields = split(text, ',');
  if (fields.size() != 5) return bad_qr("expected 5 fields, got " + std::to_string(fields.size()));
  QrCode out;
  out.ref = std::string(fields[0]);
  if (out.ref.empty()) return bad_qr("the ref is empty");
  PONTE_ASSIGN(out.noise, key_field("noise key", fields[1]));
  PONTE_ASSIGN(out.identity, key_field("identity key", fields[2]));
  PONTE_ASSIGN(const ByteArray<32> secret, key_field("ADV secret", fields[3]));
  out.adv_secret = Secret<32>(secret);
  if (fields[4].size() != 1 || kClientTypes.find(fields[4][0]) == std::string_view::npos) {
    return bad_qr("client type: expected one of " + std::string(kClientTypes) + ", got '" + std::string(fields[4]) +
                  "'");
  }
  out.client_type = fields[4][0];
  return out;
}

DeviceIdentity sign_device_identity(const Account& account, const crypto::PublicKey& companion_identity,
                                    std::uint32_t key_index, Wall wall, RandomSource& random) {
  proto::ADVDeviceIdentity details;
  details.set_raw_id(account.raw_id);
  details.set_timestamp(static_cast<std::uint64_t>(unix_seconds(wall)));
  details.set_key_index(key_index);
  details.set_account_type(proto::E2EE);
  details.set_device_type(proto::E2EE);
  DeviceIdentity out;
  out.details = to_bytes(details.SerializeAsString());
  out.account_key = account.identity.public_key;
  out.account_signature = crypto::xeddsa_sign(
      account.identity.private_key, concat({kAccountSignaturePrefix, out.details, companion_identity}), random);
  return out;
}

Bytes countersigned(const DeviceIdentity& identity, const crypto::KeyPair& companion_identity, RandomSource& random) {
  proto::ADVSignedDeviceIdentity out;
  out.set_details(to_text(identity.details));
  out.set_account_signature_key(to_text(identity.account_key));
  out.set_account_signature(to_text(identity.account_signature));
  const Bytes signed_bytes =
      concat({kDeviceSignaturePrefix, identity.details, companion_identity.public_key, identity.account_key});
  out.set_device_signature(to_text(crypto::xeddsa_sign(companion_identity.private_key, signed_bytes, random)));
  return to_bytes(out.SerializeAsString());
}

Bytes signed_key_index_list(const Seed& seed, const Account& account, Wall wall) {
  proto::ADVKeyIndexList details;
  details.set_raw_id(account.raw_id);
  details.set_timestamp(static_cast<std::uint64_t>(unix_seconds(wall)));
  details.set_current_index(account.next_key_index - 1);
  details.add_valid_indexes(0);
  for (const auto& [device, companion] : account.companions) details.add_valid_indexes(companion.key_index);
  details.set_account_type(proto::E2EE);
  proto::ADVSignedKeyIndexList out;
  out.set_details(details.SerializeAsString());
  DerivedRandom random(seed, "key indexes " + account.number + out.details());
  out.set_account_signature(to_text(
      crypto::xeddsa_sign(account.identity.private_key, concat({kKeyIndexPrefix, as_bytes(out.details())}), random)));
  return to_bytes(out.SerializeAsString());
}

Bytes seal_device_identity(const DeviceIdentity& identity, const Secret<32>& adv_secret, PairSuccessDefect defect) {
  if (defect == PairSuccessDefect::kGarbageIdentity) return Bytes(120, 0xFF);
  proto::ADVSignedDeviceIdentity inner;
  inner.set_details(to_text(identity.details));
  std::string key = to_text(identity.account_key);
  std::string signature = to_text(identity.account_signature);
  if (defect == PairSuccessDefect::kShortSignatureKey) key.pop_back();
  if (defect == PairSuccessDefect::kShortSignature) signature.pop_back();
  if (defect == PairSuccessDefect::kBadAccountSignature) signature[5] = static_cast<char>(signature[5] ^ 0x20);
  inner.set_account_signature_key(key);
  inner.set_account_signature(signature);

  proto::ADVSignedDeviceIdentityHMAC container;
  container.set_details(inner.SerializeAsString());
  auto mac = crypto::hmac_sha256(adv_secret.view(), as_bytes(container.details()));
  if (defect == PairSuccessDefect::kBadHmac) mac[0] ^= 0x01;
  container.set_hmac(to_text(mac));
  container.set_account_type(proto::E2EE);
  return to_bytes(container.SerializeAsString());
}

Result<Bytes> check_signed_identity(ByteView answer, const DeviceIdentity& identity,
                                    const crypto::PublicKey& companion_identity) {
  const auto malformed = [](std::string message) {
    return Error{Errc::kRejected, Cause::kPairingMalformed, "pair-device-sign: " + std::move(message)};
  };
  proto::ADVSignedDeviceIdentity parsed;
  if (!parsed.ParseFromArray(answer.data(), static_cast<int>(answer.size()))) {
    return malformed("device-identity is no ADVSignedDeviceIdentity");
  }
  if (!equal(as_bytes(parsed.details()), identity.details))
    return malformed("details differ from what the phone signed");
  if (!equal(as_bytes(parsed.account_signature()), identity.account_signature)) {
    return malformed("accountSignature differs from the phone's");
  }
  // Most companions strip the key, some leave it in.
  if (parsed.has_account_signature_key() && !equal(as_bytes(parsed.account_signature_key()), identity.account_key)) {
    return malformed("accountSignatureKey differs from the phone's");
  }
  const Bytes message = concat({kDeviceSignaturePrefix, identity.details, companion_identity, identity.account_key});
  if (!crypto::xeddsa_verify(companion_identity, message, as_bytes(parsed.device_signature()))) {
    return Error{Errc::kRejected, Cause::kPairingSignatureMismatch,
                 "pair-device-sign: deviceSignature is not the companion's"};
  }
  parsed.set_account_signature_key(to_text(identity.account_key));
  return to_bytes(parsed.SerializeAsString());
}

}  // namespace ponte::simulator
