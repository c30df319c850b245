// Parts of history: from the phone's word to the store (wire: messages.md 4.3).
#pragma once

#include <string_view>

#include "e2e.pb.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::history {

/// Parts are kept as jobs before their message is answered, and taken one after the other, over restarts too:
///
///   told ---> job ---> fetched ---> read, slice by slice ---> hist_sync receipt
///              ^          | gone, damaged
///              |          v
///              +--- asked for again: the phone's answer, or none
///
/// Whatever a part is like, the connection goes on: one that cannot be had or read is given up, and counted in
/// store::HistoryProgress.

/// A part is told of, by another device of the account: that is for the caller to check. It is kept durably with the
/// step.
Status on_notification(Step& step, const proto::HistorySyncNotification& notification, std::string_view message_id);

/// After `<success>`: goes on with what is there.
Status on_online(Step& step);

/// The device has just been linked: so many days were asked for, and older messages are left out.
Status on_linked(Step& step);

/// `<notification type="mediaretry">`, already acknowledged: the phone has put a file there again, or not. What is
/// about something else is left alone.
Status on_media_retry(Step& step, const wire::Node& notification);

}  // namespace ponte::protocol::history
