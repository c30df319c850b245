#include "api/pistache_server.h"

#include <pistache/endpoint.h>
#include <pistache/http.h>
#include <pistache/peer.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>

#include "api/http_writer.h"
#include "api/problem.h"
#include "base/log.h"

namespace ponte::api {
namespace {

namespace Tcp = Pistache::Tcp;
namespace Http = Pistache::Http;

constexpr char kConnectionData[] = "ponte";
constexpr std::size_t kMostDiscarded = 8 * 1024 * 1024;  // of a client that goes on sending after a refusal

/// What all connections of one server share.
struct Shared {
  Shared(ServerOptions server_options, Dispatcher& the_dispatcher, const Clock& the_clock)
      : options(std::move(server_options)), dispatcher(the_dispatcher), clock(the_clock), watcher(options.watcher) {}

  const ServerOptions options;
  Dispatcher& dispatcher;
  const Clock& clock;
  ConnectionWatcher watcher;
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> shutting_down{false};
  std::atomic<std::thread::id> teardown_thread{};
};

/// One place among the connections. Held by Pistache's connection and by what waits on its duplicate.
class Slot {
 public:
  explicit Slot(std::atomic<std::size_t>& count) : count_(count) { ++count_; }
  ~Slot() { --count_; }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::atomic<std::size_t>& count_;
};

/// An answer that goes on: what its endpoint holds of the connection.
class Stream final : public ResponseStream {
 public:
  Stream(std::shared_ptr<Shared> shared, ConnectionWatcher::Id id) : shared_(std::move(shared)), id_(id) {}
  bool write(std::string_view bytes) override { return shared_->watcher.push(id_, bytes); }
  std::size_t waiting() const override { return shared_->watcher.waiting_bytes(id_); }
  void close() override { shared_->watcher.end_stream(id_); }

 private:
  const std::shared_ptr<Shared> shared_;  // the endpoint may hold it longer than the server lives
  const ConnectionWatcher::Id id_;
};

/// One request between the worker that read it and whoever answers it. Shared by the two: either may be last.
class Exchange {
 public:
  Exchange(std::shared_ptr<Shared> shared, Framing framing) : shared_(std::move(shared)), framing_(framing) {}

  /// From any thread, once.
  void on_answer(Response response) {
    std::unique_lock lock(mutex_);
    if (!waiting_) {
      early_ = std::move(response);
      return;
    }
    lock.unlock();
    answer(response);
  }

  /// On the worker, when the handler has returned: the answer where there is one already, else the connection's
  /// duplicate goes to the watcher and the answer will find it there. False: there is no descriptor to answer on.
  bool finish_or_wait(int fd, std::shared_ptr<Slot> slot, std::optional<Response>& answer) {
    std::unique_lock lock(mutex_);
    if (early_ && framing_.omit_body) early_->stream = nullptr;
    if (early_ && !early_->stream) {
      answer = std::move(early_);
      return true;
    }
    UniqueFd duplicate = UniqueFd::duplicate(fd);
    if (!duplicate) return false;
    id_ = shared_->watcher.wait(std::move(duplicate), std::move(slot));
    waiting_ = true;
    if (id_ == ConnectionWatcher::kNone) return false;
    lock.unlock();
    if (early_) this->answer(*early_);
    return true;
  }

  std::string bytes_of(const Response& response, bool keep_alive) const {
    return write_response(response, {keep_alive, framing_.omit_body}, shared_->clock.now().wall);
  }
  bool keep_alive() const { return framing_.keep_alive; }

 private:
  /// Of an entry that waits in the watcher.
  void answer(const Response& response) {
    if (!response.stream || framing_.omit_body) return shared_->watcher.answer(id_, bytes_of(response, false));
    if (!shared_->watcher.begin_stream(id_, bytes_of(response, false))) return;
    StreamCallbacks callbacks = response.stream(std::make_shared<Stream>(shared_, id_));
    shared_->watcher.watch_stream(id_, std::move(callbacks.on_drained), std::move(callbacks.on_gone));
  }

  // Shared: the answer may come after the server object's own reference went (late replies at shutdown).
  const std::shared_ptr<Shared> shared_;
  const Framing framing_;
  std::mutex mutex_;
  bool waiting_ = false;
  ConnectionWatcher::Id id_ = ConnectionWatcher::kNone;
  std::optional<Response> early_;
};

/// One connection as its worker sees it; lives as long as Pistache's Peer.
struct HttpConnection {
  HttpConnection(std::shared_ptr<Shared> the_shared, int the_fd)
      : shared(std::move(the_shared)),
        fd(the_fd),
        slot(std::make_shared<Slot>(shared->connections)),
        gate(shared->options.request) {}
  ~HttpConnection() {
    if (slow != ConnectionWatcher::kNone) shared->watcher.cancel(slow);
    // Pistache closes the descriptor of a peer that it lets go, but not those that are left when its reactor ends.
    if (shared->teardown_thread.load() == std::this_thread::get_id()) ::close(fd);
  }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  const std::shared_ptr<Shared> shared;
  const int fd;
  std::shared_ptr<Slot> slot;
  RequestGate gate;
  bool closing = false;  ///< what still comes is discarded
  std::size_t discarded = 0;
  std::size_t requests = 0;
  ConnectionWatcher::Id slow = ConnectionWatcher::kNone;
};

std::optional<Method> method_of(Http::Method method) {
  switch (method) {
    case Http::Method::Get: return Method::kGet;
    case Http::Method::Post: return Method::kPost;
    case Http::Method::Put: return Method::kPut;
    case Http::Method::Delete: return Method::kDelete;
    case Http::Method::Options: return Method::kOptions;
    case Http::Method::Head: return Method::kHead;
    case Http::Method::Patch: return Method::kPatch;
    default: return std::nullopt;
  }
}

/// Pistache copies the prototype for every worker; all copies share `shared_`.
class HttpHandler final : public Http::Handler {
 public:
  HTTP_PROTOTYPE(HttpHandler)

  explicit HttpHandler(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  /// Never called: onInput is ours, and so is every answer.
  void onRequest(const Http::Request&, Http::ResponseWriter) override {}
  void onTimeout(const Http::Request&, Http::ResponseWriter) override {}

 private:
  void onConnection(const std::shared_ptr<Tcp::Peer>& peer) override;
  void onDisconnection(const std::shared_ptr<Tcp::Peer>& peer) override;
  void onInput(const char* buffer, size_t size, const std::shared_ptr<Tcp::Peer>& peer) override;

  void on_bytes(HttpConnection& connection, Tcp::Peer& peer, Http::RequestParser& parser, std::string_view bytes);
  bool to_parser(HttpConnection& connection, Tcp::Peer& peer, Http::RequestParser& parser);
  void serve(HttpConnection& connection, Tcp::Peer& peer, Http::RequestParser& parser);
  void refuse(HttpConnection& connection, const Tcp::Peer& peer, const Refusal& refusal);
  void watch_slow_request(HttpConnection& connection, const Tcp::Peer& peer);
  void discard(HttpConnection& connection, std::size_t size);
  void write_now(HttpConnection& connection, std::string bytes, bool keep_alive);

  std::shared_ptr<Shared> shared_;
};

IncomingRequest incoming_of(const RequestGate& gate, const Tcp::Peer& peer) {
  IncomingRequest incoming;
  incoming.target = gate.head().target;
  incoming.headers = gate.head().headers;
  incoming.peer_address = peer.address().host();
  return incoming;
}

void HttpHandler::onConnection(const std::shared_ptr<Tcp::Peer>& peer) {
  try {
    // Pistache's idle check asks every peer for its parser. An idle peer is let go silently at the keep-alive limit;
    // any other gets a 408 through the unsafe queue.
    peer->putData(ParserData, std::make_shared<Http::RequestParser>(getMaxRequestSize()));
    peer->setIdle(true);
    auto connection = std::make_shared<HttpConnection>(shared_, peer->fd());
    peer->putData(kConnectionData, connection);
    const std::size_t count = shared_->connections.load();
    const std::size_t most = shared_->options.max_connections;
    if (count > most + most / 4 + 16) {
      abort_connection(peer->fd());
      connection->closing = true;
    } else if (count > most) {
      refuse(*connection, *peer, {503, Cause::kOverloaded, "Service unavailable", "too many connections"});
    }
  } catch (const std::exception& error) {
    log::error("api", std::string("a connection could not be taken: ") + error.what());
    abort_connection(peer->fd());
  }
}

void HttpHandler::onDisconnection(const std::shared_ptr<Tcp::Peer>& peer) {
  const auto connection = std::static_pointer_cast<HttpConnection>(peer->tryGetData(kConnectionData));
  if (!connection || connection->slow == ConnectionWatcher::kNone) return;
  shared_->watcher.cancel(std::exchange(connection->slow, ConnectionWatcher::kNone));
}

void HttpHandler::onInput(const char* buffer, size_t size, const std::shared_ptr<Tcp::Peer>& peer) {
  try {
    const auto connection = std::static_pointer_cast<HttpConnection>(peer->tryGetData(kConnectionData));
    const auto parser = getParser(peer);
    if (connection && parser) return on_bytes(*connection, *peer, *parser, {buffer, size});
  } catch (const std::exception& error) {
    // Nothing may leave: Pistache would answer through its queue, or the worker would end.
    log::error("api", std::string("a request ended its connection: ") + error.what());
  } catch (...) {
    log::error("api", "a request ended its connection");
  }
  abort_connection(peer->fd());
}

void HttpHandler::on_bytes(HttpConnection& connection, Tcp::Peer& peer, Http::RequestParser& parser,
                           std::string_view bytes) {
  RequestGate& gate = connection.gate;
  while (!bytes.empty()) {
    if (connection.closing) return discard(connection, bytes.size());
    if (gate.idle()) parser.reset();  // Pistache's idle clock starts again with the request
    bytes.remove_prefix(gate.take(bytes));
    if (gate.state() == RequestGate::State::kRefused) {
      refuse(connection, peer, gate.refusal());
      continue;
    }
    if (!to_parser(connection, peer, parser)) continue;
    if (gate.take_continue()) write_now(connection, "HTTP/1.1 100 Continue\r\n\r\n", true);
    if (gate.state() == RequestGate::State::kComplete) {
      serve(connection, peer, parser);
    } else {
      watch_slow_request(connection, peer);
    }
  }
}

/// Hands what the gate let through to Pistache's parser. False: it did not like it, and the request is refused.
bool HttpHandler::to_parser(HttpConnection& connection, Tcp::Peer& peer, Http::RequestParser& parser) {
  const std::string canonical = connection.gate.take_canonical();
  if (canonical.empty()) return true;
  bool done = false;
  try {
    if (!parser.feed(canonical.data(), canonical.size())) {
      refuse(connection, peer, {413, Cause::kRequestTooLarge, "Request body too large", ""});
      return false;
    }
    done = parser.parse() == Http::Private::State::Done;
  } catch (const std::exception& error) {
    refuse(connection, peer, {400, Cause::kInvalidRequest, "Malformed request", error.what()});
    return false;
  }
  if (done == (connection.gate.state() == RequestGate::State::kComplete)) return true;
  refuse(connection, peer, {400, Cause::kInvalidRequest, "Malformed request", "the end of the request is not clear"});
  return false;
}

void HttpHandler::serve(HttpConnection& connection, Tcp::Peer& peer, Http::RequestParser& parser) {
  if (connection.slow != ConnectionWatcher::kNone &&
      !shared_->watcher.cancel(std::exchange(connection.slow, ConnectionWatcher::kNone))) {
    connection.closing = true;  // its 408 is on the way
    return;
  }
  const RequestHead& head = connection.gate.head();
  IncomingRequest incoming = incoming_of(connection.gate, peer);
  incoming.method = method_of(parser.request.method()).value_or(Method::kOther);
  incoming.body = parser.request.body();
  const bool last = ++connection.requests >= shared_->options.max_requests_per_connection;
  const Framing framing{head.keep_alive && !last, incoming.method == Method::kHead};
  if (shared_->shutting_down.load()) {
    return refuse(connection, peer, {503, Cause::kShuttingDown, "Service unavailable", "the service is shutting down"});
  }
  const auto exchange = std::make_shared<Exchange>(shared_, framing);
  try {
    shared_->dispatcher.handle(std::move(incoming), Reply<Response>([exchange](Result<Response> result) {
                                 if (result) return exchange->on_answer(std::move(*result));
                                 exchange->on_answer(render(problem_of(result.error(), Wall{}), Request{}));
                               }));
  } catch (const std::exception& error) {
    // The reply that was lost on the way has answered.
    log::error("api", std::string("a handler failed: ") + error.what());
  }
  connection.gate.reset();
  parser.reset();
  std::optional<Response> answer;
  if (!exchange->finish_or_wait(connection.fd, connection.slot, answer)) {
    log::error("api", "no descriptor left for a waiting request");
    abort_connection(connection.fd);
    connection.closing = true;
  } else if (answer) {
    write_now(connection, exchange->bytes_of(*answer, exchange->keep_alive()), exchange->keep_alive());
  } else {
    connection.closing = true;  // its answer closes the connection; what is pipelined behind is not carried out
  }
}

void HttpHandler::refuse(HttpConnection& connection, const Tcp::Peer& peer, const Refusal& refusal) {
  const bool in_time = connection.slow == ConnectionWatcher::kNone ||
                       shared_->watcher.cancel(std::exchange(connection.slow, ConnectionWatcher::kNone));
  if (!in_time) {
    connection.closing = true;
    return;
  }
  const Response response = shared_->dispatcher.refuse(incoming_of(connection.gate, peer), refusal);
  const Framing framing{false, connection.gate.head().method == "HEAD"};
  write_now(connection, write_response(response, framing, shared_->clock.now().wall), false);
}

/// A request has begun and is not complete: a clock of its own, for Pistache's would answer through its queue.
void HttpHandler::watch_slow_request(HttpConnection& connection, const Tcp::Peer& peer) {
  if (connection.slow != ConnectionWatcher::kNone || connection.closing || connection.gate.idle()) return;
  UniqueFd duplicate = UniqueFd::duplicate(connection.fd);
  if (!duplicate) {
    abort_connection(connection.fd);
    connection.closing = true;
    return;
  }
  connection.slow = shared_->watcher.expire(
      std::move(duplicate), shared_->options.request_time,
      [shared = std::weak_ptr<Shared>(shared_), address = peer.address().host()]() -> std::string {
        const auto alive = shared.lock();
        if (!alive) return {};
        IncomingRequest incoming;
        incoming.peer_address = address;
        const Refusal refusal{408, Cause::kRequestTimeout, "Request timed out", "the request did not arrive in time"};
        return write_response(alive->dispatcher.refuse(incoming, refusal), {}, alive->clock.now().wall);
      });
}

void HttpHandler::discard(HttpConnection& connection, std::size_t size) {
  connection.discarded += size;
  // Enough for the client to come to the answer; a client that never stops is cut off.
  if (connection.discarded > kMostDiscarded) abort_connection(connection.fd);
}

/// On the worker, which alone closes this descriptor: it cannot have been reused.
void HttpHandler::write_now(HttpConnection& connection, std::string bytes, bool keep_alive) {
  ssize_t sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    abort_connection(connection.fd);
    connection.closing = true;
    return;
  }
  const auto taken = static_cast<std::size_t>(sent < 0 ? 0 : sent);
  if (taken < bytes.size()) {
    connection.closing = true;
    UniqueFd duplicate = UniqueFd::duplicate(connection.fd);
    if (!duplicate) return void(abort_connection(connection.fd));
    return shared_->watcher.write_rest(std::move(duplicate), bytes.substr(taken), connection.slot);
  }
  if (keep_alive) return;
  // Only our direction: bytes that still come would make a full close an RST, and the client could lose the answer.
  ::shutdown(connection.fd, SHUT_WR);
  connection.closing = true;
}

}  // namespace

struct PistacheServer::Impl {
  std::shared_ptr<Shared> shared;
  std::unique_ptr<Http::Endpoint> endpoint;
  std::uint16_t port = 0;
};

PistacheServer::PistacheServer(ServerOptions options, Dispatcher& dispatcher, const Clock& clock)
    : impl_(std::make_unique<Impl>()) {
  impl_->shared = std::make_shared<Shared>(std::move(options), dispatcher, clock);
}

PistacheServer::~PistacheServer() {
  stop(Milliseconds(0));
}

Status PistacheServer::start() {
  const ServerOptions& options = impl_->shared->options;
  PONTE_TRY(impl_->shared->watcher.start());
  try {
    auto endpoint = std::make_unique<Http::Endpoint>(Pistache::Address(options.listen));
    auto flags = Pistache::Flags<Tcp::Options>(Tcp::Options::ReuseAddr);
    flags.setFlag(Tcp::Options::NoDelay).setFlag(Tcp::Options::CloseOnExec);
    endpoint->init(Http::Endpoint::options()
                       .threads(static_cast<int>(options.workers))
                       .threadsName("ponte-http")
                       .flags(flags)
                       .maxRequestSize(options.request.body + options.request.head)
                       .headerTimeout(options.keep_alive_time)
                       .bodyTimeout(options.keep_alive_time)
                       .keepaliveTimeout(options.keep_alive_time));
    endpoint->setHandler(Http::make_handler<HttpHandler>(impl_->shared));
    endpoint->serveThreaded();
    impl_->port = static_cast<std::uint16_t>(endpoint->getPort());
    impl_->endpoint = std::move(endpoint);
  } catch (const std::exception& error) {
    return Error{Errc::kUnavailable, Cause::kInternal, "cannot listen on " + options.listen + ": " + error.what()};
  }
  return Status::Ok();
}

std::uint16_t PistacheServer::port() const {
  return impl_->port;
}
void PistacheServer::begin_shutdown() {
  impl_->shared->shutting_down = true;
}
std::size_t PistacheServer::connections() const {
  return impl_->shared->connections.load();
}
std::size_t PistacheServer::waiting() const {
  return impl_->shared->watcher.busy();
}

void PistacheServer::stop(Milliseconds drain) {
  begin_shutdown();
  if (!impl_->endpoint) return;
  impl_->shared->watcher.wait_until_idle(drain);
  impl_->shared->teardown_thread = std::this_thread::get_id();
  impl_->endpoint->shutdown();
  impl_->endpoint.reset();
  impl_->shared->watcher.stop();
}

}  // namespace ponte::api
