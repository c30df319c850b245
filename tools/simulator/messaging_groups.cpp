#include "simulator/messaging_groups.h"

namespace ponte::simulator {

using protocol::wire::Jid;
using protocol::wire::Node;

std::string_view addressing_name(Addressing addressing) {
  return addressing == Addressing::kLid ? "lid" : "pn";
}

Group& Groups::create(const std::string& subject, const std::string& creator, Addressing addressing, Wall wall) {
  auto group = std::make_unique<Group>();
  const std::string user = "120363" + derived_digits(seed_, "group " + std::to_string(++made_), 12);
  group->jid = Jid{user, std::string(protocol::wire::kGroupServer)};
  group->subject = subject;
  group->creator = creator;
  group->created_at = wall;
  group->addressing = addressing;
  group->members.emplace(creator, Group::Rank::kSuperAdmin);
  return *groups_.insert_or_assign(user, std::move(group)).first->second;
}

Group* Groups::find(const Jid& jid) {
  if (jid.server != protocol::wire::kGroupServer) return nullptr;
  const auto found = groups_.find(jid.user);
  return found == groups_.end() ? nullptr : found->second.get();
}

Group* Groups::find(const std::string& text) {
  const auto found = groups_.find(text.substr(0, text.find('@')));
  return found == groups_.end() ? nullptr : found->second.get();
}

std::vector<const Group*> Groups::of(const std::string& number) const {
  std::vector<const Group*> out;
  for (const auto& [id, group] : groups_) {
    if (group->has(number)) out.push_back(group.get());
  }
  return out;
}

Node participant_node(const Group& group, const Account& account) {
  Node out("participant");
  if (group.addressing == Addressing::kLid) {
    out.with("jid", account.lid(0)).with("phone_number", account.jid(0));
  } else {
    out.with("jid", account.jid(0)).with("lid", account.lid(0));
  }
  const auto member = group.members.find(account.number);
  if (member == group.members.end()) return out;
  if (member->second == Group::Rank::kAdmin) out.with("type", "admin");
  if (member->second == Group::Rank::kSuperAdmin) out.with("type", "superadmin");
  return out;
}

Node group_node(const Group& group, Accounts& accounts) {
  const std::string created = std::to_string(unix_seconds(group.created_at));
  Node out("group");
  out.with("id", group.jid.user).with("subject", group.subject).with("s_t", created).with("creation", created);
  const Account& creator = accounts.get(group.creator);
  const bool lid = group.addressing == Addressing::kLid;
  out.with("creator", lid ? creator.lid(0) : creator.jid(0)).with("s_o", lid ? creator.lid(0) : creator.jid(0));
  if (lid) out.with("creator_pn", creator.jid(0)).with("s_o_pn", creator.jid(0));
  out.with("size", std::to_string(group.members.size()))
      .with("addressing_mode", addressing_name(group.addressing))
      .with("p_v_id", std::to_string(group.version));
  for (const auto& [number, rank] : group.members) out.child(participant_node(group, accounts.get(number)));
  return out;
}

}  // namespace ponte::simulator
