// A session and the simulator's server, in one thread on a clock that only moves when told.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "protocol/session/session.h"
#include "simulator/sim_server.h"
#include "store/memory_store.h"

namespace ponte::bench {

/// Several sessions can share one server, each with its line. What goes wrong shows as text() of a wrong outcome.
class SessionLine {
 public:
  /// All references outlive the line.
  SessionLine(const protocol::SessionConfig& config, store::Store& store, store::Owner owner,
              simulator::SimServer& server, RandomSource& random, Now start);
  ~SessionLine();

  /// Opens a channel and carries bytes both ways until both are quiet.
  void open(protocol::Resumption resumption = protocol::Resumption::kAllowed);
  void hang_up();
  void run(protocol::Command command);
  void settle();
  /// Moves to the next deadline of either side; false where there is none.
  bool advance();
  /// The phone scans what is on display, and the stream restarts. True once logged in.
  bool pair_and_log_in();

  /// Another session over the same store, as after a start of the process, and its channel.
  void begin_anew();

  const std::string& qr_text() const { return qr_text_; }
  bool online() const { return online_; }
  protocol::Session& session() { return *session_; }
  /// Lets the session go, with all it holds.
  void drop_session() { session_.reset(); }

  /// CPU time spent inside the session since the line was made, in seconds. The run_work of prekeys counts apart.
  double session_seconds() const { return session_seconds_; }
  double work_seconds() const { return work_seconds_; }

 private:
  template <typename Function>
  void timed(double& seconds, Function function);
  bool step();
  void carry_out(protocol::Output output);

  const protocol::SessionConfig config_;
  store::Store& store_;
  const store::Owner owner_;
  RandomSource& random_;
  simulator::SimServer& server_;
  Now now_;
  std::unique_ptr<protocol::Session> session_;
  simulator::SimConnection* connection_ = nullptr;
  std::string qr_text_;
  bool online_ = false;
  bool restart_ = false;
  double session_seconds_ = 0;
  double work_seconds_ = 0;
};

}  // namespace ponte::bench
