// Who is behind a number, and which devices somebody has (wire: messages.md 3.3, 8.7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "protocol/messages/state.h"
#include "protocol/session/step.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::devices {

/// What the server says of one user.
struct UsyncUser {
  wire::Jid jid;  ///< without device; where a number was asked for, the address that it stands for
  std::optional<wire::Jid> pn;
  std::optional<wire::Jid> lid;
  /// Asked for by number: whether WhatsApp knows it. nullopt: not said.
  std::optional<bool> registered;
  /// Absent where the server could not tell.
  std::optional<messages::DeviceNumbers> devices;
};

/// Parses the answer; users without an address are left out, LIDs and PNs that belong together are kept as mappings by
/// the askers below.
std::vector<UsyncUser> parse_usync(const wire::Node& answer);

using UsyncHandler = UniqueFunction<Status(Step&, Result<std::vector<UsyncUser>>)>;

/// Looks a phone number up: `registered`, its LID.
Status look_up_number(Step& step, const wire::Jid& pn, UsyncHandler done);

/// The devices of these users, by the addresses that will be written to; at most a few hundred. Fills the session's
/// lists before `done`. Those of whom nothing comes have their phone.
Status fetch_devices(Step& step, const std::vector<wire::Jid>& users, UsyncHandler done);

/// `<notification type="devices">` and `account_sync`: the lists of that user are asked for again when next needed.
void forget_devices(Step& step, const wire::Jid& user);

}  // namespace ponte::protocol::devices
