// What is within a `<message>`: its `<enc>` children, decrypted (wire: messages.md 2.3).
#pragma once

#include <optional>
#include <vector>

#include "e2e.pb.h"
#include "protocol/messages/source.h"
#include "protocol/session/step.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

struct Opened {
  std::vector<proto::Message> messages;  ///< in the order of decryption, of every child that could be read
  bool duplicate = false;                ///< a child was decrypted before
  bool changed_identity = false;         ///< the sender has another identity key than before
  std::optional<Error> failure;          ///< of the first child that could not be read
  bool only_sender_key_missing = false;  ///< the failure is an `skmsg` under a key that nobody has told us
  std::uint32_t count = 0;               ///< `count` of the children: how often this was sent again
};

/// Decrypts pairwise children first, since they may bring the key that the group's needs; takes sender keys that they
/// distribute. A child that cannot be read does not keep the others from being read. Errors are the store's alone.
Result<Opened> open_message(Step& step, const Source& source, const wire::Node& message);

}  // namespace ponte::protocol::messages
