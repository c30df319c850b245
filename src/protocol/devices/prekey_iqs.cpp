#include "protocol/devices/prekey_iqs.h"

#include "base/writer.h"

namespace ponte::protocol::devices {
namespace {

using wire::Node;

Node id_node(std::uint32_t id) {
  return Node("id").bytes(big_endian_array<3>(id));
}

Node signed_prekey_node(const store::SignedPrekey& signed_prekey) {
  return Node("skey")
      .child(id_node(signed_prekey.id))
      .child(Node("value").bytes(signed_prekey.pair.public_key))
      .child(Node("signature").bytes(signed_prekey.signature));
}

}  // namespace

Node upload_iq(const store::Credentials& credentials, const std::vector<PublicPrekey>& prekeys) {
  Node list("list");
  for (const PublicPrekey& prekey : prekeys) {
    list.child(Node("key").child(id_node(prekey.id)).child(Node("value").bytes(prekey.key)));
  }
  return wire::server_iq("encrypt", "set")
      .child(Node("registration").bytes(big_endian_array<4>(credentials.registration_id)))
      .child(Node("type").bytes(ByteArray<1>{0x05}))
      .child(Node("identity").bytes(credentials.identity.public_key))
      .child(std::move(list))
      .child(signed_prekey_node(credentials.signed_prekey));
}

Node rotate_iq(const store::SignedPrekey& signed_prekey) {
  return wire::server_iq("encrypt", "set").child(Node("rotate").child(signed_prekey_node(signed_prekey)));
}

Node prekey_query(std::string_view what) {
  return wire::server_iq("encrypt", "get").child(Node(what));
}

Result<std::uint64_t> read_prekey_count(const Node& parent) {
  const Node* count = parent.find("count");
  if (count == nullptr) {
    return Error{Errc::kMalformed, Cause::kStanzaUnexpected, "expected <count> in <" + parent.tag + ">, came none"};
  }
  if (!count->attribute("value")) return std::uint64_t{0};
  const auto value = count->number("value");
  if (!value)
    return Error{Errc::kMalformed, Cause::kStanzaUnexpected, "expected a number in <count>, came another text"};
  return *value;
}

}  // namespace ponte::protocol::devices
