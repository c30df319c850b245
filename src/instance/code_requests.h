// Which pairing code is to be asked for, and when (contract, decisions 5 and 7).
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "protocol/session/command.h"
#include "protocol/session/output.h"

namespace ponte::instance {

/// The one code of an instance that is wanted, asked for or out. Knows no socket: its owner asks `due` what to say on
/// it, and tells what came. Pure; loop thread.
///
///   nothing --wish--> wanted --due--> asked --PairingCode--> out
///      ^                ^               |                     |
///      |                +---- socket lost, somebody waits ----+
///      +---------------- PairingCodeEnded --------------------+
class CodeRequests {
 public:
  static constexpr Milliseconds kBetween{5'000};
  /// What a server that throttles is spared where it names no time.
  static constexpr Seconds kThrottled{60};

  enum class Answer {
    kWait,  ///< a code is on its way
    kShow,  ///< the one that is out: shown()
  };
  struct Decision {
    Answer answer = Answer::kWait;
    std::optional<std::string> superseded;  ///< the number whose code was wanted until now
  };
  /// Somebody wants a code. kRateLimited/kPairingThrottled while the server must be spared.
  Result<Decision> want(const std::string& number, const std::optional<std::string>& code, Mono now);

  /// What to ask now; each wish is asked once.
  std::optional<protocol::command::RequestPairingCode> due(Mono now);
  std::optional<Mono> next_deadline() const { return ask_at_; }

  void on_code(const protocol::event::PairingCode& code);
  void on_ended(const protocol::event::PairingCodeEnded& end, Mono now);
  /// No code survives its socket; it is asked for again on the next one, unless nobody waits for it: forget().
  void on_socket_lost(Mono now);
  /// The attempt is over.
  void forget();

  /// The number whose code is wanted, asked for or out.
  const std::optional<std::string>& number() const { return number_; }
  const std::optional<protocol::event::PairingCode>& shown() const { return shown_; }
  /// A code is out or on its way: nothing may restart the attempt.
  bool active() const { return number_.has_value(); }

 private:
  void ask_soon(Mono now);

  std::optional<std::string> number_;
  std::optional<std::string> chosen_;  ///< the user's own code
  std::optional<protocol::event::PairingCode> shown_;
  std::optional<Mono> ask_at_;
  std::optional<Mono> asked_at_;
  std::optional<Mono> spare_until_;
};

}  // namespace ponte::instance
