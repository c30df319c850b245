#include "protocol/devices/usync.h"

#include <algorithm>

#include "base/hex.h"
#include "protocol/messages/addresses.h"
#include "protocol/messages/lid_map.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::devices {
namespace {

constexpr std::size_t kMostDevices = 256;

wire::Node usync_iq(Step& step, std::string_view context, wire::Node query, wire::Node list) {
  return wire::server_iq("usync", "get")
      .child(wire::Node("usync")
                 .with("sid", to_hex(step.random.array<8>()))
                 .with("mode", "query")
                 .with("last", "true")
                 .with("index", "0")
                 .with("context", context)
                 .child(std::move(query))
                 .child(std::move(list)));
}

/// nullopt where the server has an error in place of the list.
std::optional<messages::DeviceNumbers> devices_of(const wire::Node& user) {
  const wire::Node* devices = user.find("devices");
  const wire::Node* list = devices ? devices->find("device-list") : nullptr;
  if (list == nullptr) return std::nullopt;
  messages::DeviceNumbers out{0};
  for (const wire::Node& device : list->children()) {
    const auto id = device.number("id");
    // One without key index is not linked any more.
    if (device.tag != "device" || !id || *id == 0 || *id > 0xFFFF || !device.attribute("key-index")) continue;
    if (device.attribute("is_hosted") == "true") continue;
    if (out.size() < kMostDevices) out.push_back(static_cast<std::uint16_t>(*id));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::optional<UsyncUser> user_of(const wire::Node& node) {
  const auto jid = node.jid("jid");
  if (node.tag != "user" || !jid || !messages::is_nameable(*jid) || !messages::is_user(*jid)) return std::nullopt;
  UsyncUser out;
  out.jid = messages::plain(*jid).without_device();
  if (const auto pn = node.jid("pn_jid"); pn && messages::is_nameable(*pn)) out.pn = pn->without_device();
  if (messages::is_pn(out.jid)) out.pn = out.jid;
  const wire::Node* lid = node.find("lid");
  if (const auto value = lid ? lid->jid("val") : std::nullopt; value && messages::is_nameable(*value))
    out.lid = value->without_device();
  if (messages::is_lid(out.jid)) out.lid = out.jid;
  if (const wire::Node* contact = node.find("contact")) out.registered = contact->attribute("type") == "in";
  out.devices = devices_of(node);
  return out;
}

/// Keeps what the answer tells before anybody asks for it.
Status take(Step& step, const std::vector<UsyncUser>& users) {
  for (const UsyncUser& user : users) {
    if (user.pn && user.lid) PONTE_TRY(messages::learn_mapping(step, *user.pn, *user.lid));
    if (user.devices) step.link.messaging.devices[user.jid.to_string()] = *user.devices;
  }
  return Status::Ok();
}

IqTracker::Handler answered(UsyncHandler done) {
  return [done = std::move(done)](Step& step, const IqAnswer& answer) mutable -> Status {
    if (!answer.ok()) return done(step, answer.error());
    std::vector<UsyncUser> users = parse_usync(*answer);
    PONTE_TRY(take(step, users));
    return done(step, std::move(users));
  };
}

}  // namespace

std::vector<UsyncUser> parse_usync(const wire::Node& answer) {
  std::vector<UsyncUser> out;
  const wire::Node* usync = answer.find("usync");
  const wire::Node* list = usync ? usync->find("list") : nullptr;
  if (list == nullptr) return out;
  for (const wire::Node& node : list->children()) {
    if (auto user = user_of(node)) out.push_back(std::move(*user));
  }
  return out;
}

Status look_up_number(Step& step, const wire::Jid& pn, UsyncHandler done) {
  wire::Node query = wire::Node("query").child(wire::Node("contact")).child(wire::Node("lid"));
  const std::string number = "+" + pn.user;
  wire::Node list = wire::Node("list").child(wire::Node("user").child(wire::Node("contact").bytes(as_bytes(number))));
  return step.send_iq(usync_iq(step, "interactive", std::move(query), std::move(list)), answered(std::move(done)));
}

Status fetch_devices(Step& step, const std::vector<wire::Jid>& users, UsyncHandler done) {
  wire::Node list("list");
  for (const wire::Jid& user : users) list.child(wire::Node("user").with("jid", user));
  wire::Node query = wire::Node("query").child(wire::Node("devices").with("version", "2")).child(wire::Node("lid"));
  return step.send_iq(usync_iq(step, "message", std::move(query), std::move(list)),
                      answered([users, done = std::move(done)](Step& later, auto result) mutable -> Status {
                        if (result.ok()) {
                          for (const wire::Jid& user : users)
                            later.link.messaging.devices.try_emplace(user.to_string(), messages::DeviceNumbers{0});
                        }
                        return done(later, std::move(result));
                      }));
}

void forget_devices(Step& step, const wire::Jid& user) {
  step.link.messaging.devices.erase(messages::plain(user).without_device().to_string());
}

}  // namespace ponte::protocol::devices
