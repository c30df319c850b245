// Who sent a `<message>`, and into which chat (wire: messages.md 2.1, 2.2).
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "protocol/messages/addresses.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// A pair of addresses that a stanza tells of.
struct AddressPair {
  wire::Jid pn;
  wire::Jid lid;
};

struct Source {
  enum class Kind {
    kUser,  ///< one to one, a note to oneself too
    kGroup,
    kBroadcast,   ///< `status@broadcast` or a list
    kNewsletter,  ///< no encryption between ends
  };

  std::string id;
  Kind kind = Kind::kUser;
  wire::Jid chat;    ///< as the stanza has it, without device
  wire::Jid sender;  ///< with device
  bool from_me = false;
  bool peer = false;     ///< category="peer": from another device of ours to this one
  bool offline = false;  ///< it waited for us
  Wall at{};
  std::string push_name;                   ///< empty where not said
  std::string edit;                        ///< attribute `edit`; empty where absent
  std::optional<AddressPair> sender_pair;  ///< both addresses of the sender
  std::optional<AddressPair> chat_pair;    ///< both of whom a copy of our own message went to

  bool is_status() const { return kind == Kind::kBroadcast && messages::is_status(chat); }
  /// Whether its text is under sender keys.
  bool has_sender_keys() const { return kind == Kind::kGroup || kind == Kind::kBroadcast; }
};

/// kMalformed/kNodeMalformed naming the attribute that is missing or is no address. `fallback`: the time where the
/// stanza has none.
Result<Source> resolve_source(const wire::Node& message, const OwnAddress& own, Wall fallback);

}  // namespace ponte::protocol::messages
