#include "net/dialer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "net/address_class.h"
#include "net/authority.h"
#include "net/event_loop.h"
#include "net/network_error.h"
#include "net/resolver.h"

namespace ponte::net {
namespace {

using asio::ip::tcp;

// RFC 8305 5 and 8, the recommended Connection Attempt Delay.
constexpr Milliseconds kAttemptDelay{250};

// RFC 8305 4: the families take turns, beginning with the one that the resolver put first.
std::vector<tcp::endpoint> interleave(std::vector<tcp::endpoint> peers) {
  if (peers.empty()) return peers;
  const auto preferred = peers.front().protocol();
  const auto middle = std::stable_partition(peers.begin(), peers.end(),
                                            [&](const tcp::endpoint& peer) { return peer.protocol() == preferred; });
  std::vector<tcp::endpoint> out;
  out.reserve(peers.size());
  for (auto first = peers.begin(), second = middle; first != middle || second != peers.end();) {
    if (first != middle) out.push_back(*first++);
    if (second != peers.end()) out.push_back(*second++);
  }
  return out;
}

// What tells most about the peer: that it answered, before that it kept silent, before that the way was barred.
int weight(const Error& error) {
  if (error.cause == Cause::kConnectionRefused) return 2;
  return error.code == Errc::kTimedOut ? 1 : 0;
}

// The attempts at one name's addresses, several of which may be under way at once. Shared with their answers,
// which find `answer_` empty after a cancel.
class Race final : public std::enable_shared_from_this<Race> {
 public:
  Race(EventLoop& loop, DialOptions options, DialAnswer answer)
      : loop_(loop), options_(std::move(options)), answer_(std::move(answer)) {}

  void start(Resolver& resolver);
  void cancel();

 private:
  void on_resolved(Result<std::vector<Endpoint>> endpoints);
  void on_connected(std::size_t attempt, const std::error_code& error);
  void on_deadline();
  void start_next();
  Status connect(std::size_t attempt);
  void note(Error why);
  Error verdict();
  void finish(Result<tcp::socket> result);
  Status check_allowed(const tcp::endpoint& peer) const;
  const std::string& host() const { return options_.proxy ? options_.proxy->host : options_.host; }
  std::string name_of(const tcp::endpoint& peer) const;

  EventLoop& loop_;
  const DialOptions options_;
  DialAnswer answer_;
  std::vector<tcp::endpoint> peers_;
  std::size_t next_ = 0;                          // into peers_
  std::map<std::size_t, tcp::socket> under_way_;  // by their place in peers_
  std::optional<Error> failure_;                  // of those so far the one that tells most
  std::unique_ptr<Timer> deadline_;
  std::unique_ptr<Timer> next_attempt_;
};

void Race::start(Resolver& resolver) {
  deadline_ = loop_.after(options_.timeout, [this] { on_deadline(); });
  // On a resolver's thread: neither the loop nor this dial need exist any more.
  const std::uint16_t port = options_.proxy ? options_.proxy->port : options_.port;
  resolver.resolve(host(), port, [poster = loop_.poster(), weak = weak_from_this()](auto result) {
    auto endpoints = std::make_unique<Result<std::vector<Endpoint>>>(std::move(result));
    poster.post([weak, endpoints = std::move(endpoints)] {
      if (const auto self = weak.lock()) self->on_resolved(std::move(*endpoints));
    });
  });
}

void Race::cancel() {
  const DialAnswer dropped = std::exchange(answer_, nullptr);
  deadline_.reset();
  next_attempt_.reset();
  under_way_.clear();
}

void Race::on_resolved(Result<std::vector<Endpoint>> endpoints) {
  if (!answer_) return;
  if (!endpoints.ok()) return finish(std::move(endpoints).error());
  for (const Endpoint& endpoint : *endpoints) {
    std::error_code error;
    const auto address = asio::ip::make_address(endpoint.address, error);
    if (error) {
      note(network_error(error, "reading address " + endpoint.address));
    } else {
      peers_.emplace_back(address, endpoint.port);
    }
  }
  peers_ = interleave(std::move(peers_));
  start_next();
}

void Race::start_next() {
  next_attempt_.reset();
  for (bool begun = false; !begun && next_ < peers_.size();) {
    const Status status = connect(next_++);
    begun = status.ok();
    if (!begun) note(status.error());
  }
  if (under_way_.empty()) return finish(verdict());
  if (next_ < peers_.size()) next_attempt_ = loop_.after(kAttemptDelay, [this] { start_next(); });
}

Status Race::connect(std::size_t attempt) {
  const tcp::endpoint& peer = peers_[attempt];
  PONTE_TRY(check_allowed(peer));
  tcp::socket socket(loop_.context());
  std::error_code error;
  socket.open(peer.protocol(), error);
  if (!error) socket.non_blocking(true, error);
  // Frames are small and answered one by one: Nagle's delay would only add to the latency.
  if (!error) socket.set_option(tcp::no_delay(true), error);
  if (error) return network_error(error, "opening a socket for " + name_of(peer));
  under_way_.emplace(attempt, std::move(socket))
      .first->second.async_connect(peer, [self = shared_from_this(), attempt](const std::error_code& result) {
        self->on_connected(attempt, result);
      });
  return Status::Ok();
}

void Race::on_connected(std::size_t attempt, const std::error_code& error) {
  const auto found = under_way_.find(attempt);
  if (!answer_ || found == under_way_.end()) return;
  if (!error) return finish(std::move(found->second));
  under_way_.erase(found);
  note(network_error(error, "connecting to " + name_of(peers_[attempt])));
  if (next_ < peers_.size() || under_way_.empty()) start_next();
}

void Race::on_deadline() {
  for (const auto& [attempt, socket] : under_way_) {
    note({Errc::kTimedOut, Cause::kNetworkTimeout, "connecting to " + name_of(peers_[attempt]) + " timed out"});
  }
  if (failure_) return finish(verdict());
  finish(Error{Errc::kTimedOut, Cause::kNetworkTimeout,
               "no answer for name " + host() + " within " + std::to_string(options_.timeout.count()) + " ms"});
}

void Race::note(Error why) {
  if (!failure_ || weight(why) >= weight(*failure_)) failure_ = std::move(why);
}

Error Race::verdict() {
  if (!failure_) return {Errc::kUnavailable, Cause::kNameNotResolved, "name " + host() + " has no address"};
  if (peers_.size() > 1)
    failure_->message += "; none of the other addresses (" + std::to_string(peers_.size() - 1) + ") worked either";
  return std::move(*failure_);
}

void Race::finish(Result<tcp::socket> result) {
  const auto hold = shared_from_this();
  DialAnswer answer = std::exchange(answer_, nullptr);
  cancel();
  if (!result.ok() && options_.proxy) result = proxy_unreachable(*options_.proxy, std::move(result).error());
  answer(std::move(result));
}

// Decided on the address itself: a name may have another one each time.
Status Race::check_allowed(const tcp::endpoint& peer) const {
  if (!options_.proxy || options_.proxy->allow_private) return Status::Ok();
  const auto address = peer.address();
  const AddressClass what =
      address.is_v4() ? classify_address(address.to_v4().to_bytes()) : classify_address(address.to_v6().to_bytes());
  if (what == AddressClass::kPublic) return Status::Ok();
  return Error{Errc::kForbidden, Cause::kProxyNotAllowed,
               "proxy " + options_.proxy->to_string() + " is not allowed: " + address.to_string() + " is a " +
                   std::string(address_class_name(what)) + " address"};
}

std::string Race::name_of(const tcp::endpoint& peer) const {
  return host() + " at " + format_authority(peer.address().to_string(), peer.port());
}

class CancellableDial final : public Dial {
 public:
  explicit CancellableDial(std::shared_ptr<Race> race) : race_(std::move(race)) {}
  ~CancellableDial() override { race_->cancel(); }

 private:
  std::shared_ptr<Race> race_;
};

}  // namespace

std::unique_ptr<Dial> dial(EventLoop& loop, Resolver& resolver, DialOptions options, DialAnswer answer) {
  auto race = std::make_shared<Race>(loop, std::move(options), std::move(answer));
  race->start(resolver);
  return std::make_unique<CancellableDial>(std::move(race));
}

}  // namespace ponte::net
