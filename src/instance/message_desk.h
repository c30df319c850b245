// What callers ask of an instance's messages, and the session's answers.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "base/random.h"
#include "base/reply.h"
#include "base/result.h"
#include "base/time.h"
#include "instance/message_service.h"
#include "protocol/session/command.h"
#include "protocol/session/output.h"

namespace ponte::instance {

/// Everybody is answered once: by the session, at his deadline, or by close(). Who types is shown for as long as was
/// asked for. Loop thread.
class MessageDesk {
 public:
  /// Callers that wait, and chats in which somebody types.
  static constexpr std::size_t kMost = 1000;
  /// The session answers before that, as long as it lives.
  static constexpr Milliseconds kAnswerWithin{180'000};
  static constexpr Milliseconds kLongestTyping{60'000};

  struct Outlet {
    /// Our own address, or why nothing can be asked now.
    std::function<Result<Jid>()> own;
    /// Hands a command to the session, which may answer from within.
    std::function<void(const protocol::Command&)> run;
  };

  /// References, and what the outlet refers to, outlive it.
  MessageDesk(Outlet outlet, const Clock& clock, RandomSource& random)
      : outlet_(std::move(outlet)), clock_(clock), random_(random) {}

  // As MessageService. kUnavailable/kOverloaded where kMost wait.
  void send_text(TextRequest request, Reply<SendOutcome> reply);
  void mark_read(ReadRequest request, Reply<std::monostate> reply);
  void show_presence(const PresenceRequest& request, Reply<std::monostate> reply);
  void request_older(const OlderRequest& request, Reply<std::monostate> reply);
  void fetch_media(store::MessageName message, Reply<Bytes> reply);

  void on_event(const protocol::event::SendEnded& event);
  void on_event(const protocol::event::CommandEnded& event);
  void on_event(const protocol::event::MediaFetched& event);

  /// Types no more, sends what was to follow, answers those whose time is over.
  void on_time(Mono now);
  std::optional<Mono> next_deadline() const;
  /// Nothing that waits will come; `why` is told. What is asked from then on begins anew.
  void close(const Error& why);

 private:
  using Ticket = protocol::messages::Ticket;
  struct Send {
    std::string id;
    std::string source;
    Reply<SendOutcome> reply;
  };
  using Answer = std::variant<Send, Reply<std::monostate>, Reply<Bytes>>;
  struct Waiting {
    Answer answer;
    Mono deadline;
  };
  /// A text whose chat is shown that somebody types until then.
  struct Delayed {
    Mono at;
    protocol::messages::OutgoingText text;
    Reply<SendOutcome> reply;
  };

  struct Typing {
    Jid to;
    Mono until;
  };

  std::optional<Error> refusal() const;
  Ticket wait(Answer answer);
  std::optional<Answer> take(Ticket ticket);
  void hand_in(protocol::messages::OutgoingText text, Reply<SendOutcome> reply);
  /// Nobody waits for its end.
  void tell_state(const Jid& to, ChatState state);
  static void answer(Answer answer, const Error& why);
  Mono now() const { return clock_.now().mono; }

  const Outlet outlet_;
  const Clock& clock_;
  RandomSource& random_;
  Ticket last_ = 0;
  std::map<Ticket, Waiting> waiting_;
  std::deque<Delayed> delayed_;
  std::map<std::string, Typing> typing_;  ///< by JID
};

}  // namespace ponte::instance
