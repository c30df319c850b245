// One connection's bytes: prologue, handshake, then encrypted stanzas.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/noise/channel.h"
#include "protocol/noise/handshake.h"
#include "protocol/session/config.h"
#include "protocol/wire/frame_codec.h"
#include "protocol/wire/node.h"

namespace ponte::protocol {

/// From the first bytes to the last frame of one socket. Pure; one thread; made anew per connection.
class Connection {
 public:
  /// Draws the ephemeral key. `static_keys` (the noise key) outlives the handshake.
  Connection(const SessionConfig& config, const crypto::KeyPair& static_keys, RandomSource& random);

  /// Prologue (with the edge-routing block where there is routing info) and ClientHello in one message.
  Result<Bytes> first_message(ByteView routing_info);

  void feed(ByteView bytes) { decoder_.feed(bytes); }
  /// The next whole frame. kMalformed/kFrameTooLarge where a handshake frame grows past 64 KiB.
  Result<std::optional<Bytes>> take_frame();

  bool established() const { return channel_.has_value(); }
  /// The server's hello; answers with the message to send (ClientFinish carrying `payload`).
  Result<Bytes> finish(ByteView server_hello, ByteView payload, Wall wall);

  /// A transport frame as a stanza.
  Result<wire::Node> open(ByteView frame);
  /// A stanza as one message to send. The order of calls is the order on the wire.
  Result<Bytes> seal(const wire::Node& node);

 private:
  const SessionConfig& config_;
  std::optional<noise::Handshake> handshake_;
  std::optional<noise::Channel> channel_;
  wire::FrameDecoder decoder_;
};

}  // namespace ponte::protocol
