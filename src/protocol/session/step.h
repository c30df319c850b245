// All that a handler may touch while one input is processed.
#pragma once

#include <deque>
#include <utility>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/session/iq_tracker.h"
#include "protocol/session/output.h"
#include "protocol/wire/node.h"
#include "store/store.h"

namespace ponte::protocol {

class Connection;
struct LinkState;
struct SessionConfig;

/// Lives for one input of a Session. What it wrote to the store and put out becomes real together:
/// outputs are published only after the batch is committed.
struct Step {
  const Now& now;
  store::Transaction& store;
  RandomSource& random;
  const SessionConfig& config;
  LinkState& link;
  IqTracker& iqs;
  Connection* connection;  ///< null while no socket is open
  std::deque<Output>& out;

  /// Encrypts and queues one stanza. Precondition: the handshake is done.
  Status send(const wire::Node& node);
  /// Sends an iq with a fresh `id` and hands its answer to `handler`.
  Status send_iq(wire::Node iq, IqTracker::Handler handler, Milliseconds timeout = IqTracker::kTimeout);
  void emit(Event event) { out.push_back(Emit{std::move(event)}); }
  /// Closes the socket and says why; only the first end of a connection counts.
  void end(event::Disposition disposition, Error why);
};

}  // namespace ponte::protocol
