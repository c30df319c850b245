// Where the session calls messages: after login, when the offline queue begins and ends, when time is up.
#pragma once

#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// After `<success>`: our own two addresses are one account, what is too old is let go, what waits is sent.
Status on_online(Step& step);

/// `<ib>` with `<offline_preview>`: so much waits for us; asks for it (wire: messages.md 2.11).
Status on_offline_preview(Step& step, const wire::Node& preview);
/// A stanza that waited has come; the next batch is asked for where one is full.
Status on_offline_stanza(Step& step);
/// `<ib>` with `<offline>`: all of it has come.
Status on_offline_end(Step& step);

/// Whatever of messages is due.
Status on_deadline(Step& step);

}  // namespace ponte::protocol::messages
