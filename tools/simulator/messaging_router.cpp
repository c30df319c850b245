#include "simulator/messaging_router.h"

#include <algorithm>

#include "simulator/messaging_bundles.h"
#include "simulator/online_side.h"
#include "simulator/phone_messaging.h"
#include "simulator/phones.h"
#include "simulator/world.h"

namespace ponte::simulator {

using protocol::wire::Jid;
using protocol::wire::Node;

namespace {

/// What nobody waits for: who is not there misses it.
bool is_fleeting(const Node& stanza) {
  return stanza.tag == "chatstate" || stanza.tag == "presence" || stanza.tag == "ack";
}

bool is_about_reading(std::string_view type) {
  return type == "read" || type == "played" || type == "read-self" || type == "played-self";
}

std::string time_text(const Now& now) {
  return std::to_string(unix_seconds(now.wall));
}

/// The last byte belongs to a MAC, whatever the ciphertext's kind.
Node damaged(Node stanza) {
  auto* children = std::get_if<Node::Children>(&stanza.content);
  if (children == nullptr) return stanza;
  for (Node& child : *children) {
    auto* bytes = std::get_if<Bytes>(&child.content);
    if (child.tag == "enc" && bytes != nullptr && !bytes->empty()) bytes->back() ^= 1;
  }
  return stanza;
}

void copy_children(const Node& from, Node& to) {
  for (const Node& child : from.children()) to.child(child);
}

}  // namespace

std::optional<Node> MessageRouter::submit(const DeviceId& from, const Node& stanza, const Now& now) {
  if (stanza.tag == "message") return on_message(from, stanza, now);
  if (stanza.tag == "receipt") on_receipt(from, stanza, now);
  if (stanza.tag == "presence") on_presence(from, stanza, now);
  if (stanza.tag == "chatstate") on_chatstate(from, stanza, now);
  return std::nullopt;
}

void MessageRouter::submit_simulated(const DeviceId& from, Node stanza) {
  pending_.push_back({from, std::move(stanza), true});
}

void MessageRouter::settle(const Now& now) {
  if (settling_) return;
  settling_ = true;
  while (!pending_.empty()) {
    Pending next = std::move(pending_.front());
    pending_.pop_front();
    if (next.outgoing) {
      if (auto answer = submit(next.device, next.stanza, now)) {
        pending_.push_back({next.device, std::move(*answer), false});
      }
    } else if (PhoneMessaging* device = world_.phones.find(next.device)) {
      device->on_stanza(next.stanza, now);
    }
  }
  settling_ = false;
  ask_for_keys(now);
}

void MessageRouter::ask_for_keys(const Now& now) {
  for (const DeviceId& id : std::exchange(low_on_keys_, {})) {
    Account* account = world_.accounts.find(id.number);
    const Companion* companion = account == nullptr ? nullptr : account->find(id.device);
    // Once when it gets low, and once when nothing is left.
    if (companion == nullptr || (companion->prekeys.size() + 1 != kLowPrekeys && !companion->prekeys.empty())) continue;
    const auto online = world_.online.find(account->jid(id.device).to_string());
    SimConnection* connection = online == world_.online.end() ? nullptr : world_.find(online->second);
    if (connection == nullptr || connection->online() == nullptr) continue;
    connection->touch(now);
    connection->online()->notify_prekeys();
  }
}

std::optional<DeviceId> MessageRouter::device_of(const Jid& jid) const {
  Account* account = world_.accounts.find(jid);
  if (account == nullptr || account->device(jid.device) == nullptr) return std::nullopt;
  return DeviceId{account->number, jid.device};
}

void MessageRouter::violation(const DeviceId& from, std::string text) {
  const Account* account = world_.accounts.find(from.number);
  const auto online =
      account == nullptr ? world_.online.end() : world_.online.find(account->jid(from.device).to_string());
  world_.note_violation(online == world_.online.end() ? 0 : online->second, std::move(text));
}

void MessageRouter::note_contact(const std::string& one, const std::string& other) {
  if (one == other) return;
  contacts_[one].insert(other);
  contacts_[other].insert(one);
}

void MessageRouter::deliver(const DeviceId& to, Node stanza, const Now& now) {
  if (stanza.tag != "message" || world_.phones.find(to) != nullptr) return carry(to, std::move(stanza), now);
  switch (faults_.take_mode(to.number)) {
    case DeliveryMode::kNormal: break;
    case DeliveryMode::kDuplicate: carry(to, stanza, now); break;
    case DeliveryMode::kLose: return;
    case DeliveryMode::kDamage: stanza = damaged(std::move(stanza)); break;
    case DeliveryMode::kHold: faults_.held().push_back({to, std::move(stanza)}); return;
    case DeliveryMode::kDrop: {
      Account* account = world_.accounts.find(to.number);
      if (Companion* companion = account ? account->find(to.device) : nullptr)
        wait_for_login(*companion, std::move(stanza));
      return;
    }
    case DeliveryMode::kReorder: {
      auto waiting = faults_.overtaken().extract(to);
      if (waiting.empty()) {
        faults_.overtaken().emplace(to, std::move(stanza));
        return;
      }
      carry(to, std::move(stanza), now);
      return carry(to, std::move(waiting.mapped()), now);
    }
  }
  carry(to, std::move(stanza), now);
}

void MessageRouter::carry(const DeviceId& to, Node stanza, const Now& now) {
  if (world_.phones.find(to) != nullptr) {
    pending_.push_back({to, std::move(stanza), false});
    return;
  }
  Account* account = world_.accounts.find(to.number);
  Companion* companion = account == nullptr ? nullptr : account->find(to.device);
  if (companion == nullptr) return;
  const auto online = world_.online.find(account->jid(to.device).to_string());
  SimConnection* connection = online == world_.online.end() ? nullptr : world_.find(online->second);
  OnlineSide* side = connection == nullptr ? nullptr : connection->online();
  if (side == nullptr) {
    if (!is_fleeting(stanza)) wait_for_login(*companion, std::move(stanza));
    return;
  }
  connection->touch(now);
  if (!is_fleeting(stanza)) return side->deliver(std::move(stanza));
  if (side->active()) connection->send(stanza);
}

unsigned MessageRouter::release(const Now& now) {
  std::deque<DeliveryFaults::Held> held = std::exchange(faults_.held(), {});
  auto overtaken = std::exchange(faults_.overtaken(), {});
  for (auto& [to, stanza] : overtaken) held.push_back({to, std::move(stanza)});
  for (DeliveryFaults::Held& one : held) carry(one.to, std::move(one.stanza), now);
  return static_cast<unsigned>(held.size());
}

void MessageRouter::clear() {
  faults_.clear();
  pending_.clear();
  low_on_keys_.clear();
  contacts_.clear();
  subscriptions_.clear();
}

void MessageRouter::on_receipt(const DeviceId& from, const Node& receipt, const Now& now) {
  const Account* reader = world_.accounts.find(from.number);
  const auto to = receipt.jid("to");
  if (reader == nullptr || !to || !receipt.attribute("id")) return;
  const std::string type = receipt.attribute("type").value_or("");
  const Group* group = world_.groups.find(*to);
  const bool many = group != nullptr || to->server == protocol::wire::kBroadcastServer;
  const auto author = many ? receipt.jid("participant") : to;
  Account* writer = author ? world_.accounts.find(*author) : nullptr;
  if (writer == nullptr) return;

  const bool lid =
      group != nullptr ? group->addressing == Addressing::kLid : author->server == protocol::wire::kLidServer;
  const Jid self = lid ? reader->lid(from.device) : reader->jid(from.device);
  Node out("receipt");
  out.with("id", *receipt.attribute("id"));
  if (many) {
    out.with("from", to->without_device()).with("participant", self);
    out.with(lid ? "participant_pn" : "participant_lid", lid ? reader->jid(0) : reader->lid(0));
  } else {
    out.with("from", self);
  }
  if (const auto recipient = receipt.jid("recipient"); recipient && writer == reader) out.with("recipient", *recipient);
  if (const auto category = receipt.attribute("category")) out.with("category", *category);
  out.with("type", type).with("t", time_text(now));
  copy_children(receipt, out);

  if (type == "retry") {
    if (const auto device = device_of(*author)) deliver(*device, std::move(out), now);
    return;
  }
  if (writer != reader && type != "read-self" && type != "played-self" && type != "sender") {
    for (const std::uint16_t device : writer->reachable()) deliver({writer->number, device}, out, now);
  }
  const bool for_phone = type == "hist_sync" || type == "peer_msg" || type == "server-error";
  if (writer == reader && for_phone && from.device != 0) deliver({reader->number, 0}, out, now);
  if (writer == reader || !is_about_reading(type)) return;
  // The reader's own devices learn that the chat was read (wire: messages.md 2.10).
  Node own("receipt");
  own.with("id", *receipt.attribute("id")).with("type", type.starts_with("read") ? "read-self" : "played-self");
  if (many) {
    own.with("from", to->without_device()).with("participant", self);
  } else {
    own.with("from", lid ? reader->lid(0) : reader->jid(0)).with("recipient", to->without_device());
  }
  own.with("t", time_text(now));
  copy_children(receipt, own);
  for (const std::uint16_t device : reader->reachable()) {
    if (device != from.device) deliver({reader->number, device}, own, now);
  }
}

void MessageRouter::on_chatstate(const DeviceId& from, const Node& chatstate, const Now& now) {
  const Account* writer = world_.accounts.find(from.number);
  const auto to = chatstate.jid("to");
  if (writer == nullptr || !to) return;
  Node out("chatstate");
  std::vector<std::string> numbers;
  if (const Group* group = world_.groups.find(*to)) {
    const bool lid = group->addressing == Addressing::kLid;
    out.with("from", group->jid).with("participant", lid ? writer->lid(0) : writer->jid(0));
    for (const auto& [number, rank] : group->members) numbers.push_back(number);
  } else if (const Account* reader = world_.accounts.find(*to)) {
    out.with("from", to->server == protocol::wire::kLidServer ? writer->lid(0) : writer->jid(0));
    numbers.push_back(reader->number);
  }
  copy_children(chatstate, out);
  for (const std::string& number : numbers) {
    if (number == from.number) continue;
    for (const std::uint16_t device : world_.accounts.get(number).reachable()) deliver({number, device}, out, now);
  }
}

void MessageRouter::on_presence(const DeviceId& from, const Node& presence, const Now& now) {
  Account* account = world_.accounts.find(from.number);
  const std::string type = presence.attribute("type").value_or("available");
  if (account == nullptr) return;
  if (type == "subscribe" || type == "unsubscribe") {
    const auto to = presence.jid("to");
    const Account* watched = to ? world_.accounts.find(*to) : nullptr;
    if (watched == nullptr) return;
    auto& watchers = subscriptions_[watched->number];
    std::erase_if(watchers, [&](const Subscription& one) { return one.device == from; });
    if (type == "subscribe") watchers.push_back({from, to->without_device()});
    return;
  }
  const auto found = subscriptions_.find(from.number);
  if (found == subscriptions_.end()) return;
  for (const Subscription& one : found->second) {
    Node out("presence");
    out.with("from", one.as);
    if (type == "unavailable") out.with("type", type).with("last", time_text(now));
    deliver(one.device, std::move(out), now);
  }
}

void MessageRouter::notify_group(const Group& group, const Node& notification, const Now& now) {
  for (const auto& [number, rank] : group.members) {
    Account& account = world_.accounts.get(number);
    for (const auto& [device, companion] : account.companions) deliver({number, device}, notification, now);
  }
}

void MessageRouter::notify_app_state(const Account& account, const Node& collection, std::uint16_t but,
                                     const Now& now) {
  Node named("collection");
  named.with("name", collection.attribute("name").value_or(""))
      .with("version", collection.attribute("version").value_or(""));
  Node notification("notification");
  notification.with("type", "server_sync").with("from", protocol::wire::server_jid()).with("t", time_text(now));
  notification.child(std::move(named));
  for (const auto& [device, companion] : account.companions) {
    if (device != but) deliver({account.number, device}, notification, now);
  }
}

void MessageRouter::notify_devices(Account& account, std::string_view child, std::uint16_t device, const Now& now) {
  const auto known = contacts_.find(account.number);
  const std::size_t others = account.companions.size() - account.companions.count(device);
  if (others == 0 && known == contacts_.end()) return;
  const Node listed = devices_node(world_.seed, account, now.wall);
  std::vector<Jid> all = {account.jid(0)};
  for (const auto& [number, companion] : account.companions) all.push_back(account.jid(number));
  Node own("devices");
  own.with("dhash", participant_hash(all));
  for (const Jid& jid : all) {
    Node one("device");
    one.with("jid", jid);
    if (jid.device != 0) one.with("key-index", std::to_string(account.companions.at(jid.device).key_index));
    own.child(std::move(one));
  }
  const Node* keys = listed.find("key-index-list");
  if (keys != nullptr) own.child(*keys);
  for (const auto& [number, companion] : account.companions) {
    if (number == device) continue;
    deliver({account.number, number},
            Node("notification")
                .with("type", "account_sync")
                .with("from", account.jid(0))
                .with("t", time_text(now))
                .child(own),
            now);
  }
  if (known == contacts_.end()) return;
  Node changed(child);
  changed.with("device_hash", participant_hash(all));
  Node one("device");
  one.with("jid", account.jid(device)).with("lid", account.lid(device));
  changed.child(std::move(one));
  if (keys != nullptr) changed.child(*keys);
  for (const std::string& number : known->second) {
    Account& contact = world_.accounts.get(number);
    for (const auto& [id, companion] : contact.companions) {
      deliver({number, id},
              Node("notification")
                  .with("type", "devices")
                  .with("from", account.jid(0))
                  .with("lid", account.lid(0))
                  .with("t", time_text(now))
                  .child(changed),
              now);
    }
  }
}

}  // namespace ponte::simulator
