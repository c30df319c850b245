#include "instance/link_attempt.h"

#include <utility>

namespace ponte::instance {
namespace {

using View = LinkView::State;

bool is_over(View state) {
  return state == View::kIdle || state == View::kConnected || state == View::kFailed;
}

/// After these a linked device stays down until somebody asks.
bool stays_down(std::string_view state) {
  return state == "temp_banned" || state == "client_outdated" || state == "connect_failure" ||
         state == "stream_replaced" || state == kLoggedOut;
}

bool asks_for_passkey(const Error& why) {
  return why.cause == Cause::kPasskeyRequired || why.cause == Cause::kPasskeyConfirmationRequired;
}

/// `5511999999999@s.whatsapp.net` without its server.
std::optional<std::string> digits_of(const std::optional<std::string>& jid) {
  return jid ? std::optional(jid->substr(0, jid->find('@'))) : std::nullopt;
}

}  // namespace

const std::shared_ptr<const LinkView>& idle_view() {
  static const auto kView = std::make_shared<const LinkView>();
  return kView;
}

const std::shared_ptr<const LinkView>& linked_view() {
  static const auto kView = [] {
    LinkView view;
    view.state = View::kConnected;
    return std::make_shared<const LinkView>(std::move(view));
  }();
  return kView;
}

void LinkAttempt::begin(const std::string& link_id) {
  LinkView next = *view_;
  next.reason.reset();
  if (is_over(next.state)) {
    begun_by_.clear();
    next = {};
    next.state = View::kStarting;
  }
  begun_by_.insert(link_id);
  set(std::move(next));
}

/// Says what is out.
void LinkAttempt::show(LinkView view) {
  view.passkey.reset();
  view.state = view.code ? View::kCode : view.qr ? View::kQr : View::kStarting;
  set(std::move(view));
}

LinkView LinkAttempt::failed(const std::optional<Error>& why, Wall at) const {
  LinkView out;
  out.state = View::kFailed;
  out.reason = why;
  out.reason_at = at;
  return out;
}

void LinkAttempt::on_connect(const Result<ConnectResult>& result, const std::optional<PasskeyState>& passkey,
                             const Now& now) {
  LinkView next = *view_;
  if (next.state == View::kLinking || next.state == View::kConnected) return;
  if (!result) {
    if (asks_for_passkey(result.error()) && passkey) return on_passkey(*passkey);
    // What was asked for is not to be had; what is out beside it goes on.
    if (next.state == View::kQr || next.state == View::kCode || next.state == View::kPasskey) return;
    return set(failed(result.error(), now.wall));
  }
  const LinkView::Shown shown{result->text, now.mono + result->expires_in};
  switch (result->kind) {
    case ConnectResult::Kind::kConnected:
      next = {};
      next.state = View::kConnected;
      return set(std::move(next));
    case ConnectResult::Kind::kQr: next.qr = shown; break;
    case ConnectResult::Kind::kPairingCode: next.code = shown; break;
  }
  show(std::move(next));
}

void LinkAttempt::on_passkey(const PasskeyState& passkey) {
  LinkView next;
  next.state = View::kPasskey;
  next.passkey = passkey;
  set(std::move(next));
}

bool LinkAttempt::on_state(const StateEvent& event, const std::optional<PasskeyState>& passkey, const Now& now) {
  LinkView next = *view_;
  const bool over = is_over(next.state);
  if (event.state == kPairSuccess && !over) {
    linked_ = true;
    next = {};
    next.state = View::kLinking;
    next.number = digits_of(event.jid);
  } else if (event.state == "connected" && next.state != View::kConnected) {
    const std::optional<std::string> number = next.number;
    next = {};
    next.state = View::kConnected;
    next.number = number;
  } else if (event.state == kLoggedOut && next.state != View::kIdle) {
    next = failed(event.reason, event.at);
  } else if (over) {
    return false;
  } else if (event.state == "qr_ready") {
    const LinkView::Shown shown{event.qr_text ? *event.qr_text : event.pairing_code.value_or(""),
                                now.mono + event.expires_in.value_or(Milliseconds(0))};
    (event.qr_text ? next.qr : next.code) = shown;
    show(std::move(next));
    return true;
  } else if (event.state == "passkey_required" && passkey) {
    on_passkey(*passkey);
    return true;
  } else if (!event.reason) {
    return false;
  } else if (next.state == View::kLinking && !stays_down(event.state)) {
    // The login is tried again.
    next.reason = event.reason;
    next.reason_at = event.at;
  } else if (event.connection == State::kDisconnected || event.connection == State::kLoggedOut) {
    next = failed(event.reason, event.at);
  } else {
    // A pairing code that came to nothing, while the QR codes go on.
    next.code.reset();
    next.reason = event.reason;
    next.reason_at = event.at;
    show(std::move(next));
    return true;
  }
  set(std::move(next));
  return true;
}

std::set<std::string> LinkAttempt::take_spent() {
  return std::exchange(linked_, false) ? begun_by_ : std::set<std::string>();
}

}  // namespace ponte::instance
