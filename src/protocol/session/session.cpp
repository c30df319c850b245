#include "protocol/session/session.h"

#include <algorithm>
#include <utility>

#include "protocol/appstate/session_hooks.h"
#include "protocol/appstate/sync.h"
#include "protocol/devices/prekeys.h"
#include "protocol/features/media.h"
#include "protocol/features/older.h"
#include "protocol/features/presence.h"
#include "protocol/features/text.h"
#include "protocol/messages/session_hooks.h"
#include "protocol/pairing/pair_device.h"
#include "protocol/pairing/registration.h"
#include "protocol/session/connection_end.h"
#include "protocol/session/deadlines.h"
#include "protocol/session/logout.h"
#include "protocol/session/resumption.h"
#include "protocol/stanza_routes.h"
#include "store/keys.h"
#include "store/records.h"

namespace ponte::protocol {
namespace {

constexpr Milliseconds kHandshakeWithin{20'000};  // wire: pairing.md 1.1
constexpr Milliseconds kAuthWithin{60'000};       // wire: pairing.md, appendix B

/// Whether an output has no meaning once the socket is another. That a session has ended for good has.
bool belongs_to_socket(const Output& output) {
  if (std::holds_alternative<SendBytes>(output) || std::holds_alternative<CloseChannel>(output)) return true;
  const auto* emit = std::get_if<Emit>(&output);
  const auto* ended = emit != nullptr ? std::get_if<event::Ended>(&emit->event) : nullptr;
  if (ended == nullptr) return false;
  return ended->disposition == event::Disposition::kRestart || ended->disposition == event::Disposition::kRetry;
}

}  // namespace

Session::Session(const SessionConfig& config, const store::StoreReader& store, store::Owner owner, RandomSource& random)
    : config_(config),
      store_(store),
      owner_(std::move(owner)),
      chats_owner_(store::keys::chats_owner(owner_)),
      random_(random) {
  link_.app_state = std::make_unique<appstate::SyncState>();
  link_.app_state->hooks = appstate::session_hooks();
}

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

Step Session::make_step(const Now& now, Effects& effects) {
  return {now,   effects.store, effects.chats,     random_,         config_,
          link_, iqs_,          connection_.get(), effects.outputs, effects.told};
}

void Session::run_step(const Now& now, Body body) {
  std::optional<Effects> effects(std::in_place, store_, owner_, chats_owner_);
  Step step = make_step(now, *effects);
  if (const Status status = body(step); !status.ok()) {
    // Nothing of this step may become real; what its failure leads to is a step of its own.
    effects.emplace(store_, owner_, chats_owner_);
    Step consequence = make_step(now, *effects);
    connection_failed(consequence, status.error());
  }
  store::WriteBatch batch = effects->store.take();
  batch.join(effects->chats.take());
  if (batch.empty() && effects->told.empty()) {
    publish(std::move(effects->outputs));
    return;
  }
  awaiting_commit_ = true;
  held_ = std::move(effects->outputs);
  published_.push_back(Commit{std::move(batch), std::move(effects->told)});
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
  enqueue(now, [why](Step& step) {
    connection_closed(step, why);
    return Status::Ok();
  });
}

void Session::on_channel_dropped() {
  // Not queued behind a commit: until the next socket opens, none may be spoken to.
  link_.close();
  connection_.reset();
  frames_since_.reset();
  std::erase_if(held_, belongs_to_socket);
  std::erase_if(published_, belongs_to_socket);
}

void Session::on_deadline(const Now& now) {
  enqueue(now, [this](Step& step) { return on_due(step); });
}

void Session::on_work_done(WorkId id, Epoch epoch, Result<Bytes> result, const Now& now) {
  enqueue(now, [this, id, epoch, result = std::move(result)](Step& step) mutable -> Status {
    const Status status = epoch == link_.epoch ? link_.works.on_answer(step, id, result) : Status::Ok();
    if (result.ok()) wipe(*result);
    return status;
  });
}

void Session::on_fetched(FetchId id, Epoch epoch, Result<HttpAnswer> answer, const Now& now) {
  enqueue(now, [this, id, epoch, answer = std::move(answer)](Step& step) mutable -> Status {
    return epoch == link_.epoch ? link_.fetches.on_answer(step, id, answer) : Status::Ok();
  });
}

namespace {

struct Runner {
  Step& step;
  Status operator()(const command::Logout&) const { return logout(step); }
  Status operator()(const command::RequestPairingCode& request) const { return pairing::request_code(step, request); }
  Status operator()(const command::SubmitAssertion& assertion) const {
    return pairing::submit_assertion(step, assertion);
  }
  Status operator()(const command::ConfirmPasskey&) const { return pairing::confirm_passkey(step); }
  Status operator()(const command::SetPresence& change) const { return features::set_presence(step, change.presence); }
  Status operator()(const command::SetReading& change) const {
    step.link.options.reading = change.reading;
    return Status::Ok();
  }
  Status operator()(const command::SendText& request) const { return features::send_text(step, request); }
  Status operator()(const command::MarkRead& request) const { return features::mark_read(step, request); }
  Status operator()(const command::SendChatState& request) const { return features::send_chat_state(step, request); }
  Status operator()(const command::FetchMedia& request) const { return features::fetch_media(step, request); }
  Status operator()(const command::RequestOlder& request) const { return features::request_older(step, request); }
};

}  // namespace

void Session::run(Command command, const Now& now) {
  enqueue(now, [command = std::move(command)](Step& step) { return std::visit(Runner{step}, command); });
}

std::optional<Mono> Session::next_deadline() const {
  if (awaiting_commit_ || spent_ || link_.phase == Phase::kClosed) return std::nullopt;
  const std::optional<Mono> own = link_.next_deadline();
  const std::optional<Mono> iqs = iqs_.next_deadline();
  return own && iqs ? std::min(*own, *iqs) : own ? own : iqs;
}

// ---- bodies ---------------------------------------------------------------------------------------

Status Session::open(Step& step, const OpenOptions& options) {
  ++link_.epoch;
  link_.options = options;
  link_.close();
  link_.phase = Phase::kHandshake;
  link_.phase_deadline = step.now.mono + kHandshakeWithin;

  PONTE_ASSIGN(link_.account, store::get_account(step.store));
  PONTE_ASSIGN(std::optional<store::Credentials> credentials, store::get_credentials(step.store));
  if (!credentials) {
    if (link_.account) {
      return Error{Errc::kStorage, Cause::kStoreCorrupt,
                   "credentials: the account is there but its keys are not; restore a backup or delete the instance"};
    }
    credentials = pairing::generate_credentials(step.random);
    store::put_credentials(step.store, *credentials);
    link_.credentials = std::move(*credentials);
  } else {
    link_.credentials = std::move(*credentials);
    // An earlier attempt's secret may be in the hands of a phone that did not link.
    if (!link_.account) pairing::change_adv_secret(step);
  }
  return say_hello(step);
}

Status Session::say_hello(Step& step) {
  Bytes payload;
  std::optional<noise::Handshake::Resumption> resumption;
  PONTE_ASSIGN(const std::optional<crypto::PublicKey> server_static, resumable_key(step));
  if (server_static) {
    PONTE_ASSIGN(payload, pairing::login_payload(link_.version(config_), *link_.account));
    resumption = {*server_static, payload};
  }
  iqs_.reset(step.random.array<2>());
  connection_ = std::make_unique<Connection>(config_, link_.credentials.noise, resumption, step.random);
  step.connection = connection_.get();
  PONTE_ASSIGN(const std::optional<Bytes> routing_info, store::get_routing_info(step.store));
  link_.routed = routing_info.has_value();
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
    PONTE_ASSIGN(payload, pairing::login_payload(link_.version(config_), *link_.account));
  } else {
    payload =
        pairing::registration_payload(config_, link_.version(config_), link_.credentials, link_.options.history_days);
  }
  PONTE_ASSIGN(Connection::Established established, connection_->finish(frame, payload, step.now.wall));
  if (!established.message.empty()) step.out.push_back(SendBytes{std::move(established.message)});
  if (established.chain) link_.verified_chain = stored_chain(*established.chain);
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
  }
  PONTE_TRY(pairing::on_code_deadline(step));
  PONTE_TRY(pairing::on_passkey_deadline(step));
  PONTE_TRY(messages::on_deadline(step));
  PONTE_TRY(appstate::on_deadline(step));
  if (link_.phase == Phase::kClosed) return Status::Ok();
  switch (link_.keepalive.on_deadline(now, step.random)) {
    case Keepalive::Due::kNothing: break;
    case Keepalive::Due::kPing: PONTE_TRY(send_ping(step)); break;
    case Keepalive::Due::kDead:
      return Error{Errc::kTimedOut, Cause::kKeepaliveTimeout, "keepalive: nothing came for 20 s after a ping"};
  }
  PONTE_TRY(devices::on_prekey_deadline(step));
  PONTE_TRY(iqs_.on_deadline(step));
  return link_.timers.on_deadline(step);
}

}  // namespace ponte::protocol
