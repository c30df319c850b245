#include "simulator/messaging_bundles.h"

#include <algorithm>

#include "base/writer.h"
#include "crypto/base64.h"
#include "crypto/digest.h"
#include "simulator/adv.h"

namespace ponte::simulator {

using protocol::wire::Jid;
using protocol::wire::Node;

Node signed_prekey_node(const SignedPrekey& prekey) {
  return Node("skey")
      .child(Node("id").bytes(big_endian_array<3>(prekey.id)))
      .child(Node("value").bytes(prekey.key))
      .child(Node("signature").bytes(prekey.signature));
}

Node prekey_node(const Prekey& prekey) {
  return Node("key").child(Node("id").bytes(big_endian_array<3>(prekey.id))).child(Node("value").bytes(prekey.key));
}

std::optional<crypto::PrekeyBundle> take_bundle(Companion& device) {
  if (device.uploads == 0) return std::nullopt;
  crypto::PrekeyBundle out;
  out.registration_id = device.keys.registration_id;
  out.identity = device.keys.identity;
  out.signed_prekey_id = device.keys.signed_prekey.id;
  out.signed_prekey = device.keys.signed_prekey.key;
  out.signature = device.keys.signed_prekey.signature;
  if (!device.prekeys.empty()) {
    out.one_time = {device.prekeys.front().id, device.prekeys.front().key};
    device.prekeys.erase(device.prekeys.begin());
  }
  return out;
}

Node take_bundle_node(const Jid& asked, Companion& device) {
  Node user("user");
  user.with("jid", asked);
  const auto bundle = take_bundle(device);
  if (!bundle) return user.child(Node("error").with("code", "406").with("text", "not-acceptable"));
  user.child(Node("registration").bytes(big_endian_array<4>(bundle->registration_id)));
  user.child(Node("type").bytes(ByteArray<1>{0x05}));
  user.child(Node("identity").bytes(bundle->identity));
  if (bundle->one_time) user.child(prekey_node({bundle->one_time->id, bundle->one_time->key}));
  user.child(signed_prekey_node(device.keys.signed_prekey));
  if (!device.device_identity.empty()) user.child(Node("device-identity").bytes(device.device_identity));
  return user;
}

Node devices_node(const Seed& seed, const Account& account, Wall wall) {
  Node list("device-list");
  list.child(Node("device").with("id", "0"));
  for (const auto& [device, companion] : account.companions) {
    list.child(
        Node("device").with("id", std::to_string(device)).with("key-index", std::to_string(companion.key_index)));
  }
  Node out("devices");
  out.child(std::move(list));
  if (!account.companions.empty()) {
    out.child(Node("key-index-list")
                  .with("ts", std::to_string(unix_seconds(wall)))
                  .bytes(signed_key_index_list(seed, account, wall)));
  }
  return out;
}

std::string participant_hash(const std::vector<Jid>& devices) {
  std::vector<std::string> names;
  names.reserve(devices.size());
  for (const Jid& jid : devices) {
    names.push_back(jid.user + ".0:" + std::to_string(jid.device) + "@" + jid.server);
  }
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all += name;
  const auto digest = crypto::sha256(as_bytes(all));
  return "2:" + crypto::base64(ByteView(digest).first(6));
}

}  // namespace ponte::simulator
