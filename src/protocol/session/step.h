// All that a handler may touch while one input is processed.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/session/answer_tracker.h"
#include "protocol/session/iq_tracker.h"
#include "protocol/session/output.h"
#include "protocol/session/timers.h"
#include "protocol/wire/node.h"
#include "store/store.h"

namespace ponte::protocol {

class Connection;
struct LinkState;
struct SessionConfig;

/// Lives for one input of a Session. What it wrote to the store, told and put out becomes real together: both
/// transactions are one batch, as durable as the stronger of them asks, and outputs are published only after it is
/// committed.
struct Step {
  const Now& now;
  store::Transaction& store;  ///< of the device
  store::Transaction& chats;  ///< of keys::chats_owner(device): messages, chats, contacts, labels
  RandomSource& random;
  const SessionConfig& config;
  LinkState& link;
  IqTracker& iqs;
  Connection* connection;  ///< null while no socket is open
  std::deque<Output>& out;
  std::vector<Told>& told;

  /// Encrypts and queues one stanza. Precondition: the handshake is done.
  Status send(const wire::Node& node);
  /// Sends an iq with a fresh `id` and hands its answer to `handler`.
  Status send_iq(wire::Node iq, IqTracker::Handler handler, Milliseconds timeout = IqTracker::kTimeout);
  /// Has run_work(request) run elsewhere and hands its answer to `handler`, unless the connection ends before.
  void start_work(WorkRequest request, WorkTracker::Handler handler);
  /// Has a file fetched, in the same way.
  void start_fetch(HttpFetch request, FetchTracker::Handler handler);
  /// Calls `handler` in `delay` from now, in the same way. With 0 it is the next step but for what is waiting already.
  void after(Milliseconds delay, Timers::Handler handler);
  void emit(Event event) { out.push_back(Emit{std::move(event)}); }
  /// Hands out an event that is committed with what this step writes.
  void tell(Told event) { told.push_back(std::move(event)); }
  /// Closes the socket and says why; only the first end of a connection counts.
  void end(event::Disposition disposition, Error why);
};

}  // namespace ponte::protocol
