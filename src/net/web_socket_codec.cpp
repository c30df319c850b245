#include "net/web_socket_codec.h"

#include <algorithm>
#include <charconv>
#include <websocketpp/client.hpp>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/core_client.hpp>
#include <websocketpp/logger/stub.hpp>

#include "crypto/system_random.h"
#include "net/text.h"
#include "net/web_socket.h"

namespace ponte::net {
namespace {

namespace ws = websocketpp;

// websocketpp finds the byte order out when it first needs it, and writes it down without a lock: so before any thread.
[[maybe_unused]] const std::uint64_t kByteOrderFoundOut = ws::lib::net::_htonll(1);

// Masks and the upgrade's key come from the system (RFC 6455 5.3: a strong source), fetched in bulk.
class MaskSource {
 public:
  std::uint32_t operator()() {
    if (next_ == pool_.size()) {
      crypto::SystemRandom().fill({reinterpret_cast<std::uint8_t*>(pool_.data()), sizeof pool_});
      next_ = 0;
    }
    return pool_[next_++];
  }

 private:
  std::array<std::uint32_t, 64> pool_{};
  std::size_t next_ = pool_.size();
};

// A frame header may declare 16 MiB and send nothing: memory follows what arrives, not what is declared.
template <typename Message>
class CappedMessageManager : public std::enable_shared_from_this<CappedMessageManager<Message>> {
 public:
  using type = CappedMessageManager;
  using ptr = std::shared_ptr<CappedMessageManager>;
  using weak_ptr = std::weak_ptr<CappedMessageManager>;
  using message_ptr = typename Message::ptr;
  static constexpr std::size_t kReserveLimit = 64 * 1024;

  message_ptr get_message() { return std::make_shared<Message>(this->shared_from_this()); }
  message_ptr get_message(ws::frame::opcode::value op, std::size_t size) {
    return std::make_shared<Message>(this->shared_from_this(), op, std::min(size, kReserveLimit));
  }
  bool recycle(Message*) { return false; }
};

// websocketpp's names, so snake_case.
struct Config : ws::config::core_client {
  using type = Config;
  using concurrency_type = ws::concurrency::none;
  using elog_type = ws::log::stub;
  using alog_type = ws::log::stub;
  using rng_type = MaskSource;
  using message_type = ws::message_buffer::message<CappedMessageManager>;
  using con_msg_manager_type = CappedMessageManager<message_type>;
  using endpoint_msg_manager_type = ws::message_buffer::alloc::endpoint_msg_manager<con_msg_manager_type>;
  // Lies in each connection object. Stanzas are some hundred bytes; larger input takes more turns.
  static constexpr std::size_t connection_read_buffer_size = 1024;

  struct transport_config : ws::config::core_client::transport_config {
    using concurrency_type = Config::concurrency_type;
    using elog_type = Config::elog_type;
    using alog_type = Config::alog_type;
  };
  using transport_type = ws::transport::iostream::endpoint<transport_config>;
};

using Client = ws::client<Config>;
using Connection = Client::connection_type;
using Handle = ws::connection_hdl;

constexpr std::size_t kGatherKept = 256 * 1024;
constexpr int kMaxRetryAfter = 24 * 3600;

// RFC 9110 10.2.3; the form with a date is not used.
std::optional<Seconds> parse_retry_after(const std::string& text) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return Seconds(std::min(seconds, kMaxRetryAfter));
}

// wire: pairing.md 1.1, which statuses are worth a retry. 429 asks for one by itself.
Errc refusal_code(int status) {
  static constexpr int kRetryable[] = {408, 500, 501, 502, 503, 504};
  if (status == 429) return Errc::kRateLimited;
  return std::count(std::begin(kRetryable), std::end(kRetryable), status) ? Errc::kUnavailable : Errc::kRejected;
}

Error refusal(const Config::response_type& response) {
  const int status = response.get_status_code();
  return {refusal_code(status), Cause::kWebSocketRefused,
          "the server refused the upgrade: expected HTTP status 101, got " + std::to_string(status) + " " +
              printable(response.get_status_msg()),
          parse_retry_after(response.get_header("Retry-After"))};
}

Error protocol_error(const std::string& what) {
  return {Errc::kMalformed, Cause::kWebSocketProtocol, what};
}

Error internal_error(const std::exception& exception) {
  return {Errc::kInternal, Cause::kInternal, std::string("WebSocket codec: ") + exception.what()};
}

Status check_header(const std::string& name, const std::string& value) {
  static constexpr std::string_view kOurs[] = {"upgrade",
                                               "connection",
                                               "content-length",
                                               "transfer-encoding",
                                               "sec-websocket-key",
                                               "sec-websocket-version",
                                               "sec-websocket-extensions",
                                               "sec-websocket-protocol"};
  const std::string lower = lower_case(name);
  const bool is_plain = std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (is_http_token(name) && is_plain && std::count(std::begin(kOurs), std::end(kOurs), lower) == 0)
    return Status::Ok();
  return Error{Errc::kInvalidArgument, Cause::kInvalidRequest,
               "header " + printable(name) +
                   " cannot be sent: expected a token and a value in one line, and none of "
                   "the upgrade's own headers"};
}

Status check_resource(const std::string& resource) {
  const bool is_plain = std::all_of(resource.begin(), resource.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (is_plain && !resource.empty() && resource.front() == '/') return Status::Ok();
  return Error{Errc::kInvalidArgument, Cause::kInvalidRequest,
               "resource " + printable(resource) + " cannot be sent: expected / and printable ASCII"};
}

}  // namespace

struct WebSocketCodecFactory::Impl {
  Impl() {
    client.set_secure(true);
    client.set_user_agent("");  // only what the options say
  }
  Client client;
  Bytes gather;  // header and payload of frames, joined for one write
};

struct WebSocketCodec::Impl {
  Impl(WebSocketCodecFactory::Impl& shared_state, WebSocketSink& codec_sink) : shared(shared_state), sink(codec_sink) {}
  ~Impl();

  void set_handlers();
  void on_open();
  void on_fail();
  void on_message(const Connection::message_ptr& message);
  ws::lib::error_code put_out(const std::vector<ws::transport::buffer>& buffers);
  void release_upgrade();
  Status verdict() const;

  WebSocketCodecFactory::Impl& shared;
  WebSocketSink& sink;
  Connection::ptr connection;
  std::unique_ptr<Error> failure;  // of the upgrade
  std::size_t upgrade_bytes = 0;
  std::size_t max_message_size = 0;
  bool upgraded = false;
  bool released = false;
  bool close_sent = false;
};

WebSocketCodec::Impl::~Impl() {
  if (!connection) return;
  connection->set_open_handler(nullptr);
  connection->set_fail_handler(nullptr);
  connection->set_message_handler(nullptr);
  connection->set_write_handler(nullptr);
  connection->set_vector_write_handler(nullptr);
  try {
    // While a read of the upgrade is pending, the connection holds itself; this ends the read.
    connection->fatal_error();
  } catch (const std::exception&) {
    // It only leaves the connection's memory behind.
  }
}

void WebSocketCodec::Impl::set_handlers() {
  connection->set_open_handler([this](Handle) { on_open(); });
  connection->set_fail_handler([this](Handle) { on_fail(); });
  connection->set_message_handler([this](Handle, Connection::message_ptr message) { on_message(message); });
  connection->set_vector_write_handler(
      [this](Handle, const std::vector<ws::transport::buffer>& buffers) { return put_out(buffers); });
  connection->set_write_handler([this](Handle, const char* data, std::size_t size) {
    sink.on_codec_output(as_bytes({data, size}));
    return ws::lib::error_code();
  });
}

void WebSocketCodec::Impl::on_open() {
  // After a Sec-WebSocket-Extensions that it cannot parse, websocketpp reports failure and then success.
  if (failure) return;
  // RFC 6455 4.1: what was not asked for fails the connection. websocketpp ignores both.
  for (const char* name : {"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"}) {
    const std::string& value = connection->get_response_header(name);
    if (value.empty()) continue;
    failure = std::make_unique<Error>(protocol_error(std::string("the upgrade answer has ") + name + " " +
                                                     printable(value) + ", which was not offered"));
    return;
  }
  upgraded = true;
  sink.on_codec_open();
}

void WebSocketCodec::Impl::on_fail() {
  const auto& response = connection->get_response();
  const int status = response.get_status_code();
  if (status != ws::http::status_code::uninitialized && status != ws::http::status_code::switching_protocols) {
    failure = std::make_unique<Error>(refusal(response));
  } else {
    failure = std::make_unique<Error>(
        protocol_error("the server's answer is no valid upgrade to WebSocket: " + connection->get_ec().message()));
  }
}

void WebSocketCodec::Impl::on_message(const Connection::message_ptr& message) {
  if (failure || message->get_opcode() != ws::frame::opcode::binary) return;
  sink.on_codec_message(to_bytes(message->get_payload()));
}

ws::lib::error_code WebSocketCodec::Impl::put_out(const std::vector<ws::transport::buffer>& buffers) {
  // Taken out of the shared place while in use, so that a sink that writes elsewhere cannot disturb it.
  Bytes gather = std::move(shared.gather);
  gather.clear();
  for (const auto& buffer : buffers) append(gather, as_bytes({buffer.buf, buffer.len}));
  sink.on_codec_output(gather);
  if (gather.capacity() <= kGatherKept) shared.gather = std::move(gather);
  return {};
}

// websocketpp keeps the request, the answer and the URI for a caller who asks; nobody does.
void WebSocketCodec::Impl::release_upgrade() {
  released = true;
  const_cast<Config::request_type&>(connection->get_request()) = Config::request_type();
  const_cast<Config::response_type&>(connection->get_response()) = Config::response_type();
  connection->set_uri(nullptr);
}

// websocketpp reports neither the peer's close frame nor its own verdict on a frame: its state tells.
Status WebSocketCodec::Impl::verdict() const {
  if (failure) return *failure;
  const auto state = connection->get_state();
  if (state == ws::session::state::connecting) {
    if (upgrade_bytes <= kMaxUpgradeAnswer) return Status::Ok();
    return protocol_error("the upgrade answer is longer than " + std::to_string(kMaxUpgradeAnswer) + " bytes");
  }
  if (state == ws::session::state::open) return Status::Ok();
  const auto local = connection->get_local_close_code();
  const auto remote = connection->get_remote_close_code();
  const bool peer_closed = remote != ws::close::status::abnormal_close;
  if (close_sent) {
    if (!peer_closed && state == ws::session::state::closing) return Status::Ok();
    return Error{Errc::kCancelled, Cause::kConnectionClosed, "closed by this side"};
  }
  if (!peer_closed || local == ws::close::status::protocol_error) {
    const bool too_big = local == ws::close::status::message_too_big;
    return protocol_error("the peer broke the WebSocket protocol: " +
                          (too_big ? "a message is larger than " + std::to_string(max_message_size) + " bytes"
                                   : printable(connection->get_local_close_reason())));
  }
  const std::string reason = printable(connection->get_remote_close_reason());
  return Error{Errc::kUnavailable, Cause::kConnectionClosed,
               "the peer closed with code " + std::to_string(remote) + (reason.empty() ? "" : ": " + reason)};
}

WebSocketCodec::WebSocketCodec(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocketCodec::~WebSocketCodec() = default;

Status WebSocketCodec::start() {
  try {
    impl_->shared.client.connect(impl_->connection);
  } catch (const std::exception& exception) {
    return internal_error(exception);
  }
  return impl_->verdict();
}

Status WebSocketCodec::feed(ByteView bytes) {
  try {
    while (!bytes.empty()) {
      PONTE_TRY(impl_->verdict());
      const std::size_t taken = impl_->connection->read_some(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      if (taken == 0) break;
      bytes = bytes.subspan(taken);
      if (!impl_->upgraded) impl_->upgrade_bytes += taken;
      if (impl_->upgraded && !impl_->released) impl_->release_upgrade();
    }
  } catch (const std::exception& exception) {
    return internal_error(exception);
  }
  return impl_->verdict();
}

Status WebSocketCodec::send(ByteView message) {
  try {
    // Its error means that the connection is not open: dropped, as promised.
    (void)impl_->connection->send(message.data(), message.size(), ws::frame::opcode::binary);
  } catch (const std::exception& exception) {
    return internal_error(exception);
  }
  return Status::Ok();
}

Status WebSocketCodec::close() {
  if (impl_->connection->get_state() != ws::session::state::open) return Status::Ok();
  impl_->close_sent = true;
  try {
    ws::lib::error_code ignored;
    impl_->connection->close(ws::close::status::normal, "", ignored);
  } catch (const std::exception& exception) {
    return internal_error(exception);
  }
  return Status::Ok();
}

WebSocketCodecFactory::WebSocketCodecFactory() : impl_(std::make_unique<Impl>()) {}
WebSocketCodecFactory::~WebSocketCodecFactory() = default;

Result<std::unique_ptr<WebSocketCodec>> WebSocketCodecFactory::create(const WebSocketOptions& options,
                                                                      WebSocketSink& sink) {
  PONTE_TRY(check_resource(options.url.resource));
  for (const auto& [name, value] : options.headers) PONTE_TRY(check_header(name, value));
  try {
    const WebSocketUrl& url = options.url;
    const bool is_v6 = url.host.find(':') != std::string::npos;
    auto uri = std::make_shared<ws::uri>(url.secure, is_v6 ? "[" + url.host + "]" : url.host, url.port, url.resource);
    // websocketpp makes the Host header from the URI and overwrites any other.
    for (const auto& [name, value] : options.headers) {
      if (ws::utility::ci_find_substr(name, "host", 4) == name.begin() && name.size() == 4)
        uri = std::make_shared<ws::uri>(url.secure, value, url.resource);
    }
    auto impl = std::make_unique<WebSocketCodec::Impl>(*impl_, sink);
    ws::lib::error_code error;
    impl->connection = impl_->client.get_connection(uri, error);
    if (error) return Error{Errc::kInternal, Cause::kInternal, "WebSocket codec: " + error.message()};
    impl->connection->set_secure(url.secure);
    impl->connection->set_max_message_size(options.max_message_size);
    impl->max_message_size = options.max_message_size;
    for (const auto& [name, value] : options.headers) impl->connection->append_header(name, value);
    impl->set_handlers();
    return std::unique_ptr<WebSocketCodec>(new WebSocketCodec(std::move(impl)));
  } catch (const std::exception& exception) {
    return internal_error(exception);
  }
}

}  // namespace ponte::net
