// What a session remembers of messages between inputs. None of it outlives the session: what must is in the store.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "protocol/messages/types.h"
#include "protocol/wire/node.h"

namespace ponte::protocol::messages {

/// Numbers of the devices of one user; 0, the phone, is always among them.
using DeviceNumbers = std::vector<std::uint16_t>;

/// A group as its metadata tells (wire: messages.md 3.5).
struct Group {
  enum class Addressing { kPn, kLid };
  Addressing addressing = Addressing::kPn;
  std::vector<wire::Jid> participants;  ///< without device, in the group's addressing
};

/// A message that is to go out, before it has an encrypted form.
struct Draft {
  enum class Kind {
    kChat,  ///< to somebody or a group
    kPeer,  ///< to our own phone, about what devices tell each other (wire: messages.md 3.6)
  };
  Kind kind = Kind::kChat;
  std::vector<Ticket> tickets;  ///< who waits for it
  std::string id;
  wire::Jid to;   ///< as asked for; without device
  Bytes content;  ///< serialized Message
  std::string source;
  std::string push_priority;       ///< kPeer: attribute of that name; empty: none
  bool privacy_sensitive = false;  ///< kPeer
};

/// A draft on its way out.
///
///   kWaiting --first in the queue, online--> kPreparing --encrypted, committed--> kSent --ack--> gone
///      ^                                          |                                 |
///      +------- connection lost, 421, 479 --------+----- 421, 479, once ------------+
struct PendingSend {
  enum class Stage { kWaiting, kPreparing, kSent };
  Stage stage = Stage::kWaiting;
  Draft draft;
  Mono deadline{};                   ///< kPreparing: for all that is asked; kSent: for the ack
  bool asked = false;                ///< an answer of the server is waited for
  bool checked = false;              ///< the number was looked up
  bool devices_known = false;        ///< the devices of everybody were asked for
  bool bundles_known = false;        ///< and the keys of those without a session
  unsigned attempts = 0;             ///< encrypted so far
  bool resent = false;               ///< the same bytes went out a second time, on the next connection
  std::optional<wire::Node> stanza;  ///< kSent
};

/// A message that the phone is to be asked for, unless it comes by itself until then (wire: messages.md 2.8).
struct PhoneRequest {
  Mono due{};
  std::string chat;
  std::string participant;  ///< author in a group; empty elsewhere
  std::string id;
  bool from_me = false;
};

struct State {
  std::deque<PendingSend> sends;
  std::map<std::string, DeviceNumbers, std::less<>> devices;  ///< by JID without device
  std::map<std::string, Group, std::less<>> groups;           ///< by JID
  std::deque<PhoneRequest> phone_requests;                    ///< in the order of `due`
  std::set<std::string, std::less<>> asked_phone;             ///< ids that it was asked for on this connection
  /// While the offline queue is delivered, nothing is sent: new sessions would cross with what waits there.
  std::optional<Mono> draining_until;
  std::uint64_t offline_expected = 0;  ///< stanzas that waited for us at login
  std::uint64_t offline_seen = 0;      ///< of them have come
  bool merging_chats = false;          ///< some chats are still to move to their LID
  bool interrupted_told = false;       ///< what an earlier process left unacknowledged was told

  std::optional<Mono> next_deadline() const;
  /// The connection is over: what was asked will not be answered.
  void close();
};

}  // namespace ponte::protocol::messages
