#include "protocol/devices/key_digest.h"

#include "base/reader.h"
#include "crypto/digest.h"

namespace ponte::protocol::devices {
namespace {

using wire::Node;

Error damaged(std::string what) {
  return {Errc::kMalformed, Cause::kStanzaUnexpected, "digest: " + std::move(what)};
}

Result<const Node*> child_of(const Node& parent, std::string_view tag) {
  const Node* child = parent.find(tag);
  if (child == nullptr) return damaged("expected <" + std::string(tag) + "> in <" + parent.tag + ">, came none");
  return child;
}

template <std::size_t N>
Result<ByteArray<N>> bytes_of(const Node& leaf) {
  auto bytes = leaf.leaf_of_size(N);
  if (!bytes.ok()) return damaged(bytes.error().message);
  return to_array<N>(*bytes);
}

template <std::size_t N>
Result<ByteArray<N>> child_bytes(const Node& parent, std::string_view tag) {
  PONTE_ASSIGN(const Node* child, child_of(parent, tag));
  return bytes_of<N>(*child);
}

Result<std::uint32_t> id_of(const Node& leaf) {
  PONTE_ASSIGN(const auto bytes, bytes_of<3>(leaf));
  const auto id = static_cast<std::uint32_t>(Reader(bytes).big_endian(3).value_or(0));
  if (id == 0) return damaged("expected an id from 1 on, came 0");
  return id;
}

}  // namespace

Result<KeyDigest> parse_key_digest(const Node& iq) {
  PONTE_ASSIGN(const Node* digest, child_of(iq, "digest"));
  KeyDigest out;
  PONTE_ASSIGN(const auto registration, child_bytes<4>(*digest, "registration"));
  out.registration_id = static_cast<std::uint32_t>(Reader(registration).big_endian(4).value_or(0));
  PONTE_ASSIGN(const auto type, child_bytes<1>(*digest, "type"));
  if (type[0] != 0x05) return damaged("expected type 5, came " + std::to_string(type[0]));
  PONTE_ASSIGN(out.identity, child_bytes<32>(*digest, "identity"));

  PONTE_ASSIGN(const Node* skey, child_of(*digest, "skey"));
  PONTE_ASSIGN(const Node* skey_id, child_of(*skey, "id"));
  PONTE_ASSIGN(out.signed_prekey_id, id_of(*skey_id));
  PONTE_ASSIGN(out.signed_prekey, child_bytes<32>(*skey, "value"));
  PONTE_ASSIGN(out.signature, child_bytes<64>(*skey, "signature"));

  PONTE_ASSIGN(const Node* list, child_of(*digest, "list"));
  out.prekey_ids.reserve(list->children().size());
  for (const Node& listed : list->children()) {
    PONTE_ASSIGN(const std::uint32_t id, id_of(listed));
    out.prekey_ids.push_back(id);
  }
  PONTE_ASSIGN(out.hash, child_bytes<20>(*digest, "hash"));
  return out;
}

ByteArray<20> key_digest_hash(const KeyDigest& digest, const std::vector<ByteView>& prekeys) {
  Bytes hashed = concat({digest.identity, digest.signed_prekey, digest.signature});
  hashed.reserve(hashed.size() + 32 * prekeys.size());
  for (const ByteView key : prekeys) append(hashed, key);
  return crypto::sha1(hashed);
}

}  // namespace ponte::protocol::devices
