// What the connections of one loop share, so that an idle connection holds no buffer of its own.
#pragma once

#include <array>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <cstdint>

#include "base/bytes.h"
#include "net/web_socket_codec.h"

namespace ponte::net {

/// One per loop, made at first use and destroyed with the loop. Loop thread only.
/// The buffers hold bytes only while one handler of the loop runs; handlers do not nest.
class LoopShared final : public asio::execution_context::service {
 public:
  using key_type = LoopShared;
  static asio::execution_context::id id;
  explicit LoopShared(asio::execution_context& context) : service(context) {}
  static LoopShared& of(asio::io_context& context) { return asio::use_service<LoopShared>(context); }

  static constexpr std::size_t kMaxRecord = 16 * 1024;
  /// What a socket delivered, before TLS.
  std::array<std::uint8_t, 64 * 1024> received;
  /// One record after decryption: 2^14 bytes at most (RFC 8446 5.1).
  std::array<std::uint8_t, kMaxRecord> decrypted;
  /// The same for TLS to a proxy, through which the records of another TLS stream come: those are read from here while
  /// they are decrypted into the one above. Made at first use.
  MutableByteView decrypted_of_proxy();
  WebSocketCodecFactory codecs;

 private:
  void shutdown() override {}
  Bytes decrypted_of_proxy_;
};

}  // namespace ponte::net
