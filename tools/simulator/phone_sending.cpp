#include <algorithm>
#include <array>
#include <cctype>

#include "base/hex.h"
#include "crypto/signal/padding.h"
#include "crypto/signal/sender_keys.h"
#include "simulator/messaging_bundles.h"
#include "simulator/messaging_checks.h"
#include "simulator/phone_messaging.h"
#include "simulator/phones.h"
#include "simulator/world.h"

namespace ponte::simulator {

using protocol::wire::Jid;
using protocol::wire::Node;

namespace {

constexpr std::size_t kSentKept = 20'000;

Error nobody(std::string message) {
  return {Errc::kNotFound, Cause::kInvalidNumber, std::move(message)};
}

Jid jid_of(const Account& account, std::uint16_t device, Addressing addressing) {
  return addressing == Addressing::kLid ? account.lid(device) : account.jid(device);
}

Node enc_node(std::string_view type, Bytes bytes, SendDefect defect) {
  if (defect == SendDefect::kDamaged) bytes[bytes.size() / 2] ^= 0x10;
  return Node("enc").with("v", "2").with("type", type).bytes(bytes);
}

}  // namespace

std::optional<SendDefect> send_defect_from_name(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, SendDefect>, 6> kNames = {
      {{"none", SendDefect::kNone},
       {"unknown-session", SendDefect::kUnknownSession},
       {"damaged", SendDefect::kDamaged},
       {"no-distribution", SendDefect::kNoDistribution},
       {"bad-padding", SendDefect::kBadPadding},
       {"no-message", SendDefect::kNoMessage}}};
  for (const auto& [known, defect] : kNames) {
    if (known == name) return defect;
  }
  return std::nullopt;
}

std::string PhoneMessaging::fresh_id() {
  std::string out = "3EB0" + to_hex(random_.array<9>());
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

void PhoneMessaging::post(Node stanza) {
  world_.router.submit_simulated(id_, std::move(stanza));
}

Bytes PhoneMessaging::padded(ByteView message, SendDefect defect) {
  if (defect == SendDefect::kBadPadding) return concat({message, ByteArray<3>{0x07, 0x02, 0x03}});
  if (defect == SendDefect::kNoMessage) return crypto::pad(Bytes(12, 0xFF), random_);
  return crypto::pad(message, random_);
}

std::vector<DeviceId> PhoneMessaging::devices_of(const Account& account) const {
  std::vector<DeviceId> out;
  for (const std::uint16_t device : account.reachable()) {
    if (DeviceId one{account.number, device}; one != id_) out.push_back(std::move(one));
  }
  return out;
}

crypto::SenderKeyName PhoneMessaging::own_sender_key(const Jid& group) const {
  return {group.to_string(), signal_address(account_, id_.device)};
}

Status PhoneMessaging::begin_session(const DeviceId& device) {
  Account* account = world_.accounts.find(device.number);
  Companion* companion = account == nullptr ? nullptr : account->device(device.device);
  if (companion == nullptr) return nobody("there is no such device");
  if (PhoneMessaging* simulated = world_.phones.find(device)) simulated->top_up_prekeys();
  const auto bundle = take_bundle(*companion);
  if (!bundle) return nobody("the device has published no keys");
  world_.router.keys_used(device);
  crypto::SignalSessions sessions(store_, random_);
  auto began = sessions.process_bundle(signal_address(*account, device.device), *bundle);
  return began.ok() ? Status::Ok() : Status(began.error());
}

Result<Node> PhoneMessaging::encrypt_for(const DeviceId& device, ByteView plaintext, SendDefect defect) {
  Account* account = world_.accounts.find(device.number);
  if (account == nullptr) return nobody("there is no such phone");
  const crypto::SignalAddress address = signal_address(*account, device.device);
  if (defect == SendDefect::kUnknownSession) {
    // A session of somebody else's: what is within its first message names keys that the receiver never saw.
    PhoneStore elsewhere(crypto::generate_key_pair(random_), random_);
    world_.phones.find(device);  // so that it has published its keys
    Companion* companion = account->device(device.device);
    Companion copy;
    if (companion != nullptr) {
      copy.keys = companion->keys;
      copy.uploads = companion->uploads;
    }
    const auto bundle = take_bundle(copy);
    if (!bundle) return nobody("the device has published no keys");
    crypto::SignalSessions sessions(elsewhere, random_);
    PONTE_ASSIGN([[maybe_unused]] const auto began, sessions.process_bundle(address, *bundle));
    PONTE_ASSIGN(const crypto::SignalCiphertext first, sessions.encrypt(address, plaintext));
    return enc_node("msg", inner_message(first.bytes), defect);
  }
  crypto::SignalSessions sessions(store_, random_);
  PONTE_ASSIGN(const auto open, sessions.session(address));
  if (!open) PONTE_TRY(begin_session(device));
  PONTE_ASSIGN(crypto::SignalCiphertext out, sessions.encrypt(address, plaintext));
  return enc_node(out.type == crypto::SignalMessageType::kPrekey ? "pkmsg" : "msg", std::move(out.bytes), defect);
}

Node PhoneMessaging::participants_of(const std::vector<std::pair<DeviceId, Bytes>>& plaintexts, Addressing addressing,
                                     SendDefect defect) {
  Node out("participants");
  for (const auto& [device, plaintext] : plaintexts) {
    // Who cannot be encrypted for is left out, as by any client.
    auto enc = encrypt_for(device, plaintext, defect);
    if (!enc.ok()) continue;
    const Account* account = world_.accounts.find(device.number);
    out.child(Node("to").with("jid", jid_of(*account, device.device, addressing)).child(std::move(*enc)));
  }
  return out;
}

void PhoneMessaging::add_identity(Node& stanza) const {
  if (!published_.device_identity.empty()) {
    stanza.child(Node("device-identity").bytes(published_.device_identity));
  }
}

Result<Node> PhoneMessaging::direct_stanza(const Outgoing& outgoing) {
  const Account* receiver = world_.accounts.find(outgoing.chat);
  if (receiver == nullptr) return nobody("there is no such phone");
  const Jid to = jid_of(*receiver, 0, outgoing.addressing);
  proto::Message copy;
  copy.mutable_device_sent_message()->set_destination_jid(to.to_string());
  copy.mutable_device_sent_message()->mutable_message()->ParseFromArray(outgoing.message.data(),
                                                                        static_cast<int>(outgoing.message.size()));
  const Bytes own_copy = to_bytes(copy.SerializeAsString());

  std::vector<std::pair<DeviceId, Bytes>> plaintexts;
  if (receiver != &account_) {
    for (DeviceId& device : devices_of(*receiver)) {
      plaintexts.emplace_back(std::move(device), padded(outgoing.message, outgoing.defect));
    }
  }
  for (DeviceId& device : devices_of(account_)) {
    plaintexts.emplace_back(std::move(device), padded(own_copy, outgoing.defect));
  }
  Node out("message");
  out.with("id", outgoing.id).with("to", to).with("type", outgoing.type);
  if (!outgoing.edit.empty()) out.with("edit", outgoing.edit);
  if (outgoing.addressing == Addressing::kPn) out.with("addressing_mode", "pn");
  out.child(participants_of(plaintexts, outgoing.addressing, outgoing.defect));
  add_identity(out);
  return out;
}

Result<Bytes> PhoneMessaging::distribution_message(const Group& group) {
  crypto::SenderKeys keys(store_, random_);
  PONTE_ASSIGN(const Bytes distribution, keys.distribution(own_sender_key(group.jid)));
  proto::Message message;
  auto& field = *message.mutable_sender_key_distribution_message();
  field.set_group_id(group.jid.to_string());
  field.set_axolotl_sender_key_distribution_message(to_text(distribution));
  return to_bytes(message.SerializeAsString());
}

Result<Node> PhoneMessaging::group_stanza(const Outgoing& outgoing) {
  const Group* group = world_.groups.find(outgoing.chat);
  if (group == nullptr) return nobody("there is no such group");
  std::vector<DeviceId> devices;
  for (const auto& [number, rank] : group->members) {
    const auto more = devices_of(world_.accounts.get(number));
    devices.insert(devices.end(), more.begin(), more.end());
  }
  GroupKey& key = group_keys_[group->jid.user];
  const bool somebody_left = std::any_of(key.have_it.begin(), key.have_it.end(), [&](const DeviceId& device) {
    return std::find(devices.begin(), devices.end(), device) == devices.end();
  });
  if (somebody_left) {
    // Who has left must not read on (wire: messages.md 3.5).
    store_.forget_sender_key(own_sender_key(group->jid));
    key.have_it.clear();
  }
  PONTE_ASSIGN(const Bytes distribution, distribution_message(*group));
  std::vector<std::pair<DeviceId, Bytes>> plaintexts;
  for (const DeviceId& device : devices) {
    if (outgoing.defect == SendDefect::kNoDistribution || key.have_it.count(device) != 0) continue;
    plaintexts.emplace_back(device, crypto::pad(distribution, random_));
  }
  Node out("message");
  out.with("id", outgoing.id).with("to", group->jid).with("type", outgoing.type);
  if (!outgoing.edit.empty()) out.with("edit", outgoing.edit);
  out.with("addressing_mode", addressing_name(group->addressing));
  const SendDefect pairwise = outgoing.defect == SendDefect::kUnknownSession ? outgoing.defect : SendDefect::kNone;
  if (!plaintexts.empty()) out.child(participants_of(plaintexts, group->addressing, pairwise));
  for (const auto& [device, plaintext] : plaintexts) key.have_it.insert(device);

  crypto::SenderKeys keys(store_, random_);
  PONTE_ASSIGN(Bytes shared, keys.encrypt(own_sender_key(group->jid), padded(outgoing.message, outgoing.defect)));
  out.child(enc_node("skmsg", std::move(shared), outgoing.defect));
  add_identity(out);
  return out;
}

Result<Node> PhoneMessaging::peer_stanza(const Outgoing& outgoing) {
  const DeviceId device{id_.number, outgoing.chat.device};
  PONTE_ASSIGN(Node enc, encrypt_for(device, padded(outgoing.message, outgoing.defect), outgoing.defect));
  Node out("message");
  out.with("id", outgoing.id).with("to", account_.lid(device.device)).with("type", outgoing.type);
  out.with("category", "peer").child(Node("meta").with("appdata", "default")).child(std::move(enc));
  add_identity(out);
  return out;
}

Result<std::string> PhoneMessaging::send(const Outgoing& asked, const Now& now) {
  Outgoing outgoing = asked;
  if (outgoing.id.empty()) outgoing.id = fresh_id();
  const bool to_group = outgoing.chat.server == protocol::wire::kGroupServer;
  auto stanza = outgoing.peer ? peer_stanza(outgoing) : to_group ? group_stanza(outgoing) : direct_stanza(outgoing);
  if (!stanza.ok()) return stanza.error();
  ++counts_.sent;
  std::string id = outgoing.id;
  if (sent_order_.size() == kSentKept) {
    sent_.erase(sent_order_.front());
    sent_order_.pop_front();
  }
  sent_order_.push_back(id);
  outgoing.defect = SendDefect::kNone;  // who asks again gets it well
  sent_.insert_or_assign(id, Sent{std::move(outgoing), now.wall, {}});
  post(std::move(*stanza));
  return id;
}

void PhoneMessaging::send_receipt(const Jid& chat, const std::vector<std::string>& ids, std::string_view type,
                                  const std::optional<Jid>& author) {
  if (ids.empty()) return;
  Node out("receipt");
  out.with("id", ids.front()).with("to", chat).with("type", type);
  if (author) out.with("participant", *author);
  if (ids.size() > 1) {
    Node list("list");
    for (std::size_t i = 1; i < ids.size(); ++i) list.child(Node("item").with("id", ids[i]));
    out.child(std::move(list));
  }
  post(std::move(out));
}

}  // namespace ponte::simulator
