#include "net/dialer.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "net/event_loop.h"
#include "net/network_error.h"
#include "net/resolver.h"

namespace ponte::net {
namespace {

using asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

// However many addresses a name has, each gets at least this long (while the whole deadline lasts).
constexpr Milliseconds kShortestAttempt{1'000};

// Shared with the answers that are under way; they find `answer_` empty after a cancel.
class Attempt final : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(EventLoop& loop, DialOptions options, DialAnswer answer)
      : loop_(loop), options_(std::move(options)), answer_(std::move(answer)), socket_(loop.context()) {}

  void start(Resolver& resolver);
  void cancel();

 private:
  void on_resolved(Result<std::vector<Endpoint>> endpoints);
  void try_next();
  void on_connected(const std::error_code& error);
  void on_silence();
  void failed(Error why);
  void finish(Result<tcp::socket> result);
  Milliseconds remaining() const;
  std::string target() const;

  EventLoop& loop_;
  const DialOptions options_;
  DialAnswer answer_;
  tcp::socket socket_;
  std::vector<Endpoint> endpoints_;
  std::size_t next_ = 0;      // into endpoints_
  std::size_t attempts_ = 0;  // tells the answer of an abandoned attempt from the current one's
  SteadyClock::time_point deadline_;
  std::unique_ptr<Timer> timer_;
};

void Attempt::start(Resolver& resolver) {
  deadline_ = SteadyClock::now() + options_.timeout;
  timer_ = loop_.after(options_.timeout, [this] {
    finish(
        Error{Errc::kTimedOut, Cause::kNetworkTimeout,
              "no answer for name " + options_.host + " within " + std::to_string(options_.timeout.count()) + " ms"});
  });
  // On a resolver's thread: neither the loop nor this dial need exist any more.
  resolver.resolve(options_.host, options_.port, [poster = loop_.poster(), weak = weak_from_this()](auto result) {
    auto endpoints = std::make_unique<Result<std::vector<Endpoint>>>(std::move(result));
    poster.post([weak, endpoints = std::move(endpoints)] {
      if (const auto self = weak.lock()) self->on_resolved(std::move(*endpoints));
    });
  });
}

void Attempt::cancel() {
  const DialAnswer dropped = std::exchange(answer_, nullptr);
  timer_.reset();
  std::error_code ignored;
  socket_.close(ignored);
}

void Attempt::on_resolved(Result<std::vector<Endpoint>> endpoints) {
  if (!answer_) return;
  if (!endpoints.ok()) return finish(std::move(endpoints).error());
  endpoints_ = std::move(endpoints).value();
  try_next();
}

void Attempt::try_next() {
  const Endpoint& endpoint = endpoints_[next_];
  const auto left = static_cast<Milliseconds::rep>(endpoints_.size() - next_);
  const Milliseconds share = std::min(remaining(), std::max(remaining() / left, kShortestAttempt));
  timer_ = loop_.after(share, [this] { on_silence(); });
  std::error_code error;
  const auto address = asio::ip::make_address(endpoint.address, error);
  if (error) return failed(network_error(error, "reading address " + endpoint.address));
  const tcp::endpoint peer(address, endpoint.port);
  socket_ = tcp::socket(loop_.context());
  socket_.open(peer.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  // Frames are small and answered one by one: Nagle's delay would only add to the latency.
  if (!error) socket_.set_option(tcp::no_delay(true), error);
  if (error) return failed(network_error(error, "opening a socket for " + target()));
  socket_.async_connect(peer, [self = shared_from_this(), attempt = ++attempts_](const std::error_code& result) {
    if (self->answer_ && attempt == self->attempts_) self->on_connected(result);
  });
}

void Attempt::on_connected(const std::error_code& error) {
  if (error) return failed(network_error(error, "connecting to " + target()));
  finish(std::move(socket_));
}

void Attempt::on_silence() {
  ++attempts_;
  failed({Errc::kTimedOut, Cause::kNetworkTimeout, "connecting to " + target() + " timed out"});
}

void Attempt::failed(Error why) {
  if (++next_ < endpoints_.size() && remaining() > Milliseconds(0)) return try_next();
  finish(std::move(why));
}

void Attempt::finish(Result<tcp::socket> result) {
  const auto hold = shared_from_this();
  timer_.reset();
  std::error_code ignored;
  if (!result.ok()) socket_.close(ignored);
  DialAnswer answer = std::exchange(answer_, nullptr);
  answer(std::move(result));
}

Milliseconds Attempt::remaining() const {
  return std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(deadline_ - SteadyClock::now()));
}

std::string Attempt::target() const {
  const Endpoint& endpoint = endpoints_[next_];
  const bool is_v6 = endpoint.address.find(':') != std::string::npos;
  return options_.host + " at " + (is_v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" +
         std::to_string(endpoint.port);
}

class CancellableDial final : public Dial {
 public:
  explicit CancellableDial(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
  ~CancellableDial() override { attempt_->cancel(); }

 private:
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace

std::unique_ptr<Dial> dial(EventLoop& loop, Resolver& resolver, DialOptions options, DialAnswer answer) {
  auto attempt = std::make_shared<Attempt>(loop, std::move(options), std::move(answer));
  attempt->start(resolver);
  return std::make_unique<CancellableDial>(std::move(attempt));
}

}  // namespace ponte::net
