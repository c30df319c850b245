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

/// What a page shows that knows of no attempt: nothing, or that the instance is linked. One each, for all.
const std::shared_ptr<const LinkView>& idle_view();
const std::shared_ptr<const LinkView>& linked_view();

/// Pure; not thread-safe.
///
///   kIdle -- begin --> kStarting --> kQr <--> kCode --> kLinking --> kConnected
///                          |          |         |          |
///                          |          +- kPasskey ---------+
///                          +--- each of them --> kFailed -- begin --> kStarting
class LinkAttempt {
 public:
  LinkAttempt() : view_(idle_view()) {}

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
  /// As the pages of that link show it: those of a link that has not begun it are told that the instance is linked, and
  /// nothing else.
  const std::shared_ptr<const LinkView>& view_of(const std::string& link_id) const {
    if (begun_by_.contains(link_id)) return view_;
    return view_->state == LinkView::State::kConnected ? linked_view() : idle_view();
  }

 private:
  void set(LinkView view) { view_ = std::make_shared<const LinkView>(std::move(view)); }
  LinkView failed(const std::optional<Error>& why, Wall at) const;
  void show(LinkView view);

  std::shared_ptr<const LinkView> view_;  ///< shared with the pages that show it
  std::set<std::string> begun_by_;        ///< the last attempt
  bool linked_ = false;                   ///< by this attempt, and not yet taken
};

}  // namespace ponte::instance
