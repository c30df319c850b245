// One session on its socket.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "instance/environment.h"
#include "instance/message_json.h"
#include "instance/session_fetches.h"
#include "net/executor.h"
#include "net/tls_tickets.h"
#include "net/web_socket.h"
#include "protocol/session/session.h"

namespace ponte::instance {

class Recorder;

/// Carries inputs to a session and its outputs out: dials, commits, runs work, writes recordings. What an event or the
/// end of a connection leads to is its owner's affair.
///
/// Loop thread. At most one socket is open or being opened; an earlier one may still say goodbye.
class SessionDriver {
 public:
  /// Told from within on_time, run or a task of the loop. It may call any method of the driver but the destructor.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The socket is open and the session has begun on it.
    virtual void on_channel_open() = 0;
    /// Something came on it.
    virtual void on_channel_message() = 0;
    virtual void on_session_event(const protocol::Event& event) = 0;
    /// What is told now of messages is told with this.
    virtual Telling telling() const = 0;
    /// No socket came about; the session never heard of it.
    virtual void on_dial_failed(const Error& why) = 0;
    /// The driver has done what there was to do: deadlines may have changed.
    virtual void on_driver_idle() = 0;
  };

  /// All references outlive it. `device` owns the session's records; `name` is for the log.
  SessionDriver(const Environment& environment, const Lane& lane, store::Owner device, std::string name, Owner& owner);
  ~SessionDriver();

  /// Holds driver and owner while a task of the loop runs; nothing runs any more once it has expired. Before any dial.
  void keep_alive_by(std::weak_ptr<void> token) { alive_ = std::move(token); }

  /// Ends what is under way and dials. kUnavailable where no recording could be made.
  Status dial(const protocol::OpenOptions& options, const std::optional<net::Proxy>& proxy);
  /// Closes the socket, or ends the dial, and drops the session: the next one begins from the store.
  void reset();
  /// As reset, and nothing is left to say goodbye with.
  void abandon();
  /// Forgets the TLS sessions that could be resumed: they belong to another way to the server.
  void forget_tickets() { tickets_.clear(); }

  /// Works without a socket too. kUnavailable where no session could be made.
  Status run(const protocol::Command& command);
  void on_time(const Now& now);
  /// When on_time wants to be called.
  std::optional<Mono> next_deadline() const { return session_ ? session_->next_deadline() : std::nullopt; }

  /// A socket is open or being opened.
  bool busy() const { return socket_ != nullptr; }
  bool channel_open() const { return channel_open_; }
  /// kClosed without a session.
  protocol::Phase phase() const { return session_ ? session_->phase() : protocol::Phase::kClosed; }

 private:
  template <typename Body>
  auto guarded(Body body);

  void on_socket_open(std::uint64_t dial);
  void on_socket_message(std::uint64_t dial, const Bytes& message);
  void on_socket_closed(std::uint64_t dial, const Error& why);

  void close_socket();
  Status make_session();
  void drop_session();
  void drain();
  void carry_out(protocol::SendBytes output);
  void carry_out(protocol::CloseChannel output);
  void carry_out(protocol::Commit output);
  void carry_out(protocol::StartWork output);
  void carry_out(protocol::StartFetch output);
  void carry_out(protocol::Emit output);
  void work_done(protocol::WorkId id, protocol::Epoch epoch, Result<Bytes> result);
  void fetched(protocol::FetchId id, protocol::Epoch epoch, Result<protocol::HttpAnswer> answer);
  void record_input(const Now& now, const std::string& what);
  Now now() const { return environment_.clock.now(); }

  const Environment& environment_;
  const Lane& lane_;
  const store::Owner device_;
  const std::string name_;
  Owner& owner_;
  std::weak_ptr<void> alive_;

  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<protocol::SessionConfig> recorded_config_;  ///< the configuration with the recorder as observer
  std::unique_ptr<protocol::Session> session_;
  std::uint64_t session_serial_ = 0;  ///< tells an answer for this session from one for an earlier
  protocol::OpenOptions options_;
  std::optional<net::Proxy> proxy_;  ///< of the last dial: nothing goes another way
  SessionFetches fetches_;
  net::TlsTickets tickets_;
  std::unique_ptr<net::WebSocket> socket_;
  std::unique_ptr<net::WebSocket> closing_socket_;  ///< sends its close frame while the next one dials
  std::uint64_t dial_ = 0;                          ///< counts dials: reports of an older socket are ignored
  bool channel_open_ = false;                       ///< the session knows of the socket
};

}  // namespace ponte::instance
