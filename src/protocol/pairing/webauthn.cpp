#include "protocol/pairing/webauthn.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "crypto/base64.h"
#include "crypto/digest.h"

namespace ponte::protocol::pairing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxOptionsSize = 16u << 10;
constexpr std::size_t kMaxAssertionSize = 32u << 10;
constexpr std::size_t kFlagsAt = 32;                 // behind the hash of the relying party
constexpr std::size_t kLeastAuthenticatorData = 37;  // hash, flags, a counter of 4 bytes
constexpr std::uint8_t kUserPresent = 0x01;
constexpr std::uint8_t kUserVerified = 0x04;

Error invalid(std::string what) {
  return {Errc::kInvalidArgument, Cause::kInvalidAssertion, std::move(what)};
}

Json parse(std::string_view text) {
  return Json::parse(text, nullptr, false);
}

std::optional<std::string> text_of(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name) || !object[name].is_string()) return std::nullopt;
  return object[name].get<std::string>();
}

/// A binary member as it was written, and what it stands for.
struct Binary {
  std::string text;
  Bytes bytes;
};
Result<Binary> binary_of(const Json& object, const char* name, const std::string& path) {
  const auto text = text_of(object, name);
  auto bytes = crypto::from_base64_url(text.value_or(""));
  if (!text || !bytes.ok() || bytes->empty()) {
    return invalid(path + name + ": expected base64url without padding");
  }
  return Binary{*text, std::move(*bytes)};
}

bool is_origin_of(std::string_view origin, std::string_view relying_party) {
  constexpr std::string_view kScheme = "https://";
  if (!origin.starts_with(kScheme)) return false;
  const std::string_view host = origin.substr(kScheme.size());
  if (host == relying_party) return true;
  return host.size() > relying_party.size() && host.ends_with(relying_party) &&
         host[host.size() - relying_party.size() - 1] == '.' && host.find_first_of("/:@?#") == std::string_view::npos;
}

Status check_client_data(ByteView client_data, const RequestOptions& options) {
  const std::string path = "response.clientDataJSON.";
  const Json parsed = parse(as_text(client_data));
  if (!parsed.is_object()) return invalid("response.clientDataJSON: expected a JSON object in base64url");
  if (text_of(parsed, "type") != "webauthn.get") return invalid(path + "type: expected webauthn.get");
  if (text_of(parsed, "challenge") != options.challenge) {
    return invalid(path + "challenge: expected that of the current request options; an earlier one is worth nothing");
  }
  if (!is_origin_of(text_of(parsed, "origin").value_or(""), options.relying_party)) {
    return invalid(path + "origin: expected https and " + options.relying_party + " or a host below it");
  }
  return Status::Ok();
}

Status check_authenticator_data(ByteView data, const RequestOptions& options) {
  const std::string path = "response.authenticatorData: ";
  if (data.size() < kLeastAuthenticatorData) {
    return invalid(path + "expected 37 bytes or more, got " + std::to_string(data.size()));
  }
  if (!equal(data.first(kFlagsAt), crypto::sha256(as_bytes(options.relying_party)))) {
    return invalid(path + "expected it to be for " + options.relying_party);
  }
  if ((data[kFlagsAt] & kUserPresent) == 0) return invalid(path + "expected a user who was present");
  if ((data[kFlagsAt] & kUserVerified) == 0) return invalid(path + "expected a user who was verified");
  return Status::Ok();
}

/// base64url, or absent or null: a passkey that is not discoverable names no user.
Result<Json> user_handle(const Json& response) {
  if (!response.contains("userHandle") || response["userHandle"].is_null()) return Json(nullptr);
  PONTE_ASSIGN(const Binary handle, binary_of(response, "userHandle", "response."));
  return Json(handle.text);
}

}  // namespace

Result<RequestOptions> parse_request_options(std::string_view json) {
  const auto malformed = [](const char* what) {
    return Error{Errc::kMalformed, Cause::kPairingMalformed, std::string("passkey request options: ") + what};
  };
  if (json.size() > kMaxOptionsSize) return malformed("expected at most 16 KiB");
  const Json parsed = parse(json);
  if (!parsed.is_object()) return malformed("expected a JSON object");
  RequestOptions options{text_of(parsed, "challenge").value_or(""), text_of(parsed, "rpId").value_or("whatsapp.com")};
  if (options.challenge.empty() || !crypto::from_base64_url(options.challenge).ok()) {
    return malformed("challenge: expected base64url");
  }
  return options;
}

Result<command::SubmitAssertion> read_assertion(std::string_view json, const RequestOptions& options) {
  if (json.size() > kMaxAssertionSize) return invalid("expected at most 32 KiB");
  const Json parsed = parse(json);
  if (!parsed.is_object()) return invalid("expected a JSON object");
  PONTE_ASSIGN(Binary raw_id, binary_of(parsed, "rawId", ""));
  if (text_of(parsed, "id") != raw_id.text) return invalid("id: expected the same text as rawId");
  if (text_of(parsed, "type") != "public-key") return invalid("type: expected public-key");
  const Json response = parsed.contains("response") ? parsed["response"] : Json();
  if (!response.is_object()) return invalid("response: expected an object");
  PONTE_ASSIGN(const Binary client_data, binary_of(response, "clientDataJSON", "response."));
  PONTE_ASSIGN(const Binary authenticator_data, binary_of(response, "authenticatorData", "response."));
  PONTE_ASSIGN(const Binary signature, binary_of(response, "signature", "response."));
  PONTE_ASSIGN(const Json handle, user_handle(response));
  PONTE_TRY(check_client_data(client_data.bytes, options));
  PONTE_TRY(check_authenticator_data(authenticator_data.bytes, options));

  Json out = {{"id", raw_id.text}, {"rawId", raw_id.text}, {"type", "public-key"}};
  out["response"] = {{"clientDataJSON", client_data.text},
                     {"authenticatorData", authenticator_data.text},
                     {"signature", signature.text},
                     {"userHandle", handle}};
  return command::SubmitAssertion{std::move(raw_id.bytes), out.dump()};
}

}  // namespace ponte::protocol::pairing
