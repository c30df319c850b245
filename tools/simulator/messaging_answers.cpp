#include "simulator/messaging_answers.h"

#include <algorithm>

#include "simulator/messaging_bundles.h"
#include "simulator/phone_messaging.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Jid;
using protocol::wire::Node;
using protocol::wire::server_jid;

std::string digits_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      out.push_back(c);
    } else if (!out.empty()) {
      break;  // of a JID, only what is in front of '@'
    }
  }
  return out;
}

Node devices_answer(const Account* account, const Asking& asking) {
  if (account == nullptr) return Node("devices").child(Node("device-list"));
  return devices_node(asking.world.seed, *account, asking.now.wall);
}

Node usync_user(const Node& asked, const Node& query, Asking& asking) {
  Node user("user");
  const Node* contact = asked.find("contact");
  const std::string number = contact && contact->leaf() ? digits_of(as_text(*contact->leaf())) : std::string();
  auto jid = asked.jid("jid");
  Account* account = jid ? asking.world.accounts.find(*jid) : asking.world.accounts.find(number);
  if (!jid && account != nullptr) jid = account->jid(0);
  if (!jid && !number.empty()) jid = Jid{number, std::string(protocol::wire::kUserServer)};
  if (jid) user.with("jid", jid->without_device());
  if (account != nullptr && jid && jid->server == protocol::wire::kLidServer) user.with("pn_jid", account->jid(0));
  for (const Node& protocol : query.children()) {
    if (protocol.tag == "devices") {
      user.child(devices_answer(account, asking));
    } else if (protocol.tag == "lid" && account != nullptr) {
      user.child(Node("lid").with("val", account->lid(0)));
    } else if (protocol.tag == "contact") {
      Node out("contact");
      out.with("type", account ? "in" : "out");
      if (contact != nullptr && contact->leaf()) out.bytes(*contact->leaf());
      user.child(std::move(out));
    }
  }
  return user;
}

/// Whom somebody names as members. nullopt where one of them is unknown.
std::optional<std::vector<std::string>> numbers_of(const Node& list, Accounts& accounts) {
  std::vector<std::string> out;
  for (const Node& participant : list.children()) {
    if (participant.tag != "participant") continue;
    const auto jid = participant.jid("jid");
    const Account* account = jid ? accounts.find(*jid) : nullptr;
    if (account == nullptr) return std::nullopt;
    out.push_back(account->number);
  }
  return out;
}

Node group_notification(World& world, const Group& group, const std::string& by, const Now& now) {
  const Account& author = world.accounts.get(by);
  const bool lid = group.addressing == Addressing::kLid;
  Node out("notification");
  out.with("type", "w:gp2").with("from", group.jid);
  out.with("participant", lid ? author.lid(0) : author.jid(0));
  out.with(lid ? "participant_pn" : "participant_lid", lid ? author.jid(0) : author.lid(0));
  out.with("notify", author.push_name).with("t", std::to_string(unix_seconds(now.wall)));
  return out;
}

Node answer_create(const Node& request, const Node& create, Asking& asking) {
  const auto numbers = numbers_of(create, asking.world.accounts);
  if (!numbers) return iq_error(request, 404, "item-not-found");
  Group& group = create_group(asking.world, create.attribute("subject").value_or(""), asking.account.number, *numbers,
                              Addressing::kLid, asking.now);
  return iq_result(request).child(group_node(group, asking.world.accounts));
}

Node answer_change(const Node& request, const Node& list, Group& group, Asking& asking) {
  const auto numbers = numbers_of(list, asking.world.accounts);
  if (!numbers) return iq_error(request, 404, "item-not-found");
  if (group.members.at(asking.account.number) == Group::Rank::kMember) return iq_error(request, 403, "forbidden");
  const auto kind = list.tag == "add" ? MemberChange::Kind::kAdd : MemberChange::Kind::kRemove;
  Node out(list.tag);
  for (const std::string& number : *numbers) {
    out.child(Node("participant").with("jid", asking.world.accounts.get(number).lid(0)));
  }
  change_members(asking.world, group, {kind, asking.account.number, *numbers}, asking.now);
  return iq_result(request).child(std::move(out));
}

Node answer_leave(const Node& request, const Node& leave, Asking& asking) {
  Node out("leave");
  for (const Node& one : leave.children()) {
    Group* group = asking.world.groups.find(one.attribute("id").value_or(""));
    if (group == nullptr || !group->has(asking.account.number)) continue;
    change_members(asking.world, *group, {MemberChange::Kind::kRemove, asking.account.number, {asking.account.number}},
                   asking.now);
    out.child(Node("group").with("id", group->jid));
  }
  return iq_result(request).child(std::move(out));
}

}  // namespace

Node answer_usync(const Node& request, Asking& asking) {
  const Node* usync = request.find("usync");
  if (usync == nullptr || usync->find("query") == nullptr || usync->find("list") == nullptr) {
    asking.violations.push_back("usync without query and list");
    return iq_error(request, 400, "bad-request");
  }
  Node out("usync");
  for (const char* copied : {"sid", "index", "last", "mode", "context"}) {
    if (const auto value = usync->attribute(copied)) out.with(copied, *value);
  }
  Node result("result");
  for (const Node& protocol : usync->find("query")->children()) result.child(Node(protocol.tag));
  Node list("list");
  for (const Node& user : usync->find("list")->children()) list.child(usync_user(user, *usync->find("query"), asking));
  return iq_result(request).child(std::move(out).child(std::move(result)).child(std::move(list)));
}

Node answer_bundles(const Node& request, Asking& asking) {
  Node list("list");
  for (const Node& user : request.find("key")->children()) {
    const auto jid = user.jid("jid");
    if (user.tag != "user" || !jid) continue;
    Account* account = asking.world.accounts.find(*jid);
    Companion* device = nullptr;
    if (account != nullptr) {
      if (PhoneMessaging* simulated = asking.world.phones.find({account->number, jid->device})) {
        simulated->top_up_prekeys();
      }
      device = account->device(jid->device);
    }
    Companion nobody;
    list.child(take_bundle_node(*jid, device == nullptr ? nobody : *device));
    if (device != nullptr) asking.world.router.keys_used({account->number, jid->device});
  }
  return iq_result(request).child(std::move(list));
}

Node answer_groups(const Node& request, Asking& asking) {
  const auto to = request.jid("to");
  if (const Node* create = request.find("create")) return answer_create(request, *create, asking);
  if (const Node* leave = request.find("leave")) return answer_leave(request, *leave, asking);
  Group* group = to ? asking.world.groups.find(*to) : nullptr;
  if (group == nullptr) {
    if (to && !to->user.empty()) return iq_error(request, 404, "item-not-found");
    Node groups("groups");
    for (const Group* one : asking.world.groups.of(asking.account.number)) {
      groups.child(group_node(*one, asking.world.accounts));
    }
    return iq_result(request).child(std::move(groups));
  }
  if (!group->has(asking.account.number)) return iq_error(request, 403, "forbidden");
  for (const char* tag : {"add", "remove"}) {
    if (const Node* list = request.find(tag)) return answer_change(request, *list, *group, asking);
  }
  if (request.attribute("type") != "get") return iq_result(request);
  return iq_result(request).child(group_node(*group, asking.world.accounts));
}

void change_members(World& world, Group& group, const MemberChange& change, const Now& now) {
  const bool adds = change.kind == MemberChange::Kind::kAdd;
  Node list(adds ? "add" : "remove");
  list.with("prev_v_id", std::to_string(group.version)).with("v_id", std::to_string(group.version + 1));
  // Who goes is still told, who comes is told too.
  Group told = group;
  bool changed = false;
  for (const std::string& number : change.numbers) {
    const Account& account = world.accounts.get(number);
    if (adds == group.has(number)) continue;
    changed = true;
    if (adds) group.members.emplace(number, Group::Rank::kMember);
    list.child(participant_node(group, account));
    if (!adds) group.members.erase(number);
    told.members.emplace(number, Group::Rank::kMember);
  }
  if (!changed) return;
  ++group.version;
  world.router.notify_group(told, group_notification(world, group, change.by, now).child(std::move(list)), now);
}

Group& create_group(World& world, const std::string& subject, const std::string& creator,
                    const std::vector<std::string>& numbers, Addressing addressing, const Now& now) {
  world.accounts.get(creator);
  Group& group = world.groups.create(subject, creator, addressing, now.wall);
  for (const std::string& number : numbers) {
    world.accounts.get(number);
    group.members.emplace(number, Group::Rank::kMember);
  }
  Node create("create");
  create.with("type", "new").with("key", group.jid.user).child(group_node(group, world.accounts));
  world.router.notify_group(group, group_notification(world, group, creator, now).child(std::move(create)), now);
  return group;
}

}  // namespace ponte::simulator
