// A peer who has installed WhatsApp anew (wire: messages.md 1.8).
#pragma once

#include "protocol/session/step.h"
#include "protocol/wire/jid.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// A message came under another identity than before; its session has been begun already.
Status on_changed_identity(Step& step, const wire::Jid& device);

/// `<notification type="encrypt"><identity/>`: the user's sessions and identities are worth nothing any more.
Status on_identity_notification(Step& step, const wire::Node& notification);

/// `<notification type="devices">` or `account_sync`: the user has linked a device, or let one go. Keys of one that is
/// gone are forgotten, and ours in groups are made anew.
Status on_devices_changed(Step& step, const wire::Node& notification);

/// The sessions, identities and sender keys with one device, under both addresses.
Status forget_device_keys(Step& step, const wire::Jid& device);

}  // namespace ponte::protocol::messages
