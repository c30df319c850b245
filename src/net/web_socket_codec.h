// RFC 6455, the client's side, as a pure codec: bytes in, bytes out. The only file with websocketpp is
// its .cpp.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::net {

struct WebSocketOptions;

/// What the codec has to say, from within the call that caused it.
class WebSocketSink {
 public:
  virtual ~WebSocketSink() = default;
  /// To be sent. The view is valid during the call only.
  virtual void on_codec_output(ByteView bytes) = 0;
  /// The upgrade succeeded.
  virtual void on_codec_open() = 0;
  /// A whole binary message. Text is dropped.
  virtual void on_codec_message(Bytes message) = 0;
};

/// One connection's codec: upgrade, frames, fragments, masks, pong and close. No clock: deadlines are the
/// owner's. The sink may call send() and close(), but not feed() or the destructor.
class WebSocketCodec {
 public:
  /// What a server may send before its upgrade answer is complete, in bytes.
  static constexpr std::size_t kMaxUpgradeAnswer = 15 * 1024;

  ~WebSocketCodec();

  /// Puts out the upgrade request.
  Status start();
  /// Takes what the peer sent. An error is the end of the connection: what was put out still wants sending.
  /// kWebSocketRefused (kUnavailable for 408, 429 and 5xx, which are worth a retry, else kRejected),
  /// kMalformed/kWebSocketProtocol, kUnavailable/kConnectionClosed with the peer's close code,
  /// kCancelled/kConnectionClosed after our own close().
  Status feed(ByteView bytes);
  /// One binary message; dropped unless open.
  Status send(ByteView message);
  /// A close frame with code 1000; nothing unless open.
  Status close();

 private:
  friend class WebSocketCodecFactory;
  struct Impl;
  explicit WebSocketCodec(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What all codecs of one loop share. It outlives them. One thread.
class WebSocketCodecFactory {
 public:
  WebSocketCodecFactory();
  ~WebSocketCodecFactory();

  /// kInvalidArgument/kInvalidRequest where a header or the resource cannot be sent as it is.
  Result<std::unique_ptr<WebSocketCodec>> create(const WebSocketOptions& options, WebSocketSink& sink);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::net
