// A plain TCP stream.
#pragma once

#include <asio/ip/tcp.hpp>
#include <memory>

#include "net/stream.h"

namespace ponte::net {

class LoopShared;

/// Reads into the loop's shared buffer when the socket is readable and writes directly; only what a
/// full socket does not take is held here.
class SocketStream final : public Stream {
 public:
  /// Bytes queued for a peer that does not read, beyond which the stream fails.
  static constexpr std::size_t kQueueLimit = 4u << 20;

  /// `owner` keeps this object and the listener alive while one of their handlers runs.
  SocketStream(asio::ip::tcp::socket socket, LoopShared& shared, StreamListener& listener, std::weak_ptr<void> owner);

  void start() override;
  void write(ByteView bytes) override;
  void finish() override;
  void abort() override;
  void fail_later(Error why) override;
  Error overdue() const override;

 private:
  // kOpen ──write fails──► kBroken ──reading ends──► kClosed
  //   └──finish──► kFinishing ──queue sent──► kClosed
  enum class State {
    kOpen,       // both directions
    kBroken,     // writing failed: what the peer sent before is still read, then the failure is reported
    kFinishing,  // nothing more is reported
    kClosed,
  };

  void wait_readable();
  void wait_writable();
  void on_readable();
  void flush();
  void queue(ByteView bytes);
  void report(Error why);

  asio::ip::tcp::socket socket_;
  LoopShared& shared_;
  StreamListener& listener_;
  std::weak_ptr<void> owner_;
  State state_ = State::kOpen;
  Bytes queue_;  // from sent_ on, unsent
  std::size_t sent_ = 0;
  std::unique_ptr<Error> broken_by_;
};

/// A SocketStream. `owner` as there.
StreamFactory socket_stream(asio::ip::tcp::socket socket, LoopShared& shared, std::weak_ptr<void> owner);

}  // namespace ponte::net
