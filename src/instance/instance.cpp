// What is asked of an instance. What happens to it: instance_events.cpp.
#include "instance/instance.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "instance/chat_erasure.h"
#include "instance/client_versions.h"
#include "instance/event_journal.h"
#include "instance/proxy.h"
#include "protocol/pairing/link_code.h"
#include "store/records.h"

namespace ponte::instance {
namespace {

/// Two more tries after network trouble, 1 s and 2 s later (contract, decision 5).
constexpr unsigned kFurtherTries = 2;
constexpr Milliseconds kUnlinkWithin{8'000};
constexpr Milliseconds kReconnectAnswer{5'000};
/// What "sync history" without a number of days asks for: the only value WhatsApp's own client sends.
constexpr unsigned kFullHistoryDays = 365;

Error superseded() {
  return {Errc::kCancelled, Cause::kSuperseded, "a pairing code was asked for another number"};
}

Error removed() {
  return {Errc::kCancelled, Cause::kInstanceDeleted, "the instance is being removed"};
}

protocol::Presence presence_of(const store::InstanceSettings& settings) {
  return settings.keep_online_status ? protocol::Presence::kAvailable : protocol::Presence::kUnavailable;
}

protocol::Reading reading_of(const store::InstanceSettings& settings) {
  return settings.auto_read_messages ? protocol::Reading::kAtOnce : protocol::Reading::kWhenAsked;
}

}  // namespace

std::shared_ptr<Instance> Instance::make(const Environment& environment, const Lane& lane,
                                         const store::InstanceRecord& record) {
  auto instance = std::make_shared<Instance>(environment, lane, record);
  instance->driver_.keep_alive_by(instance);
  instance->keeper_.keep_alive_by(instance);
  return instance;
}

Instance::Instance(const Environment& environment, const Lane& lane, const store::InstanceRecord& record)
    : environment_(environment),
      loop_(lane.loop),
      owner_(record.id),
      board_(record, environment.states, environment.clock),
      driver_(environment, lane, record.id, record.name, *this),
      schedule_(environment.pacer, environment.random),
      keeper_(environment.store, lane.loop, environment.clock, record),
      messages_({[this] { return own_address(); }, [this](const auto& command) { (void)driver_.run(command); }},
                environment.clock, environment.random) {}

Instance::~Instance() = default;

// ---- start and end ----------------------------------------------------------------------------------

void Instance::restore() {
  const auto failed = [this](const Error& why) {
    log::error(board_.name(), why.message);
    board_.set_state(State::kDisconnected, why);
  };
  auto account = store::get_account({environment_.store, owner_});
  if (!account.ok()) return failed(account.error());
  if (!*account) {
    // A crash may have come between the device's end and theirs.
    erase_chats(environment_.store, owner_, board_.name());
    const auto logged_out = store::get_logged_out({environment_.store, owner_});
    if (!logged_out.ok()) return failed(logged_out.error());
    if (*logged_out) {
      const Cause cause = cause_from_name((*logged_out)->code).value_or(Cause::kLoggedOut);
      const Error why{Errc::kRejected, cause, (*logged_out)->message};
      board_.set_state(State::kLoggedOut, why);
      tell_if_missed(kLoggedOut, why);
    }
    return;
  }
  board_.set_account(**account);
  mode_ = Mode::kLinked;
  tell_if_missed(kPairSuccess);
  auto hold = store::get_hold({environment_.store, owner_});
  if (!hold.ok()) return failed(hold.error());
  if (*hold) {
    stay_down({Errc::kRejected, cause_from_name((*hold)->code).value_or(Cause::kClientRefused), (*hold)->message});
  } else {
    board_.set_state(State::kConnecting);
    schedule_.restored(now().mono);
  }
  rearm();
}

/// Where a crash came between a commit and its event, the store is ahead of what was told.
void Instance::tell_if_missed(std::string_view state, std::optional<Error> reason) const {
  const auto told = environment_.journal.told_link(owner_);
  if (!told.ok()) return log::error(board_.name(), told.error().message);
  if (*told == state) return;
  // What never was linked is not told to be so no longer.
  if (state == kPairSuccess || *told) board_.tell(state, std::move(reason));
}

void Instance::close(const Error& why) {
  if (mode_ == Mode::kClosed) return;
  mode_ = Mode::kClosed;
  schedule_.cancel();
  timer_.reset();
  driver_.abandon();
  board_.set_qr(std::nullopt);
  codes_.forget();
  passkey_.close(why);
  desk_.answer_all(why);
  messages_.close(why);
  for (Reconnecting& waiting : std::exchange(reconnecting_, {})) waiting.reply.answer(why);
  if (unlinking_) finish_unlinking(Status::Ok());
}

// ---- connect ----------------------------------------------------------------------------------------

std::optional<Error> Instance::refusal() const {
  if (mode_ == Mode::kClosed || removing_) return removed();
  if (unlinking_) return Error{Errc::kCancelled, Cause::kLoggedOut, "the instance is being logged out"};
  return std::nullopt;
}

void Instance::connect(ConnectRequest request, Reply<ConnectResult> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  if (mode_ == Mode::kLinked) return connect_linked(std::move(request), std::move(reply));
  if (passkey_.active()) return reply.answer(passkey_.demand(board_.name()));
  const bool other_history = mode_ == Mode::kLinking && !scanned() && !codes_.active() && request.history_days &&
                             request.history_days != history_days_;
  const bool begins = mode_ == Mode::kIdle || other_history;
  if (begins) prepare_linking(history_of(request));
  if (request.number) {
    wait_for_code(std::move(request), std::move(reply));
  } else {
    wait_for_qr(std::move(reply));
  }
  if (begins) dial();
  rearm();
}

std::optional<unsigned> Instance::history_of(const ConnectRequest& request) const {
  if (request.history_days || keeper_.record().settings.disable_history_sync) return request.history_days;
  return kFullHistoryDays;
}

void Instance::connect_linked(ConnectRequest request, Reply<ConnectResult> reply) {
  if (board_.state() == State::kConnected) {
    return reply.answer(ConnectResult{ConnectResult::Kind::kConnected, {}, {}});
  }
  if (const auto banned = ban()) return reply.answer(*banned);
  // Both count where the server says that the device is linked no more.
  history_days_ = history_of(request);
  if (request.number) {
    const auto decision = codes_.want(*request.number, request.code, now().mono);
    if (decision.ok() && decision->superseded) desk_.answer(decision->superseded, superseded());
  }
  desk_.wait(std::move(request.number), std::move(reply), now().mono + environment_.options.connect_timeout.get());
  if (!driver_.busy()) {
    // Somebody waits for it: no more backoff for this dial.
    tries_left_ = kFurtherTries;
    dial();
  }
  rearm();
}

/// What was on display has done its work; only the server's word is missing.
bool Instance::scanned() const {
  return driver_.phase() == protocol::Phase::kPaired;
}

void Instance::wait_for_code(ConnectRequest request, Reply<ConnectResult> reply) {
  auto decision = codes_.want(*request.number, request.code, now().mono);
  if (!decision.ok()) return reply.answer(decision.error());
  if (decision->superseded) desk_.answer(decision->superseded, superseded());
  if (decision->answer == CodeRequests::Answer::kShow && !scanned()) return reply.answer(current_code());
  desk_.wait(std::move(request.number), std::move(reply), now().mono + environment_.options.connect_timeout.get());
  ask_for_code();
}

void Instance::wait_for_qr(Reply<ConnectResult> reply) {
  if (board_.shown_qr().ok() && !scanned()) return reply.answer(current_qr());
  if (codes_.shown() && driver_.phase() == protocol::Phase::kPairing) {
    // Nothing restarts while a code is out, and the refs have run out under it.
    Error why{Errc::kRejected, Cause::kQrExpired, "a pairing code is out, and the QR codes beside it have run out"};
    why.retry_after = std::chrono::ceil<Seconds>(std::max(codes_.shown()->valid_until - now().mono, Milliseconds(0)));
    return reply.answer(std::move(why));
  }
  desk_.wait(std::nullopt, std::move(reply), now().mono + environment_.options.connect_timeout.get());
}

void Instance::prepare_linking(const std::optional<unsigned>& history_days) {
  driver_.abandon();  // no instance ever has two sockets for one attempt
  erase_chats(environment_.store, owner_, board_.name());
  mode_ = Mode::kLinking;
  history_days_ = history_days;
  tries_left_ = kFurtherTries;
  version_retried_ = false;
  last_error_.reset();
  board_.set_qr(std::nullopt);
  schedule_.cancel();
  board_.set_state(State::kConnecting);
}

Result<ConnectResult> Instance::current_qr() const {
  const Milliseconds left = std::max(board_.qr()->valid_until - now().mono, Milliseconds(0));
  return ConnectResult{ConnectResult::Kind::kQr, board_.qr()->text, left};
}

Result<ConnectResult> Instance::current_code() const {
  const auto& shown = *codes_.shown();
  const Milliseconds left = std::max(shown.valid_until - now().mono, Milliseconds(0));
  return ConnectResult{ConnectResult::Kind::kPairingCode, protocol::pairing::display_code(shown.code), left};
}

void Instance::ask_for_code() {
  if (mode_ != Mode::kLinking || !driver_.channel_open() || scanned()) return;
  if (auto wish = codes_.due(now().mono)) (void)driver_.run(std::move(*wish));
}

// ---- reconnect, logout, removal ---------------------------------------------------------------------

void Instance::reconnect(Reply<std::monostate> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  if (mode_ != Mode::kLinked) {
    return reply.answer(
        Error{Errc::kInvalidArgument, Cause::kNoSavedSession, "the instance has no saved session; connect links it"});
  }
  if (const auto banned = ban()) return reply.answer(*banned);
  board_.tell("manual_reconnect");
  reconnecting_.push_back({std::move(reply), now().mono + kReconnectAnswer});
  tries_left_ = kFurtherTries;
  last_error_.reset();
  dial();
  rearm();
}

void Instance::log_out(Reply<LogoutResult> reply) {
  if (mode_ == Mode::kClosed || removing_) return reply.answer(removed());
  begin_unlinking([reply = std::move(reply)](Result<LogoutResult> result) mutable { reply.answer(std::move(result)); });
}

void Instance::unlink(UniqueFunction<void()> done) {
  removing_ = true;
  begin_unlinking([done = std::move(done)](const Result<LogoutResult>&) mutable { done(); });
}

void Instance::begin_unlinking(UniqueFunction<void(Result<LogoutResult>)> done) {
  const bool under_way = unlinking_.has_value();
  if (!under_way) unlinking_.emplace();
  unlinking_->done.push_back(std::move(done));
  if (under_way) return;
  unlinking_->deadline = now().mono + kUnlinkWithin;
  const Error why = removing_ ? removed() : Error{Errc::kCancelled, Cause::kLoggedOut, "the instance was logged out"};
  desk_.answer_all(why);
  messages_.close(why);
  passkey_.close(why);
  for (Reconnecting& waiting : std::exchange(reconnecting_, {})) waiting.reply.answer(why);
  if (mode_ != Mode::kLinked) {
    finish_unlinking(Status::Ok());
  } else if (driver_.phase() == protocol::Phase::kOnline) {
    ask_to_unlink();
  } else if (ban()) {
    unlinking_connection_ended(protocol::event::Disposition::kStop, why);
  } else if (!driver_.busy()) {
    dial();
  }
  rearm();
}

void Instance::ask_to_unlink() {
  unlinking_->asked = true;
  (void)driver_.run(protocol::command::Logout{});
}

// ---- settings, proxy, passkey -----------------------------------------------------------------------

void Instance::change_settings(const SettingsChange& change, Reply<InstanceInfo> reply) {
  change_record([change](store::InstanceRecord& record) { change.apply_to(record.settings); }, std::move(reply),
                [this] {
                  if (!driver_.channel_open()) return;
                  (void)driver_.run(protocol::command::SetPresence{presence_of(keeper_.record().settings)});
                  (void)driver_.run(protocol::command::SetReading{reading_of(keeper_.record().settings)});
                });
}

void Instance::set_proxy(std::optional<Proxy> proxy, Reply<InstanceInfo> reply) {
  change_record([proxy = std::move(proxy)](store::InstanceRecord& record) { record.proxy = proxy; }, std::move(reply),
                [this] {
                  // A TLS session of another way, resumed on this one, would tell the server that both are one owner's.
                  driver_.forget_tickets();
                  dial_another_way();
                });
}

void Instance::set_websocket(WebSocketConfig websocket, Reply<InstanceInfo> reply) {
  change_record([websocket = std::move(websocket)](store::InstanceRecord& record) { record.websocket = websocket; },
                std::move(reply), [] {});
}

void Instance::change_record(RecordKeeper::Change change, Reply<InstanceInfo> reply, UniqueFunction<void()> then) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  keeper_.change(std::move(change),
                 [this, reply = std::move(reply), then = std::move(then)](const Status& status) mutable {
                   if (!status.ok()) return reply.answer(status.error());
                   board_.set_record(keeper_.record());
                   if (mode_ != Mode::kClosed) then();
                   reply.answer(info());
                 });
}

void Instance::submit_passkey(const std::string& assertion, Reply<PasskeyState> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  if (auto command = passkey_.submit(assertion, std::move(reply))) (void)driver_.run(*command);
}

void Instance::confirm_passkey(Reply<PasskeyState> reply) {
  if (const auto refused = refusal()) return reply.answer(*refused);
  if (auto command = passkey_.confirm(std::move(reply))) (void)driver_.run(*command);
}

/// Of the account, while its messages can be asked for.
Result<Jid> Instance::own_address() const {
  if (const auto refused = refusal()) return *refused;
  const auto own = Jid::parse(info().number_jid.value_or(""));
  if (board_.state() != State::kConnected || !own) return not_connected();
  return *own;
}

// ---- dialing ----------------------------------------------------------------------------------------

std::optional<net::Proxy> Instance::proxy() const {
  const auto& own = keeper_.record().proxy;
  return own ? std::optional(to_net(*own)) : environment_.options.proxy;
}

std::optional<Error> Instance::ban() const {
  if (!hold_ || !hold_->until || *hold_->until <= now().wall) return std::nullopt;
  Error why{Errc::kRejected, cause_from_name(hold_->code).value_or(Cause::kTemporarilyBanned), hold_->message};
  why.retry_after = std::chrono::ceil<Seconds>(*hold_->until - now().wall);
  return why;
}

void Instance::refresh_version() {
  environment_.versions.refresh(proxy(), Reply<protocol::ClientVersion>([](const auto&) {}));
}

void Instance::dial() {
  schedule_.cancel();
  if (environment_.versions.due()) refresh_version();
  const protocol::SessionConfig& config = environment_.options.session;
  said_version_ = environment_.versions.current();
  protocol::OpenOptions options;
  options.history_days = mode_ == Mode::kLinking ? history_days_ : std::nullopt;
  if (said_version_ != config.version) options.version = said_version_;
  options.resumption = resumption_;
  options.presence = presence_of(keeper_.record().settings);
  options.reading = reading_of(keeper_.record().settings);
  if (mode_ == Mode::kLinked) board_.set_state(State::kConnecting, last_error_);
  refusals_ = 0;
  const Status status = driver_.dial(options, proxy());
  if (status.ok()) return;
  log::error(board_.name(), status.error().message);
  on_dial_failed(status.error());
}

/// The way out has changed: what hangs on the old one, or waits since it failed, begins anew. What the server itself
/// has asked to wait for goes on waiting.
void Instance::dial_another_way() {
  const bool hangs = driver_.busy() && !driver_.channel_open();
  const bool failed = last_error_ && !last_error_->retry_after && is_network_trouble(*last_error_);
  const bool waits = !driver_.busy() && schedule_.next() && failed && !hold_;
  if (!hangs && !waits) return;
  dial();
  rearm();
}

bool Instance::dial_with_newer_version(const Error& why) {
  if (why.cause != Cause::kClientOutdated || version_retried_) return false;
  version_retried_ = true;
  board_.set_state(State::kConnecting, why);
  environment_.versions.refresh(
      proxy(), Reply<protocol::ClientVersion>([weak = weak_from_this(), loop = loop_.poster(), asked = ++version_asked_,
                                               why](const Result<protocol::ClientVersion>& version) {
        loop.post([weak, asked, why, version] {
          if (const auto self = weak.lock()) self->on_version(asked, why, version);
        });
      }));
  return true;
}

void Instance::on_version(std::uint64_t asked, const Error& why, const Result<protocol::ClientVersion>& version) {
  // Somebody may have dialed, logged out or closed meanwhile.
  if (asked != version_asked_ || driver_.busy() || unlinking_ || mode_ == Mode::kIdle || mode_ == Mode::kClosed) return;
  if (version.ok() && *version != said_version_) {
    dial();
    rearm();
    return;
  }
  Error end = why;
  end.message += version.ok() ? "; WhatsApp's page names no other than " + said_version_.to_string()
                              : "; " + version.error().message;
  using protocol::event::Disposition;
  mode_ == Mode::kLinking ? link_attempt_ended(Disposition::kStop, end)
                          : linked_connection_ended(Disposition::kStop, end);
  rearm();
}

// ---- time -------------------------------------------------------------------------------------------

void Instance::rearm() {
  if (mode_ == Mode::kClosed) return;
  std::optional<Mono> next = schedule_.next();
  const auto consider = [&next](std::optional<Mono> deadline) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  };
  consider(driver_.next_deadline());
  consider(desk_.next_deadline());
  consider(messages_.next_deadline());
  if (mode_ == Mode::kLinking && driver_.channel_open()) consider(codes_.next_deadline());
  if (unlinking_) consider(unlinking_->deadline);
  for (const Reconnecting& waiting : reconnecting_) consider(waiting.deadline);
  // Most inputs change nothing here.
  if (timer_ && next == armed_for_) return;
  armed_for_ = next;
  timer_.reset();
  if (!next) return;
  const Milliseconds delay = std::max(*next - now().mono, Milliseconds(0));
  timer_ = loop_.after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_timer();
  });
}

void Instance::on_timer() {
  const Now at = now();
  armed_for_.reset();
  if (schedule_.due(at.mono)) {
    // The wall clock may have been set back since then.
    const auto banned = ban();
    banned ? stay_down(*banned) : dial();
  }
  driver_.on_time(at);
  ask_for_code();
  desk_.answer_overdue(at.mono, last_error_);
  messages_.on_time(at.mono);
  const auto overdue = std::stable_partition(reconnecting_.begin(), reconnecting_.end(),
                                             [&](const Reconnecting& waiting) { return waiting.deadline > at.mono; });
  std::vector<Reconnecting> initiated(std::make_move_iterator(overdue), std::make_move_iterator(reconnecting_.end()));
  reconnecting_.erase(overdue, reconnecting_.end());
  for (Reconnecting& waiting : initiated) waiting.reply.answer(std::monostate{});
  if (unlinking_ && unlinking_->deadline <= at.mono) {
    unlinking_connection_ended(protocol::event::Disposition::kRetry,
                               Error{Errc::kTimedOut, Cause::kNetworkTimeout, "the server could not be reached"});
  }
  rearm();
}

}  // namespace ponte::instance
