// A session and the simulator's server on one virtual clock: no socket, no thread, no waiting.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/session/session.h"
#include "simulator/sim_server.h"
#include "support/faulty_store.h"
#include "support/scripted_random.h"
#include "support/virtual_clock.h"

namespace ponte::test {

/// Connects, carries bytes both ways until both are quiet, commits as the store allows, and keeps every event.
class SessionLine {
 public:
  explicit SessionLine(simulator::Options options = {}, std::uint64_t seed = 1)
      : client_random_(seed), server_random_(seed + 1000), server_(std::move(options), server_random_) {
    config_.root_key = server_.root_key();
    config_.version = {2, 3000, 1045649367};
    config_.device_name = "Chrome (Linux)";
    make_session();
  }

  /// As after a restart of the process, or a failed commit: only the store is left.
  void make_session() {
    hang_up();
    session_ = std::make_unique<protocol::Session>(config_, store_, kOwner, client_random_);
  }

  void open(std::optional<std::uint32_t> history_days = std::nullopt) {
    options_.history_days = history_days;
    hang_up();
    connection_ = &server_.open(now());
    session_->on_channel_open(options_, now());
    settle();
  }

  void run(protocol::Command command) {
    session_->run(std::move(command), now());
    settle();
  }

  /// Asks for a pairing code, and gives it where it has come.
  std::string request_code(const std::string& number = kNumber, std::optional<std::string> code = std::nullopt) {
    forget<protocol::event::PairingCode>();
    run(protocol::command::RequestPairingCode{number, std::move(code)});
    const auto* out = last<protocol::event::PairingCode>();
    return out ? out->code : "";
  }

  /// Carries everything that can go now.
  void settle() {
    while (step()) {
    }
  }

  /// Lets time pass, stopping at every deadline of either side.
  void run_for(Milliseconds duration) {
    const Mono end = now().mono + duration;
    for (;;) {
      settle();
      const auto next = next_deadline();
      if (!next || *next > end) break;
      clock_.advance_to(*next);
      if (const auto due = session_->next_deadline(); due && *due <= now().mono) session_->on_deadline(now());
      if (connection_ != nullptr) {
        if (const auto due = connection_->next_deadline(); due && *due <= now().mono) connection_->on_deadline(now());
      }
    }
    clock_.advance_to(end);
    settle();
  }

  /// The phone scans what is on display.
  Result<simulator::Paired> scan(const std::string& text, Milliseconds within = Seconds(30)) {
    std::optional<Result<simulator::Paired>> outcome;
    server_.scan(text, phone_, now(),
                 Reply<simulator::Paired>([&](Result<simulator::Paired> result) { outcome = std::move(result); }));
    settle();
    if (!outcome) run_for(within);
    if (!outcome) return Error{Errc::kTimedOut, Cause::kInternal, "the scan was not answered"};
    return std::move(*outcome);
  }

  /// The phone's user types a code.
  Result<simulator::Paired> enter_code(const std::string& code, const std::string& number = kNumber,
                                       Milliseconds within = Seconds(30)) {
    std::optional<Result<simulator::Paired>> outcome;
    server_.enter_code(number, code, phone_, now(), Reply<simulator::Paired>([&](Result<simulator::Paired> result) {
                         outcome = std::move(result);
                       }));
    settle();
    if (!outcome) run_for(within);
    if (!outcome) return Error{Errc::kTimedOut, Cause::kInternal, "the code was not answered"};
    return std::move(*outcome);
  }

  void fault(const simulator::Faults& faults, const simulator::Scope& scope = {}) {
    ASSERT_TRUE(server_.set_faults(faults, scope).ok());
  }

  /// From nothing to logged in. The session reconnects after 515 as its owner would.
  void pair_and_log_in(std::optional<std::uint32_t> history_days = std::nullopt) {
    open(history_days);
    const auto paired = scan(qr_text());
    ASSERT_TRUE(paired.ok()) << paired.error().message;
    run_for(Seconds(1));
    ASSERT_TRUE(ended()) << "no restart after pairing";
    ASSERT_EQ(ended()->disposition, protocol::event::Disposition::kRestart);
    open();
    ASSERT_TRUE(has<protocol::event::Online>());
  }

  template <typename Event>
  bool has() const {
    return last<Event>() != nullptr;
  }
  template <typename Event>
  const Event* last() const {
    for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
      if (const Event* found = std::get_if<Event>(&*event)) return found;
    }
    return nullptr;
  }
  template <typename Event>
  std::vector<Event> all() const {
    std::vector<Event> out;
    for (const auto& event : events_) {
      if (const Event* found = std::get_if<Event>(&event)) out.push_back(*found);
    }
    return out;
  }
  const protocol::event::Ended* ended() const { return last<protocol::event::Ended>(); }
  std::string qr_text() const {
    const auto* code = last<protocol::event::QrCode>();
    return code ? code->text : "";
  }
  void forget_events() { events_.clear(); }
  template <typename Event>
  void forget() {
    std::erase_if(events_, [](const auto& event) { return std::holds_alternative<Event>(event); });
  }
  std::string violations() const {
    std::string out;
    for (const auto& violation : server_.world().violations) out += violation.text + "\n";
    return out;
  }

  void hang_up() {
    if (connection_ == nullptr) return;
    connection_->on_closed(now());
    server_.forget(connection_->id());
    connection_ = nullptr;
  }

  Now now() const { return clock_.now(); }
  std::optional<store::Account> account() const { return *store::get_account({store_, kOwner}); }
  std::size_t records() const { return store_.scan(kOwner, "")->size(); }

  static inline const store::Owner kOwner = "instance-1";
  static inline const std::string kNumber = "5511987654321";
  protocol::OpenOptions options_;
  VirtualClock clock_;
  FaultyStore store_;
  SeededRandom client_random_;
  SeededRandom server_random_;
  mutable simulator::SimServer server_;
  simulator::Phone phone_;
  protocol::SessionConfig config_;
  std::unique_ptr<protocol::Session> session_;
  simulator::SimConnection* connection_ = nullptr;
  std::vector<protocol::Event> events_;
  std::vector<protocol::Output> outputs_;  ///< all outputs, in order
  std::vector<protocol::Told> told_;       ///< what was committed to be told, in order
  std::vector<std::string> fetched_;       ///< URLs that were asked for, in order
  std::size_t commits_ = 0;
  /// Called before each batch is committed, with its number from 1.
  std::function<void(std::size_t, const store::WriteBatch&)> before_commit_;

  /// Work that was started and not finished yet; with hold_work_ it waits for finish_work.
  std::deque<protocol::StartWork> works_;
  bool hold_work_ = false;
  void finish_work(std::optional<Error> failure = std::nullopt) {
    protocol::StartWork work = std::move(works_.front());
    works_.pop_front();
    Result<Bytes> result = failure ? Result<Bytes>(*failure) : protocol::run_work(std::move(work.request));
    session_->on_work_done(work.id, work.epoch, std::move(result), now());
  }

 private:
  /// The media host of the simulator, without a socket.
  Result<protocol::HttpAnswer> answer_of_host(const protocol::HttpFetch& request) {
    const std::size_t path = request.url.find('/', request.url.find("://") + 3);
    unsigned status = 404;
    const simulator::Blob* blob = server_.world().blobs.request(std::string_view(request.url).substr(path), status);
    if (blob == nullptr || status != 200) return protocol::HttpAnswer{static_cast<int>(status), {}};
    if (blob->bytes.size() > request.largest) {
      return Error{Errc::kMalformed, Cause::kHttpFailed, "a body of more than was asked for"};
    }
    return protocol::HttpAnswer{200, blob->bytes};
  }

  std::optional<Mono> next_deadline() const {
    std::optional<Mono> next = session_->next_deadline();
    const auto server = connection_ ? connection_->next_deadline() : std::nullopt;
    if (server && (!next || *server < *next)) next = server;
    return next;
  }

  bool step() {
    if (auto output = session_->poll_output()) {
      carry_out(std::move(*output));
      return true;
    }
    if (connection_ == nullptr) return false;
    auto output = connection_->poll_output();
    if (!output) return false;
    if (auto* bytes = std::get_if<simulator::SendBytes>(&*output)) {
      session_->on_bytes(bytes->bytes, now());
    } else {
      hang_up();
      session_->on_channel_closed(Error{Errc::kUnavailable, Cause::kConnectionClosed, "closed by the server"}, now());
    }
    return true;
  }

  void carry_out(protocol::Output output) {
    outputs_.push_back(output);
    if (auto* bytes = std::get_if<protocol::SendBytes>(&output)) {
      if (connection_ != nullptr) connection_->on_bytes(bytes->bytes, now());
    } else if (std::holds_alternative<protocol::CloseChannel>(output)) {
      hang_up();
    } else if (auto* commit = std::get_if<protocol::Commit>(&output)) {
      ++commits_;
      if (before_commit_) before_commit_(commits_, commit->batch);
      store_.commit(std::move(commit->batch), [this, told = std::move(commit->told)](const Status& status) {
        if (status.ok()) told_.insert(told_.end(), told.begin(), told.end());
        session_->on_committed(status);
      });
    } else if (auto* work = std::get_if<protocol::StartWork>(&output)) {
      works_.push_back(*work);
      if (!hold_work_) finish_work();
    } else if (auto* fetch = std::get_if<protocol::StartFetch>(&output)) {
      fetched_.push_back(fetch->request.url);
      session_->on_fetched(fetch->id, fetch->epoch, answer_of_host(fetch->request), now());
    } else if (auto* emit = std::get_if<protocol::Emit>(&output)) {
      events_.push_back(std::move(emit->event));
    }
  }
};

}  // namespace ponte::test
