// What goes wrong with messages on purpose: refused by the server, or lost, doubled and mixed up on the way.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "protocol/wire/node.h"
#include "simulator/accounts.h"

namespace ponte::simulator {

/// What happens to messages on their way to a companion.
enum class DeliveryMode {
  kNormal,
  kDuplicate,  ///< comes twice
  kReorder,    ///< every second one comes before the first
  kDrop,       ///< does not come on this connection, but with the next login
  kLose,       ///< never comes
  kHold,       ///< waits until it is released
  kDamage,     ///< comes with a bit of each ciphertext turned
};
std::optional<DeliveryMode> delivery_mode_from_name(std::string_view name);

/// By the receiver's number; the empty number is everybody. One thread.
class DeliveryFaults {
 public:
  struct Held {
    DeviceId to;
    protocol::wire::Node stanza;
  };

  /// For the next `count` messages; absent: until changed.
  void set_mode(const std::string& number, DeliveryMode mode, std::optional<unsigned> count);
  /// The mode of the next message to that number; uses it up.
  DeliveryMode take_mode(const std::string& number);

  /// The server answers the next `count` messages of that number with this error.
  void refuse(const std::string& number, unsigned code, unsigned count);
  std::optional<unsigned> take_refusal(const std::string& number);

  /// Offline stanzas after the first few come only to who asks for them, however it has logged in.
  bool pull_offline = false;

  std::deque<Held>& held() { return held_; }
  /// The one that waits for the next to go first.
  std::map<DeviceId, protocol::wire::Node>& overtaken() { return overtaken_; }
  void clear();

 private:
  struct Mode {
    DeliveryMode mode = DeliveryMode::kNormal;
    std::optional<unsigned> left;
  };
  struct Refusal {
    unsigned code = 0;
    unsigned left = 0;
  };
  std::map<std::string, Mode> modes_;
  std::map<std::string, Refusal> refusals_;
  std::deque<Held> held_;
  std::map<DeviceId, protocol::wire::Node> overtaken_;
};

}  // namespace ponte::simulator
