// One instance: a device that is linked, or to be linked, and how it gets and stays online.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "base/time.h"
#include "instance/code_requests.h"
#include "instance/dial_schedule.h"
#include "instance/environment.h"
#include "instance/instance_metrics.h"
#include "instance/link_desk.h"
#include "instance/message_desk.h"
#include "instance/passkey_desk.h"
#include "instance/record_keeper.h"
#include "instance/session_driver.h"
#include "instance/state_board.h"
#include "instance/types.h"
#include "instance/unlinking.h"
#include "net/executor.h"
#include "store/service_records.h"

namespace ponte::instance {

/// Whether `why` is about the way to the server: another try, or another way, may help.
bool is_network_trouble(const Error& why);

/// The session decides what a connection's end means; this class decides when the next one begins, and who is told.
///
/// Lives on its loop: every method but info() is called on the loop thread. Held by shared_ptr, since
/// tasks on their way between threads must find it alive. close() before the last reference goes.
class Instance : public std::enable_shared_from_this<Instance>, private SessionDriver::Owner {
 public:
  static std::shared_ptr<Instance> make(const Environment& environment, const Lane& lane,
                                        const store::InstanceRecord& record);
  Instance(const Environment& environment, const Lane& lane, const store::InstanceRecord& record);
  ~Instance() override;

  /// A snapshot. Any thread.
  InstanceInfo info() const { return board_.info(); }
  /// Without the copy. Any thread.
  State state() const { return board_.state_now(); }
  /// When something came from the server last. Any thread.
  Wall heard_at() const { return board_.heard_at(); }
  /// What a phone may scan now. kNotFound/kQrNotAvailable. Any thread.
  Result<std::string> shown_qr() const { return board_.shown_qr(); }
  /// The loop that everything else is called on. Any thread.
  net::Executor& loop() const { return loop_; }

  /// At start: reads what the store knows of the device, and connects where it is linked and not held down.
  void restore();

  /// Contract, decisions 3 to 8: answers with the code on display, joins or begins an attempt, or resumes.
  void connect(ConnectRequest request, Reply<ConnectResult> reply);
  /// Dials anew, dropping what is open. Answers once the socket is open, with the dial's error, or after 5 s while it
  /// goes on. kNotConnected/kNoSavedSession for a device that is not linked.
  void reconnect(Reply<std::monostate> reply);
  /// Unlinks where the server can be reached within 8 s, then forgets the device. An attempt to link ends.
  void log_out(Reply<LogoutResult> reply);

  /// As InstanceService.
  void change_settings(const SettingsChange& change, Reply<InstanceInfo> reply);
  void set_proxy(std::optional<Proxy> proxy, Reply<InstanceInfo> reply);
  void set_websocket(WebSocketConfig websocket, Reply<InstanceInfo> reply);
  void submit_passkey(const std::string& assertion, Reply<PasskeyState> reply);
  void confirm_passkey(Reply<PasskeyState> reply);
  MessageDesk& messages() { return messages_; }

  /// Unlinks where connected, then stops; `done` when the device is gone or could not be reached. The instance takes no
  /// requests any more; keep() takes the removal back.
  void unlink(UniqueFunction<void()> done);
  void keep() { removing_ = false; }

  /// The daily look for a newer client version, through this instance's proxy.
  void refresh_version();

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
  struct Reconnecting {
    Reply<std::monostate> reply;
    Mono deadline;
  };

  // Requests.
  std::optional<Error> refusal() const;
  Result<Jid> own_address() const;
  bool scanned() const;
  void connect_linked(ConnectRequest request, Reply<ConnectResult> reply);
  void wait_for_code(ConnectRequest request, Reply<ConnectResult> reply);
  void wait_for_qr(Reply<ConnectResult> reply);
  void begin_unlinking(UniqueFunction<void(Result<LogoutResult>)> done);
  void change_record(RecordKeeper::Change change, Reply<InstanceInfo> reply, UniqueFunction<void()> then);
  LinkMethod link_method() const;
  void tell_if_missed(std::string_view state, std::optional<Error> reason = std::nullopt) const;

  // Dialing.
  std::optional<unsigned> history_of(const ConnectRequest& request) const;
  void prepare_linking(const std::optional<unsigned>& history_days);
  void dial();
  void dial_another_way();
  bool dial_with_newer_version(const Error& why);
  void on_version(std::uint64_t asked, const Error& why, const Result<protocol::ClientVersion>& version);
  std::optional<net::Proxy> proxy() const;
  std::optional<Error> ban() const;
  void ask_for_code();
  void ask_to_unlink();

  // What the driver tells.
  void on_channel_open() override;
  void on_channel_message() override { board_.heard(); }
  void on_session_event(const protocol::Event& event) override;
  Telling telling() const override;
  void on_dial_failed(const Error& why) override;
  void on_driver_idle() override { rearm(); }
  void on_event(const protocol::event::QrCode& event);
  void on_event(const protocol::event::PairingCode& event);
  void on_event(const protocol::event::PairingCodeEnded& event);
  void on_event(const protocol::event::Passkey& event);
  void on_event(const protocol::event::PairSuccess& event);
  void on_event(const protocol::event::ScannedWithoutMultidevice& event);
  void on_event(const protocol::event::Online& event);
  void on_event(const protocol::event::Unlinked& event);
  void on_event(const protocol::event::Refused& event);
  void on_event(const protocol::event::ResumptionFailed& event);
  void on_event(const protocol::event::ClientExpires& event);
  void on_event(const protocol::event::AppStateSync& event);
  void on_event(const protocol::event::PushNameChanged& event);
  void on_event(const protocol::event::IdentityChanged& event);
  void on_event(const protocol::event::SendEnded& event) { messages_.on_event(event); }
  void on_event(const protocol::event::CommandEnded& event) { messages_.on_event(event); }
  void on_event(const protocol::event::MediaFetched& event) { messages_.on_event(event); }
  void on_event(const protocol::event::Ended& event);

  // What the end of a connection, or of a dial, leads to.
  void link_attempt_ended(protocol::event::Disposition disposition, const Error& why);
  void linked_connection_ended(protocol::event::Disposition disposition, const Error& why);
  void retry_later(const Error& why);
  Error with_next_try(Error why) const;
  void stay_down(const Error& why);
  void logged_out(const Error& why);
  void unlinking_connection_ended(protocol::event::Disposition disposition, const Error& why);
  void fail_waiters(const Error& why);
  void forget_account();
  void become_idle(State state, const std::optional<Error>& reason);
  void finish_unlinking(const Status& wiped);

  void rearm();
  void on_timer();
  Result<ConnectResult> current_qr() const;
  Result<ConnectResult> current_code() const;
  Now now() const { return environment_.clock.now(); }

  const Environment& environment_;
  net::Executor& loop_;
  const store::Owner owner_;
  StateBoard board_;
  SessionDriver driver_;
  DialSchedule schedule_;
  RecordKeeper keeper_;
  MessageDesk messages_;

  Mode mode_ = Mode::kIdle;
  std::optional<store::Hold> hold_;  ///< why a linked device stays down
  protocol::Resumption resumption_ = protocol::Resumption::kAllowed;
  std::unique_ptr<net::Timer> timer_;
  std::optional<Mono> armed_for_;  ///< when timer_ fires

  std::optional<unsigned> history_days_;
  unsigned tries_left_ = 0;  ///< further dials while somebody waits, after network trouble
  protocol::ClientVersion said_version_;
  bool version_retried_ = false;     ///< since the last login: an outdated client looks for a newer version once
  std::uint64_t version_asked_ = 0;  ///< tells the answer to the last look from an earlier one's
  CodeRequests codes_;
  PasskeyDesk passkey_;
  std::optional<Error> last_error_;
  LinkDesk desk_;
  std::vector<Reconnecting> reconnecting_;
  bool removing_ = false;
  std::optional<Unlinking> unlinking_;
  unsigned refusals_ = 0;  ///< told since the socket opened
};

}  // namespace ponte::instance
