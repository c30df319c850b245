// What happens to an instance. What is asked of it: instance.cpp.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "instance/chat_erasure.h"
#include "instance/client_versions.h"
#include "instance/instance.h"

namespace ponte::instance {
namespace {

using protocol::event::Disposition;

/// A stream error 429 adds this many steps of backoff (wire: pairing.md 9.3).
constexpr unsigned kRateLimitSteps = 5;
/// Of what a peer sent and was refused, so many lines a connection go to the log.
constexpr unsigned kMostRefusals = 20;
/// Dials while somebody waits.
constexpr Milliseconds kFirstWait{1'000};
constexpr Milliseconds kSecondWait{2'000};

}  // namespace

bool is_network_trouble(const Error& why) {
  return why.code == Errc::kUnavailable || why.code == Errc::kTimedOut;
}

// ---- the socket -------------------------------------------------------------------------------------

void Instance::on_channel_open() {
  for (Reconnecting& waiting : std::exchange(reconnecting_, {})) waiting.reply.answer(std::monostate{});
  ask_for_code();
}

void Instance::on_dial_failed(const Error& why) {
  environment_.metrics.dial_failures.add(why.cause);
  if (unlinking_) {
    unlinking_connection_ended(Disposition::kRetry, why);
  } else if (mode_ == Mode::kLinking) {
    link_attempt_ended(is_network_trouble(why) ? Disposition::kRetry : Disposition::kStop, why);
  } else if (mode_ == Mode::kLinked) {
    linked_connection_ended(Disposition::kRetry, why);
  }
  for (Reconnecting& waiting : std::exchange(reconnecting_, {})) waiting.reply.answer(with_next_try(why));
}

Telling Instance::telling() const {
  const InstanceInfo shown = info();
  return {shown.name, environment_.options.public_url, shown.number_jid, shown.push_name, shown.settings};
}

// ---- events -----------------------------------------------------------------------------------------

void Instance::on_session_event(const protocol::Event& event) {
  std::visit([this](const auto& what) { on_event(what); }, event);
}

void Instance::on_event(const protocol::event::QrCode& event) {
  environment_.metrics.qr_codes.add();
  board_.set_qr(event);
  const auto current = current_qr();
  desk_.answer(std::nullopt, current);
  board_.tell_qr(event.text, current->expires_in);
}

void Instance::on_event(const protocol::event::PairingCode& event) {
  codes_.on_code(event);
  if (!codes_.shown()) return;
  environment_.metrics.pairing_codes.add();
  const auto current = current_code();
  desk_.answer(event.number, current);
  board_.tell_code(current->text, current->expires_in);
}

void Instance::on_event(const protocol::event::PairingCodeEnded& event) {
  codes_.on_ended(event, now().mono);
  if (event.renewed || codes_.number() == event.number) return;
  desk_.answer(event.number, event.why);
  if (event.why.cause == Cause::kSuperseded) return;
  environment_.metrics.on_not_linked(LinkMethod::kPairingCode, event.why.cause);
  last_error_ = event.why;
  board_.set_reason(event.why);
  board_.tell("pair_error", event.why);
}

void Instance::on_event(const protocol::event::Passkey& event) {
  board_.set_qr(std::nullopt);
  codes_.forget();
  passkey_.on_event(event, now());
  board_.set_passkey(passkey_.state());
  if (!passkey_.active()) return;
  if (event.stage == PasskeyDesk::Stage::kConfirmed) {
    board_.set_state(State::kConnecting);
    return;
  }
  const Error demand = passkey_.demand(board_.name());
  board_.set_state(State::kPasskeyRequired, demand);
  desk_.answer_all(demand);
  if (event.stage != PasskeyDesk::Stage::kSubmitted) board_.tell("passkey_required", demand);
}

void Instance::on_event(const protocol::event::PairSuccess& event) {
  environment_.metrics.on_linked(link_method());
  board_.set_qr(std::nullopt);
  codes_.forget();
  passkey_.close(Error{Errc::kCancelled, Cause::kSuperseded, "the device is linked"});
  board_.set_passkey(std::nullopt);
  mode_ = Mode::kLinked;
  schedule_.reset_backoff();
  board_.set_paired(event);
  board_.set_state(State::kConnecting);
  board_.tell(kPairSuccess);
}

void Instance::on_event(const protocol::event::ScannedWithoutMultidevice&) {
  board_.tell("qr_scanned_no_multidevice");
}

void Instance::on_event(const protocol::event::Online&) {
  environment_.metrics.logins.add();
  const bool restored = last_error_ && last_error_->cause == Cause::kKeepaliveTimeout;
  last_error_.reset();
  hold_.reset();
  version_retried_ = false;
  schedule_.on_online(now().mono);
  board_.set_state(State::kConnected);
  if (restored) board_.tell("keepalive_restored");
  board_.tell("connected");
  desk_.answer_all(ConnectResult{ConnectResult::Kind::kConnected, {}, {}});
  codes_.forget();
  if (unlinking_ && !unlinking_->asked) {
    // Not from within this event: what the login has to say goes out first.
    loop_.post([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && self->unlinking_ && !self->unlinking_->asked && self->mode_ == Mode::kLinked) self->ask_to_unlink();
    });
  }
}

void Instance::on_event(const protocol::event::Unlinked&) {
  if (unlinking_) unlinking_->unlinked = true;
}

void Instance::on_event(const protocol::event::Refused& event) {
  if (++refusals_ < kMostRefusals) log::warn(board_.name(), "refused: " + event.why.message);
  if (refusals_ == kMostRefusals) log::warn(board_.name(), "refused: more, which this connection will not log");
}

void Instance::on_event(const protocol::event::AppStateSync& event) {
  using Stage = protocol::event::AppStateSync::Stage;
  InstanceMetrics& metrics = environment_.metrics;
  metrics.app_state[static_cast<std::size_t>(event.stage)].add();
  metrics.app_state_changes.add(event.changes);
  metrics.app_state_skipped.add(event.skipped);
  const std::string what = "app state " + event.collection;
  const std::string why = event.why ? ": " + event.why->message : "";
  switch (event.stage) {
    case Stage::kUpdated:
      if (event.skipped > 0) {
        log::warn(board_.name(), what + ": " + std::to_string(event.skipped) + " records could not be read");
      }
      break;
    case Stage::kBlocked: log::info(board_.name(), what + " waits for a key from the phone"); break;
    case Stage::kBegunAnew: log::warn(board_.name(), what + " is fetched anew" + why); break;
    case Stage::kFailed: log::warn(board_.name(), what + " cannot be followed, tried again in a day" + why); break;
  }
}

void Instance::on_event(const protocol::event::PushNameChanged& event) {
  board_.set_push_name(event.name);
}

void Instance::on_event(const protocol::event::IdentityChanged& event) {
  log::info(board_.name(), "a contact has another identity key: " + event.who.to_string());
}

void Instance::on_event(const protocol::event::ResumptionFailed& event) {
  // One failure is enough for this process (wire: pairing.md 2.7).
  resumption_ = protocol::Resumption::kForbidden;
  log::warn(board_.name(), "the kept server key did not fit; full handshakes from now on: " + event.why.message);
}

void Instance::on_event(const protocol::event::ClientExpires&) {
  log::warn(board_.name(), "the server will soon refuse this client version");
  if (environment_.versions.due()) refresh_version();
}

void Instance::on_event(const protocol::event::Ended& event) {
  if (unlinking_) {
    unlinking_connection_ended(event.disposition, event.why);
  } else if (mode_ == Mode::kLinking) {
    link_attempt_ended(event.disposition, event.why);
  } else if (mode_ == Mode::kLinked) {
    linked_connection_ended(event.disposition, event.why);
  }
}

// ---- ends -------------------------------------------------------------------------------------------

void Instance::link_attempt_ended(Disposition disposition, const Error& why) {
  log::info(board_.name(), "linking: " + why.message);
  const LinkMethod method = link_method();
  board_.set_qr(std::nullopt);
  codes_.on_socket_lost(now().mono);
  if (!desk_.waits_for(codes_.number())) codes_.forget();
  passkey_.close(why);
  board_.set_passkey(std::nullopt);
  last_error_ = why;
  if (dial_with_newer_version(why)) return;
  const bool again = disposition == Disposition::kRestart || disposition == Disposition::kRetry;
  if (again && tries_left_ > 0 && !desk_.empty()) {
    const Milliseconds wait = --tries_left_ > 0 ? kFirstWait : kSecondWait;
    board_.set_state(State::kConnecting, why);
    schedule_.asked_at(now().mono + wait);
    return;
  }
  environment_.metrics.on_not_linked(method, why.cause);
  become_idle(State::kDisconnected, why);
  board_.tell(why.code == Errc::kUnavailable || why.cause == Cause::kQrExpired ? "disconnected" : "pair_error", why);
  fail_waiters(why);
}

LinkMethod Instance::link_method() const {
  if (passkey_.active()) return LinkMethod::kPasskey;
  return codes_.active() ? LinkMethod::kPairingCode : LinkMethod::kQr;
}

void Instance::fail_waiters(const Error& why) {
  codes_.forget();
  desk_.answer_all(why);
}

void Instance::linked_connection_ended(Disposition disposition, const Error& why) {
  switch (disposition) {
    case Disposition::kRestart: schedule_.soon(now().mono); return;
    case Disposition::kRetry: return retry_later(why);
    case Disposition::kStop:
      if (!dial_with_newer_version(why)) stay_down(why);
      return;
    case Disposition::kLoggedOut: return logged_out(why);
  }
}

void Instance::retry_later(const Error& why) {
  // Whatever waits goes on with the next connection, unless the session has to be made anew.
  if (why.code == Errc::kStorage) messages_.close(why);
  log::warn(board_.name(), "connection ended: " + why.message);
  environment_.metrics.reconnects.add(why.cause);
  last_error_ = why;
  const Mono at = now().mono;
  const bool somebody_waits = !desk_.empty() && tries_left_ > 0;
  if (somebody_waits) {
    schedule_.retry_within(at, --tries_left_ > 0 ? kFirstWait : kSecondWait);
  } else {
    schedule_.retry(at, why.code == Errc::kRateLimited ? kRateLimitSteps : 0, why.retry_after.value_or(Seconds(0)));
  }
  const Error reason = with_next_try(why);
  board_.set_state(State::kDisconnected, reason);
  board_.tell(state_of_end(why), reason);
  if (!somebody_waits) fail_waiters(reason);
}

Error Instance::with_next_try(Error why) const {
  if (const auto next = schedule_.next()) why.retry_after = std::chrono::ceil<Seconds>(*next - now().mono);
  return why;
}

void Instance::stay_down(const Error& why) {
  messages_.close(why);
  log::warn(board_.name(), "stays down: " + why.message);
  environment_.metrics.held_down.add(why.cause);
  last_error_ = why;
  Error reason = why;
  const auto hold = store::get_hold({environment_.store, owner_});
  hold_ = hold.ok() ? *hold : std::nullopt;
  const Now at = now();
  if (hold_ && hold_->until && *hold_->until > at.wall) {
    const Milliseconds left = *hold_->until - at.wall;
    // A little after the time that the server named, so that not all come at once.
    schedule_.at(at.mono + left + Milliseconds(100) * environment_.random.array<1>()[0]);
    reason.retry_after = std::chrono::ceil<Seconds>(left);
  }
  board_.set_state(State::kDisconnected, reason);
  board_.tell(state_of_end(why), reason);
  fail_waiters(reason);
}

void Instance::logged_out(const Error& why) {
  log::warn(board_.name(), "logged out: " + why.message);
  environment_.metrics.logged_out_by_server.add(why.cause);
  last_error_ = why;
  forget_account();
  become_idle(State::kLoggedOut, why);
  board_.tell(kLoggedOut, why);
  if (desk_.empty()) return codes_.forget();
  // A caller of connect wants a link: the session was not valid any more, so a code is due (decision 4).
  prepare_linking(history_days_);
  // Not from within the end of the session that told it.
  schedule_.soon(now().mono);
}

void Instance::forget_account() {
  board_.forget_account();
  erase_chats(environment_.store, owner_, board_.name());
  // A TLS session of the old account, resumed by the next, would tell the server that both are one owner's.
  driver_.forget_tickets();
}

void Instance::become_idle(State state, const std::optional<Error>& reason) {
  mode_ = Mode::kIdle;
  hold_.reset();
  schedule_.cancel();
  messages_.close(reason.value_or(not_connected()));
  driver_.reset();
  board_.set_state(state, reason);
}

void Instance::unlinking_connection_ended(Disposition disposition, const Error& why) {
  if (disposition == Disposition::kRestart) return schedule_.soon(now().mono);
  if (disposition == Disposition::kLoggedOut) {
    // The server's own word that the device is gone is as good as its answer.
    if (why.cause != Cause::kLoggedOut || why.code != Errc::kCancelled) unlinking_->unlinked = true;
    return finish_unlinking(Status::Ok());
  }
  if (removing_ || mode_ != Mode::kLinked) return finish_unlinking(Status::Ok());
  if (unlinking_->wiping) return finish_unlinking(why);
  // The server is not to be had: the device goes all the same, since its user wants it gone.
  unlinking_->wiping = true;
  unlinking_->deadline = Mono::max();
  driver_.abandon();
  if (const Status wiped = driver_.run(protocol::command::Logout{}); !wiped.ok()) finish_unlinking(wiped);
}

void Instance::finish_unlinking(const Status& wiped) {
  Unlinking unlinking = std::move(*unlinking_);
  unlinking_.reset();
  if (mode_ != Mode::kClosed) {
    board_.set_qr(std::nullopt);
    codes_.forget();
    board_.set_passkey(std::nullopt);
    const bool was_linked = mode_ == Mode::kLinked;
    if (!wiped.ok()) {
      become_idle(State::kDisconnected, wiped.error());
      mode_ = Mode::kLinked;
      schedule_.retry(now().mono, 0);
    } else if (was_linked) {
      const Error why{Errc::kCancelled, Cause::kLoggedOut, "logged out on request"};
      environment_.metrics.logged_out_by_request.add();
      forget_account();
      become_idle(State::kLoggedOut, why);
      board_.tell(kLoggedOut, why);
    } else {
      become_idle(board_.state() == State::kLoggedOut ? State::kLoggedOut : State::kDisconnected, std::nullopt);
    }
  }
  const Result<LogoutResult> result =
      wiped.ok() ? Result<LogoutResult>(LogoutResult{unlinking.unlinked}) : Result<LogoutResult>(wiped.error());
  for (auto& done : unlinking.done) done(result);
  rearm();
}

}  // namespace ponte::instance
