#include "support/net/test_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <mutex>

#include "crypto/base64.h"
#include "support/net/channel.h"
#include "support/net/raw_server.h"

namespace ponte::test {
namespace {

int connect_to(const std::string& address, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return -1;
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

// Until either side ends.
void relay(Channel& client, int client_descriptor, int target) {
  std::array<std::uint8_t, 16 * 1024> buffer;
  for (;;) {
    std::array<pollfd, 2> both = {{{client_descriptor, POLLIN, 0}, {target, POLLIN, 0}}};
    if (!client.has_pending() && ::poll(both.data(), both.size(), -1) < 0) return;
    if (client.has_pending() || both[0].revents != 0) {
      const std::size_t size = client.read(buffer);
      if (size == 0 || !RawConnection(target).write(ByteView(buffer).first(size))) return;
    }
    if (both[1].revents != 0) {
      const ssize_t size = ::recv(target, buffer.data(), buffer.size(), 0);
      if (size <= 0 || !client.write(ByteView(buffer).first(static_cast<std::size_t>(size)))) return;
    }
  }
}

}  // namespace

struct TestProxy::Impl {
  explicit Impl(Options wished) : options(std::move(wished)) {
    if (options.certificate) tls = std::make_unique<ServerTls>(*options.certificate);
  }

  void serve(RawConnection& connection);
  int serve_http(Channel& client);
  int serve_socks(Channel& client);
  int reach(const Request& request);
  bool accepts(const Request& request) const {
    return options.username.empty() || (request.username == options.username && request.password == options.password);
  }

  const Options options;
  std::unique_ptr<ServerTls> tls;
  mutable std::mutex mutex;  // guards the two below
  std::vector<Request> requests;
  std::size_t connections = 0;
  std::unique_ptr<RawServer> server;
};

void TestProxy::Impl::serve(RawConnection& connection) {
  {
    const std::lock_guard lock(mutex);
    ++connections;
  }
  Channel client(connection.descriptor(), tls.get());
  if (!client.is_open()) return;
  const int target = options.protocol == net::ProxyProtocol::kSocks5 ? serve_socks(client) : serve_http(client);
  if (target < 0) return;
  relay(client, connection.descriptor(), target);
  ::close(target);
}

// Writes the request down and connects; -1 where there is no such host or it refuses.
int TestProxy::Impl::reach(const Request& request) {
  {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
  }
  if (!accepts(request)) return -1;
  const auto found = options.hosts.find(request.host);
  return connect_to(found != options.hosts.end() ? found->second : request.host, request.port);
}

int TestProxy::Impl::serve_http(Channel& client) {
  static const std::string kBasic = "\r\nProxy-Authorization: Basic ";
  Request request;
  request.header = client.read_until("\r\n\r\n");
  if (!request.header.starts_with("CONNECT ")) return -1;
  const std::string authority = request.header.substr(8, request.header.find(' ', 8) - 8);  // after "CONNECT "
  const auto colon = authority.rfind(':');
  request.host = authority.substr(0, colon);
  in_addr ignored;
  request.by_name =
      ::inet_pton(AF_INET, request.host.c_str(), &ignored) != 1 && request.host.find(':') == std::string::npos;
  request.port = static_cast<std::uint16_t>(std::stoi(authority.substr(colon + 1)));
  if (const auto basic = request.header.find(kBasic); basic != std::string::npos) {
    const auto start = basic + kBasic.size();
    const std::string credentials =
        to_text(crypto::from_base64(request.header.substr(start, request.header.find('\r', start) - start)).value());
    request.username = credentials.substr(0, credentials.find(':'));
    request.password = credentials.substr(credentials.find(':') + 1);
  }
  const int target = reach(request);
  if (!accepts(request)) {
    client.write(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
  } else if (target < 0) {
    client.write("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
  } else {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  }
  return target;
}

int TestProxy::Impl::serve_socks(Channel& client) {
  Request request;
  const Bytes methods = client.read_exact(client.read_exact(2)[1]);
  const std::uint8_t wanted = options.username.empty() ? 0 : 2;
  const bool offered = std::count(methods.begin(), methods.end(), wanted) > 0;
  client.write(ByteView(Bytes{5, offered ? wanted : std::uint8_t{0xFF}}));
  if (!offered) return -1;
  if (wanted == 2) {
    request.username = to_text(client.read_exact(client.read_exact(2)[1]));
    request.password = to_text(client.read_exact(client.read_exact(1)[0]));
    client.write(ByteView(Bytes{1, accepts(request) ? std::uint8_t{0} : std::uint8_t{1}}));
    if (!accepts(request)) return -1;
  }
  const std::uint8_t type = client.read_exact(4)[3];
  request.by_name = type == 3;
  const Bytes host = client.read_exact(type == 1 ? 4 : type == 4 ? 16 : client.read_exact(1)[0]);
  char text[INET6_ADDRSTRLEN] = {};
  if (!request.by_name) ::inet_ntop(type == 1 ? AF_INET : AF_INET6, host.data(), text, sizeof text);
  request.host = request.by_name ? to_text(host) : text;
  const Bytes port = client.read_exact(2);
  request.port = static_cast<std::uint16_t>(port[0] << 8 | port[1]);
  const int target = reach(request);
  client.write(ByteView(Bytes{5, target < 0 ? std::uint8_t{4} : std::uint8_t{0}, 0, 1, 0, 0, 0, 0, 0, 0}));
  return target;
}

TestProxy::TestProxy(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {
  impl_->server =
      std::make_unique<RawServer>([impl = impl_.get()](RawConnection& connection) { impl->serve(connection); });
}
TestProxy::~TestProxy() = default;

net::Proxy TestProxy::proxy() const {
  return {impl_->options.protocol, "127.0.0.1", impl_->server->port(), impl_->options.username,
          net::ProxyPassword(impl_->options.password)};
}

std::vector<TestProxy::Request> TestProxy::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

std::size_t TestProxy::connections() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->connections;
}

}  // namespace ponte::test
