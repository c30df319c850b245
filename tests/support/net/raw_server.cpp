#include "support/net/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ponte::test {

std::string RawConnection::read_until(std::string_view end) {
  std::string text;
  char byte;
  while (!text.ends_with(end) && ::recv(descriptor_, &byte, 1, 0) == 1) text.push_back(byte);
  return text;
}

Bytes RawConnection::read_exact(std::size_t size) {
  Bytes bytes(size);
  const ssize_t got = size == 0 ? 0 : ::recv(descriptor_, bytes.data(), size, MSG_WAITALL);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

bool RawConnection::write(std::string_view bytes) {
  return write(as_bytes(bytes));
}

bool RawConnection::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawConnection::wait_for_close() {
  char dropped[4096];
  while (::recv(descriptor_, dropped, sizeof dropped, 0) > 0) {
  }
}

std::string RawConnection::upgrade() {
  std::string request = read_until("\r\n\r\n");
  write(upgrade_answer(request));
  return request;
}

void RawConnection::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

struct RawServer::Impl {
  int listener = -1;
  std::uint16_t port = 0;
  Script script;
  std::mutex mutex;
  bool stopping = false;
  std::vector<int> open;
  std::vector<std::thread> threads;
  std::thread acceptor;

  void accept_all();
  void serve(int descriptor);
};

void RawServer::Impl::accept_all() {
  for (;;) {
    const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const std::lock_guard lock(mutex);
    if (stopping) {
      ::close(descriptor);
      return;
    }
    open.push_back(descriptor);
    threads.emplace_back([this, descriptor] { serve(descriptor); });
  }
}

void RawServer::Impl::serve(int descriptor) {
  RawConnection connection(descriptor);
  script(connection);
  const std::lock_guard lock(mutex);
  std::erase(open, descriptor);
  ::close(descriptor);
}

RawServer::RawServer(Script script) : impl_(std::make_unique<Impl>()) {
  impl_->script = std::move(script);
  impl_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(impl_->listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(impl_->listener, 128) != 0 ||
      ::getsockname(impl_->listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no test server on loopback");
  }
  impl_->port = ntohs(address.sin_port);
  impl_->acceptor = std::thread([impl = impl_.get()] { impl->accept_all(); });
}

RawServer::~RawServer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    for (int descriptor : impl_->open) ::shutdown(descriptor, SHUT_RDWR);
  }
  ::shutdown(impl_->listener, SHUT_RDWR);
  impl_->acceptor.join();
  for (std::thread& thread : impl_->threads) thread.join();
  ::close(impl_->listener);
}

std::uint16_t RawServer::port() const {
  return impl_->port;
}

std::string upgrade_answer(const std::string& request, const std::string& extra) {
  static const std::string kHeader = "Sec-WebSocket-Key: ";
  const auto start = request.find(kHeader) + kHeader.size();
  const std::string key = request.substr(start, request.find("\r\n", start) - start);
  const std::string joined = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(joined.data()), joined.size(), digest);
  unsigned char accept[64];
  EVP_EncodeBlock(accept, digest, sizeof digest);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         std::string(reinterpret_cast<char*>(accept)) + "\r\n" + extra + "\r\n";
}

Bytes server_frame(std::uint8_t first_byte, ByteView payload) {
  Bytes frame{first_byte};
  if (payload.size() < 126) {
    frame.push_back(static_cast<std::uint8_t>(payload.size()));
  } else {
    const int size_bytes = payload.size() < 65536 ? 2 : 8;
    frame.push_back(size_bytes == 2 ? 126 : 127);
    for (int i = size_bytes - 1; i >= 0; --i) frame.push_back(static_cast<std::uint8_t>(payload.size() >> (8 * i)));
  }
  append(frame, payload);
  return frame;
}

Bytes read_client_frame(RawConnection& connection, std::uint8_t& first_byte) {
  const Bytes header = connection.read_exact(2);
  if (header.size() < 2) return {};
  first_byte = header[0];
  std::uint64_t size = header[1] & 0x7F;
  if (size > 125) {
    const Bytes extended = connection.read_exact(size == 126 ? 2 : 8);
    size = 0;
    for (std::uint8_t byte : extended) size = size << 8 | byte;
  }
  const Bytes mask = connection.read_exact(4);
  Bytes payload = connection.read_exact(size);
  for (std::size_t i = 0; i < payload.size() && mask.size() == 4; ++i) payload[i] ^= mask[i % 4];
  return payload;
}

}  // namespace ponte::test
