// The handlers that stanza_routes.cpp names; one file per tag.
#pragma once

#include <string_view>

#include "protocol/session/step.h"

namespace ponte::protocol::handlers {

/// pair-device, pair-success, server pings, and answers to our own iqs.
Status on_iq(Step& step, const wire::Node& node);
/// Logged in: persists what the login counts, then prekeys, `active`, unified session (wire: pairing.md 8.1).
Status on_success(Step& step, const wire::Node& node);
/// Refused instead of logged in (wire: pairing.md 9.1).
Status on_failure(Step& step, const wire::Node& node);
/// The stream ends, with a code that says what to do (wire: pairing.md 9.2).
Status on_stream_error(Step& step, const wire::Node& node);
Status on_stream_end(Step& step, const wire::Node& node);
Status on_notification(Step& step, const wire::Node& node);
Status on_message(Step& step, const wire::Node& node);
Status on_receipt(Step& step, const wire::Node& node);
Status on_call(Step& step, const wire::Node& node);
/// The server's answer to a message of ours (wire: messages.md 3.7).
Status on_ack(Step& step, const wire::Node& node);
/// Routing info, client expiry, a phone without multi-device (wire: pairing.md 8.9).
Status on_ib(Step& step, const wire::Node& node);
Status on_ignored(Step& step, const wire::Node& node);
Status on_unknown(Step& step, const wire::Node& node);

/// Whether a stanza is the server's own word, and not relayed from an account.
bool from_server(const wire::Node& node);

/// Which attributes an ack carries beyond class, id and to.
enum class AckType { kCopied, kOmitted };
/// `<ack>` of a stanza, participant and recipient copied (wire: pairing.md 8.11). `error`: empty or a code.
Status send_ack(Step& step, const wire::Node& node, AckType type, std::string_view error = {});

}  // namespace ponte::protocol::handlers
