// A passkey that the server demands, and the caller who hands in what it takes (wire: pairing.md 7).
#pragma once

#include <optional>
#include <string>

#include "base/reply.h"
#include "base/result.h"
#include "base/time.h"
#include "instance/types.h"
#include "protocol/session/command.h"
#include "protocol/session/output.h"

namespace ponte::instance {

/// Between the session's events and one caller at a time. Loop thread.
class PasskeyDesk {
 public:
  using Stage = protocol::event::Passkey::Stage;

  /// What the session told last. What is waited for is answered.
  void on_event(const protocol::event::Passkey& event, const Now& now);
  /// The attempt is over.
  void close(const Error& why);

  /// Something is demanded: no QR and no code can be had.
  bool active() const { return state_.has_value(); }
  const std::optional<PasskeyState>& state() const { return state_; }
  /// What a caller of connect is told, and what the instance's reason says. Precondition: active().
  Error demand(const std::string& instance_name) const;

  /// The command for the session, where `json` is an assertion that fits; `reply` is answered when the server has.
  /// Otherwise `reply` is answered at once: kNotFound/kPasskeyNotRequested, kAlreadyExists/kPasskeyNotRequested out of
  /// turn, kInvalidArgument/kInvalidAssertion.
  std::optional<protocol::Command> submit(const std::string& json, Reply<PasskeyState> reply);
  std::optional<protocol::Command> confirm(Reply<PasskeyState> reply);

 private:
  Status expect(Stage stage) const;

  std::optional<PasskeyState> state_;
  Reply<PasskeyState> waiting_;
};

}  // namespace ponte::instance
