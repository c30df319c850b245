#include "simulator/prekey_answers.h"

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/digest.h"
#include "simulator/messaging_answers.h"
#include "simulator/messaging_bundles.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Node;

constexpr std::uint32_t kLastPrekeyId = 0xFFFFFF;
constexpr std::size_t kMostInOneUpload = 2000;

Error bad_upload(std::string message) {
  return {Errc::kInvalidArgument, Cause::kStanzaUnexpected, std::move(message)};
}

Result<ByteView> child_bytes(const Node& parent, std::string_view tag, std::size_t size) {
  const Node* child = parent.find(tag);
  if (child == nullptr) return bad_upload(parent.tag + ": " + std::string(tag) + " is missing");
  return child->leaf_of_size(size);
}

Result<std::uint32_t> read_id(const Node& parent) {
  PONTE_ASSIGN(const ByteView bytes, child_bytes(parent, "id", 3));
  const auto id = static_cast<std::uint32_t>(Reader(bytes).big_endian(3).value_or(0));
  if (id == 0) return bad_upload(parent.tag + ": id 0");
  return id;
}

Result<Prekey> read_prekey(const Node& key) {
  Prekey out;
  if (key.tag != "key") return bad_upload("list: expected key, got " + key.tag);
  PONTE_ASSIGN(out.id, read_id(key));
  PONTE_ASSIGN(const ByteView value, child_bytes(key, "value", 32));
  out.key = to_array<32>(value);
  return out;
}

Result<SignedPrekey> read_signed_prekey(const Node& parent, const crypto::PublicKey& identity) {
  const Node* skey = parent.find("skey");
  if (skey == nullptr) return bad_upload("skey is missing");
  SignedPrekey out;
  PONTE_ASSIGN(out.id, read_id(*skey));
  PONTE_ASSIGN(const ByteView value, child_bytes(*skey, "value", 32));
  PONTE_ASSIGN(const ByteView signature, child_bytes(*skey, "signature", 64));
  out.key = to_array<32>(value);
  out.signature = to_array<64>(signature);
  if (!signed_prekey_valid(identity, out)) return bad_upload("skey: the signature is not the identity's");
  return out;
}

/// Ids grow from upload to upload and start again at 1 after the last.
bool id_is_new(const Companion& companion, const std::vector<Prekey>& batch, std::uint32_t id) {
  const std::uint32_t before = batch.empty() ? companion.highest_prekey_id : batch.back().id;
  return id > before || before == kLastPrekeyId;
}

/// What the server has, or had from the last upload and has handed out since: a client whose result got lost offers it
/// again (wire: pairing.md 8.3). Whether the key is the same where it is gone, reused_prekeys knows.
bool is_repeated(const Companion& companion, const Prekey& prekey) {
  for (const Prekey& had : companion.prekeys) {
    if (had.id == prekey.id) return had.key == prekey.key;
  }
  return prekey.id >= companion.last_upload_from && prekey.id <= companion.highest_prekey_id;
}

/// True where the device had another key under this id.
bool is_reused(PrekeyUses& uses, std::string_view kind, std::uint32_t id, const crypto::PublicKey& key) {
  std::string name = uses.device;
  name.append(kind).append(std::to_string(id));
  return uses.used_keys.note(as_bytes(name), key) == UsedValues::Found::kOther;
}

std::string reuse_text(const char* what, std::uint32_t id) {
  return std::string(what) + " id " + std::to_string(id) + " was used before, with another key";
}

/// The new ones among the keys of an upload.
Result<std::vector<Prekey>> read_list(const Node& list, const Companion& companion) {
  std::vector<Prekey> batch;
  batch.reserve(list.children().size());
  for (const Node& key : list.children()) {
    PONTE_ASSIGN(const Prekey prekey, read_prekey(key));
    if (id_is_new(companion, batch, prekey.id)) {
      batch.push_back(prekey);
    } else if (!is_repeated(companion, prekey)) {
      return bad_upload("key id " + std::to_string(prekey.id) + " was offered before");
    }
  }
  return batch;
}

Status store_upload(const Node& request, Companion& companion) {
  PONTE_ASSIGN(const ByteView registration, child_bytes(request, "registration", 4));
  PONTE_ASSIGN(const ByteView type, child_bytes(request, "type", 1));
  PONTE_ASSIGN(const ByteView identity, child_bytes(request, "identity", 32));
  if (Reader(registration).big_endian(4) != companion.keys.registration_id)
    return bad_upload("registration id is not the device's");
  if (type[0] != 0x05) return bad_upload("type: expected 05");
  if (!equal(identity, companion.keys.identity)) return bad_upload("identity is not the device's");
  PONTE_ASSIGN(const SignedPrekey skey, read_signed_prekey(request, companion.keys.identity));
  const Node* list = request.find("list");
  if (list == nullptr || list->children().empty()) return bad_upload("list is missing or empty");
  if (list->children().size() > kMostInOneUpload) return bad_upload("list: more than 2000 keys");

  PONTE_ASSIGN(const std::vector<Prekey> batch, read_list(*list, companion));
  companion.keys.signed_prekey = skey;
  if (batch.empty()) return Status::Ok();
  companion.last_upload_from = read_prekey(list->children().front())->id;
  companion.highest_prekey_id = batch.back().id;
  companion.prekeys_uploaded += batch.size();
  ++companion.uploads;
  companion.prekeys.insert(companion.prekeys.end(), batch.begin(), batch.end());
  return Status::Ok();
}

Node answer_digest(const Node& request, const Companion& companion) {
  if (companion.highest_prekey_id == 0) return iq_error(request, 404, "item-not-found");
  const SignedPrekey& skey = companion.keys.signed_prekey;
  Bytes hashed = concat({companion.keys.identity, skey.key, skey.signature});
  Node list("list");
  for (const Prekey& prekey : companion.prekeys) {
    list.child(Node("id").bytes(big_endian_array<3>(prekey.id)));
    append(hashed, prekey.key);
  }
  Node digest("digest");
  digest.child(Node("registration").bytes(big_endian_array<4>(companion.keys.registration_id)));
  digest.child(Node("type").bytes(ByteArray<1>{0x05}));
  digest.child(Node("identity").bytes(companion.keys.identity));
  digest.child(signed_prekey_node(skey));
  digest.child(std::move(list));
  digest.child(Node("hash").bytes(crypto::sha1(hashed)));
  return iq_result(request).child(std::move(digest));
}

Node refuse(const Node& request, const Error& error, Asking& asking) {
  asking.violations.push_back("encrypt: " + error.message);
  return iq_error(request, 406, "not-acceptable");
}

}  // namespace

std::optional<std::string> reused_signed_prekey(const SignedPrekey& prekey, PrekeyUses& uses) {
  if (!is_reused(uses, " signed ", prekey.id, prekey.key)) return std::nullopt;
  return reuse_text("signed prekey", prekey.id);
}

std::vector<std::string> reused_prekeys(const Node& request, PrekeyUses& uses) {
  std::vector<std::string> out;
  const Node* rotation = request.find("rotate");
  const auto skey = read_signed_prekey(rotation != nullptr ? *rotation : request, uses.identity);
  if (skey.ok()) {
    if (auto text = reused_signed_prekey(*skey, uses)) out.push_back(std::move(*text));
  }
  const Node* list = request.find("list");
  if (list == nullptr) return out;
  std::optional<std::uint32_t> first;
  for (const Node& key : list->children()) {
    const auto prekey = read_prekey(key);
    if (prekey.ok() && is_reused(uses, " prekey ", prekey->id, prekey->key) && !first) first = prekey->id;
  }
  if (first) out.push_back(reuse_text("prekey", *first));
  return out;
}

Node answer_encrypt(const Node& request, Asking& asking) {
  Companion& companion = asking.companion;
  if (request.find("count") != nullptr) {
    return iq_result(request).child(Node("count").with("value", std::to_string(companion.prekeys.size())));
  }
  if (request.find("key") != nullptr) return answer_bundles(request, asking);
  if (request.find("digest") != nullptr) return answer_digest(request, companion);
  if (const Node* rotate = request.find("rotate")) {
    auto skey = read_signed_prekey(*rotate, companion.keys.identity);
    if (!skey.ok()) return refuse(request, skey.error(), asking);
    companion.keys.signed_prekey = *skey;
    return iq_result(request);
  }
  if (request.find("registration") != nullptr) {
    if (Status stored = store_upload(request, companion); !stored.ok()) return refuse(request, stored.error(), asking);
  }
  return iq_result(request);
}

}  // namespace ponte::simulator
