// The server's part in messages: who gets what, and what the sender is told (wire: messages.md 2.1, 3.7). It sees
// stanzas, never what is in them.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "protocol/wire/node.h"
#include "simulator/accounts.h"
#include "simulator/messaging_faults.h"
#include "simulator/messaging_groups.h"

namespace ponte::simulator {

struct World;

/// Takes stanzas from devices, connected or simulated, and brings them to those that they are for. Simulated devices
/// get theirs in `settle`, one after the other, so that nobody is called back from inside a call. One thread; owned by
/// the World.
class MessageRouter {
 public:
  explicit MessageRouter(World& world) : world_(world) {}

  /// `<message>`, `<receipt>`, `<chatstate>` or `<presence>` of a device. What answers a message at once: `<ack>`.
  std::optional<protocol::wire::Node> submit(const DeviceId& from, const protocol::wire::Node& stanza, const Now& now);
  /// A stanza of a simulated device. It counts from the next `settle` on; its ack comes as any stanza.
  void submit_simulated(const DeviceId& from, protocol::wire::Node stanza);
  /// Brings a stanza to a device: now where it is connected, with `settle` where it is simulated, else when it comes.
  /// Connected ones must acknowledge it, unless it is a chatstate or presence, which nobody gets later either.
  void deliver(const DeviceId& to, protocol::wire::Node stanza, const Now& now);
  /// Lets the simulated devices read what they were sent, and answer, until nothing is left. To be called at the end of
  /// every input.
  void settle(const Now& now);
  /// A notification to all companions of everybody in the group.
  void notify_group(const Group& group, const protocol::wire::Node& notification, const Now& now);
  /// The list of an account's companions has changed: its own devices and who has written with it are told.
  /// `child`: `add` or `remove`.
  void notify_devices(Account& account, std::string_view child, std::uint16_t device, const Now& now);

  /// A collection of app state has changed: all companions but the one that changed it are told. `collection` has its
  /// name and version.
  void notify_app_state(const Account& account, const protocol::wire::Node& collection, std::uint16_t but,
                        const Now& now);

  /// One-time prekeys of a device were handed out; with the next `settle` it is told where few are left.
  void keys_used(const DeviceId& device) { low_on_keys_.insert(device); }

  DeliveryFaults& faults() { return faults_; }
  /// Brings what was held to where it was going.
  unsigned release(const Now& now);
  void clear();

 private:
  /// A message on its way.
  struct Letter;

  protocol::wire::Node on_message(const DeviceId& from, const protocol::wire::Node& message, const Now& now);
  void on_receipt(const DeviceId& from, const protocol::wire::Node& receipt, const Now& now);
  void on_presence(const DeviceId& from, const protocol::wire::Node& presence, const Now& now);
  void on_chatstate(const DeviceId& from, const protocol::wire::Node& chatstate, const Now& now);

  /// Who it is for, or the error code of the ack.
  std::optional<unsigned> address(Letter& letter);
  std::optional<unsigned> address_group(Letter& letter);
  void collect(Letter& letter);
  void check(const Letter& letter);
  protocol::wire::Node as_received(const Letter& letter, const DeviceId& receiver) const;
  /// The hash of whom the message should have been for, where that is not whom it was for.
  std::optional<std::string> hash_to_tell(const Letter& letter) const;
  void ask_for_keys(const Now& now);
  void carry(const DeviceId& to, protocol::wire::Node stanza, const Now& now);
  void violation(const DeviceId& from, std::string text);
  void note_contact(const std::string& one, const std::string& other);
  std::optional<DeviceId> device_of(const protocol::wire::Jid& jid) const;

  World& world_;
  DeliveryFaults faults_;
  struct Pending {
    DeviceId device;
    protocol::wire::Node stanza;
    bool outgoing;  ///< from the device to the server
  };
  std::deque<Pending> pending_;
  bool settling_ = false;
  std::set<DeviceId> low_on_keys_;                         ///< perhaps
  std::map<std::string, std::set<std::string>> contacts_;  ///< numbers that have written to each other
  struct Subscription {
    DeviceId device;
    protocol::wire::Jid as;  ///< how it named whom it wants to hear of
  };
  std::map<std::string, std::vector<Subscription>> subscriptions_;  ///< by the number that is watched
};

}  // namespace ponte::simulator
