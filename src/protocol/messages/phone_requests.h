// Our own phone is asked for what did not come otherwise (wire: messages.md 2.8, 3.6).
#pragma once

#include "e2e.pb.h"
#include "protocol/messages/source.h"
#include "protocol/session/step.h"

namespace ponte::protocol::messages {

/// How a message to our own phone goes out.
struct PeerOptions {
  std::string push_priority;  ///< `high`, `high_force`; empty: none
  bool privacy_sensitive = false;
};
/// Sends our own phone what devices tell each other. The id that it goes out under.
Result<std::string> send_peer(Step& step, const proto::ProtocolMessage& message, const PeerOptions& options);

/// Asks for one message now; one time in a connection.
Status ask_phone(Step& step, const Source& source);
/// The same in 5 s, unless the message has come by then.
Status ask_phone_later(Step& step, const Source& source);
/// Those whose time has come.
Status on_phone_request_deadline(Step& step);
/// It has come by itself.
void forget_phone_request(Step& step, std::string_view id);

/// What the phone answers. Only from the phone itself.
Status take_phone_answer(Step& step, const Source& source,
                         const proto::PeerDataOperationRequestResponseMessage& answer);

}  // namespace ponte::protocol::messages
