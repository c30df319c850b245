#include "net/web_socket.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/log.h"
#include "net/authority.h"
#include "net/dialer.h"
#include "net/event_loop.h"
#include "net/loop_shared.h"
#include "net/proxy_stream.h"
#include "net/socket_stream.h"
#include "net/text.h"
#include "net/tls_stream.h"
#include "net/web_socket_codec.h"

namespace ponte::net {
namespace {

constexpr Milliseconds kCloseTimeout{3'000};

Error url_error(std::string_view text, const std::string& why) {
  return {Errc::kInvalidArgument, Cause::kConfigInvalid, "\"" + std::string(text) + "\" is no WebSocket URL: " + why};
}

bool is_loopback(const std::string& host) {
  in_addr v4;
  in6_addr v6;
  if (host == "localhost") return true;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace

Result<WebSocketUrl> WebSocketUrl::parse(std::string_view text) {
  WebSocketUrl url;
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return url_error(text, "expected ws:// or wss://");
  const std::string scheme = lower_case(text.substr(0, scheme_end));
  if (scheme != "ws" && scheme != "wss") return url_error(text, "expected ws:// or wss://");
  url.secure = scheme == "wss";
  url.port = url.secure ? 443 : 80;
  const std::string_view rest = text.substr(scheme_end + 3);
  const auto path = std::min(rest.find_first_of("/?#"), rest.size());
  auto authority = parse_authority(rest.substr(0, path));
  if (!authority.ok()) return url_error(text, authority.error().message);
  url.host = std::move(authority->host);
  url.port = authority->port.value_or(url.port);
  url.resource = rest.substr(path);
  if (!url.resource.starts_with('/')) url.resource.insert(0, 1, '/');
  if (!std::all_of(url.resource.begin(), url.resource.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; }))
    return url_error(text, "expected a path of printable ASCII without a fragment");
  if (!url.secure && !is_loopback(url.host)) return url_error(text, "ws:// is accepted for loopback addresses only");
  return url;
}

namespace {

// What a WebSocket is made of. Handlers of the loop hold it while they run, so that a callback may destroy
// the WebSocket; everything below it is then still there when the callback returns.
class Connection final : public std::enable_shared_from_this<Connection>,
                         private StreamListener,
                         private WebSocketSink {
 public:
  Connection(EventLoop& loop, NetworkContext network, WebSocketOptions options, WebSocketCallbacks callbacks)
      : loop_(loop),
        tls_(network.tls),
        options_(std::make_unique<WebSocketOptions>(std::move(options))),
        callbacks_(std::make_unique<WebSocketCallbacks>(std::move(callbacks))) {}

  void start(Resolver& resolver);
  void send(ByteView message);
  void close();
  /// The WebSocket was destroyed: no callback any more, the socket closes now.
  void abandon();

 private:
  // kDialing ──TCP──► kSecuring ──proxy, TLS──► kUpgrading ──101──► kOpen ──close()──► kClosing ──► kClosed
  // Any of them goes to kClosed by failure, by the peer's close, by the deadline, or by abandon().
  enum class State {
    kDialing,    // resolving and connecting
    kSecuring,   // the proxy's and the TLS handshake; passes at once without both
    kUpgrading,  // the request is sent, the answer awaited
    kOpen,
    kClosing,  // our close frame is sent, the peer's awaited
    kClosed,   // on_closed was called, or is posted, or will never be
  };

  void on_dialed(Result<asio::ip::tcp::socket> socket);
  Result<std::unique_ptr<Stream>> make_stream(asio::ip::tcp::socket socket);
  void on_deadline();
  void set_deadline(Milliseconds delay);

  void on_stream_open() override;
  void on_stream_bytes(ByteView bytes) override;
  void on_stream_closed(Error why) override;
  void on_codec_output(ByteView bytes) override;
  void on_codec_open() override;
  void on_codec_message(Bytes message) override;

  /// Ends the connection and tells the owner; `fail_later` from within the owner's own calls.
  void fail(Error why);
  void fail_later(Error why);
  void report(Error why);
  template <typename Function, typename... Args>
  void call(Function& function, Args&&... args);

  EventLoop& loop_;
  TlsContext& tls_;
  std::unique_ptr<WebSocketOptions> options_;      // until the upgrade
  std::unique_ptr<WebSocketCallbacks> callbacks_;  // null: abandoned
  std::unique_ptr<Dial> dial_;
  std::unique_ptr<Timer> deadline_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<WebSocketCodec> codec_;
  State state_ = State::kDialing;
};

void Connection::start(Resolver& resolver) {
  auto codec = LoopShared::of(loop_.context()).codecs.create(*options_, *this);
  if (!codec.ok()) return fail_later(std::move(codec).error());
  codec_ = std::move(codec).value();
  if (options_->proxy) {
    if (Status usable = options_->proxy->check(); !usable.ok()) return fail_later(std::move(usable).error());
  }
  dial_ = dial(loop_, resolver, {options_->url.host, options_->url.port, options_->connect_timeout, options_->proxy},
               [weak = weak_from_this()](auto socket) {
                 if (const auto self = weak.lock()) self->on_dialed(std::move(socket));
               });
  set_deadline(options_->connect_timeout);
}

void Connection::set_deadline(Milliseconds delay) {
  deadline_ = loop_.after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_deadline();
  });
}

void Connection::on_dialed(Result<asio::ip::tcp::socket> socket) {
  if (state_ != State::kDialing) return;
  if (!socket.ok()) return fail(std::move(socket).error());
  auto stream = make_stream(std::move(socket).value());
  if (!stream.ok()) return fail(std::move(stream).error());
  dial_.reset();
  stream_ = std::move(stream).value();
  state_ = State::kSecuring;
  stream_->start();
}

Result<std::unique_ptr<Stream>> Connection::make_stream(asio::ip::tcp::socket socket) {
  LoopShared& shared = LoopShared::of(loop_.context());
  StreamFactory stack = socket_stream(std::move(socket), shared, weak_from_this());
  std::string place = format_authority(options_->url.host, options_->url.port);
  if (std::optional<Proxy> proxy = std::exchange(options_->proxy, std::nullopt)) {
    place += " by way of " + proxy->to_string();
    if (proxy->protocol == ProxyProtocol::kHttps)
      stack = tls_stream({tls_, proxy->host, shared.decrypted_of_proxy()}, std::move(stack));
    stack = proxy_stream(std::move(*proxy), {options_->url.host, options_->url.port}, std::move(stack));
  }
  if (options_->url.secure) {
    stack =
        tls_stream({tls_, options_->url.host, shared.decrypted, options_->tickets, std::move(place)}, std::move(stack));
  }
  return stack(*this);
}

void Connection::on_stream_open() {
  state_ = State::kUpgrading;
  if (Status started = codec_->start(); !started.ok()) fail(std::move(started).error());
}

void Connection::on_codec_open() {
  if (state_ != State::kUpgrading) return;
  state_ = State::kOpen;
  deadline_.reset();
  options_.reset();
  call(callbacks_->on_open);
}

void Connection::on_stream_bytes(ByteView bytes) {
  Status status = codec_->feed(bytes);
  if (!status.ok()) fail(std::move(status).error());
}

void Connection::on_codec_output(ByteView bytes) {
  if (stream_) stream_->write(bytes);
}

void Connection::on_codec_message(Bytes message) {
  if (state_ == State::kOpen) call(callbacks_->on_message, std::move(message));
}

void Connection::on_stream_closed(Error why) {
  const bool is_tls = why.cause == Cause::kTlsFailed || why.cause == Cause::kTlsUntrusted;
  if (state_ == State::kClosing) why = {Errc::kCancelled, Cause::kConnectionClosed, "closed by this side"};
  if (state_ == State::kUpgrading && !is_tls) why.message += " before it answered the upgrade";
  fail(std::move(why));
}

void Connection::on_deadline() {
  const auto timed_out = [](const char* what) {
    return Error{Errc::kTimedOut, Cause::kNetworkTimeout, std::string("connecting timed out: ") + what};
  };
  switch (state_) {
    case State::kDialing: {
      const Error why = timed_out("no TCP connection");
      return fail(options_->proxy ? proxy_unreachable(*options_->proxy, why) : why);
    }
    case State::kSecuring: return fail(stream_->overdue());
    case State::kUpgrading: return fail(timed_out("no answer to the upgrade"));
    case State::kClosing:
      return fail({Errc::kCancelled, Cause::kConnectionClosed, "closed by this side; the peer did not answer"});
    case State::kOpen: return;
    case State::kClosed:
      if (stream_) stream_->abort();
      return;
  }
}

void Connection::send(ByteView message) {
  if (state_ != State::kOpen) return;
  if (Status sent = codec_->send(message); !sent.ok()) fail_later(std::move(sent).error());
}

void Connection::close() {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  if (state_ != State::kOpen)
    return fail_later({Errc::kCancelled, Cause::kConnectionClosed, "closed by this side before it opened"});
  state_ = State::kClosing;
  set_deadline(kCloseTimeout);
  if (Status closed = codec_->close(); !closed.ok()) fail_later(std::move(closed).error());
}

void Connection::fail(Error why) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  dial_.reset();
  deadline_.reset();
  if (stream_) {
    // What is still queued (a close frame, an alert) gets the time of a close, no more.
    stream_->finish();
    set_deadline(kCloseTimeout);
  }
  report(std::move(why));
}

void Connection::fail_later(Error why) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  dial_.reset();
  deadline_.reset();
  if (stream_) stream_->abort();
  loop_.post([weak = weak_from_this(), why = std::move(why)]() mutable {
    if (const auto self = weak.lock()) self->report(std::move(why));
  });
}

void Connection::report(Error why) {
  if (callbacks_) call(callbacks_->on_closed, std::move(why));
}

// A callback may destroy the WebSocket and with it the callbacks: the one that runs is held here.
template <typename Function, typename... Args>
void Connection::call(Function& function, Args&&... args) {
  if (!function) return;
  Function running = std::move(function);
  try {
    running(std::forward<Args>(args)...);
  } catch (const std::exception& exception) {
    log::error("net", std::string("a WebSocket callback threw: ") + exception.what());
  } catch (...) {
    log::error("net", "a WebSocket callback threw something that is no std::exception");
  }
  if (callbacks_) function = std::move(running);
}

void Connection::abandon() {
  state_ = State::kClosed;
  dial_.reset();
  deadline_.reset();
  if (stream_) stream_->abort();
  const auto dropped = std::move(callbacks_);
}

class ConnectionHandle final : public WebSocket {
 public:
  explicit ConnectionHandle(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~ConnectionHandle() override { connection_->abandon(); }
  void send(Bytes message) override { connection_->send(message); }
  void close() override { connection_->close(); }

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<WebSocket> open_web_socket(EventLoop& loop, NetworkContext network, WebSocketOptions options,
                                           WebSocketCallbacks callbacks) {
  auto connection = std::make_shared<Connection>(loop, network, std::move(options), std::move(callbacks));
  connection->start(network.resolver);
  return std::make_unique<ConnectionHandle>(std::move(connection));
}

}  // namespace ponte::net
