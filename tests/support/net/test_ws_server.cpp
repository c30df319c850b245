#include "support/net/test_ws_server.h"

#include <openssl/rand.h>

#include <array>
#include <asio/ssl.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <websocketpp/config/asio.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

namespace ponte::test {

namespace ws = websocketpp;

template <typename Base>
struct QuietConfig : Base {
  using type = QuietConfig;
  using alog_type = ws::log::stub;
  using elog_type = ws::log::stub;
  struct transport_config : Base::transport_config {
    using alog_type = QuietConfig::alog_type;
    using elog_type = QuietConfig::elog_type;
    static constexpr long timeout_socket_shutdown = 100;  // its TLS server waits that long after each close
  };
  using transport_type = ws::transport::asio::endpoint<transport_config>;
  static constexpr std::size_t connection_read_buffer_size = 4096;
};

class TestWsServer::Engine {
 public:
  virtual ~Engine() = default;
  virtual std::uint16_t port() = 0;
  virtual void on_each(const std::function<void(ws::connection_hdl)>& visit) = 0;
  virtual void send(ws::connection_hdl to, ByteView message, ws::frame::opcode::value opcode) = 0;
  virtual void ping(ws::connection_hdl to, const std::string& payload) = 0;
  virtual void close(ws::connection_hdl to, int code, const std::string& reason) = 0;
  /// Runs on the server's thread, and waits.
  virtual void change_tls(const std::function<void(SSL_CTX*)>& change) = 0;

  template <typename Predicate>
  void wait(const char* what, Predicate predicate) {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, std::chrono::seconds(20), predicate))
      throw std::runtime_error(std::string("the test server waited in vain for ") + what);
  }

  std::mutex mutex;  // guards all below
  std::condition_variable changed;
  std::set<ws::connection_hdl, std::owner_less<ws::connection_hdl>> connections;
  std::deque<std::string> pongs;
  std::deque<int> close_codes;
  std::size_t resumed = 0;
  Request request;
  int refuse_status = 0;
  std::pair<std::string, std::string> refuse_header;
};

namespace {

template <typename Base>
class EngineOf final : public TestWsServer::Engine {
 public:
  using Server = ws::server<QuietConfig<Base>>;
  using Handle = ws::connection_hdl;

  EngineOf(const std::optional<IssuedCertificate>& certificate, TestWsServer::Tls tls) {
    server_.init_asio();
    server_.set_reuse_addr(true);
    set_handlers();
    if constexpr (std::is_same_v<Base, ws::config::asio_tls>) set_tls(*certificate, tls);
    server_.listen(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    server_.start_accept();
    thread_ = std::thread([this] { server_.run(); });
  }
  ~EngineOf() override {
    server_.stop();
    thread_.join();
  }

  std::uint16_t port() override {
    ws::lib::asio::error_code error;
    return server_.get_local_endpoint(error).port();
  }
  void on_each(const std::function<void(Handle)>& visit) override {
    server_.get_io_service().post([this, visit] {
      std::unique_lock lock(mutex);
      const auto all = connections;
      lock.unlock();
      for (const Handle& handle : all) visit(handle);
    });
  }
  void send(Handle to, ByteView message, ws::frame::opcode::value opcode) override {
    ws::lib::error_code ignored;
    server_.send(to, message.data(), message.size(), opcode, ignored);
  }
  void ping(Handle to, const std::string& payload) override {
    ws::lib::error_code ignored;
    server_.ping(to, payload, ignored);
  }
  void close(Handle to, int code, const std::string& reason) override {
    ws::lib::error_code ignored;
    server_.close(to, static_cast<ws::close::status::value>(code), reason, ignored);
  }
  void change_tls(const std::function<void(SSL_CTX*)>& change) override {
    std::promise<void> done;
    server_.get_io_service().post([&] {
      change(context_->native_handle());
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  template <typename Change>
  void change(Change apply) {
    const std::lock_guard lock(mutex);
    apply();
    changed.notify_all();
  }

  void set_handlers() {
    server_.set_validate_handler([this](Handle handle) { return validate(handle); });
    server_.set_open_handler([this](Handle handle) {
      bool is_resumed = false;
      if constexpr (std::is_same_v<Base, ws::config::asio_tls>)
        is_resumed = SSL_session_reused(server_.get_con_from_hdl(handle)->get_socket().native_handle()) == 1;
      change([&] {
        connections.insert(handle);
        if (is_resumed) ++resumed;
      });
    });
    server_.set_close_handler([this](Handle handle) {
      const int code = server_.get_con_from_hdl(handle)->get_remote_close_code();
      change([&] {
        connections.erase(handle);
        close_codes.push_back(code);
      });
    });
    server_.set_pong_handler([this](Handle, std::string payload) { change([&] { pongs.push_back(payload); }); });
    server_.set_message_handler([this](Handle handle, typename Server::message_ptr message) {
      send(handle, as_bytes(message->get_payload()), message->get_opcode());
    });
  }

  bool validate(Handle handle) {
    const auto connection = server_.get_con_from_hdl(handle);
    const std::lock_guard lock(mutex);
    request.resource = connection->get_resource();
    for (const auto& [name, value] : connection->get_request().get_headers()) request.headers[name] = value;
    if (refuse_status == 0) return true;
    connection->set_status(static_cast<ws::http::status_code::value>(refuse_status));
    if (!refuse_header.first.empty()) connection->append_header(refuse_header.first, refuse_header.second);
    return false;
  }

  void set_tls(const IssuedCertificate& certificate, TestWsServer::Tls tls) {
    context_ = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    context_->use_certificate_chain(asio::buffer(certificate.chain_pem));
    context_->use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem);
    SSL_CTX* const handle = context_->native_handle();
    SSL_CTX_set_timeout(handle, 7 * 24 * 3600);
    if (tls != TestWsServer::Tls::kAny) SSL_CTX_set_max_proto_version(handle, TLS1_2_VERSION);
    if (tls == TestWsServer::Tls::k12SessionIds) SSL_CTX_set_options(handle, SSL_OP_NO_TICKET);
    if constexpr (std::is_same_v<Base, ws::config::asio_tls>)
      server_.set_tls_init_handler([this](Handle) { return context_; });
  }

  Server server_;
  std::shared_ptr<asio::ssl::context> context_;
  std::thread thread_;
};

}  // namespace

TestWsServer::TestWsServer(std::optional<IssuedCertificate> certificate, Tls tls) {
  if (certificate) {
    engine_ = std::make_unique<EngineOf<ws::config::asio_tls>>(certificate, tls);
  } else {
    engine_ = std::make_unique<EngineOf<ws::config::asio>>(certificate, tls);
  }
}
TestWsServer::~TestWsServer() = default;

std::uint16_t TestWsServer::port() const {
  return engine_->port();
}

void TestWsServer::refuse_upgrades(int status, const std::string& header, const std::string& value) {
  const std::lock_guard lock(engine_->mutex);
  engine_->refuse_status = status;
  engine_->refuse_header = {header, value};
}

void TestWsServer::wait_for_connections(std::size_t count) {
  engine_->wait("connections", [&] { return engine_->connections.size() == count; });
}

std::size_t TestWsServer::connection_count() const {
  const std::lock_guard lock(engine_->mutex);
  return engine_->connections.size();
}

TestWsServer::Request TestWsServer::last_request() const {
  const std::lock_guard lock(engine_->mutex);
  return engine_->request;
}

void TestWsServer::send_binary(ByteView message) {
  engine_->on_each([engine = engine_.get(), copy = to_bytes(message)](auto handle) {
    engine->send(handle, copy, ws::frame::opcode::binary);
  });
}

void TestWsServer::send_text(const std::string& message) {
  engine_->on_each([engine = engine_.get(), message](auto handle) {
    engine->send(handle, as_bytes(message), ws::frame::opcode::text);
  });
}

void TestWsServer::ping(const std::string& payload) {
  engine_->on_each([engine = engine_.get(), payload](auto handle) { engine->ping(handle, payload); });
}

void TestWsServer::close(int code, const std::string& reason) {
  engine_->on_each([engine = engine_.get(), code, reason](auto handle) { engine->close(handle, code, reason); });
}

void TestWsServer::forget_sessions() {
  engine_->change_tls([](SSL_CTX* context) {
    std::array<unsigned char, 80> keys;
    RAND_bytes(keys.data(), keys.size());
    SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), static_cast<long>(keys.size()));
    SSL_CTX_flush_sessions(context, 0);
  });
}

std::size_t TestWsServer::resumed() const {
  const std::lock_guard lock(engine_->mutex);
  return engine_->resumed;
}

std::string TestWsServer::wait_for_pong() {
  engine_->wait("a pong", [&] { return !engine_->pongs.empty(); });
  const std::lock_guard lock(engine_->mutex);
  std::string payload = std::move(engine_->pongs.front());
  engine_->pongs.pop_front();
  return payload;
}

int TestWsServer::wait_for_close() {
  engine_->wait("a close", [&] { return !engine_->close_codes.empty(); });
  const std::lock_guard lock(engine_->mutex);
  const int code = engine_->close_codes.front();
  engine_->close_codes.pop_front();
  return code;
}

}  // namespace ponte::test
