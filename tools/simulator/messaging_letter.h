// Private to the router: one message on its way.
#pragma once

#include <map>
#include <vector>

#include "simulator/messaging_router.h"

namespace ponte::simulator {

struct MessageRouter::Letter {
  const DeviceId& from;
  const protocol::wire::Node& message;
  const Now& now;
  Account& sender;

  protocol::wire::Jid to{};
  Account* receiver = nullptr;  ///< of a message to one
  Group* group = nullptr;       ///< of a message to a group
  bool peer = false;            ///< between devices of one account, about the account
  bool broadcast = false;       ///< to whom it names, as one chat
  bool resent = false;          ///< to one device, since it asked again
  std::vector<DeviceId> receivers{};
  std::map<DeviceId, protocol::wire::Node> pairwise{};  ///< the `<enc>` for one device alone
  std::vector<protocol::wire::Node> shared{};           ///< the `<enc>` for all

  /// In which addresses people are named.
  Addressing addressing() const {
    if (group != nullptr) return group->addressing;
    return message.attribute("addressing_mode") == "pn" ? Addressing::kPn : Addressing::kLid;
  }
};

}  // namespace ponte::simulator
