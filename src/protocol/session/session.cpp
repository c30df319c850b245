#include "protocol/session/session.h"

#include <algorithm>
#include <utility>

#include "protocol/devices/prekeys.h"
#include "protocol/pairing/registration.h"
#include "protocol/session/deadlines.h"
#include "protocol/session/logout.h"
#include "protocol/stanza_routes.h"
#include "store/records.h"

namespace ponte::protocol {
namespace {

constexpr Milliseconds kHandshakeWithin{20'000};  // wire: pairing.md 1.1
constexpr Milliseconds kAuthWithin{60'000};       // wire: pairing.md, appendix B

/// What becomes of a connection that cannot go on for this reason.
event::Disposition disposition_of(const Error& why, bool linked) {
  // A linked device never gives up by itself: a wrong chain today may be a proxy that is gone tomorrow.
  // A linking attempt fails at once on what a retry cannot mend (contract, decision 5).
  if (linked) return event::Disposition::kRetry;
  switch (why.code) {
    case Errc::kUnavailable:
    case Errc::kTimedOut:
    case Errc::kNotConnected: return event::Disposition::kRetry;
    default: return event::Disposition::kStop;
  }
}

}  // namespace

Session::Session(const SessionConfig& config, const store::StoreReader& store, store::Owner owner, RandomSource& random)
    : config_(config), store_(store), owner_(std::move(owner)), random_(random) {}

Session::~Session() = default;

// ---- steps ----------------------------------------------------------------------------------------

void Session::enqueue(const Now& now, Body body) {
  if (spent_) return;
  if (awaiting_commit_) {
    queued_.push_back({now, std::move(body)});
    return;
  }
  run_step(now, std::move(body));
}

void Session::run_step(const Now& now, Body body) {
  store::Transaction transaction(store_, owner_);
  std::deque<Output> outputs;
  Step step{now, transaction, random_, config_, link_, iqs_, connection_.get(), outputs};
  const Status status = body(step);
  if (!status.ok()) {
    // This connection cannot go on, and nothing of the step may become real.
    outputs.clear();
    step.end(disposition_of(status.error(), link_.account.has_value()), status.error());
    publish(std::move(outputs));
    return;
  }
  store::WriteBatch batch = transaction.take();
  if (batch.empty()) {
    publish(std::move(outputs));
    return;
  }
  awaiting_commit_ = true;
  held_ = std::move(outputs);
  published_.push_back(Commit{std::move(batch)});
}

void Session::publish(std::deque<Output>&& outputs) {
  std::move(outputs.begin(), outputs.end(), std::back_inserter(published_));
}

void Session::on_committed(const Status& status) {
  if (!awaiting_commit_) return;
  awaiting_commit_ = false;
  if (!status.ok()) {
    spent_ = true;
    held_.clear();
    queued_.clear();
    // What memory holds no longer agrees with the store: only a session made anew from it may go on.
    link_.phase = Phase::kClosed;
    published_.push_back(CloseChannel{});
    published_.push_back(Emit{event::Ended{event::Disposition::kRetry, status.error()}});
    return;
  }
  publish(std::exchange(held_, {}));
  if (const auto since = std::exchange(frames_since_, std::nullopt)) process_frames(*since);
  while (!awaiting_commit_ && !queued_.empty()) {
    Queued next = std::move(queued_.front());
    queued_.pop_front();
    run_step(next.now, std::move(next.body));
  }
}

std::optional<Output> Session::poll_output() {
  if (published_.empty()) return std::nullopt;
  Output output = std::move(published_.front());
  published_.pop_front();
  return output;
}

// ---- inputs ---------------------------------------------------------------------------------------

void Session::on_channel_open(const OpenOptions& options, const Now& now) {
  enqueue(now, [this, options](Step& step) { return open(step, options); });
}

void Session::on_bytes(ByteView bytes, const Now& now) {
  if (spent_ || connection_ == nullptr || link_.phase == Phase::kClosed) return;
  connection_->feed(bytes);
  if (awaiting_commit_) {
    frames_since_ = frames_since_.value_or(now);
    return;
  }
  process_frames(now);
}

/// One stanza is one step: what one of them commits is durable before the next is looked at.
void Session::process_frames(const Now& now) {
  while (link_.phase != Phase::kClosed) {
    if (awaiting_commit_) {
      frames_since_ = now;
      return;
    }
    auto frame = connection_->take_frame();
    if (!frame.ok()) {
      run_step(now, [&frame](Step&) -> Status { return frame.error(); });
      return;
    }
    if (!*frame) return;
    run_step(now, [this, &frame](Step& step) { return on_frame(step, **frame); });
  }
}

void Session::on_channel_closed(const Error& why, const Now& now) {
  enqueue(now, [this, why](Step& step) {
    // The phone's approval is durable and answered: a plain close means the same as 515 (wire: 5.6).
    const bool paired = link_.phase == Phase::kPaired;
    step.end(paired ? event::Disposition::kRestart : event::Disposition::kRetry, why);
    return Status::Ok();
  });
}

void Session::on_deadline(const Now& now) {
  enqueue(now, [this](Step& step) { return on_due(step); });
}

void Session::on_work_done(WorkId, Epoch epoch, Bytes result, const Now& now) {
  enqueue(now, [this, epoch, result = std::move(result)](Step& step) {
    if (epoch != link_.epoch || link_.phase != Phase::kOnline) return Status::Ok();
    return devices::on_prekeys_generated(step, result);
  });
}

void Session::run(Command command, const Now& now) {
  enqueue(now, [command](Step& step) {
    switch (command) {
      case Command::kLogout: return logout(step);
    }
    return Status::Ok();
  });
}

std::optional<Mono> Session::next_deadline() const {
  if (awaiting_commit_ || spent_ || link_.phase == Phase::kClosed) return std::nullopt;
  std::optional<Mono> next = link_.phase_deadline;
  const auto consider = [&next](std::optional<Mono> deadline) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  };
  if (link_.qr.active()) consider(link_.qr.valid_until());
  consider(link_.keepalive.next_deadline());
  consider(iqs_.next_deadline());
  return next;
}

// ---- bodies ---------------------------------------------------------------------------------------

Status Session::open(Step& step, const OpenOptions& options) {
  ++link_.epoch;
  link_.options = options;
  link_.phase = Phase::kHandshake;
  link_.phase_deadline = step.now.mono + kHandshakeWithin;
  link_.qr.stop();
  link_.keepalive.stop();
  link_.prekey_upload_running = false;

  PONTE_ASSIGN(link_.account, store::get_account(step.store));
  PONTE_ASSIGN(std::optional<store::Credentials> credentials, store::get_credentials(step.store));
  if (!credentials) {
    if (link_.account) {
      return Error{Errc::kStorage, Cause::kStoreCorrupt,
                   "credentials: the account is there but its keys are not; restore a backup or delete the instance"};
    }
    credentials = pairing::generate_credentials(step.random);
    store::put_credentials(step.store, *credentials);
  }
  link_.credentials = std::move(*credentials);

  iqs_.reset(step.random.array<2>());
  connection_ = std::make_unique<Connection>(config_, link_.credentials.noise, step.random);
  step.connection = connection_.get();
  PONTE_ASSIGN(const std::optional<Bytes> routing_info, store::get_routing_info(step.store));
  PONTE_ASSIGN(Bytes message, connection_->first_message(routing_info ? ByteView(*routing_info) : ByteView()));
  step.out.push_back(SendBytes{std::move(message)});
  return Status::Ok();
}

Status Session::on_frame(Step& step, const Bytes& frame) {
  if (connection_->established()) {
    link_.keepalive.on_inbound();
    PONTE_ASSIGN(const wire::Node node, connection_->open(frame));
    return route_stanza(step, node);
  }
  Bytes payload;
  if (link_.account) {
    PONTE_ASSIGN(payload, pairing::login_payload(config_, *link_.account));
  } else {
    payload = pairing::registration_payload(config_, link_.credentials, link_.options.history_days);
  }
  PONTE_ASSIGN(Bytes message, connection_->finish(frame, payload, step.now.wall));
  step.out.push_back(SendBytes{std::move(message)});
  link_.phase = Phase::kAwaitAuth;
  link_.phase_deadline = step.now.mono + kAuthWithin;
  link_.keepalive.start(step.now.mono, step.random);
  return Status::Ok();
}

Status Session::on_due(Step& step) {
  const Mono now = step.now.mono;
  if (link_.phase == Phase::kClosed) return Status::Ok();
  if (link_.phase_deadline && *link_.phase_deadline <= now) return phase_timed_out(step);
  if (link_.qr.active()) {
    PONTE_TRY(rotate_qr(step));
    if (link_.phase == Phase::kClosed) return Status::Ok();
  }
  switch (link_.keepalive.on_deadline(now, step.random)) {
    case Keepalive::Due::kNothing: break;
    case Keepalive::Due::kPing: PONTE_TRY(send_ping(step)); break;
    case Keepalive::Due::kDead:
      return Error{Errc::kTimedOut, Cause::kKeepaliveTimeout, "keepalive: nothing came for 20 s after a ping"};
  }
  return iqs_.on_deadline(step);
}

}  // namespace ponte::protocol
