#include "net/web_socket_server.h"

#include <algorithm>
#include <asio.hpp>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/frame.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

#include "net/text.h"

namespace ponte::net {
namespace {

constexpr Milliseconds kLookAgain{50};   // at a client that had much waiting
constexpr Milliseconds kGoodbye{1'000};  // for closing handshakes when the server ends
constexpr std::size_t kLittle = 64 * 1024;

/// A handshake without a version would be taken for that of an early draft, which frames in another way and is answered
/// 500: it gets a version that does not exist, and 400 with those that do.
struct HandshakeRequest : websocketpp::http::parser::request {
  /// Hides the inherited one; websocketpp asks the type that the configuration names.
  const std::string& get_header(const std::string& name) const {
    static const std::string kNoVersion = "1";
    const std::string& value = websocketpp::http::parser::request::get_header(name);
    return value.empty() && name == "Sec-WebSocket-Version" ? kNoVersion : value;
  }
};

/// One thread, no logs, small buffers: clients have nothing to say.
struct ServerConfig : websocketpp::config::asio {
  using type = ServerConfig;
  using concurrency_type = websocketpp::concurrency::none;
  using alog_type = websocketpp::log::stub;
  using elog_type = websocketpp::log::stub;
  using request_type = HandshakeRequest;
  static const bool enable_multithreading = false;
  static const std::size_t connection_read_buffer_size = 1024;
  static const std::size_t max_message_size = 4096;
  static const std::size_t max_http_body_size = 4096;

  struct transport_config : websocketpp::config::asio::transport_config {
    using concurrency_type = websocketpp::concurrency::none;
    using alog_type = websocketpp::log::stub;
    using elog_type = websocketpp::log::stub;
    static const bool enable_multithreading = false;
  };
  using transport_type = websocketpp::transport::asio::endpoint<transport_config>;
};
using Endpoint = websocketpp::server<ServerConfig>;
using Connection = Endpoint::connection_ptr;

class Socket;

/// What other threads have for the server's, in order: however much comes at once, its thread is woken once.
class Outbox {
 public:
  struct Item {
    std::shared_ptr<Socket> socket;
    SharedText text;  ///< null: close it
    websocketpp::close::status::value code = websocketpp::close::status::normal;
    const char* reason = "";
  };

  Outbox(asio::io_context& context, std::function<void(const Item&)> deliver)
      : context_(context), deliver_(std::move(deliver)) {}

  void add(Item item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
      if (items_.size() > 1) return;
    }
    asio::post(context_, [this] {
      std::vector<Item> items;
      {
        const std::lock_guard lock(mutex_);
        items.swap(items_);
      }
      for (const Item& each : items) deliver_(each);
    });
  }

 private:
  asio::io_context& context_;
  const std::function<void(const Item&)> deliver_;
  std::mutex mutex_;
  std::vector<Item> items_;  // guarded by mutex_
};

/// The frame of a text, made once however many clients get it.
class SharedFrame {
 public:
  using Message = ServerConfig::message_type::ptr;

  Message of(const Connection& connection, const SharedText& text) {
    if (text == text_) return message_;
    const auto size = text->size();
    message_ = connection->get_message(websocketpp::frame::opcode::text, size);
    message_->set_header(websocketpp::frame::prepare_header(
        websocketpp::frame::basic_header(websocketpp::frame::opcode::text, size, true, false),
        websocketpp::frame::extended_header(size)));
    message_->set_payload(*text);
    message_->set_prepared(true);
    text_ = text;
    return message_;
  }

 private:
  SharedText text_;
  Message message_;
};

/// What other threads hold of a connection.
class Socket final : public PushSocket, public std::enable_shared_from_this<Socket> {
 public:
  /// `outbox` outlives whoever may send.
  Socket(Outbox& outbox, Connection connection, std::size_t most_waiting)
      : outbox_(outbox), connection_(std::move(connection)), most_waiting_(most_waiting) {}

  bool send(SharedText text) override {
    if (gone_) return false;
    if (waiting() + text->size() > most_waiting_) {
      gone_ = true;
      outbox_.add({shared_from_this(), nullptr, websocketpp::close::status::try_again_later, "too slow"});
      return false;
    }
    queued_ += text->size();
    outbox_.add({shared_from_this(), std::move(text)});
    return true;
  }
  std::size_t waiting() const override { return queued_ + buffered_; }
  void close() override {
    if (gone_.exchange(true)) return;
    outbox_.add(
        {shared_from_this(), nullptr, websocketpp::close::status::going_away, "the instance or the service has ended"});
  }

  // On the server's thread.
  void gone() {
    gone_ = true;
    connection_.reset();
  }
  /// What waits, as websocketpp has it. True where it has just become little.
  bool look() {
    if (!connection_) return false;
    const std::size_t before = buffered_.exchange(connection_->get_buffered_amount());
    return before > kLittle && !much();
  }
  bool much() const { return buffered_ > kLittle; }
  void close_now(websocketpp::close::status::value code, const std::string& reason) {
    websocketpp::lib::error_code ignored;
    if (connection_) connection_->close(code, reason, ignored);
  }

  void send_now(const SharedText& text, SharedFrame& frame) {
    if (connection_) connection_->send(frame.of(connection_, text));
    (void)look();
    queued_ -= text->size();
  }

 private:
  Outbox& outbox_;
  Connection connection_;  // the server's thread only
  const std::size_t most_waiting_;
  std::atomic<std::size_t> queued_{0};    ///< in the outbox
  std::atomic<std::size_t> buffered_{0};  ///< in websocketpp, when it was looked at last
  std::atomic<bool> gone_{false};
};

}  // namespace

struct WebSocketServer::Impl {
  Impl(Options server_options, OnUpgrade upgrade)
      : options(std::move(server_options)), on_upgrade(std::move(upgrade)) {}

  struct Client {
    std::shared_ptr<Socket> socket;  // shared with whoever pushes to it
    PushCallbacks callbacks;
    std::chrono::steady_clock::time_point heard;
  };
  using Handle = websocketpp::connection_hdl;
  using Clients = std::map<Handle, Client, std::owner_less<Handle>>;

  void deliver(const Outbox::Item& item);
  bool validate(const Handle& handle);
  void refuse(const Connection& connection, const UpgradeAnswer& answer);
  void on_http(const Handle& handle);
  void on_open(const Handle& handle);
  void on_gone(const Handle& handle);
  void heard(const Handle& handle);
  void ping_all();
  void look_later();
  void look_at_all();
  UpgradeRequest request_of(const Connection& connection) const;
  void say_goodbye();

  const Options options;
  const OnUpgrade on_upgrade;
  asio::io_context context{1};
  Outbox outbox{context, [this](const Outbox::Item& item) { deliver(item); }};
  SharedFrame frame;
  Endpoint endpoint;
  std::unique_ptr<asio::steady_timer> ping_timer;
  std::unique_ptr<asio::steady_timer> look_timer;
  bool looking = false;
  bool stopping = false;
  std::map<Handle, UpgradeAnswer, std::owner_less<Handle>> accepted;  // until they are open
  Clients clients;
  std::atomic<std::size_t> count{0};
  std::uint16_t port = 0;
  std::thread thread;
};

void WebSocketServer::Impl::deliver(const Outbox::Item& item) {
  if (!item.text) return item.socket->close_now(item.code, item.reason);
  item.socket->send_now(item.text, frame);
  // Until little waits for it.
  if (item.socket->much()) look_later();
}

UpgradeRequest WebSocketServer::Impl::request_of(const Connection& connection) const {
  UpgradeRequest request;
  request.target = connection->get_request().get_uri();
  for (const auto& [name, value] : connection->get_request().get_headers()) {
    request.headers.emplace_back(lower_case(name), value);
  }
  asio::error_code ignored;
  request.peer_address = connection->get_raw_socket().remote_endpoint(ignored).address().to_string();
  return request;
}

void WebSocketServer::Impl::refuse(const Connection& connection, const UpgradeAnswer& answer) {
  connection->set_status(static_cast<websocketpp::http::status_code::value>(answer.status));
  for (const auto& [name, value] : answer.headers) connection->replace_header(name, value);
  connection->set_body(answer.body);
}

bool WebSocketServer::Impl::validate(const Handle& handle) {
  const Connection connection = endpoint.get_con_from_hdl(handle);
  UpgradeAnswer answer;
  if (clients.size() + accepted.size() >= options.max_connections) {
    answer.status = 503;
  } else {
    answer = on_upgrade(request_of(connection));
  }
  if (!answer.opened) {
    refuse(connection, answer);
    return false;
  }
  for (const auto& [name, value] : answer.headers) connection->replace_header(name, value);
  accepted[handle] = std::move(answer);
  return true;
}

/// A request that is no upgrade.
void WebSocketServer::Impl::on_http(const Handle& handle) {
  UpgradeAnswer answer;
  answer.status = 426;
  answer.headers = {{"Upgrade", "websocket"}, {"Content-Type", "text/plain"}};
  answer.body = "Here are WebSockets only.\n";
  refuse(endpoint.get_con_from_hdl(handle), answer);
}

void WebSocketServer::Impl::on_open(const Handle& handle) {
  const auto found = accepted.find(handle);
  if (found == accepted.end()) return;
  const auto opened = std::move(found->second.opened);
  accepted.erase(found);
  Client& client = clients[handle];
  client.socket = std::make_shared<Socket>(outbox, endpoint.get_con_from_hdl(handle), options.most_waiting);
  client.heard = std::chrono::steady_clock::now();
  count = clients.size();
  client.callbacks = opened(client.socket);
}

void WebSocketServer::Impl::on_gone(const Handle& handle) {
  accepted.erase(handle);
  const auto found = clients.find(handle);
  if (found == clients.end()) return;
  Client client = std::move(found->second);
  clients.erase(found);
  count = clients.size();
  client.socket->gone();
  if (client.callbacks.on_gone) client.callbacks.on_gone();
  if (stopping && clients.empty()) context.stop();
}

void WebSocketServer::Impl::heard(const Handle& handle) {
  const auto found = clients.find(handle);
  if (found != clients.end()) found->second.heard = std::chrono::steady_clock::now();
}

void WebSocketServer::Impl::ping_all() {
  const auto now = std::chrono::steady_clock::now();
  websocketpp::lib::error_code ignored;
  for (auto& [handle, client] : clients) {
    if (now - client.heard >= options.silence) {
      client.socket->close_now(websocketpp::close::status::policy_violation, "no pong came");
    } else {
      endpoint.ping(handle, "", ignored);
    }
  }
  ping_timer->expires_after(options.ping);
  ping_timer->async_wait([this](const asio::error_code& stopped) {
    if (!stopped) ping_all();
  });
}

/// websocketpp does not say when a client has taken what waited for it: those with much are looked at now and then.
void WebSocketServer::Impl::look_later() {
  if (std::exchange(looking, true)) return;
  look_timer->expires_after(kLookAgain);
  look_timer->async_wait([this](const asio::error_code& stopped) {
    if (!stopped) look_at_all();
  });
}

void WebSocketServer::Impl::look_at_all() {
  looking = false;
  bool much = false;
  for (auto& [handle, client] : clients) {
    if (client.socket->look() && client.callbacks.on_drained) client.callbacks.on_drained();
    much = much || client.socket->much();
  }
  if (much) look_later();
}

void WebSocketServer::Impl::say_goodbye() {
  websocketpp::lib::error_code ignored;
  endpoint.stop_listening(ignored);
  ping_timer->cancel();
  look_timer->cancel();
  for (auto& [handle, client] : clients) {
    client.socket->close_now(websocketpp::close::status::going_away, "the service is shutting down");
  }
  stopping = true;
  if (clients.empty()) return context.stop();
  ping_timer->expires_after(kGoodbye);
  ping_timer->async_wait([this](const asio::error_code&) { context.stop(); });
}

WebSocketServer::WebSocketServer(Options options, OnUpgrade on_upgrade)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(on_upgrade))) {}

WebSocketServer::~WebSocketServer() {
  stop();
}

Status WebSocketServer::start() {
  Impl& impl = *impl_;
  const std::string& listen = impl.options.listen;
  const std::size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Endpoint& endpoint = impl.endpoint;
  websocketpp::lib::error_code problem;
  endpoint.init_asio(&impl.context, problem);
  if (problem) return Error{Errc::kInternal, Cause::kInternal, "websocketpp: " + problem.message()};
  endpoint.set_reuse_addr(true);
  endpoint.set_validate_handler([&impl](const auto& handle) { return impl.validate(handle); });
  endpoint.set_http_handler([&impl](const auto& handle) { impl.on_http(handle); });
  endpoint.set_open_handler([&impl](const auto& handle) { impl.on_open(handle); });
  endpoint.set_close_handler([&impl](const auto& handle) { impl.on_gone(handle); });
  endpoint.set_fail_handler([&impl](const auto& handle) { impl.on_gone(handle); });
  endpoint.set_message_handler([&impl](const auto& handle, const auto&) { impl.heard(handle); });
  endpoint.set_pong_handler([&impl](const auto& handle, const auto&) { impl.heard(handle); });
  asio::ip::tcp::resolver resolver(impl.context);
  const auto addresses = resolver.resolve(host, colon == std::string::npos ? "0" : listen.substr(colon + 1), problem);
  if (!problem) endpoint.listen(*addresses.begin(), problem);
  if (problem) {
    return Error{Errc::kUnavailable, Cause::kInternal,
                 "cannot listen on " + impl.options.listen + ": " + problem.message()};
  }
  endpoint.start_accept(problem);
  asio::error_code ignored;
  impl.port = endpoint.get_local_endpoint(ignored).port();
  impl.ping_timer = std::make_unique<asio::steady_timer>(impl.context);
  impl.look_timer = std::make_unique<asio::steady_timer>(impl.context);
  impl.ping_all();
  impl.thread = std::thread([&impl] { impl.context.run(); });
  return Status::Ok();
}

std::uint16_t WebSocketServer::port() const {
  return impl_->port;
}

std::size_t WebSocketServer::connections() const {
  return impl_->count;
}

void WebSocketServer::stop() {
  Impl& impl = *impl_;
  if (!impl.thread.joinable()) return;
  asio::post(impl.context, [&impl] { impl.say_goodbye(); });
  impl.thread.join();
  // Whoever did not say goodbye.
  while (!impl.clients.empty()) impl.on_gone(impl.clients.begin()->first);
}

}  // namespace ponte::net
