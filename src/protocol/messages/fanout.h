// A message in its encrypted form, for every device that it goes to (wire: messages.md 3.2, 3.5, 3.6).
#pragma once

#include <vector>

#include "e2e.pb.h"
#include "protocol/messages/addresses.h"
#include "protocol/messages/state.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// Where a draft goes.
struct Destination {
  wire::Jid to;                                 ///< attribute `to`
  std::vector<wire::Jid> recipients;            ///< devices of the other side, or of all participants
  std::vector<wire::Jid> own_devices;           ///< our others, in the same addressing; in a group among the recipients
  std::optional<Group::Addressing> addressing;  ///< of a group
};

/// The stanza. Every ratchet that it used has moved on: commit before it goes out. Devices without a session are left
/// out. kUnavailable/kSendNoDevice where none of the other side's could be encrypted for, or not its phone.
Result<wire::Node> encrypt_draft(Step& step, const Draft& draft, const Destination& destination);

/// One device's copy, as in the answer to its retry receipt: `<enc>`, and what goes beside it. `draft` may hold the
/// group's key too.
struct DeviceCopy {
  wire::Node enc;
  bool begins_session = false;  ///< a `pkmsg`: `<device-identity>` goes beside it
};
Result<DeviceCopy> encrypt_for(Step& step, const wire::Jid& device, const proto::Message& message);

/// The copy that our other devices get (wire: messages.md 3.2).
proto::Message for_own_devices(const proto::Message& message, const wire::Jid& to);

/// Our key of the group, as it stands now, for who is to read from here on.
Result<proto::SenderKeyDistributionMessage> sender_key_distribution(Step& step, const wire::Jid& group,
                                                                    const OwnAddress& own);

/// Attribute `type` of the stanza, for what Ponte sends.
std::string_view stanza_type(const proto::Message& message);

}  // namespace ponte::protocol::messages
