// One connection's bytes: prologue, handshake, then encrypted stanzas.
#pragma once

#include <optional>
#include <string>

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
  /// Draws the ephemeral key. `static_keys` (the noise key) outlives the handshake. With `resumption` the first
  /// message is IK's.
  Connection(const SessionConfig& config, const crypto::KeyPair& static_keys,
             const std::optional<noise::Handshake::Resumption>& resumption, RandomSource& random);

  /// Prologue (with the edge-routing block where there is routing info) and ClientHello in one message.
  Result<Bytes> first_message(ByteView routing_info);

  void feed(ByteView bytes) { decoder_.feed(bytes); }
  /// Before: 64 KiB a frame in the handshake, then 256 KiB, inflated too. From now on what the wire can carry.
  void logged_in() { largest_ = wire::kMaxFrameSize; }
  /// The next whole frame. kMalformed/kFrameTooLarge for one that is, or will be, larger than allowed now.
  Result<std::optional<Bytes>> take_frame();

  bool established() const { return channel_.has_value(); }
  /// Whether the handshake stands or falls with a server key known from before.
  bool resuming() const { return handshake_ && handshake_->pattern() == noise::Handshake::Pattern::kIk; }
  /// After the server's hello.
  struct Established {
    Bytes message;  ///< to be sent: ClientFinish carrying `payload`; empty where there is nothing to send
    std::optional<noise::CertificateChain> chain;  ///< verified just now
  };
  Result<Established> finish(ByteView server_hello, ByteView payload, Wall wall);

  /// A transport frame as a stanza.
  Result<wire::Node> open(ByteView frame);
  /// A stanza as one message to send. The order of calls is the order on the wire.
  Result<Bytes> seal(const wire::Node& node);
  /// Tag and id of the stanza that was sealed last, for a server that complains of it.
  const std::string& last_sent() const { return last_sent_; }

 private:
  const SessionConfig& config_;
  std::optional<noise::Handshake> handshake_;
  std::optional<noise::Channel> channel_;
  wire::FrameDecoder decoder_;
  std::size_t largest_;  ///< payload of a frame that is taken
  std::string last_sent_;
};

}  // namespace ponte::protocol
