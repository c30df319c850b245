#include "protocol/messages/groups.h"

#include <algorithm>

#include "protocol/messages/lid_map.h"
#include "protocol/session/link_state.h"
#include "store/signal_records.h"

namespace ponte::protocol::messages {
namespace {

constexpr std::size_t kMostParticipants = 4096;

Error malformed(const std::string& what) {
  return {Errc::kMalformed, Cause::kNodeMalformed, "group: " + what};
}

/// Both addresses of a participant, where the group tells them.
Status learn_participant(Step& step, const wire::Node& node) {
  const auto jid = node.jid("jid");
  if (!jid) return Status::Ok();
  const auto pn = node.jid("phone_number");
  const auto lid = node.jid("lid");
  if (is_lid(*jid) && pn) return learn_mapping(step, *pn, *jid);
  if (is_pn(*jid) && lid) return learn_mapping(step, *jid, *lid);
  return Status::Ok();
}

bool takes_away(const wire::Node& change) {
  return change.tag == "remove" || change.tag == "leave" || change.tag == "delete" || change.tag == "suspended" ||
         change.tag == "modify";
}

}  // namespace

Result<Group> parse_group(const wire::Node& node) {
  Group group;
  group.addressing = node.attribute("addressing_mode") == "lid" ? Group::Addressing::kLid : Group::Addressing::kPn;
  for (const wire::Node& child : node.children()) {
    const auto jid = child.tag == "participant" ? child.jid("jid") : std::nullopt;
    if (!jid || !is_nameable(*jid) || !is_user(*jid)) continue;
    if (group.participants.size() == kMostParticipants) break;
    group.participants.push_back(plain(*jid).without_device());
  }
  if (group.participants.empty()) return malformed("no participant in it");
  return group;
}

Status fetch_group(Step& step, const wire::Jid& jid, UniqueFunction<Status(Step&, const Status&)> done) {
  wire::Node iq("iq");
  iq.with("xmlns", "w:g2").with("type", "get").with("to", jid);
  iq.child(wire::Node("query").with("request", "interactive"));
  return step.send_iq(std::move(iq),
                      [jid, done = std::move(done)](Step& later, const IqAnswer& answer) mutable -> Status {
                        if (!answer.ok()) return done(later, answer.error());
                        const wire::Node* node = answer->find("group");
                        if (node == nullptr) return done(later, malformed("an answer without group"));
                        auto group = parse_group(*node);
                        if (!group.ok()) return done(later, group.error());
                        for (const wire::Node& child : node->children()) PONTE_TRY(learn_participant(later, child));
                        later.link.messaging.groups[jid.to_string()] = std::move(*group);
                        return done(later, Status::Ok());
                      });
}

Status on_group_changed(Step& step, const wire::Node& notification) {
  const auto group = notification.jid("from");
  if (!group || !is_group(*group) || !is_nameable(*group)) return Status::Ok();
  step.link.messaging.groups.erase(group->to_string());
  for (const wire::Node& change : notification.children()) {
    for (const wire::Node& participant : change.children()) PONTE_TRY(learn_participant(step, participant));
    if (takes_away(change)) PONTE_TRY(rotate_sender_key(step, *group));
  }
  return Status::Ok();
}

crypto::SignalAddress own_sender(const OwnAddress& own) {
  return signal_address(own.lid.value_or(own.pn));
}

Result<std::vector<wire::Jid>> without_sender_key(Step& step, const wire::Jid& group,
                                                  const std::vector<wire::Jid>& devices) {
  PONTE_ASSIGN(const auto memo, store::get_sender_key_memo(step.store, group.to_string()));
  std::vector<wire::Jid> out;
  for (const wire::Jid& device : devices) {
    const bool has = memo && std::binary_search(memo->devices.begin(), memo->devices.end(), device.to_string());
    if (!has) out.push_back(device);
  }
  return out;
}

Status note_sender_key(Step& step, const wire::Jid& group, const std::vector<wire::Jid>& devices) {
  if (devices.empty()) return Status::Ok();
  PONTE_ASSIGN(auto found, store::get_sender_key_memo(step.store, group.to_string()));
  store::SenderKeyMemo memo = found ? std::move(*found) : store::SenderKeyMemo();
  for (const wire::Jid& device : devices) memo.devices.push_back(device.to_string());
  std::sort(memo.devices.begin(), memo.devices.end());
  memo.devices.erase(std::unique(memo.devices.begin(), memo.devices.end()), memo.devices.end());
  store::put_sender_key_memo(step.store, group.to_string(), memo);
  return Status::Ok();
}

Status forget_sender_key_of(Step& step, const wire::Jid& group, const wire::Jid& device) {
  PONTE_ASSIGN(auto memo, store::get_sender_key_memo(step.store, group.to_string()));
  if (!memo) return Status::Ok();
  PONTE_ASSIGN(const auto other, other_address(step, device));
  std::erase_if(memo->devices, [&](const std::string& known) {
    return known == device.to_string() || (other && known == other->to_string());
  });
  store::put_sender_key_memo(step.store, group.to_string(), *memo);
  return Status::Ok();
}

Status rotate_sender_key(Step& step, const wire::Jid& group) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  store::erase_sender_key(step.store, {group.to_string(), own_sender(own)});
  store::erase_sender_key_memo(step.store, group.to_string());
  return Status::Ok();
}

Status rotate_all_sender_keys(Step& step) {
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  PONTE_ASSIGN(const auto groups, store::get_sender_key_groups(step.store, own_sender(own)));
  for (const std::string& group : groups) {
    store::erase_sender_key(step.store, {group, own_sender(own)});
    store::erase_sender_key_memo(step.store, group);
  }
  return Status::Ok();
}

}  // namespace ponte::protocol::messages
