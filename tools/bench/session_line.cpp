#include "bench/session_line.h"

#include <time.h>

#include <utility>
#include <variant>

namespace ponte::bench {
namespace {

double thread_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

}  // namespace

SessionLine::SessionLine(const protocol::SessionConfig& config, store::Store& store, store::Owner owner,
                         simulator::SimServer& server, RandomSource& random, Now start)
    : config_(config),
      store_(store),
      owner_(std::move(owner)),
      random_(random),
      server_(server),
      now_(start),
      session_(std::make_unique<protocol::Session>(config_, store_, owner_, random_)) {}

SessionLine::~SessionLine() {
  hang_up();
}

template <typename Function>
void SessionLine::timed(double& seconds, Function function) {
  const double before = thread_seconds();
  function();
  seconds += thread_seconds() - before;
}

void SessionLine::open(protocol::Resumption resumption) {
  hang_up();
  connection_ = &server_.open(now_);
  protocol::OpenOptions options;
  options.resumption = resumption;
  timed(session_seconds_, [&] { session_->on_channel_open(options, now_); });
  settle();
}

void SessionLine::run(protocol::Command command) {
  timed(session_seconds_, [&] { session_->run(std::move(command), now_); });
  settle();
}

void SessionLine::hang_up() {
  if (connection_ == nullptr) return;
  simulator::SimConnection* connection = std::exchange(connection_, nullptr);
  connection->on_closed(now_);
  server_.forget(connection->id());
}

void SessionLine::settle() {
  while (step()) {
  }
}

bool SessionLine::advance() {
  std::optional<Mono> next = session_->next_deadline();
  const auto server = connection_ != nullptr ? connection_->next_deadline() : std::nullopt;
  if (server && (!next || *server < *next)) next = server;
  if (!next) return false;
  if (*next > now_.mono) {
    now_.wall += *next - now_.mono;
    now_.mono = *next;
  }
  if (const auto due = session_->next_deadline(); due && *due <= now_.mono) {
    timed(session_seconds_, [this] { session_->on_deadline(now_); });
  }
  if (connection_ != nullptr) {
    if (const auto due = connection_->next_deadline(); due && *due <= now_.mono) connection_->on_deadline(now_);
  }
  settle();
  return true;
}

bool SessionLine::pair_and_log_in() {
  server_.scan(qr_text_, {}, now_, Reply<simulator::Paired>([](const Result<simulator::Paired>&) {}));
  settle();
  for (int turns = 0; turns < 10 && !restart_; ++turns) advance();
  if (!restart_) return false;
  open();
  return online_;
}

void SessionLine::begin_anew() {
  hang_up();
  online_ = false;
  session_ = std::make_unique<protocol::Session>(config_, store_, owner_, random_);
  open();
}

bool SessionLine::step() {
  std::optional<protocol::Output> output;
  timed(session_seconds_, [&] { output = session_->poll_output(); });
  if (output) {
    carry_out(std::move(*output));
    return true;
  }
  if (connection_ == nullptr) return false;
  auto answer = connection_->poll_output();
  if (!answer) return false;
  if (auto* bytes = std::get_if<simulator::SendBytes>(&*answer)) {
    timed(session_seconds_, [&] { session_->on_bytes(bytes->bytes, now_); });
  } else {
    hang_up();
    const Error why{Errc::kUnavailable, Cause::kConnectionClosed, "closed by the server"};
    timed(session_seconds_, [&] { session_->on_channel_closed(why, now_); });
  }
  return true;
}

void SessionLine::carry_out(protocol::Output output) {
  if (auto* bytes = std::get_if<protocol::SendBytes>(&output)) {
    if (connection_ != nullptr) connection_->on_bytes(bytes->bytes, now_);
  } else if (std::holds_alternative<protocol::CloseChannel>(output)) {
    hang_up();
  } else if (auto* commit = std::get_if<protocol::Commit>(&output)) {
    Status outcome;
    store_.commit(std::move(commit->batch), [&outcome](const Status& status) { outcome = status; });
    timed(session_seconds_, [&] { session_->on_committed(outcome); });
  } else if (auto* work = std::get_if<protocol::StartWork>(&output)) {
    Result<Bytes> result = Bytes{};
    timed(work_seconds_, [&] { result = protocol::run_work(std::move(work->request)); });
    timed(session_seconds_, [&] { session_->on_work_done(work->id, work->epoch, std::move(result), now_); });
  } else if (auto* emit = std::get_if<protocol::Emit>(&output)) {
    if (auto* code = std::get_if<protocol::event::QrCode>(&emit->event)) qr_text_ = code->text;
    if (std::holds_alternative<protocol::event::Online>(emit->event)) online_ = true;
    if (auto* ended = std::get_if<protocol::event::Ended>(&emit->event)) {
      restart_ = ended->disposition == protocol::event::Disposition::kRestart;
    }
  }
}

}  // namespace ponte::bench
