// Everything the connections of one simulator share.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/random.h"
#include "base/time.h"
#include "simulator/accounts.h"
#include "simulator/authenticator.h"
#include "simulator/chain.h"
#include "simulator/faults.h"
#include "simulator/history_plan.h"
#include "simulator/messaging_blobs.h"
#include "simulator/messaging_groups.h"
#include "simulator/messaging_router.h"
#include "simulator/phones.h"
#include "simulator/used_values.h"

namespace ponte::simulator {

class AppStates;
class SimConnection;
struct ReadMessage;
using ConnectionId = std::uint64_t;

struct Options {
  std::optional<Seed> seed;  ///< absent: drawn
  Milliseconds first_ref_ttl = Seconds(60);
  Milliseconds ref_ttl = Seconds(20);
  /// How far client and server may differ about which ref is on display.
  Milliseconds ref_grace = Seconds(2);
  unsigned ref_count = 6;
  Milliseconds handshake_timeout = Seconds(30);
  /// How long the phone waits for the answer to pair-success, and for companion_finish.
  Milliseconds pairing_timeout = Seconds(20);
  /// From stream:error 515 to the close.
  Milliseconds restart_close_delay = Milliseconds(250);
  Milliseconds ping_interval = Seconds(30);
  /// A connection that sends nothing for so long is closed.
  Milliseconds idle_timeout = Seconds(150);
  /// Older clients are refused with failure 405. 0: none.
  std::uint32_t minimum_revision = 0;
  /// One notification after each login, so that clients have something to acknowledge.
  bool sample_notification = true;
};

struct Counters {
  std::uint64_t connections = 0;
  std::uint64_t handshakes_xx = 0;
  std::uint64_t handshakes_ik = 0;
  std::uint64_t handshakes_fallback = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t pairings = 0;
  std::uint64_t pairings_failed = 0;
  std::uint64_t logins = 0;
  std::uint64_t logins_refused = 0;
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t acks = 0;
};

/// Something a client did that WhatsApp would not accept, or would not see from its own clients.
struct Violation {
  ConnectionId connection = 0;
  std::string text;
};

/// Sees what no output shows, for recordings. Called from inside the simulator's inputs.
class Observer {
 public:
  enum class Direction { kIn, kOut };
  virtual ~Observer() = default;
  /// `plaintext` is the stanza's frame with its flag byte.
  virtual void on_stanza(ConnectionId id, Direction direction, ByteView plaintext) = 0;
  virtual void on_violation(const Violation& violation) = 0;
};

/// Shared state. One thread; outlives its connections.
struct World {
  World(Options simulator_options, RandomSource& source);
  ~World();

  /// Kept up to a thousand, oldest dropped.
  void note_violation(ConnectionId connection, std::string text);
  SimConnection* find(ConnectionId id);

  Options options;
  RandomSource& random;
  Seed seed;
  ServerChain chain;
  Accounts accounts;
  Authenticator authenticator;
  FaultTable faults;
  Counters counters;
  UsedValues used_once;          ///< ephemeral keys, salts, nonces and IVs of all clients
  UsedValues used_keys;          ///< prekeys by device and id
  UsedValues used_message_keys;  ///< what each device has encrypted, by message key
  Groups groups;
  Phones phones;
  MessageRouter router;
  Blobs blobs;
  std::unique_ptr<AppStates> app_state;
  /// By number; the empty one is for everybody else. Null where nothing is planned.
  const Greeting* greeting_of(const std::string& number) const;
  std::map<std::string, Greeting> greetings;
  std::string media_host = "127.0.0.1";  ///< what media_conn names
  std::deque<Violation> violations;
  std::map<ConnectionId, std::unique_ptr<SimConnection>> connections;
  std::unordered_map<std::string, ConnectionId> refs;    ///< QR ref -> connection that shows it
  std::unordered_map<std::string, ConnectionId> codes;   ///< number -> connection with an outstanding pairing code
  std::unordered_map<std::string, ConnectionId> online;  ///< device JID -> connection
  /// Called when a connection has output that its owner should fetch, also through somebody else's act.
  std::function<void(SimConnection&)> on_output;
  /// A simulated device has decrypted a message. Called from inside the simulator's inputs.
  std::function<void(const DeviceId&, const ReadMessage&)> on_read;
  Observer* observer = nullptr;  ///< outlives this
};

}  // namespace ponte::simulator
