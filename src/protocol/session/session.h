// One linked (or linking) device.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "protocol/session/command.h"
#include "protocol/session/config.h"
#include "protocol/session/connection.h"
#include "protocol/session/iq_tracker.h"
#include "protocol/session/link_state.h"
#include "protocol/session/output.h"
#include "protocol/session/step.h"
#include "store/store.h"

namespace ponte::protocol {

/// One linked (or linking) device, over as many connections as it takes.
///
/// Feed it what happened, then drain poll_output() and re-arm next_deadline().
/// Not thread-safe: its owner calls it from one thread. Never blocks, never reads a clock, draws
/// randomness only from the source it was given.
/// Guarantee: an Output becomes visible only after the state that it depends on is committed.
/// While a commit is pending, inputs are queued. After a failed commit the session is spent: it puts
/// out its end and ignores all further inputs; its owner makes a new one from the store.
class Session {
 public:
  /// `config`, `store` and `random` outlive the session. `owner` names the instance in the store; its chats are those
  /// of keys::chats_owner(owner).
  Session(const SessionConfig& config, const store::StoreReader& store, store::Owner owner, RandomSource& random);
  ~Session();

  /// A socket is open: draws keys where the device has none, and sends the first message.
  void on_channel_open(const OpenOptions& options, const Now& now);
  void on_bytes(ByteView bytes, const Now& now);
  /// The socket is gone; nothing more comes from this connection.
  void on_channel_closed(const Error& why, const Now& now);
  /// The owner has let the socket go, for another or for none: what was still to be said on it is not, and its end is
  /// not told. What its steps commit, and whatever else they tell, stays.
  void on_channel_dropped();
  /// No connection, and no commit that could still lead to outputs of one.
  bool at_rest() const { return link_.phase == Phase::kClosed && !awaiting_commit_; }
  void on_deadline(const Now& now);
  /// The batch of the last Commit output is durable (or not).
  void on_committed(const Status& status);
  /// What run_work gave, or why it was not run.
  void on_work_done(WorkId id, Epoch epoch, Result<Bytes> result, const Now& now);
  /// What a media host answered, or why nothing came.
  void on_fetched(FetchId id, Epoch epoch, Result<HttpAnswer> answer, const Now& now);
  void run(Command command, const Now& now);

  std::optional<Output> poll_output();
  /// When on_deadline wants to be called; nullopt while a commit is pending or nothing is due.
  std::optional<Mono> next_deadline() const;

  Phase phase() const { return link_.phase; }
  /// Whether the store holds an account, as of the last step that looked.
  bool has_account() const { return link_.account.has_value(); }
  bool spent() const { return spent_; }

 private:
  using Body = UniqueFunction<Status(Step&)>;
  struct Queued {
    Now now;
    Body body;
  };
  /// What one step does, before it is real.
  struct Effects {
    Effects(const store::StoreReader& reader, const store::Owner& device, const store::Owner& chats_of_it)
        : store(reader, device), chats(reader, chats_of_it) {}

    store::Transaction store;
    store::Transaction chats;
    std::deque<Output> outputs;
    std::vector<Told> told;
  };

  void enqueue(const Now& now, Body body);
  void run_step(const Now& now, Body body);
  void process_frames(const Now& now);
  void publish(std::deque<Output>&& outputs);
  Step make_step(const Now& now, Effects& effects);
  Status open(Step& step, const OpenOptions& options);
  Status say_hello(Step& step);
  Status on_frame(Step& step, const Bytes& frame);
  Status on_due(Step& step);

  const SessionConfig& config_;
  const store::StoreReader& store_;
  const store::Owner owner_;
  const store::Owner chats_owner_;
  RandomSource& random_;

  LinkState link_;
  IqTracker iqs_;
  std::unique_ptr<Connection> connection_;

  std::deque<Output> published_;
  std::deque<Output> held_;          ///< outputs of the step whose batch is being committed
  std::deque<Queued> queued_;        ///< inputs that came meanwhile
  std::optional<Now> frames_since_;  ///< frames wait in the connection since this input
  bool awaiting_commit_ = false;
  bool spent_ = false;
};

}  // namespace ponte::protocol
