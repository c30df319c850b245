#include "support/net/channel.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <memory>
#include <stdexcept>

#include "support/net/raw_server.h"

namespace ponte::test {
namespace {

std::unique_ptr<BIO, decltype(&BIO_free)> reader(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

}  // namespace

ServerTls::ServerTls(const IssuedCertificate& issued) : handle_(SSL_CTX_new(TLS_server_method())) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to a socket as to any file
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(reader(issued.chain_pem).get(), nullptr, nullptr, nullptr), &X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(reader(issued.key_pem).get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (SSL_CTX_use_certificate(handle_, certificate.get()) != 1 || SSL_CTX_use_PrivateKey(handle_, key.get()) != 1)
    throw std::runtime_error("no TLS for the test server");
}
ServerTls::~ServerTls() {
  SSL_CTX_free(handle_);
}

Channel::Channel(int descriptor, const ServerTls* tls) : descriptor_(descriptor) {
  if (!tls) return;
  ssl_ = SSL_new(tls->handle());
  SSL_set_fd(ssl_, descriptor);
  is_open_ = SSL_accept(ssl_) == 1;
}
Channel::~Channel() {
  if (ssl_ && is_open_) SSL_shutdown(ssl_);
  SSL_free(ssl_);
}

bool Channel::has_pending() const {
  return ssl_ && SSL_pending(ssl_) > 0;
}

std::size_t Channel::read(MutableByteView out) {
  const auto got =
      ssl_ ? SSL_read(ssl_, out.data(), static_cast<int>(out.size())) : ::recv(descriptor_, out.data(), out.size(), 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

bool Channel::write(ByteView bytes) {
  if (ssl_) return bytes.empty() || SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  return RawConnection(descriptor_).write(bytes);
}

std::string Channel::read_until(std::string_view end) {
  std::string text;
  std::uint8_t byte = 0;
  while (!text.ends_with(end) && read({&byte, 1}) == 1) text.push_back(static_cast<char>(byte));
  return text;
}

Bytes Channel::read_exact(std::size_t size) {
  Bytes out(size);
  for (std::size_t at = 0; at < size;) {
    const std::size_t got = read(MutableByteView(out).subspan(at));
    if (got == 0) break;
    at += got;
  }
  return out;
}

void Channel::wait_for_close() {
  std::array<std::uint8_t, 4096> dropped;
  while (read(dropped) > 0) {
  }
}

}  // namespace ponte::test
