// What a session remembers between inputs, beside its connection.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "protocol/pairing/qr.h"
#include "protocol/session/config.h"
#include "protocol/session/keepalive.h"
#include "protocol/session/output.h"
#include "store/records.h"

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
  kPairing,    ///< refs are here and a QR is on display
  kPaired,     ///< pair-success is answered; waits for 515 or the close
  kOnline,     ///< `<success>` came
};

struct LinkState {
  Phase phase = Phase::kClosed;
  OpenOptions options;
  Epoch epoch = 0;
  WorkId next_work_id = 1;

  store::Credentials credentials;
  std::optional<store::Account> account;

  pairing::QrRotation qr;
  Keepalive keepalive;
  /// Handshake answer, pair-device or `<success>`, or the restart after pairing: what the phase waits for.
  std::optional<Mono> phase_deadline;
  /// Server time minus ours, from `t` of pair-success, `<success>` and pongs.
  Milliseconds server_time_offset{0};
  bool prekey_upload_running = false;

  Wall server_time(const Now& now) const { return now.wall + server_time_offset; }
};

}  // namespace ponte::protocol
