#include "simulator/shell_server.h"

#include <sys/resource.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/asio.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

#include "simulator/admin.h"

namespace ponte::simulator {
namespace {

constexpr int kBacklog = 4096;

/// As the header Date has it (RFC 9110 5.6.7).
std::string http_date(Wall at) {
  const std::time_t seconds = unix_seconds(at);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

/// What both kinds of sockets share: one thread, no logs, small read buffers, nothing negotiated.
template <typename Base>
struct QuietConfig : Base {
  using type = QuietConfig;
  using concurrency_type = websocketpp::concurrency::none;
  using request_type = typename Base::request_type;
  using response_type = typename Base::response_type;
  using message_type = typename Base::message_type;
  using con_msg_manager_type = typename Base::con_msg_manager_type;
  using endpoint_msg_manager_type = typename Base::endpoint_msg_manager_type;
  using alog_type = websocketpp::log::stub;
  using elog_type = websocketpp::log::stub;
  using rng_type = typename Base::rng_type;
  static const bool enable_multithreading = false;
  static const std::size_t connection_read_buffer_size = 4096;
  static const std::size_t max_message_size = 17u << 20;
  static const std::size_t max_http_body_size = 1u << 20;

  struct transport_config : Base::transport_config {
    using concurrency_type = websocketpp::concurrency::none;
    using alog_type = websocketpp::log::stub;
    using elog_type = websocketpp::log::stub;
    static const bool enable_multithreading = false;
    // A handshake storm on a busy machine must not lose connections.
    static const long timeout_socket_post_init = 20000;
  };
  using transport_type = websocketpp::transport::asio::endpoint<transport_config>;
  static const long timeout_open_handshake = 20000;
};
using PlainConfig = QuietConfig<websocketpp::config::asio>;
using TlsConfig = QuietConfig<websocketpp::config::asio_tls>;

/// A client's WebSocket, whatever it runs on.
class Socket {
 public:
  virtual ~Socket() = default;
  virtual void send(ByteView bytes) = 0;
  virtual void close(Close::Kind kind) = 0;
};

template <typename Pointer>
class SocketOf final : public Socket {
 public:
  explicit SocketOf(Pointer connection) : connection_(std::move(connection)) {}
  void send(ByteView bytes) override {
    connection_->send(bytes.data(), bytes.size(), websocketpp::frame::opcode::binary);
  }
  void close(Close::Kind kind) override {
    if (kind == Close::Kind::kAbort) {
      // No lingering: the client sees a reset, as when a machine dies.
      asio::error_code ignored;
      connection_->get_raw_socket().set_option(asio::socket_base::linger(true, 0), ignored);
      connection_->terminate(websocketpp::lib::error_code());
      return;
    }
    websocketpp::lib::error_code ignored;
    connection_->close(websocketpp::close::status::normal, "", ignored);
  }

 private:
  Pointer connection_;
};

struct Client {
  Client(asio::io_context& context, std::unique_ptr<Socket> client_socket)
      : socket(std::move(client_socket)), timer(context) {}
  std::unique_ptr<Socket> socket;
  asio::steady_timer timer;
  std::optional<Mono> armed;
  bool draining = false;  ///< its output is being fetched, or a drain is posted
};

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string authority(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool is_loopback(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

}  // namespace

struct ShellServer::Impl {
  Impl(SimServer& simulator, const Clock& system_clock, Recorder* run_recorder)
      : server(simulator), clock(system_clock), recorder(run_recorder) {}

  enum class Because { kOwnInput, kOtherInput };
  void drain(ConnectionId id, Because because = Because::kOwnInput);
  void drain_later(ConnectionId id);
  void arm(ConnectionId id, Client& client, SimConnection& connection);
  void closed(ConnectionId id);

  template <typename Endpoint>
  void prepare(Endpoint& endpoint);
  template <typename Endpoint>
  bool refuse_upgrade(Endpoint& endpoint, websocketpp::connection_hdl handle);
  template <typename Endpoint>
  void opened(Endpoint& endpoint, websocketpp::connection_hdl handle);
  template <typename Endpoint>
  void on_http(Endpoint& endpoint, websocketpp::connection_hdl handle);
  template <typename Endpoint>
  void listen_on(Endpoint& endpoint, const std::string& host, std::uint16_t port);
  void tell_media_host();
  void stop();

  SimServer& server;
  const Clock& clock;
  Recorder* recorder;  ///< or null
  asio::io_context context{1};
  std::unordered_map<ConnectionId, std::unique_ptr<Client>> clients;
  websocketpp::server<PlainConfig> plain;
  std::unique_ptr<websocketpp::server<TlsConfig>> secure;
  std::shared_ptr<asio::ssl::context> tls;
  std::string host;
  std::uint16_t plain_port = 0;
  std::uint16_t secure_port = 0;
  bool stopping = false;
};

void ShellServer::Impl::drain(ConnectionId id, Because because) {
  const auto found = clients.find(id);
  SimConnection* connection = server.find(id);
  if (found == clients.end() || connection == nullptr) return;
  Client& client = *found->second;
  client.draining = true;
  while (auto output = connection->poll_output()) {
    if (recorder != nullptr) {
      if (std::exchange(because, Because::kOwnInput) == Because::kOtherInput) recorder->drained(id, clock.now());
      recorder->output(id, *output);
    }
    if (const auto* bytes = std::get_if<SendBytes>(&*output)) {
      client.socket->send(bytes->bytes);
    } else {
      client.draining = false;
      // May call closed(), which ends both.
      return client.socket->close(std::get_if<Close>(&*output)->kind);
    }
  }
  client.draining = false;
  arm(id, client, *connection);
}

void ShellServer::Impl::drain_later(ConnectionId id) {
  const auto found = clients.find(id);
  if (found == clients.end() || found->second->draining) return;
  found->second->draining = true;
  asio::post(context, [this, id] { drain(id, Because::kOtherInput); });
}

void ShellServer::Impl::arm(ConnectionId id, Client& client, SimConnection& connection) {
  const auto deadline = connection.next_deadline();
  // A timer that fires too early only asks again: most inputs move the deadline back.
  if (!deadline || (client.armed && *client.armed <= *deadline)) return;
  client.armed = deadline;
  const Milliseconds wait = std::max(*deadline - clock.now().mono, Milliseconds(0));
  client.timer.expires_after(wait + Milliseconds(1));
  client.timer.async_wait([this, id](const asio::error_code& cancelled) {
    if (cancelled) return;
    const auto found = clients.find(id);
    SimConnection* fired = server.find(id);
    if (found == clients.end() || fired == nullptr) return;
    found->second->armed.reset();
    const Now now = clock.now();
    if (recorder != nullptr) recorder->deadline(id, now);
    fired->on_deadline(now);
    drain(id);
  });
}

void ShellServer::Impl::closed(ConnectionId id) {
  if (SimConnection* connection = server.find(id)) {
    const Now now = clock.now();
    if (recorder != nullptr) recorder->closed(id, now);
    connection->on_closed(now);
  }
  server.forget(id);
  // The socket's own handler is running: let it go afterwards.
  const auto found = clients.find(id);
  if (found == clients.end()) return;
  std::shared_ptr<Client> last = std::move(found->second);
  clients.erase(found);
  asio::post(context, [last] {});
}

template <typename Endpoint>
void ShellServer::Impl::prepare(Endpoint& endpoint) {
  endpoint.init_asio(&context);
  endpoint.set_reuse_addr(true);
  endpoint.set_listen_backlog(kBacklog);
  endpoint.set_tcp_post_init_handler([&endpoint](websocketpp::connection_hdl handle) {
    asio::error_code ignored;
    endpoint.get_con_from_hdl(handle)->get_raw_socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  });
  endpoint.set_validate_handler(
      [this, &endpoint](websocketpp::connection_hdl handle) { return !refuse_upgrade(endpoint, handle); });
  endpoint.set_open_handler([this, &endpoint](websocketpp::connection_hdl handle) { opened(endpoint, handle); });
  endpoint.set_http_handler([this, &endpoint](websocketpp::connection_hdl handle) { on_http(endpoint, handle); });
}

template <typename Endpoint>
bool ShellServer::Impl::refuse_upgrade(Endpoint& endpoint, websocketpp::connection_hdl handle) {
  const auto status = server.upgrade_refusal();
  if (!status) return false;
  if (recorder != nullptr) recorder->refused(*status, clock.now());
  endpoint.get_con_from_hdl(handle)->set_status(static_cast<websocketpp::http::status_code::value>(*status));
  return true;
}

template <typename Endpoint>
void ShellServer::Impl::opened(Endpoint& endpoint, websocketpp::connection_hdl handle) {
  const auto connection = endpoint.get_con_from_hdl(handle);
  using Pointer = typename Endpoint::connection_ptr;
  const Now now = clock.now();
  const ConnectionId id = server.open(now).id();
  if (recorder != nullptr) recorder->opened(id, now);
  clients.emplace(id, std::make_unique<Client>(context, std::make_unique<SocketOf<Pointer>>(connection)));
  connection->set_message_handler([this, id](websocketpp::connection_hdl, typename Endpoint::message_ptr message) {
    SimConnection* receiver = server.find(id);
    const auto found = clients.find(id);
    if (receiver == nullptr || found == clients.end()) return;
    const Now time = clock.now();
    if (message->get_opcode() != websocketpp::frame::opcode::binary) {
      if (recorder != nullptr) recorder->text(id, time);
      return receiver->on_text();
    }
    found->second->draining = true;
    const ByteView bytes = as_bytes(message->get_payload());
    if (recorder != nullptr) recorder->bytes(id, bytes, time);
    receiver->on_bytes(bytes, time);
    drain(id);
  });
  connection->set_close_handler([this, id](websocketpp::connection_hdl) { closed(id); });
  connection->set_fail_handler([this, id](websocketpp::connection_hdl) { closed(id); });
  drain(id);
}

template <typename Endpoint>
void ShellServer::Impl::on_http(Endpoint& endpoint, websocketpp::connection_hdl handle) {
  const auto connection = endpoint.get_con_from_hdl(handle);
  connection->append_header("Connection", "close");
  connection->append_header("Date", http_date(clock.now().wall));
  const std::string path = connection->get_uri()->get_resource();
  asio::error_code no_peer;
  const auto peer = connection->get_raw_socket().remote_endpoint(no_peer);
  if (path.starts_with(kBlobPrefix)) {
    // The media hosts, which WhatsApp keeps apart: the same listener plays them.
    unsigned status = 404;
    const Blob* blob = server.world().blobs.request(path, status);
    connection->set_status(static_cast<websocketpp::http::status_code::value>(status));
    if (blob == nullptr || status != 200) return;
    connection->append_header("Content-Type", "application/octet-stream");
    return connection->set_body(to_text(blob->bytes));
  }
  if (!is_admin_path(path)) return connection->set_status(websocketpp::http::status_code::not_found);
  // Browsers name the page that asks: none has business here.
  if (no_peer || !is_loopback(peer.address()) || !connection->get_request_header("Origin").empty()) {
    return connection->set_status(websocketpp::http::status_code::forbidden);
  }
  connection->defer_http_response();
  AdminRequest request{connection->get_request().get_method(), path.substr(0, path.find('?')),
                       connection->get_request_body()};
  Reply<AdminResponse> reply([this, connection](Result<AdminResponse> result) {
    const AdminResponse response = result.ok() ? std::move(*result) : AdminResponse{500, "{}"};
    // The handler that deferred has to return first.
    asio::post(context, [connection, response] {
      connection->set_status(static_cast<websocketpp::http::status_code::value>(response.status));
      connection->append_header("Content-Type", "application/json");
      connection->set_body(response.body);
      websocketpp::lib::error_code client_gone;
      connection->send_http_response(client_gone);
    });
  });
  const Now now = clock.now();
  if (recorder != nullptr) reply = recorder->admin(request, now, std::move(reply));
  handle_admin(server, request, now, std::move(reply));
}

void ShellServer::Impl::tell_media_host() {
  // As a call like any other, so that it is in recordings.
  const nlohmann::json body = {{"host", authority(host, secure ? secure_port : plain_port)}};
  const AdminRequest request{"POST", "/admin/media-host", body.dump()};
  Reply<AdminResponse> reply([](Result<AdminResponse>) {});
  const Now now = clock.now();
  if (recorder != nullptr) reply = recorder->admin(request, now, std::move(reply));
  handle_admin(server, request, now, std::move(reply));
}

template <typename Endpoint>
void ShellServer::Impl::listen_on(Endpoint& endpoint, const std::string& address, std::uint16_t port) {
  endpoint.listen(asio::ip::tcp::endpoint(asio::ip::make_address(address), port));
  endpoint.start_accept();
}

void ShellServer::Impl::stop() {
  if (std::exchange(stopping, true)) return;
  if (recorder != nullptr) recorder->end();
  websocketpp::lib::error_code ignored;
  plain.stop_listening(ignored);
  if (secure) secure->stop_listening(ignored);
  server.drop({}, Close::Kind::kNormal, clock.now());
  // The closes go out with what the loop still has to do; it does not wait for the clients' own.
  asio::post(context, [this] { asio::post(context, [this] { context.stop(); }); });
}

ShellServer::ShellServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ShellServer::~ShellServer() {
  impl_->server.on_output(nullptr);
  for (const auto& [id, client] : impl_->clients) impl_->server.forget(id);
}

Result<std::unique_ptr<ShellServer>> ShellServer::listen(SimServer& server, const Clock& clock,
                                                         const ShellOptions& options) {
  raise_file_limit();
  auto impl = std::make_unique<Impl>(server, clock, options.recorder);
  server.world().observer = options.recorder;
  Impl& shell = *impl;
  shell.host = options.host;
  server.on_output([&shell](SimConnection& connection) { shell.drain_later(connection.id()); });
  try {
    shell.prepare(shell.plain);
    shell.listen_on(shell.plain, options.host, options.tls ? 0 : options.port);
    asio::error_code ignored;
    shell.plain_port = shell.plain.get_local_endpoint(ignored).port();
    if (options.tls) {
      shell.tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
      shell.tls->use_certificate_chain(asio::buffer(options.tls->certificate));
      shell.tls->use_private_key(asio::buffer(options.tls->private_key), asio::ssl::context::pem);
      shell.secure = std::make_unique<websocketpp::server<TlsConfig>>();
      shell.prepare(*shell.secure);
      shell.secure->set_tls_init_handler([&shell](websocketpp::connection_hdl) { return shell.tls; });
      shell.listen_on(*shell.secure, options.host, options.port);
      shell.secure_port = shell.secure->get_local_endpoint(ignored).port();
    }
  } catch (const std::exception& thrown) {
    server.on_output(nullptr);
    return Error{Errc::kUnavailable, Cause::kNetworkFailed, "cannot listen on " + options.host + ": " + thrown.what()};
  }
  auto out = std::unique_ptr<ShellServer>(new ShellServer(std::move(impl)));
  out->impl_->tell_media_host();
  return out;
}

std::string ShellServer::url() const {
  if (impl_->secure) return "wss://" + authority(impl_->host, impl_->secure_port) + "/ws/chat";
  return "ws://" + authority(impl_->host, impl_->plain_port) + "/ws/chat";
}

std::string ShellServer::admin_url() const {
  return "http://" + authority(impl_->host, impl_->plain_port) + "/admin";
}

void ShellServer::run(bool handle_signals) {
  asio::signal_set signals(impl_->context);
  if (handle_signals) {
    signals.add(SIGTERM);
    signals.add(SIGINT);
    signals.async_wait([this](const asio::error_code& cancelled, int) {
      if (!cancelled) impl_->stop();
    });
  }
  const auto work = asio::make_work_guard(impl_->context);
  while (!impl_->stopping) {
    try {
      impl_->context.run();
    } catch (const std::exception& thrown) {
      // Nothing that one connection does may end the others.
      impl_->server.world().note_violation(0, std::string("socket: ") + thrown.what());
    }
  }
}

void ShellServer::stop() {
  asio::post(impl_->context, [this] { impl_->stop(); });
}

void ShellServer::post(Task task) {
  asio::post(impl_->context, [held = std::make_shared<Task>(std::move(task))] { (*held)(); });
}

}  // namespace ponte::simulator
