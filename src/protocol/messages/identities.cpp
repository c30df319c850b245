#include "protocol/messages/identities.h"

#include "protocol/devices/usync.h"
#include "protocol/messages/addresses.h"
#include "protocol/messages/groups.h"
#include "protocol/messages/lid_map.h"
#include "protocol/session/link_state.h"
#include "store/signal_records.h"

namespace ponte::protocol::messages {
namespace {

/// Everything under one name, whatever the device.
Status forget_name(Step& step, const wire::Jid& user) {
  const std::string name = signal_address(user).name;
  PONTE_ASSIGN(const std::vector<std::int32_t> devices, store::get_signal_devices(step.store, name));
  for (const std::int32_t device : devices) {
    store::erase_signal_session(step.store, {name, device});
    store::erase_signal_identity(step.store, {name, device});
  }
  return Status::Ok();
}

}  // namespace

Status on_changed_identity(Step& step, const wire::Jid& device) {
  step.emit(event::IdentityChanged{device});
  devices::forget_devices(step, device);
  return Status::Ok();
}

Status on_identity_notification(Step& step, const wire::Node& notification) {
  const auto from = notification.jid("from");
  if (!from || !is_user(*from) || !is_nameable(*from)) return Status::Ok();
  PONTE_ASSIGN(const OwnAddress own, own_address(step));
  // Of our own account it speaks of the phone; the sessions with our other devices stay.
  if (own.is_own(*from)) return Status::Ok();
  PONTE_ASSIGN(const auto other, other_address(step, *from));
  PONTE_TRY(forget_name(step, plain(*from)));
  devices::forget_devices(step, *from);
  if (other) {
    PONTE_TRY(forget_name(step, *other));
    devices::forget_devices(step, *other);
  }
  step.emit(event::IdentityChanged{from->without_device()});
  return Status::Ok();
}

Status on_devices_changed(Step& step, const wire::Node& notification) {
  const auto from = notification.jid("from");
  if (!from || !is_user(*from) || !is_nameable(*from)) return Status::Ok();
  PONTE_ASSIGN(const auto other, other_address(step, *from));
  devices::forget_devices(step, *from);
  if (other) devices::forget_devices(step, *other);
  for (const wire::Node& change : notification.children()) {
    for (const wire::Node& device : change.children()) {
      const auto jid = device.tag == "device" && change.tag == "remove" ? device.jid("jid") : std::nullopt;
      // Of its own devices alone may a user speak.
      if (!jid || jid->user != from->user || jid->device == 0) continue;
      PONTE_TRY(forget_device_keys(step, *jid));
      PONTE_TRY(rotate_all_sender_keys(step));
    }
  }
  return Status::Ok();
}

Status forget_device_keys(Step& step, const wire::Jid& device) {
  PONTE_ASSIGN(const wire::Jid target, encryption_jid(step, device));
  store::erase_signal_session(step.store, signal_address(target));
  store::erase_signal_identity(step.store, signal_address(target));
  return Status::Ok();
}

}  // namespace ponte::protocol::messages
