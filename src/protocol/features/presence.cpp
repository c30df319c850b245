#include "protocol/features/presence.h"

#include "protocol/session/link_state.h"

namespace ponte::protocol::features {
namespace {

std::string name_of(const store::Account& account) {
  return account.push_name.empty() ? account.business_name : account.push_name;
}

}  // namespace

Status announce_presence(Step& step) {
  LinkState& link = step.link;
  if (link.phase != Phase::kOnline || !link.account) return Status::Ok();
  // A companion is unavailable until it says otherwise.
  if (link.options.presence == Presence::kUnavailable && !link.announced) return Status::Ok();
  const bool available = link.options.presence == Presence::kAvailable;
  const std::string name = name_of(*link.account);
  if (available && name.empty()) return Status::Ok();
  link.announced = available;
  return step.send(
      wire::Node("presence").with("type", available ? "available" : "unavailable").with("name", available ? name : ""));
}

Status set_presence(Step& step, Presence presence) {
  if (step.link.options.presence == presence) return Status::Ok();
  step.link.options.presence = presence;
  return announce_presence(step);
}

}  // namespace ponte::protocol::features
