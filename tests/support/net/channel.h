// The server's side of a scripted connection: the socket, or TLS on it. Blocking.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "support/net/certificates.h"

struct ssl_st;
struct ssl_ctx_st;

namespace ponte::test {

/// TLS of a server with this certificate.
class ServerTls {
 public:
  explicit ServerTls(const IssuedCertificate& certificate);
  ~ServerTls();
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;
  ssl_ctx_st* handle() const { return handle_; }

 private:
  ssl_ctx_st* const handle_;
};

class Channel {
 public:
  /// `tls` null: plain. Otherwise it shakes hands; then see is_open().
  Channel(int descriptor, const ServerTls* tls);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool is_open() const { return is_open_; }
  /// Bytes wait that the socket does not show.
  bool has_pending() const;
  /// 0 where the client is gone.
  std::size_t read(MutableByteView out);
  /// False where the client is gone.
  bool write(ByteView bytes);
  bool write(std::string_view text) { return write(as_bytes(text)); }
  /// All up to and including `end`; less where the client is gone.
  std::string read_until(std::string_view end);
  /// Where the client is gone the rest is zero.
  Bytes read_exact(std::size_t size);
  /// Reads and drops until the client is gone.
  void wait_for_close();

 private:
  const int descriptor_;
  ssl_st* ssl_ = nullptr;
  bool is_open_ = true;
};

}  // namespace ponte::test
