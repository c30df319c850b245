// What the pages of links show of one attempt to link, followed from what the instance tells.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "instance/link_types.h"
#include "instance/state_listener.h"

namespace ponte::instance {

/// Pure; not thread-safe.
///
///   kIdle -- begin --> kStarting --> kQr <--> kCode --> kLinking --> kConnected
///                          |          |         |          |
///                          |          +- kPasskey ---------+
///                          +--- each of them --> kFailed -- begin --> kStarting
class LinkAttempt {
 public:
  LinkAttempt() : view_(std::make_shared<const LinkView>()) {}

  /// A page asks for it. What is out stays out.
  void begin(const std::string& link_id);
  /// Connect has answered; `passkey` is what the account asks for at that moment.
  void on_connect(const Result<ConnectResult>& result, const std::optional<PasskeyState>& passkey, const Now& now);
  /// False: nothing that a page shows has changed.
  bool on_state(const StateEvent& event, const std::optional<PasskeyState>& passkey, const Now& now);
  void on_passkey(const PasskeyState& passkey);

  /// The links whose pages began it, once it has linked the device; empty at any other time, and the next time.
  std::set<std::string> take_spent();

  /// Never null; another one for each change.
  const std::shared_ptr<const LinkView>& view() const { return view_; }

 private:
  void set(LinkView view) { view_ = std::make_shared<const LinkView>(std::move(view)); }
  LinkView failed(const std::optional<Error>& why, Wall at) const;
  void show(LinkView view);

  std::shared_ptr<const LinkView> view_;  ///< shared with the pages that show it
  std::set<std::string> begun_by_;
  bool linked_ = false;  ///< by this attempt, and not yet taken
};

}  // namespace ponte::instance
