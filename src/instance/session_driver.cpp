#include "instance/session_driver.h"

#include <utility>
#include <vector>

#include "base/hex.h"
#include "base/log.h"
#include "instance/event_journal.h"
#include "instance/recorder.h"
#include "instance/recording.h"
#include "instance/whatsapp_dial.h"
#include "instance/worker_pool.h"

namespace ponte::instance {

SessionDriver::SessionDriver(const Environment& environment, const Lane& lane, store::Owner device, std::string name,
                             Owner& owner)
    : environment_(environment),
      lane_(lane),
      device_(std::move(device)),
      name_(std::move(name)),
      owner_(owner),
      fetches_(environment, lane),
      tickets_(environment.clock) {}

SessionDriver::~SessionDriver() = default;

/// `body` as a task of the loop that runs only while the driver is there.
template <typename Body>
auto SessionDriver::guarded(Body body) {
  return [this, alive = alive_, body = std::move(body)](auto&&... arguments) mutable {
    if (const auto held = alive.lock()) body(std::forward<decltype(arguments)>(arguments)...);
  };
}

// ---- dialing ----------------------------------------------------------------------------------------

Status SessionDriver::dial(const protocol::OpenOptions& options, const std::optional<net::Proxy>& proxy) {
  close_socket();
  PONTE_TRY(make_session());
  if (!session_->at_rest()) {
    record_input(now(), "dropped");
    session_->on_channel_dropped();
  }
  options_ = options;
  proxy_ = proxy;
  const std::uint64_t dial = ++dial_;
  net::WebSocketCallbacks callbacks;
  callbacks.on_open = guarded([this, dial] { on_socket_open(dial); });
  callbacks.on_message = guarded([this, dial](const Bytes& message) { on_socket_message(dial, message); });
  callbacks.on_closed = guarded([this, dial](const Error& why) { on_socket_closed(dial, why); });
  net::WebSocketOptions web_socket = whatsapp_dial(environment_.options.url, proxy);
  web_socket.tickets = &tickets_;
  socket_ = lane_.open_web_socket(std::move(web_socket), std::move(callbacks));
  return Status::Ok();
}

void SessionDriver::close_socket() {
  channel_open_ = false;
  fetches_.cancel_all();
  if (!socket_) return;
  ++dial_;
  closing_socket_ = std::move(socket_);
  closing_socket_->close();
}

void SessionDriver::reset() {
  close_socket();
  drop_session();
}

void SessionDriver::abandon() {
  ++dial_;
  fetches_.cancel_all();
  socket_.reset();
  closing_socket_.reset();
  drop_session();
}

void SessionDriver::on_socket_open(std::uint64_t dial) {
  if (dial != dial_ || !session_) return;
  channel_open_ = true;
  const Now at = now();
  record_input(at, recording::render_open(options_));
  session_->on_channel_open(options_, at);
  drain();
  if (dial == dial_ && channel_open_) owner_.on_channel_open();
}

void SessionDriver::on_socket_message(std::uint64_t dial, const Bytes& message) {
  if (dial != dial_ || !session_) return;
  const Now at = now();
  owner_.on_channel_message();
  if (recorder_) record_input(at, "bytes " + to_hex(message));
  session_->on_bytes(message, at);
  drain();
}

void SessionDriver::on_socket_closed(std::uint64_t dial, const Error& why) {
  if (dial != dial_) {
    closing_socket_.reset();
    return;
  }
  socket_.reset();
  fetches_.cancel_all();
  if (std::exchange(channel_open_, false) && session_) {
    const Now at = now();
    record_input(at, "closed " + std::string(cause_name(why.cause)));
    session_->on_channel_closed(why, at);
  } else {
    owner_.on_dial_failed(why);
  }
  drain();
}

// ---- the session ------------------------------------------------------------------------------------

Status SessionDriver::make_session() {
  if (session_ && !session_->spent()) return Status::Ok();
  drop_session();
  const InstanceOptions& options = environment_.options;
  const protocol::SessionConfig* config = &options.session;
  RandomSource* random = &environment_.random;
  if (!options.record_directory.empty()) {
    PONTE_ASSIGN(recorder_, Recorder::open(options.record_directory, name_, options.session, environment_.store,
                                           device_, now(), environment_.random));
    recorded_config_ = std::make_unique<protocol::SessionConfig>(options.session);
    recorded_config_->observer = recorder_.get();
    config = recorded_config_.get();
    random = recorder_.get();
  }
  ++session_serial_;
  session_ = std::make_unique<protocol::Session>(*config, environment_.store, device_, *random);
  return Status::Ok();
}

void SessionDriver::drop_session() {
  session_.reset();
  recorder_.reset();
  recorded_config_.reset();
  channel_open_ = false;
}

Status SessionDriver::run(const protocol::Command& command) {
  PONTE_TRY(make_session());
  const Now at = now();
  record_input(at, recording::render_command(command));
  session_->run(command, at);
  drain();
  return Status::Ok();
}

void SessionDriver::on_time(const Now& now) {
  const auto deadline = next_deadline();
  if (!deadline || *deadline > now.mono) return;
  record_input(now, "deadline");
  session_->on_deadline(now);
  drain();
}

void SessionDriver::drain() {
  // An event may lead its owner to drop this session, or to make another.
  while (session_) {
    std::optional<protocol::Output> output = session_->poll_output();
    if (!output) break;
    if (recorder_) recorder_->output(*output);
    std::visit([this](auto value) { carry_out(std::move(value)); }, std::move(*output));
  }
  owner_.on_driver_idle();
}

void SessionDriver::carry_out(protocol::SendBytes output) {
  if (socket_) socket_->send(std::move(output.bytes));
}

void SessionDriver::carry_out(protocol::CloseChannel) {
  close_socket();
}

void SessionDriver::carry_out(protocol::Commit output) {
  auto committed = guarded([this, session = session_serial_](const Status& status) {
    // A session that was made since then never asked for this commit.
    if (session_serial_ != session || !session_) return;
    record_input(now(), status.ok() ? "committed ok" : "committed failed");
    session_->on_committed(status);
    drain();
  });
  auto done = [loop = lane_.loop.poster(), committed = std::move(committed)](const Status& status) mutable {
    loop.post([committed = std::move(committed), status]() mutable { committed(status); });
  };
  std::vector<EventJournal::Entry> entries;
  if (!output.told.empty()) {
    const Telling telling = owner_.telling();
    for (const protocol::Told& told : output.told) {
      if (auto event = render_told(told, telling))
        entries.push_back({std::move(event->first), std::move(event->second)});
    }
  }
  // What cannot be told is not committed either: it comes again, or stays where it can be seen.
  auto staged = environment_.journal.stage(device_, std::move(entries), output.batch);
  if (!staged.ok()) return done(staged.error());
  environment_.store.commit(std::move(output.batch),
                            [done = std::move(done), staged = std::move(*staged)](const Status& status) mutable {
                              staged.settle(status);
                              done(status);
                            });
}

void SessionDriver::carry_out(protocol::StartWork output) {
  const auto done = [this, session = session_serial_, id = output.id, epoch = output.epoch](Result<Bytes> result) {
    if (session_serial_ == session) work_done(id, epoch, std::move(result));
  };
  const Status submitted = environment_.workers.submit(
      [loop = lane_.loop.poster(), request = std::move(output.request), done = guarded(done)]() mutable {
        loop.post([done = std::move(done), result = protocol::run_work(std::move(request))]() mutable {
          done(std::move(result));
        });
      });
  if (submitted.ok()) return;
  // Not from within this drain: the session may have more to say first.
  lane_.loop.post([done = guarded(done), why = submitted.error()]() mutable { done(why); });
}

void SessionDriver::work_done(protocol::WorkId id, protocol::Epoch epoch, Result<Bytes> result) {
  if (!session_) return;
  const Now at = now();
  const char* outcome = result.ok() ? "" : " failed";
  record_input(at, "work " + std::to_string(id) + " " + std::to_string(epoch) + outcome);
  session_->on_work_done(id, epoch, std::move(result), at);
  drain();
}

void SessionDriver::carry_out(protocol::StartFetch output) {
  auto done = [this, session = session_serial_](protocol::FetchId id, protocol::Epoch epoch,
                                                Result<protocol::HttpAnswer> answer) {
    if (session_serial_ == session && fetches_.is_wanted(id)) fetched(id, epoch, std::move(answer));
  };
  fetches_.start(std::move(output), proxy_, guarded(std::move(done)));
}

void SessionDriver::fetched(protocol::FetchId id, protocol::Epoch epoch, Result<protocol::HttpAnswer> answer) {
  if (!session_) return;
  const Now at = now();
  if (recorder_) record_input(at, recording::render_fetched(id, epoch, answer));
  session_->on_fetched(id, epoch, std::move(answer), at);
  drain();
}

void SessionDriver::carry_out(protocol::Emit output) {
  owner_.on_session_event(output.event);
}

void SessionDriver::record_input(const Now& now, const std::string& what) {
  if (recorder_) recorder_->input(now, what);
}

}  // namespace ponte::instance
