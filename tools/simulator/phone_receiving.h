// Private to PhoneMessaging: one stanza while it is decrypted.
#pragma once

#include "simulator/phone_messaging.h"

namespace ponte::simulator {

struct PhoneMessaging::Receiving {
  const protocol::wire::Node& stanza;
  const Now& now;
  std::string id{};
  protocol::wire::Jid from{};  ///< the sending device
  const Account* sender = nullptr;
  protocol::wire::Jid chat{};
  bool in_group = false;
  bool own = false;   ///< from another device of the account
  bool peer = false;  ///< about the account
  bool duplicate = false;
  std::optional<Error> failure{};  ///< of the first part that did not decrypt
  std::vector<ReadMessage> read{};

  crypto::SignalAddress address() const { return signal_address(*sender, from.device); }
};

}  // namespace ponte::simulator
