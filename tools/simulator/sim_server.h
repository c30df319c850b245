// WhatsApp's server and the phones behind it: a pure core, driven by a socket shell or by a test on a
// virtual clock.
//
//   SimServer server(options, random);
//   SimConnection& connection = server.open(now);
//   connection.on_bytes(from_client, now);
//   while (auto output = connection.poll_output()) ...   // SendBytes to the client, or Close
//   ... at connection.next_deadline(): connection.on_deadline(now);
//   server.forget(connection.id());                       // once closed
//
// A client under test is given root_key() in place of WhatsApp's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "simulator/hostile.h"
#include "simulator/online_side.h"
#include "simulator/pairing_side.h"
#include "simulator/sim_connection.h"
#include "simulator/world.h"

namespace ponte::simulator {

/// Which connections an admin call is about. Nothing set: all.
struct Target {
  std::optional<ConnectionId> connection;
  std::optional<std::string> number;  ///< linked devices of that phone, and connections with a pairing code for it
};

/// Whom faults are for. Nothing set: everybody, from now on.
struct Scope {
  std::optional<unsigned> next;  ///< the next so many connections
  std::optional<std::string> number;
  std::optional<unsigned> uses;            ///< with number: how many connections; absent: until reset
  std::optional<ConnectionId> connection;  ///< an open connection, at once
};

/// One thread. Admin calls act on connections at the time they are given; their output is fetched from
/// the connections afterwards (on_output tells which). Counts are how many connections were acted upon; frozen ones are
/// left out, but for drop.
class SimServer {
 public:
  SimServer(Options options, RandomSource& random);
  ~SimServer();

  // The network's side.
  SimConnection& open(const Now& now);
  /// Destroys a connection that is closed on both sides.
  void forget(ConnectionId id);
  SimConnection* find(ConnectionId id) { return world_.find(id); }
  /// The HTTP status that refuses the next upgrade, where a fault says so.
  std::optional<unsigned> upgrade_refusal() { return world_.faults.upgrade_refusal(); }
  /// Called when a connection has output, from inside the call that caused it: only schedule there.
  void on_output(std::function<void(SimConnection&)> callback) { world_.on_output = std::move(callback); }

  // What clients are given, and what they have done.
  const crypto::PublicKey& root_key() const { return world_.chain.root_key(); }
  World& world() { return world_; }

  // The phone.
  /// Scans a QR text. Errors as PairingSide::scan; kInvalidArgument for a text that is no QR text,
  /// kNotFound for a ref nobody shows.
  void scan(std::string_view qr_text, const Phone& phone, const Now& now, Reply<Paired> reply);
  /// Types a pairing code. kNotFound where no companion waits for a code of that number.
  void enter_code(const std::string& number, std::string_view code, const Phone& phone, const Now& now,
                  Reply<Paired> reply);
  /// The phone's passkey signs request options (JSON). As Authenticator::sign.
  Result<Assertion> passkey_assertion(std::string_view options) const { return world_.authenticator.sign(options); }
  /// Unlinks a companion (all of them where `device` is absent), connected or not. kNotFound.
  Result<unsigned> unlink(const std::string& number, std::optional<std::uint16_t> device, const Now& now);

  // Faults.
  Status set_faults(const Faults& faults, const Scope& scope);
  unsigned drop(const Target& target, Close::Kind kind, const Now& now);
  unsigned send_stream_error(const Target& target, unsigned code, std::string_view conflict, const Now& now);
  unsigned send_failure(const Target& target, const Failure& failure, const Now& now);
  unsigned send_garbage(const Target& target, const Now& now);
  /// companion_reg_refresh to connections that show a QR code.
  unsigned rotate(const Target& target, const Now& now);
  /// refresh_code to connections with an outstanding pairing code.
  unsigned refresh_code(const Target& target, bool force_manual, const Now& now);
  /// Leaves `left` prekeys on the server and tells the companions. kNotFound.
  Result<unsigned> use_prekeys(const std::string& number, std::size_t left, const Now& now);
  /// A stanza to each target; notifications and messages are delivered as such (queued, acknowledged).
  unsigned send_stanza(const Target& target, const protocol::wire::Node& stanza, const Now& now);
  unsigned ping(const Target& target, const Now& now);
  // A server that means harm. What is sent: hostile.h.
  unsigned send_pair_success(const Target& target, const Now& now);
  unsigned send_oversize(const Target& target, const Oversize& oversize, const Now& now);
  unsigned send_bomb(const Target& target, std::size_t inflated, const Now& now);
  unsigned send_nested(const Target& target, std::size_t depth, const Now& now);
  unsigned send_flood(const Target& target, const Flood& flood, const Now& now);
  /// A new static key with a new leaf certificate.
  void renew_leaf() { world_.chain.renew_leaf(); }
  /// The leaf from before the last renew_leaf, or back. kNotFound where there was none.
  Status restore_leaf();
  /// A new root, which nobody was given, above the same keys.
  void renew_root() { world_.chain.renew_root(); }
  /// Drops every connection, forgets phones, faults, violations and counts. Keys of the chain stay, and what no client
  /// may use twice is still known.
  void reset(const Now& now);

 private:
  std::vector<SimConnection*> chosen(const Target& target, const Now& now);

  World world_;
  ConnectionId next_id_ = 1;
};

}  // namespace ponte::simulator
