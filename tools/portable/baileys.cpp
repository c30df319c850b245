#include "portable/baileys.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "adv.pb.h"
#include "crypto/base64.h"
#include "portable/files.h"

namespace ponte::portable {
namespace {

using protocol::wire::Jid;

constexpr std::size_t kLongestFile = 16 << 20;
constexpr std::string_view kEnding = ".json";
constexpr std::string_view kReverse = "_reverse";

Error not_whole(std::string_view what) {
  return malformed("creds.json is not whole: expected " + std::string(what));
}

/// A pair of keys that belong together.
std::optional<crypto::KeyPair> pair_of(const Json& json) {
  auto private_key = secret_of<32>(field(json, "private"));
  const auto public_key = public_key_of(field(json, "public"));
  if (!private_key || !public_key) return std::nullopt;
  crypto::KeyPair pair = crypto::key_pair_from_private(std::move(*private_key));
  return pair.public_key == *public_key ? std::optional(std::move(pair)) : std::nullopt;
}

Result<store::Credentials> credentials_of(const Json& creds) {
  const Json& signed_prekey = field(creds, "signedPreKey");
  auto noise = pair_of(field(creds, "noiseKey"));
  auto identity = pair_of(field(creds, "signedIdentityKey"));
  auto signed_pair = pair_of(field(signed_prekey, "keyPair"));
  const auto signed_id = number_of(field(signed_prekey, "keyId"));
  const auto signature = bytes_of(field(signed_prekey, "signature"));
  const auto registration_id = number_of(field(creds, "registrationId"));
  auto adv_secret = secret_of<32>(field(creds, "advSecretKey"));
  if (!noise) return not_whole("noiseKey, a pair of keys that belong together");
  if (!identity) return not_whole("signedIdentityKey, a pair of keys that belong together");
  if (!signed_pair || !signed_id || *signed_id > kLargestPrekeyId || !signature || signature->view().size() != 64)
    return not_whole("signedPreKey, with its signature");
  if (!registration_id || !adv_secret) return not_whole("registrationId and advSecretKey");
  store::Credentials credentials;
  credentials.noise = std::move(*noise);
  credentials.identity = std::move(*identity);
  credentials.signed_prekey = {*signed_id, std::move(*signed_pair), to_array<64>(signature->view())};
  credentials.registration_id = *registration_id;
  credentials.adv_secret = std::move(*adv_secret);
  return credentials;
}

std::string text_at(const Json& json, std::string_view name) {
  return text_of(field(json, name)).value_or("");
}

/// Bytes of a field as a protobuf has them; empty where there are none.
std::string raw_at(const Json& json, std::string_view name) {
  const auto bytes = bytes_of(field(json, name));
  return bytes ? to_text(bytes->view()) : "";
}

Result<store::Account> account_of(const Json& creds, Wall now) {
  const Json& signed_identity = field(creds, "account");
  const Json& me = field(creds, "me");
  if (signed_identity.is_null() || me.is_null()) {
    return Error{Errc::kUnsupported, Cause::kInvalidField,
                 "this device is not linked: creds.json has no account. There is nothing to import"};
  }
  proto::ADVSignedDeviceIdentity identity;
  identity.set_details(raw_at(signed_identity, "details"));
  identity.set_account_signature_key(raw_at(signed_identity, "accountSignatureKey"));
  identity.set_account_signature(raw_at(signed_identity, "accountSignature"));
  identity.set_device_signature(raw_at(signed_identity, "deviceSignature"));
  if (identity.details().empty() || identity.account_signature_key().size() != 32 ||
      identity.account_signature().size() != 64 || identity.device_signature().size() != 64)
    return not_whole("account, with its signatures");
  const auto jid = Jid::parse(text_at(me, "id"));
  const auto lid = Jid::parse(text_at(me, "lid"));
  store::Account account;
  account.jid = jid ? jid->to_string() : "";
  account.lid = lid ? lid->to_string() : "";
  account.signed_device_identity = to_bytes(identity.SerializeAsString());
  account.platform = text_at(creds, "platform");
  account.push_name = text_at(me, "name");
  account.paired_at = now;
  return account;
}

// ---- the other files --------------------------------------------------------------------------------

/// What stands between the kind of a file and its ending.
struct Source {
  std::string_view id;
  const Json& value;
  const OwnSide& own;
};

void take_prekey(const Source& source, Adoption& into) {
  std::uint32_t id = 0;
  const char* end = source.id.data() + source.id.size();
  const auto [at, error] = std::from_chars(source.id.data(), end, id);
  const auto pair = pair_of(source.value);
  if (error != std::errc() || at != end || !pair) return into.count_unreadable();
  into.add_prekey(id, pair->private_key);
}

void take_mapping(const Source& source, Adoption& into) {
  const auto other = text_of(source.value);
  if (!other) return into.count_unreadable();
  if (!source.id.ends_with(kReverse)) return into.add_mapping(source.id, *other);
  into.add_mapping(*other, source.id.substr(0, source.id.size() - kReverse.size()));
}

/// `user.device`.
std::pair<std::string_view, std::string_view> split_address(std::string_view text) {
  const std::size_t dot = text.rfind('.');
  if (dot == text.npos) return {text, ""};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

void take_identity(const Source& source, Adoption& into) {
  const auto [name, device] = split_address(source.id);
  const auto identity = public_key_of(source.value);
  if (!identity) return into.count_unreadable();
  into.add_identity(name, device, *identity);
}

void take_session(const Source& source, Adoption& into) {
  const auto [name, device] = split_address(source.id);
  into.add_session(name, device, sessions_of_baileys(source.value, source.own));
}

/// `group::user::device`, each colon written as a dash.
void take_sender_key(const Source& source, Adoption& into) {
  constexpr std::string_view kBetween = "--";
  const std::size_t last = source.id.rfind(kBetween);
  const std::size_t first = last == source.id.npos || last == 0 ? source.id.npos : source.id.rfind(kBetween, last - 1);
  if (first == source.id.npos) return into.add_sender_key("", "", "", std::nullopt);
  const std::string_view group = source.id.substr(0, first);
  const std::string_view name = source.id.substr(first + kBetween.size(), last - first - kBetween.size());
  const std::string_view device = source.id.substr(last + kBetween.size());
  // JSON within the bytes of a JSON.
  const auto bytes = bytes_of(source.value);
  const WipedJson inner(bytes ? bytes->view() : ByteView());
  into.add_sender_key(group, name, device, inner.ok() ? sender_keys_of_baileys(inner.value()) : std::nullopt);
}

void take_app_state_key(const Source& source, Adoption& into) {
  std::string id(source.id);
  for (std::size_t at = id.find("__"); at != id.npos; at = id.find("__", at)) id.replace(at, 2, "/");
  const auto bytes = crypto::from_base64(id);
  if (!bytes.ok()) return into.count_unreadable();
  into.add_app_state_key(*bytes, secret_of<32>(field(source.value, "keyData")),
                         long_of(field(source.value, "timestamp")).value_or(0));
}

void take_privacy_token(const Source& source, Adoption& into) {
  if (source.id.starts_with("__")) return;  // a list of those that are there
  const auto token = bytes_of(field(source.value, "token"));
  into.add_privacy_token(source.id, token ? token->view() : ByteView(),
                         long_of(field(source.value, "timestamp")).value_or(0),
                         long_of(field(source.value, "senderTimestamp")));
}

struct Kind {
  std::string_view prefix;
  void (*take)(const Source& source, Adoption& into);  ///< null: known, and not taken
};

/// In the order in which they must be read. The first prefix that fits counts.
constexpr std::array kKinds{
    Kind{"lid-mapping-", take_mapping},
    Kind{"pre-key-", take_prekey},
    Kind{"identity-key-", take_identity},
    Kind{"session-", take_session},
    Kind{"sender-key-memory-", nullptr},
    Kind{"sender-key-", take_sender_key},
    Kind{"app-state-sync-key-", take_app_state_key},
    Kind{"tctoken-", take_privacy_token},
};

const Kind* kind_of(std::string_view name) {
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(), [name](const Kind& kind) { return name.starts_with(kind.prefix); });
  return found == kKinds.end() || !name.ends_with(kEnding) ? nullptr : &*found;
}

Status read_files(const std::string& folder, const std::vector<std::string>& names, const Kind& kind,
                  const OwnSide& own, Adoption& into) {
  for (const std::string& name : names) {
    if (kind_of(name) != &kind) continue;
    PONTE_ASSIGN(const SecretBytes text, read_file(folder + "/" + name, kLongestFile));
    const WipedJson json(text.view());
    const std::string_view id =
        std::string_view(name).substr(kind.prefix.size(), name.size() - kind.prefix.size() - kEnding.size());
    kind.take({id, json.value(), own}, into);
  }
  return Status::Ok();
}

}  // namespace

Status read_baileys(const std::string& folder, Wall now, Adoption& into) {
  PONTE_ASSIGN(const auto names, names_in(folder));
  if (!std::binary_search(names.begin(), names.end(), "creds.json")) {
    return Error{Errc::kUnsupported, Cause::kInvalidField, "there is no creds.json in the folder"};
  }
  PONTE_ASSIGN(const SecretBytes text, read_file(folder + "/creds.json", kLongestFile));
  const WipedJson creds(text.view());
  if (!creds.ok() || !creds.value().is_object()) return malformed("creds.json is no JSON object");
  PONTE_ASSIGN(const store::Account account, account_of(creds.value(), now));
  PONTE_ASSIGN(const store::Credentials credentials, credentials_of(creds.value()));
  PONTE_TRY(into.set_device(credentials, account));
  const OwnSide own{credentials.identity.public_key, credentials.registration_id};
  for (const Kind& kind : kKinds) {
    if (kind.take != nullptr) PONTE_TRY(read_files(folder, names, kind, own, into));
  }
  if (const auto next = number_of(field(creds.value(), "nextPreKeyId"))) {
    into.set_next_prekey_id(*next);
  } else {
    into.pass_over_prekey_ids();
  }
  return Status::Ok();
}

}  // namespace ponte::portable
