#include "instance/instance.h"

#include <algorithm>
#include <utility>

#include "base/hex.h"
#include "base/log.h"
#include "instance/recorder.h"
#include "instance/recording.h"
#include "instance/worker_pool.h"

namespace ponte::instance {
namespace {

using protocol::event::Disposition;

/// Two more tries after network trouble, 1 s and 2 s later (contract, decision 5).
constexpr unsigned kFurtherTries = 2;
constexpr Milliseconds kUnlinkWithin{6'000};
/// A stream error 429 adds this many steps of backoff (wire: pairing.md 9.3).
constexpr unsigned kRateLimitSteps = 5;
/// What "sync history" without a number of days asks for: the only value WhatsApp's own client sends.
constexpr unsigned kFullHistoryDays = 365;

constexpr const char* kUserAgent =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

InstanceInfo info_of(const store::InstanceRecord& record) {
  InstanceInfo info;
  info.id = record.id;
  info.name = record.name;
  info.token = record.token;
  info.created_at = record.created_at;
  info.updated_at = record.updated_at;
  info.state_since = record.created_at;
  info.settings = record.settings;
  return info;
}

}  // namespace

Instance::Instance(const Environment& environment, net::EventLoop& loop, const store::InstanceRecord& record)
    : environment_(environment), loop_(loop), owner_(record.id), info_(info_of(record)) {}

Instance::~Instance() = default;

// ---- what others see --------------------------------------------------------------------------------

InstanceInfo Instance::info() const {
  const std::lock_guard lock(info_mutex_);
  return info_;
}

void Instance::set_state(State state, std::optional<Error> reason) {
  const std::lock_guard lock(info_mutex_);
  if (info_.state != state) info_.state_since = now().wall;
  info_.state = state;
  info_.reason = std::move(reason);
}

void Instance::show_account(const store::Account& account) {
  const auto jid = protocol::wire::Jid::parse(account.jid);
  const std::lock_guard lock(info_mutex_);
  info_.number_jid = jid ? std::optional(jid->without_device().to_string()) : std::nullopt;
  info_.lid = account.lid.empty() ? std::nullopt : std::optional(account.lid);
  info_.platform = account.platform;
  info_.business_name = account.business_name;
  info_.push_name = account.push_name;
}

Result<ConnectResult> Instance::current_qr() const {
  const Milliseconds left = std::max(qr_->valid_until - now().mono, Milliseconds(0));
  return ConnectResult{ConnectResult::Kind::kQr, qr_->text, left};
}

// ---- what others ask --------------------------------------------------------------------------------

void Instance::restore(Milliseconds delay) {
  auto account = store::get_account({environment_.store, owner_});
  if (!account.ok()) {
    log::error(info_.name, account.error().message);
    set_state(State::kDisconnected, account.error());
    return;
  }
  if (*account) {
    show_account(**account);
    mode_ = Mode::kLinked;
    set_state(State::kConnecting);
    dial_after(delay);
    return;
  }
  auto logged_out = store::get_logged_out({environment_.store, owner_});
  if (logged_out.ok() && *logged_out) {
    set_state(State::kLoggedOut, Error{Errc::kRejected, Cause::kLoggedOut, (*logged_out)->message});
  }
}

void Instance::connect(ConnectRequest request, Reply<ConnectResult> reply) {
  if (mode_ == Mode::kClosed || removing_) {
    reply.answer(Error{Errc::kCancelled, Cause::kInstanceDeleted, "the instance is being removed"});
    return;
  }
  if (mode_ == Mode::kLinked && info_.state == State::kConnected) {
    reply.answer(ConnectResult{ConnectResult::Kind::kConnected, {}, {}});
    return;
  }
  const bool scanned = mode_ == Mode::kLinking && session_ && session_->phase() == protocol::Phase::kPaired;
  const bool other_history =
      mode_ == Mode::kLinking && !scanned && request.history_days && request.history_days != history_days_;
  if (mode_ == Mode::kLinking && qr_ && !scanned && !other_history) {
    reply.answer(current_qr());
    return;
  }
  waiters_.add(std::move(reply), now().mono + environment_.options.connect_timeout);
  if (mode_ == Mode::kIdle || other_history) {
    const bool sync = request.history_days || !info_.settings.disable_history_sync;
    begin_linking(sync ? std::optional(request.history_days.value_or(kFullHistoryDays)) : std::nullopt);
  } else if (mode_ == Mode::kLinked && !socket_) {
    // Somebody waits for it: no more backoff for this dial.
    tries_left_ = kFurtherTries;
    dial();
  }
  rearm();
}

void Instance::unlink(UniqueFunction<void()> done) {
  const bool under_way = !unlinked_.empty();
  removing_ = true;
  unlinked_.push_back(std::move(done));
  if (under_way) return;
  waiters_.answer_all(Error{Errc::kCancelled, Cause::kInstanceDeleted, "the instance was removed"});
  if (mode_ != Mode::kLinked || !session_ || session_->phase() != protocol::Phase::kOnline) {
    finish_unlink();
    return;
  }
  unlink_deadline_ = now().mono + kUnlinkWithin;
  const Now at = now();
  const protocol::Command command = protocol::command::Logout{};
  record_input(at, recording::render_command(command));
  session_->run(command, at);
  drain();
}

void Instance::finish_unlink() {
  unlink_deadline_.reset();
  dial_at_.reset();
  if (mode_ != Mode::kClosed) {
    qr_.reset();
    become_idle(State::kDisconnected, std::nullopt);
  }
  for (auto& done : std::exchange(unlinked_, {})) done();
}

void Instance::close(const Error& why) {
  if (mode_ == Mode::kClosed) return;
  mode_ = Mode::kClosed;
  ++dial_;
  dial_at_.reset();
  timer_.reset();
  socket_.reset();
  closing_socket_.reset();
  drop_session();
  qr_.reset();
  waiters_.answer_all(why);
  if (!unlinked_.empty()) finish_unlink();
}

// ---- dialing ----------------------------------------------------------------------------------------

void Instance::begin_linking(std::optional<unsigned> history_days) {
  drop_connection();
  closing_socket_.reset();  // no instance ever has two sockets for one attempt
  drop_session();
  mode_ = Mode::kLinking;
  history_days_ = history_days;
  tries_left_ = kFurtherTries;
  last_error_.reset();
  qr_.reset();
  set_state(State::kConnecting);
  dial();
}

void Instance::dial_after(Milliseconds delay) {
  dial_at_ = now().mono + delay;
  rearm();
}

void Instance::dial() {
  dial_at_.reset();
  if (const Status status = make_session(); !status.ok()) {
    log::error(info_.name, status.error().message);
    if (mode_ == Mode::kLinking) {
      link_attempt_ended(Disposition::kStop, status.error());
    } else {
      linked_connection_ended(Disposition::kRetry, status.error());
    }
    return;
  }
  if (mode_ == Mode::kLinked) set_state(State::kConnecting, last_error_);
  const std::uint64_t dial = ++dial_;
  const std::weak_ptr<Instance> weak = weak_from_this();
  net::WebSocketCallbacks callbacks;
  callbacks.on_open = [weak, dial] {
    if (const auto self = weak.lock()) self->on_socket_open(dial);
  };
  callbacks.on_message = [weak, dial](const Bytes& message) {
    if (const auto self = weak.lock()) self->on_socket_message(dial, message);
  };
  callbacks.on_closed = [weak, dial](const Error& why) {
    if (const auto self = weak.lock()) self->on_socket_closed(dial, why);
  };
  net::WebSocketOptions options;
  options.url = environment_.options.url;
  options.headers = {{"Origin", "https://web.whatsapp.com"},
                     {"User-Agent", kUserAgent},
                     {"Cache-Control", "no-cache"},
                     {"Pragma", "no-cache"}};
  socket_ = net::open_web_socket(loop_, environment_.network, std::move(options), std::move(callbacks));
}

void Instance::drop_connection() {
  if (!socket_) return;
  ++dial_;
  channel_open_ = false;
  closing_socket_ = std::move(socket_);
  closing_socket_->close();
}

void Instance::on_socket_open(std::uint64_t dial) {
  if (dial != dial_ || !session_) return;
  channel_open_ = true;
  const Now at = now();
  protocol::OpenOptions options;
  options.history_days = history_days_;
  record_input(at, recording::render_open(options));
  session_->on_channel_open(options, at);
  drain();
}

void Instance::on_socket_message(std::uint64_t dial, const Bytes& message) {
  if (dial != dial_ || !session_) return;
  const Now at = now();
  if (recorder_) record_input(at, "bytes " + to_hex(message));
  session_->on_bytes(message, at);
  drain();
}

void Instance::on_socket_closed(std::uint64_t dial, const Error& why) {
  if (dial != dial_) {
    closing_socket_.reset();
    return;
  }
  socket_.reset();
  if (std::exchange(channel_open_, false) && session_) {
    const Now at = now();
    record_input(at, "closed " + std::string(cause_name(why.cause)));
    session_->on_channel_closed(why, at);
    drain();
    return;
  }
  // The dial itself failed; the session never heard of it.
  const bool network = why.code == Errc::kUnavailable || why.code == Errc::kTimedOut;
  if (mode_ == Mode::kLinking) {
    link_attempt_ended(network ? Disposition::kRetry : Disposition::kStop, why);
  } else if (mode_ == Mode::kLinked) {
    linked_connection_ended(Disposition::kRetry, why);
  }
}

// ---- the session ------------------------------------------------------------------------------------

Status Instance::make_session() {
  if (session_ && !session_->spent()) return Status::Ok();
  drop_session();
  const InstanceOptions& options = environment_.options;
  const protocol::SessionConfig* config = &options.session;
  RandomSource* random = &environment_.random;
  if (!options.record_directory.empty()) {
    PONTE_ASSIGN(recorder_, Recorder::open(options.record_directory, info_.name, options.session, environment_.store,
                                           owner_, now(), environment_.random));
    recorded_config_ = options.session;
    recorded_config_.observer = recorder_.get();
    config = &recorded_config_;
    random = recorder_.get();
  }
  ++session_serial_;
  session_ = std::make_unique<protocol::Session>(*config, environment_.store, owner_, *random);
  return Status::Ok();
}

void Instance::drop_session() {
  session_.reset();
  recorder_.reset();
  channel_open_ = false;
}

void Instance::drain() {
  while (session_) {
    std::optional<protocol::Output> output = session_->poll_output();
    if (!output) break;
    if (recorder_) recorder_->output(*output);
    std::visit([this](auto value) { carry_out(std::move(value)); }, std::move(*output));
  }
  rearm();
}

void Instance::carry_out(protocol::SendBytes output) {
  if (socket_) socket_->send(std::move(output.bytes));
}

void Instance::carry_out(protocol::CloseChannel) {
  drop_connection();
}

void Instance::carry_out(protocol::Commit output) {
  environment_.store.commit(std::move(output.batch), [weak = weak_from_this(), loop = loop_.poster(),
                                                      session = session_serial_](const Status& status) {
    loop.post([weak, session, status] {
      const auto self = weak.lock();
      // A session that was made since then never asked for this commit.
      if (!self || self->session_serial_ != session || !self->session_) return;
      self->record_input(self->now(), status.ok() ? "committed ok" : "committed failed");
      self->session_->on_committed(status);
      self->drain();
    });
  });
}

void Instance::carry_out(protocol::StartWork output) {
  const Status submitted = environment_.workers.submit(
      [weak = weak_from_this(), loop = loop_.poster(), session = session_serial_, work = std::move(output)] {
        Bytes result = protocol::run_work(work.request);
        loop.post([weak, session, id = work.id, epoch = work.epoch, result = std::move(result)]() mutable {
          const auto self = weak.lock();
          if (!self || self->session_serial_ != session || !self->session_) return;
          const Now at = self->now();
          self->record_input(at, "work " + std::to_string(id) + " " + std::to_string(epoch));
          self->session_->on_work_done(id, epoch, std::move(result), at);
          self->drain();
        });
      });
  if (submitted.ok()) return;
  log::warn(info_.name, submitted.error().message);
  // Not from within this drain: the session may have more to say first.
  loop_.post([weak = weak_from_this(), session = session_serial_, id = output.id, epoch = output.epoch,
              why = submitted.error()] {
    const auto self = weak.lock();
    if (!self || self->session_serial_ != session || !self->session_) return;
    const Now at = self->now();
    self->record_input(at, "work " + std::to_string(id) + " " + std::to_string(epoch) + " failed");
    self->session_->on_work_done(id, epoch, why, at);
    self->drain();
  });
}

void Instance::carry_out(protocol::Emit output) {
  std::visit([this](const auto& event) { on_event(event); }, output.event);
}

// ---- events -----------------------------------------------------------------------------------------

void Instance::on_event(const protocol::event::QrCode& event) {
  qr_ = event;
  waiters_.answer_all(current_qr());
}

void Instance::on_event(const protocol::event::PairingCode&) {}
void Instance::on_event(const protocol::event::PairingCodeEnded&) {}
void Instance::on_event(const protocol::event::Passkey&) {}
void Instance::on_event(const protocol::event::Refused& event) {
  log::warn(info_.name, event.why.message);
}
void Instance::on_event(const protocol::event::ResumptionFailed&) {}

void Instance::on_event(const protocol::event::PairSuccess& event) {
  qr_.reset();
  mode_ = Mode::kLinked;
  backoff_.reset();
  {
    const std::lock_guard lock(info_mutex_);
    info_.number_jid = event.jid.without_device().to_string();
    info_.lid = event.lid ? std::optional(event.lid->to_string()) : std::nullopt;
    info_.platform = event.platform;
    info_.business_name = event.business_name;
  }
  log::info(info_.name, "paired");
}

void Instance::on_event(const protocol::event::ScannedWithoutMultidevice&) {
  log::warn(info_.name, "the phone that scanned does not know multi-device");
}

void Instance::on_event(const protocol::event::Online&) {
  last_error_.reset();
  backoff_.on_online(now().mono);
  set_state(State::kConnected);
  waiters_.answer_all(ConnectResult{ConnectResult::Kind::kConnected, {}, {}});
  log::info(info_.name, "connected");
}

void Instance::on_event(const protocol::event::ClientExpires&) {
  log::warn(info_.name, "the server will soon refuse this client version; update or set PONTE_WHATSAPP_VERSION");
}

void Instance::on_event(const protocol::event::Ended& event) {
  if (!unlinked_.empty()) {
    finish_unlink();
    return;
  }
  if (mode_ == Mode::kLinking) {
    link_attempt_ended(event.disposition, event.why);
  } else if (mode_ == Mode::kLinked) {
    linked_connection_ended(event.disposition, event.why);
  }
}

// ---- ends -------------------------------------------------------------------------------------------

void Instance::link_attempt_ended(Disposition disposition, const Error& why) {
  log::info(info_.name, "linking: " + why.message);
  qr_.reset();
  last_error_ = why;
  const bool again = disposition == Disposition::kRestart || disposition == Disposition::kRetry;
  if (again && tries_left_ > 0 && !waiters_.empty()) {
    const Milliseconds delay = tries_left_ == kFurtherTries ? Milliseconds(1'000) : Milliseconds(2'000);
    --tries_left_;
    dial_after(delay);
    return;
  }
  become_idle(State::kDisconnected, why);
  waiters_.answer_all(why);
}

void Instance::linked_connection_ended(Disposition disposition, const Error& why) {
  if (disposition == Disposition::kRestart) {
    dial_after(Milliseconds(0));
    return;
  }
  log::warn(info_.name, "connection ended: " + why.message);
  last_error_ = why;
  switch (disposition) {
    case Disposition::kRestart: break;
    case Disposition::kRetry: {
      const bool waited_for = !waiters_.empty() && tries_left_ > 0;
      const unsigned extra = why.code == Errc::kRateLimited ? kRateLimitSteps : 0;
      Milliseconds delay = backoff_.next(now().mono, environment_.random, extra);
      if (waited_for) delay = std::min(delay, tries_left_ == kFurtherTries ? Milliseconds(1'000) : Milliseconds(2'000));
      if (waited_for) --tries_left_;
      set_state(State::kDisconnected, why);
      if (!waited_for) waiters_.answer_all(why);
      dial_after(delay);
      break;
    }
    case Disposition::kStop:
      set_state(State::kDisconnected, why);
      waiters_.answer_all(why);
      break;
    case Disposition::kLoggedOut: {
      const std::lock_guard lock(info_mutex_);
      info_.number_jid.reset();
      info_.lid.reset();
    }
      become_idle(State::kLoggedOut, why);
      // A caller of connect wants a link: the session was not valid any more, so a QR is due (decision 4).
      if (!waiters_.empty()) begin_linking(history_days_);
      break;
  }
}

void Instance::become_idle(State state, const std::optional<Error>& reason) {
  mode_ = Mode::kIdle;
  drop_connection();
  drop_session();
  set_state(state, reason);
}

// ---- time -------------------------------------------------------------------------------------------

void Instance::rearm() {
  if (mode_ == Mode::kClosed) return;
  std::optional<Mono> next = dial_at_;
  const auto consider = [&next](std::optional<Mono> deadline) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  };
  if (session_) consider(session_->next_deadline());
  consider(waiters_.next_deadline());
  consider(unlink_deadline_);
  timer_.reset();
  if (!next) return;
  const Milliseconds delay = std::max(*next - now().mono, Milliseconds(0));
  timer_ = loop_.after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_timer();
  });
}

void Instance::on_timer() {
  const Now at = now();
  if (dial_at_ && *dial_at_ <= at.mono) dial();
  if (session_) {
    const auto deadline = session_->next_deadline();
    if (deadline && *deadline <= at.mono) {
      record_input(at, "deadline");
      session_->on_deadline(at);
    }
  }
  waiters_.answer_overdue(at.mono, last_error_);
  if (unlink_deadline_ && *unlink_deadline_ <= at.mono) finish_unlink();
  drain();
}

void Instance::record_input(const Now& now, const std::string& what) {
  if (recorder_) recorder_->input(now, what);
}

}  // namespace ponte::instance
