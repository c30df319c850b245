// A TCP server on loopback whose connections are scripted byte by byte: for hostile behaviour.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace ponte::test {

/// One accepted connection, on a thread of its own. Closed when the script returns.
class RawConnection {
 public:
  explicit RawConnection(int descriptor) : descriptor_(descriptor) {}

  /// All up to and including `end`; less where the peer closes first.
  std::string read_until(std::string_view end);
  /// Exactly `size` bytes; less where the peer closes first.
  Bytes read_exact(std::size_t size);
  /// Returns false when the peer is gone.
  bool write(std::string_view bytes);
  bool write(ByteView bytes);
  /// Reads and drops until the peer closes.
  void wait_for_close();
  /// Reads the upgrade request and answers it rightly. The request.
  std::string upgrade();
  /// Closes with RST instead of FIN.
  void reset();
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

class RawServer {
 public:
  using Script = std::function<void(RawConnection&)>;
  explicit RawServer(Script script);
  /// Ends all scripts by closing their sockets.
  ~RawServer();
  std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The answer that RFC 6455 4.2.2 asks for, with `extra` header lines (each ending in CRLF).
std::string upgrade_answer(const std::string& request, const std::string& extra = "");
/// A server's frame: unmasked. `first_byte` is FIN, RSV and opcode.
Bytes server_frame(std::uint8_t first_byte, ByteView payload);
/// The payload of one client's frame, read and unmasked; `first_byte` is told.
Bytes read_client_frame(RawConnection& connection, std::uint8_t& first_byte);

}  // namespace ponte::test
