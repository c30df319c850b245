// One instance: a Session, its socket and its timer on one loop.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "base/time.h"
#include "instance/backoff.h"
#include "instance/environment.h"
#include "instance/link_waiters.h"
#include "instance/types.h"
#include "net/event_loop.h"
#include "net/web_socket.h"
#include "protocol/session/session.h"
#include "store/records.h"
#include "store/service_records.h"

namespace ponte::instance {

class Recorder;

/// Carries inputs to the session and its outputs out; dials, waits, and dials again. The session decides
/// what a connection's end means; this class decides when the next one begins.
///
/// Lives on its loop: every method but info() is called on the loop thread. Held by shared_ptr, since
/// tasks on their way between threads must find it alive. close() before the last reference goes.
class Instance : public std::enable_shared_from_this<Instance> {
 public:
  Instance(const Environment& environment, net::EventLoop& loop, const store::InstanceRecord& record);
  ~Instance();

  /// A snapshot. Any thread.
  InstanceInfo info() const;
  /// The loop that everything else is called on. Any thread.
  net::EventLoop& loop() const { return loop_; }

  /// At start: reads what the store knows of the device, and connects where it is linked.
  void restore(Milliseconds delay);

  /// Contract, decisions 3 to 6: answers with the QR on display, joins or begins an attempt, or resumes.
  void connect(ConnectRequest request, Reply<ConnectResult> reply);

  /// Unlinks where connected, then stops; `done` when the device is gone or could not be reached within
  /// 6 s. The instance takes no connect any more; keep() takes the removal back.
  void unlink(UniqueFunction<void()> done);
  void keep() { removing_ = false; }

  /// Ends everything at once without logging out; waiting callers get `why`. Idempotent.
  void close(const Error& why);

 private:
  /// What the instance is about.
  ///
  ///   kIdle -- connect --> kLinking -- PairSuccess --> kLinked
  ///     ^                     |                           |
  ///     +---- attempt ends ---+------ kLoggedOut ---------+
  enum class Mode {
    kIdle,     ///< no device, no attempt; nothing in memory but this object
    kLinking,  ///< an attempt to pair: dialing, waiting for refs, or showing a QR
    kLinked,   ///< a device with an account: connected, connecting, or waiting to
    kClosed,   ///< close() was called
  };

  // Dialing and the socket.
  void begin_linking(std::optional<unsigned> history_days);
  void dial();
  void dial_after(Milliseconds delay);
  void drop_connection();
  void on_socket_open(std::uint64_t dial);
  void on_socket_message(std::uint64_t dial, const Bytes& message);
  void on_socket_closed(std::uint64_t dial, const Error& why);

  // The session.
  Status make_session();
  void drop_session();
  void drain();
  void carry_out(protocol::SendBytes output);
  void carry_out(protocol::CloseChannel output);
  void carry_out(protocol::Commit output);
  void carry_out(protocol::StartWork output);
  void carry_out(protocol::Emit output);
  void on_event(const protocol::event::QrCode& event);
  void on_event(const protocol::event::PairingCode& event);
  void on_event(const protocol::event::PairingCodeEnded& event);
  void on_event(const protocol::event::Passkey& event);
  void on_event(const protocol::event::Refused& event);
  void on_event(const protocol::event::ResumptionFailed& event);
  void on_event(const protocol::event::PairSuccess& event);
  void on_event(const protocol::event::ScannedWithoutMultidevice& event);
  void on_event(const protocol::event::Online& event);
  void on_event(const protocol::event::ClientExpires& event);
  void on_event(const protocol::event::Ended& event);

  // What the end of a connection, or of a dial, leads to.
  void link_attempt_ended(protocol::event::Disposition disposition, const Error& why);
  void linked_connection_ended(protocol::event::Disposition disposition, const Error& why);
  void become_idle(State state, const std::optional<Error>& reason);
  void finish_unlink();

  void rearm();
  void on_timer();
  void set_state(State state, std::optional<Error> reason = std::nullopt);
  void show_account(const store::Account& account);
  Result<ConnectResult> current_qr() const;
  Now now() const { return environment_.clock.now(); }
  void record_input(const Now& now, const std::string& what);

  const Environment& environment_;
  net::EventLoop& loop_;
  const store::Owner owner_;

  Mode mode_ = Mode::kIdle;
  std::unique_ptr<Recorder> recorder_;
  protocol::SessionConfig recorded_config_;  ///< the configuration with the recorder as observer
  std::unique_ptr<protocol::Session> session_;
  std::uint64_t session_serial_ = 0;  ///< tells an answer for this session from one for an earlier
  std::unique_ptr<net::WebSocket> socket_;
  std::unique_ptr<net::WebSocket> closing_socket_;  ///< sends its close frame while the next one dials
  std::uint64_t dial_ = 0;                          ///< counts dials: reports of an older socket are ignored
  bool channel_open_ = false;                       ///< the session knows of the socket
  std::unique_ptr<net::Timer> timer_;
  std::optional<Mono> dial_at_;  ///< the next dial, where one is waiting

  std::optional<unsigned> history_days_;
  unsigned tries_left_ = 0;  ///< further dials of this attempt after network trouble
  std::optional<protocol::event::QrCode> qr_;
  std::optional<Error> last_error_;
  Backoff backoff_;
  LinkWaiters waiters_;
  bool removing_ = false;
  std::vector<UniqueFunction<void()>> unlinked_;  ///< who waits for the unlinking to end
  std::optional<Mono> unlink_deadline_;

  mutable std::mutex info_mutex_;
  InstanceInfo info_;  ///< guarded by info_mutex_
};

}  // namespace ponte::instance
