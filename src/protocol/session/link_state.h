// What a session remembers between inputs, beside its connection.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "protocol/devices/prekey_upkeep.h"
#include "protocol/history/state.h"
#include "protocol/media/asked_files.h"
#include "protocol/media/media_conn.h"
#include "protocol/messages/state.h"
#include "protocol/pairing/code_flow.h"
#include "protocol/pairing/passkey_flow.h"
#include "protocol/pairing/qr.h"
#include "protocol/session/answer_tracker.h"
#include "protocol/session/config.h"
#include "protocol/session/keepalive.h"
#include "protocol/session/output.h"
#include "protocol/session/timers.h"
#include "store/records.h"

namespace ponte::protocol::appstate {
struct SyncState;
}

namespace ponte::protocol {

/// Where the device stands on its way online.
///
///            open              ServerHello             pair-device          pair-success
///   kClosed ------> kHandshake -----------> kAwaitAuth -----------> kPairing -----------> kPaired
///      ^                                        |                                            |
///      |            `<success>`                 v                        515 or close        |
///      +--------------------------------- kOnline <- - - - - (next connection) - - - - - - - +
enum class Phase {
  kClosed,     ///< no socket, or the connection has ended
  kHandshake,  ///< ClientHello is sent; waits for ServerHello
  kAwaitAuth,  ///< ClientFinish is sent; waits for pair-device (no account yet), `<success>` or `<failure>`
  kPairing,    ///< refs are here; a QR, a pairing code or a passkey's request is out
  kPaired,     ///< pair-success is answered; waits for 515 or the close
  kOnline,     ///< `<success>` came
};

struct LinkState {
  LinkState();
  ~LinkState();

  Phase phase = Phase::kClosed;
  OpenOptions options;
  Epoch epoch = 0;
  WorkId next_work_id = 1;
  WorkTracker works;
  FetchId next_fetch_id = 1;
  FetchTracker fetches;
  Timers timers;
  media::HostCache media_hosts;
  media::AskedFiles asked_files;

  store::Credentials credentials;
  std::optional<store::Account> account;

  unsigned pair_devices = 0;  ///< how often refs came on this connection
  pairing::QrRotation qr;
  std::unique_ptr<pairing::CodeFlow> code;         ///< null: no pairing code is wanted or out
  std::unique_ptr<pairing::PasskeyFlow> passkey;   ///< null: none was asked for
  std::unique_ptr<appstate::SyncState> app_state;  ///< null, in tests: what other devices share is not followed
  Keepalive keepalive;
  /// Handshake answer, pair-device or `<success>`, or the restart after pairing: what the phase waits for.
  std::optional<Mono> phase_deadline;
  /// Server time minus ours, from `t` of pair-success, `<success>` and pongs.
  Milliseconds server_time_offset{0};
  messages::State messaging;
  devices::PrekeyUpkeep prekeys;
  history::State history;
  bool announced = false;  ///< as available, on this connection
  /// The first message carried routing info: it is to blame where the server does not answer (wire: pairing.md 1.2).
  bool routed = false;
  /// A server did not answer IK: perhaps it cannot. Outlives the connection.
  bool full_handshake_next = false;
  /// Verified by this handshake; kept for the next one once the server has let us in.
  std::optional<store::ServerChain> verified_chain;

  Wall server_time(const Now& now) const { return now.wall + server_time_offset; }
  /// `unix_seconds` as the server wrote them, `trip` ago; a number that is no date is ignored.
  void set_server_time(std::uint64_t unix_seconds, const Now& now, Milliseconds trip = Milliseconds(0));
  const ClientVersion& version(const SessionConfig& config) const {
    return options.version ? *options.version : config.version;
  }
  /// The earliest of all that is waited for, but for iqs; nullopt where nothing is.
  std::optional<Mono> next_deadline() const;
  /// What belongs to one connection is over.
  void close();
};

}  // namespace ponte::protocol
