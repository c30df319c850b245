#include "protocol/pairing/device_identity.h"

#include "adv.pb.h"
#include "crypto/compare.h"
#include "crypto/curve25519.h"
#include "crypto/digest.h"

namespace ponte::protocol::pairing {
namespace {

constexpr ByteArray<2> kAccountPrefix = {0x06, 0x00};
constexpr ByteArray<2> kDevicePrefix = {0x06, 0x01};
constexpr ByteArray<2> kHostedPrefix = {0x06, 0x05};

Error malformed(std::string what) {
  return {Errc::kMalformed, Cause::kPairingMalformed, "pair-success: " + std::move(what)};
}

template <typename Message>
Status parse(ByteView bytes, const char* name, Message& out) {
  if (!out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return malformed(std::string("cannot parse ") + name);
  }
  return Status::Ok();
}

/// An AD JID attribute of `<device>`.
std::optional<wire::Jid> device_jid(const wire::Node& device, std::string_view key, std::string_view server) {
  auto jid = device.jid(key);
  if (!jid || jid->user.empty() || jid->server != server) return std::nullopt;
  return jid;
}

struct Container {
  proto::ADVSignedDeviceIdentity identity;
  proto::ADVDeviceIdentity details;
};

/// Unpacks the container after its HMAC is found right; every check runs over the bytes as they came.
Result<Container> open_container(ByteView bytes, const store::Credentials& credentials) {
  proto::ADVSignedDeviceIdentityHMAC envelope;
  PONTE_TRY(parse(bytes, "ADVSignedDeviceIdentityHMAC", envelope));
  const ByteView prefix = envelope.account_type() == proto::HOSTED ? ByteView(kHostedPrefix) : ByteView();
  const auto mac = crypto::hmac_sha256(credentials.adv_secret.view(), prefix, as_bytes(envelope.details()));
  if (!crypto::equal_constant_time(mac, as_bytes(envelope.hmac()))) {
    return Error{Errc::kUntrusted, Cause::kPairingHmacMismatch,
                 "pair-success: the identity's HMAC does not match the secret of the QR on display"};
  }
  Container out;
  PONTE_TRY(parse(as_bytes(envelope.details()), "ADVSignedDeviceIdentity", out.identity));
  PONTE_TRY(parse(as_bytes(out.identity.details()), "ADVDeviceIdentity", out.details));
  return out;
}

Status check_account_signature(const Container& container, const store::Credentials& credentials) {
  const auto& identity = container.identity;
  if (identity.account_signature_key().size() != 32 || identity.account_signature().size() != 64) {
    return Error{Errc::kUntrusted, Cause::kPairingSignatureMismatch,
                 "pair-success: expected an account key of 32 and a signature of 64 bytes, got " +
                     std::to_string(identity.account_signature_key().size()) + " and " +
                     std::to_string(identity.account_signature().size())};
  }
  const bool hosted = container.details.device_type() == proto::HOSTED;
  const Bytes signed_text =
      concat({hosted ? kHostedPrefix : kAccountPrefix, as_bytes(identity.details()), credentials.identity.public_key});
  if (!crypto::xeddsa_verify(to_array<32>(as_bytes(identity.account_signature_key())), signed_text,
                             as_bytes(identity.account_signature()))) {
    return Error{Errc::kUntrusted, Cause::kPairingSignatureMismatch,
                 "pair-success: the account's signature does not cover this device's identity key"};
  }
  return Status::Ok();
}

}  // namespace

Result<Approval> approve(const wire::Node& pair_success, const store::Credentials& credentials, RandomSource& random) {
  const wire::Node* const identity_node = pair_success.find("device-identity");
  const auto identity_bytes = identity_node ? identity_node->leaf() : std::nullopt;
  if (!identity_bytes) return malformed("no device-identity");
  const wire::Node* const device = pair_success.find("device");
  if (device == nullptr) return malformed("no device");
  const auto jid = device_jid(*device, "jid", wire::kUserServer);
  if (!jid || jid->device == 0) return malformed("device jid is not a companion of a phone number");

  PONTE_ASSIGN(Container container, open_container(*identity_bytes, credentials));
  PONTE_TRY(check_account_signature(container, credentials));

  auto& identity = container.identity;
  const Bytes signed_text = concat({kDevicePrefix, as_bytes(identity.details()), credentials.identity.public_key,
                                    as_bytes(identity.account_signature_key())});
  const auto signature = crypto::xeddsa_sign(credentials.identity.private_key, signed_text, random);
  identity.set_device_signature(to_text(signature));

  Approval approval;
  approval.account.jid = jid->to_string();
  if (const auto lid = device_jid(*device, "lid", wire::kLidServer)) approval.account.lid = lid->to_string();
  approval.account.signed_device_identity = to_bytes(std::string_view(identity.SerializeAsString()));
  if (const wire::Node* platform = pair_success.find("platform")) {
    approval.account.platform = platform->attribute("name").value_or("");
  }
  if (const wire::Node* biz = pair_success.find("biz")) {
    approval.account.business_name = biz->attribute("name").value_or("");
  }
  approval.key_index = std::to_string(container.details.key_index());
  identity.clear_account_signature_key();
  approval.reply_identity = to_bytes(std::string_view(identity.SerializeAsString()));
  return approval;
}

wire::Node refusal(const Error& error) {
  switch (error.cause) {
    case Cause::kPairingHmacMismatch: return wire::Node("error").with("code", "401").with("text", "hmac-mismatch");
    case Cause::kPairingSignatureMismatch:
      return wire::Node("error").with("code", "401").with("text", "signature-mismatch");
    default: return wire::Node("error").with("code", "500").with("text", "internal-error");
  }
}

}  // namespace ponte::protocol::pairing
