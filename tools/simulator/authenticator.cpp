#include "simulator/authenticator.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "crypto/base64.h"
#include "crypto/compare.h"
#include "crypto/digest.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kRelyingParty = "whatsapp.com";
constexpr std::string_view kOrigin = "https://web.whatsapp.com";
constexpr std::string_view kType = "public-key";
constexpr std::string_view kCeremony = "webauthn.get";
constexpr std::size_t kFlagsAt = 32;                 // behind the relying party's hash
constexpr std::size_t kLeastAuthenticatorData = 37;  // hash, flags, a counter of 4 bytes
constexpr std::uint8_t kUserVerified = 0x04;
/// User present, user verified, and a passkey that may be and is kept in several places.
constexpr std::uint8_t kFlags = 0x01 | kUserVerified | 0x08 | 0x10;

Error malformed(std::string message) {
  return {Errc::kMalformed, Cause::kInvalidAssertion, "webauthn_assertion: " + std::move(message)};
}

Error rejected(std::string message) {
  return {Errc::kRejected, Cause::kPasskeyRejected, "webauthn_assertion: " + std::move(message)};
}

json parse(std::string_view text) {
  return json::parse(text, nullptr, false);
}

std::optional<std::string> text_of(const json& object, const char* name) {
  if (!object.is_object() || !object.contains(name) || !object[name].is_string()) return std::nullopt;
  return object[name].get<std::string>();
}

/// A binary member; empty where it is absent or no base64url.
Bytes bytes_of(const json& object, const char* name) {
  auto bytes = crypto::from_base64_url(text_of(object, name).value_or(""));
  return bytes.ok() ? std::move(*bytes) : Bytes();
}

Status check_client_data(ByteView client_data, std::string_view challenge) {
  const json parsed = parse(as_text(client_data));
  if (text_of(parsed, "type") != kCeremony) return rejected("clientDataJSON.type: expected webauthn.get");
  if (text_of(parsed, "challenge") != challenge)
    return rejected("clientDataJSON.challenge: not the one that was issued");
  if (text_of(parsed, "origin") != kOrigin) return rejected("clientDataJSON.origin: expected " + std::string(kOrigin));
  return Status::Ok();
}

Status check_authenticator_data(ByteView data) {
  if (data.size() < kLeastAuthenticatorData) {
    return rejected("authenticatorData: expected 37 bytes or more, got " + std::to_string(data.size()));
  }
  if (!equal(data.first(kFlagsAt), crypto::sha256(as_bytes(kRelyingParty)))) {
    return rejected("authenticatorData: not for " + std::string(kRelyingParty));
  }
  if ((data[kFlagsAt] & kUserVerified) == 0) return rejected("authenticatorData: the user was not verified");
  return Status::Ok();
}

}  // namespace

Authenticator::Authenticator(const Seed& seed) {
  DerivedRandom random(seed, "passkey");
  credential_id_ = random.array<16>();
  key_ = Secret<32>(random.array<32>());
}

ByteArray<32> Authenticator::signature(ByteView authenticator_data, ByteView client_data) const {
  return crypto::hmac_sha256(key_.view(), authenticator_data, crypto::sha256(client_data));
}

Result<Assertion> Authenticator::sign(std::string_view options) const {
  const auto invalid = [](const char* message) {
    return Error{Errc::kInvalidArgument, Cause::kInvalidRequest, message};
  };
  const json asked = parse(options);
  const auto challenge = text_of(asked, "challenge");
  const auto relying_party = text_of(asked, "rpId");
  if (!challenge || bytes_of(asked, "challenge").empty()) return invalid("options.challenge: expected base64url");
  if (!relying_party) return invalid("options.rpId: expected a text");

  const std::string client_data =
      ordered_json{{"type", kCeremony}, {"challenge", *challenge}, {"origin", kOrigin}, {"crossOrigin", false}}.dump();
  Bytes data = to_bytes(crypto::sha256(as_bytes(*relying_party)));
  append(data, ByteArray<5>{kFlags, 0, 0, 0, 0});
  const std::string id = crypto::base64_url(credential_id_);
  const ordered_json response = {
      {"clientDataJSON", crypto::base64_url(as_bytes(client_data))},
      {"authenticatorData", crypto::base64_url(data)},
      {"signature", crypto::base64_url(signature(data, as_bytes(client_data)))},
      {"userHandle", nullptr},
  };
  const ordered_json assertion = {{"id", id},
                                  {"rawId", id},
                                  {"type", kType},
                                  {"authenticatorAttachment", "platform"},
                                  {"response", response},
                                  {"clientExtensionResults", json::object()}};
  return Assertion{to_bytes(credential_id_), assertion.dump()};
}

Status Authenticator::check(ByteView assertion, ByteView credential_id, std::string_view challenge) const {
  const json parsed = parse(as_text(assertion));
  if (!parsed.is_object()) return malformed("expected a JSON object");
  if (!equal(bytes_of(parsed, "rawId"), credential_id)) return malformed("rawId: not the credential_id");
  if (text_of(parsed, "id") != text_of(parsed, "rawId")) return rejected("id: not the rawId");
  if (text_of(parsed, "type") != kType) return rejected("type: expected public-key");
  const json response = parsed.value("response", json());
  const Bytes client_data = bytes_of(response, "clientDataJSON");
  const Bytes authenticator_data = bytes_of(response, "authenticatorData");
  PONTE_TRY(check_client_data(client_data, challenge));
  PONTE_TRY(check_authenticator_data(authenticator_data));
  if (!equal(credential_id, credential_id_)) return rejected("rawId: no passkey of this account");
  const auto expected = signature(authenticator_data, client_data);
  if (!crypto::equal_constant_time(bytes_of(response, "signature"), expected)) {
    return rejected("signature: not the passkey's");
  }
  return Status::Ok();
}

}  // namespace ponte::simulator
