#include "net/tls_probe.h"

#include <utility>

#include "net/authority.h"
#include "net/dialer.h"
#include "net/event_loop.h"
#include "net/loop_shared.h"
#include "net/proxy_stream.h"
#include "net/socket_stream.h"
#include "net/tls_stream.h"

namespace ponte::net {
namespace {

/// Handlers of the loop hold it while they run, as with a WebSocket.
class Probe final : public std::enable_shared_from_this<Probe>, private StreamListener {
 public:
  Probe(EventLoop& loop, NetworkContext network, const Clock& clock, TlsProbeOptions options)
      : loop_(loop), network_(network), clock_(clock), options_(std::move(options)), begun_(clock.now().mono) {}

  void start(UniqueFunction<void(TlsProbeAnswer)> answer);
  void abandon();

 private:
  void on_dialed(Result<asio::ip::tcp::socket> socket);
  Result<std::unique_ptr<Stream>> make_stream(asio::ip::tcp::socket socket);
  void on_stream_open() override { finish(Status::Ok()); }
  void on_stream_bytes(ByteView) override {}
  void on_stream_closed(Error why) override { finish(std::move(why)); }
  void on_deadline();
  void finish(Status status);
  Milliseconds elapsed() const { return clock_.now().mono - begun_; }

  EventLoop& loop_;
  NetworkContext network_;
  const Clock& clock_;
  TlsProbeOptions options_;
  const Mono begun_;
  UniqueFunction<void(TlsProbeAnswer)> answer_;  // empty: answered, or abandoned
  TlsProbeAnswer found_;
  std::unique_ptr<Dial> dial_;
  std::unique_ptr<Timer> deadline_;
  std::unique_ptr<Stream> stream_;
};

void Probe::start(UniqueFunction<void(TlsProbeAnswer)> answer) {
  answer_ = std::move(answer);
  if (options_.proxy) {
    if (Status usable = options_.proxy->check(); !usable.ok()) return finish(std::move(usable));
  }
  const auto weak = weak_from_this();
  dial_ = dial(loop_, network_.resolver, {options_.host, options_.port, options_.timeout, options_.proxy},
               [weak](auto socket) {
                 if (const auto self = weak.lock()) self->on_dialed(std::move(socket));
               });
  deadline_ = loop_.after(options_.timeout, [weak] {
    if (const auto self = weak.lock()) self->on_deadline();
  });
}

void Probe::on_dialed(Result<asio::ip::tcp::socket> socket) {
  if (!answer_) return;
  if (!socket.ok()) return finish(std::move(socket).error());
  found_.connected = elapsed();
  std::error_code gone;
  if (const auto peer = socket->remote_endpoint(gone); !gone) {
    found_.address = format_authority(peer.address().to_string(), peer.port());
  }
  auto stream = make_stream(std::move(socket).value());
  if (!stream.ok()) return finish(std::move(stream).error());
  stream_ = std::move(stream).value();
  stream_->start();
}

Result<std::unique_ptr<Stream>> Probe::make_stream(asio::ip::tcp::socket socket) {
  LoopShared& shared = LoopShared::of(loop_.context());
  StreamFactory stack = socket_stream(std::move(socket), shared, weak_from_this());
  if (const auto proxy = options_.proxy) {
    if (proxy->protocol == ProxyProtocol::kHttps) {
      stack = tls_stream({network_.tls, proxy->host, shared.decrypted_of_proxy()}, std::move(stack));
    }
    stack = proxy_stream(*proxy, {options_.host, options_.port}, std::move(stack));
  }
  if (options_.secure) {
    TlsStreamOptions tls{network_.tls, options_.host, shared.decrypted};
    tls.peer = &found_.peer;
    stack = tls_stream(std::move(tls), std::move(stack));
  }
  return stack(*this);
}

void Probe::on_deadline() {
  if (stream_) return finish(stream_->overdue());
  Error why{Errc::kTimedOut, Cause::kNetworkTimeout, "connecting timed out: no TCP connection"};
  finish(options_.proxy ? proxy_unreachable(*options_.proxy, std::move(why)) : why);
}

// Posted, since a stream that reports must not be destroyed from within.
void Probe::finish(Status status) {
  if (!answer_) return;
  found_.status = std::move(status);
  found_.took = elapsed();
  loop_.post([self = shared_from_this(), answer = std::exchange(answer_, nullptr)]() mutable {
    if (self->stream_) self->stream_->abort();
    self->deadline_.reset();
    self->dial_.reset();
    answer(self->found_);
  });
}

void Probe::abandon() {
  answer_ = nullptr;
  deadline_.reset();
  dial_.reset();
  if (stream_) stream_->abort();
}

class ProbeHandle final : public TlsProbe {
 public:
  explicit ProbeHandle(std::shared_ptr<Probe> probe) : probe_(std::move(probe)) {}
  ~ProbeHandle() override { probe_->abandon(); }

 private:
  std::shared_ptr<Probe> probe_;  // shared with the handlers of the loop while they run
};

}  // namespace

std::unique_ptr<TlsProbe> probe_tls(EventLoop& loop, NetworkContext network, const Clock& clock,
                                    TlsProbeOptions options, UniqueFunction<void(TlsProbeAnswer)> answer) {
  auto probe = std::make_shared<Probe>(loop, network, clock, std::move(options));
  probe->start(std::move(answer));
  return std::make_unique<ProbeHandle>(std::move(probe));
}

}  // namespace ponte::net
