#include "simulator/messaging_letter.h"

#include <algorithm>

#include "crypto/digest.h"
#include "simulator/messaging_bundles.h"
#include "simulator/messaging_checks.h"
#include "simulator/world.h"

namespace ponte::simulator {

using protocol::wire::Jid;
using protocol::wire::Node;

namespace {

// What the server says of a message that it does not take (wire: messages.md 3.7).
constexpr unsigned kNotAMember = 403;
constexpr unsigned kNotFound = 404;
constexpr unsigned kStaleAddressing = 421;
constexpr unsigned kInvalid = 479;

Jid jid_of(const Account& account, std::uint16_t device, Addressing addressing) {
  return addressing == Addressing::kLid ? account.lid(device) : account.jid(device);
}

/// All devices that are listed, also those that nobody can encrypt for yet.
std::vector<DeviceId> devices_of(const Account& account) {
  std::vector<DeviceId> out = {{account.number, 0}};
  for (const auto& [device, companion] : account.companions) out.push_back({account.number, device});
  return out;
}

}  // namespace

std::optional<unsigned> MessageRouter::address_group(Letter& letter) {
  letter.group = world_.groups.find(letter.to);
  if (letter.group == nullptr) return kNotFound;
  if (!letter.group->has(letter.from.number)) return kNotAMember;
  const auto mode = letter.message.attribute("addressing_mode");
  if (mode && mode != addressing_name(letter.group->addressing)) return kStaleAddressing;
  letter.resent = letter.message.find("participants") == nullptr && letter.message.jid("participant").has_value();
  if (letter.resent) return std::nullopt;
  for (const auto& [number, rank] : letter.group->members) {
    for (DeviceId& device : devices_of(world_.accounts.get(number))) {
      if (device != letter.from) letter.receivers.push_back(std::move(device));
    }
  }
  return std::nullopt;
}

std::optional<unsigned> MessageRouter::address(Letter& letter) {
  const auto to = letter.message.jid("to");
  if (!to) return kInvalid;
  letter.to = *to;
  if (to->server == protocol::wire::kGroupServer) return address_group(letter);
  if (to->server == protocol::wire::kBroadcastServer) {
    letter.broadcast = true;
    return std::nullopt;
  }
  letter.receiver = world_.accounts.find(*to);
  if (letter.receiver == nullptr) return kNotFound;
  letter.peer = letter.message.attribute("category") == "peer";
  if (letter.peer && letter.receiver != &letter.sender) return kInvalid;
  letter.resent = !letter.peer && letter.message.find("enc") != nullptr;
  return std::nullopt;
}

void MessageRouter::collect(Letter& letter) {
  const auto add = [&](const Jid& jid, const Node& enc) {
    const auto device = device_of(jid);
    if (!device) return;  // gone since the sender has asked; its hash tells
    if (*device == letter.from) {
      // Some clients hand themselves their own sender key; a message to oneself is something else.
      if (letter.group == nullptr) violation(letter.from, "message to the device that sends it");
      return;
    }
    if (!letter.pairwise.emplace(*device, enc).second) return violation(letter.from, "message twice to one device");
    if (letter.group == nullptr || letter.resent) letter.receivers.push_back(*device);
  };
  if (const Node* participants = letter.message.find("participants")) {
    for (const Node& to : participants->children()) {
      const auto jid = to.jid("jid");
      if (const Node* enc = to.find("enc"); enc != nullptr && jid) add(*jid, *enc);
    }
  }
  for (const Node& enc : letter.message.children()) {
    if (enc.tag != "enc") continue;
    if (enc.attribute("type") == "skmsg") {
      letter.shared.push_back(enc);
    } else {
      add(letter.message.jid("participant").value_or(letter.to), enc);
    }
  }
}

void MessageRouter::check(const Letter& letter) {
  bool begins = false;
  const auto check_enc = [&](const Node& enc) {
    begins = begins || enc.attribute("type") == "pkmsg";
    if (auto fault = fault_of_enc(enc)) return violation(letter.from, std::move(*fault));
    const std::string key = letter.from.number + ":" + std::to_string(letter.from.device) + " " + *message_key_of(enc);
    if (world_.used_message_keys.note(as_bytes(key), crypto::sha256(*enc.leaf())) == UsedValues::Found::kOther) {
      violation(letter.from, "two messages under one message key");
    }
  };
  for (const auto& [device, enc] : letter.pairwise) check_enc(enc);
  for (const Node& enc : letter.shared) check_enc(enc);
  if (begins && letter.from.device != 0 && letter.message.find("device-identity") == nullptr) {
    violation(letter.from, "pkmsg without device-identity");
  }
}

Node MessageRouter::as_received(const Letter& letter, const DeviceId& receiver) const {
  const Addressing addressing = letter.addressing();
  const bool lid = addressing == Addressing::kLid;
  const Jid sender = jid_of(letter.sender, letter.from.device, addressing);
  const Jid other_sender = lid ? letter.sender.jid(0) : letter.sender.lid(0);
  const Node& message = letter.message;
  Node out("message");
  out.with("id", *message.attribute("id"));
  if (letter.group != nullptr || letter.broadcast) {
    out.with("from", letter.to.without_device()).with("participant", sender);
    out.with(lid ? "participant_pn" : "participant_lid", other_sender);
    if (letter.group != nullptr) out.with("addressing_mode", addressing_name(addressing));
  } else if (letter.peer) {
    out.with("from", sender).with("category", "peer");
  } else if (receiver.number == letter.from.number) {
    const auto named = message.jid("recipient");
    const Account* chat = named ? world_.accounts.find(*named) : letter.receiver;
    if (chat == nullptr) chat = &letter.sender;
    out.with("from", sender).with("recipient", jid_of(*chat, 0, addressing));
    out.with(lid ? "peer_recipient_pn" : "peer_recipient_lid", lid ? chat->jid(0) : chat->lid(0));
  } else {
    out.with("from", sender).with(lid ? "sender_pn" : "sender_lid", other_sender);
    out.with("addressing_mode", addressing_name(addressing));
  }
  out.with("type", message.attribute("type").value_or("text"));
  out.with("t", std::to_string(unix_seconds(letter.now.wall)));
  const Companion* device = letter.sender.device(letter.from.device);
  const bool own_name = letter.from.device != 0 && device != nullptr && !device->push_name.empty();
  out.with("notify", own_name ? device->push_name : letter.sender.push_name);
  if (const auto edit = message.attribute("edit")) out.with("edit", *edit);

  bool begins = false;
  if (const auto own = letter.pairwise.find(receiver); own != letter.pairwise.end()) {
    begins = own->second.attribute("type") == "pkmsg";
    out.child(own->second);
  }
  for (const Node& enc : letter.shared) out.child(enc);
  for (const Node& child : message.children()) {
    if (child.tag == "meta" || child.tag == "reporting" || (child.tag == "device-identity" && begins)) out.child(child);
  }
  return out;
}

std::optional<std::string> MessageRouter::hash_to_tell(const Letter& letter) const {
  if (letter.peer || letter.resent || letter.broadcast) return std::nullopt;
  std::vector<DeviceId> meant = letter.receivers;
  meant.push_back(letter.from);
  std::vector<const Account*> accounts = {&letter.sender};
  if (letter.group != nullptr) {
    for (const auto& [number, rank] : letter.group->members) {
      if (number != letter.from.number) accounts.push_back(world_.accounts.find(number));
    }
  } else if (letter.receiver != &letter.sender) {
    accounts.push_back(letter.receiver);
  }
  Addressing addressing = letter.addressing();
  if (letter.group == nullptr && letter.to.server == protocol::wire::kUserServer) addressing = Addressing::kPn;
  std::vector<Jid> all;
  bool missing = false;
  for (const Account* account : accounts) {
    for (const DeviceId& device : devices_of(*account)) all.push_back(jid_of(*account, device.device, addressing));
    for (const std::uint16_t device : account->reachable()) {
      missing = missing || std::find(meant.begin(), meant.end(), DeviceId{account->number, device}) == meant.end();
    }
  }
  std::string hash = participant_hash(all);
  const auto told = letter.message.attribute("phash");
  if (told ? *told == hash : !missing) return std::nullopt;
  return hash;
}

Node MessageRouter::on_message(const DeviceId& from, const Node& message, const Now& now) {
  Node ack("ack");
  ack.with("class", "message").with("id", message.attribute("id").value_or(""));
  if (const auto to = message.jid("to")) ack.with("from", *to);
  ack.with("t", std::to_string(unix_seconds(now.wall)));
  Account* sender = world_.accounts.find(from.number);
  if (sender == nullptr) return ack;
  Letter letter{from, message, now, *sender};
  std::optional<unsigned> refusal = faults_.take_refusal(from.number);
  if (!refusal && !message.attribute("id")) refusal = kInvalid;
  if (!refusal) refusal = address(letter);
  if (refusal) return ack.with("error", std::to_string(*refusal));

  collect(letter);
  check(letter);
  for (const DeviceId& device : letter.receivers) {
    const bool has_part = letter.pairwise.count(device) != 0 || !letter.shared.empty();
    if (has_part) deliver(device, as_received(letter, device), now);
    note_contact(from.number, device.number);
  }
  if (const auto hash = hash_to_tell(letter)) ack.with("phash", *hash);
  return ack;
}

}  // namespace ponte::simulator
