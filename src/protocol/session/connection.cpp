#include "protocol/session/connection.h"

#include <algorithm>

#include "protocol/wire/node_codec.h"

namespace ponte::protocol {
namespace {

// A real ServerHello is about 350 bytes, pair-device is 1 KiB. Nobody may make us hold the 16 MiB that a frame's length
// could announce, or inflate to them, before there is anything that large to say.
constexpr std::size_t kMaxInHandshake = 64u << 10;
constexpr std::size_t kMaxBeforeLogin = 256u << 10;
constexpr std::size_t kLengthSize = 3;

}  // namespace

Connection::Connection(const SessionConfig& config, const crypto::KeyPair& static_keys,
                       const std::optional<noise::Handshake::Resumption>& resumption, RandomSource& random)
    : config_(config),
      handshake_(std::in_place, noise::Handshake::Options{config.root_key, &static_keys, resumption}, random),
      largest_(kMaxInHandshake) {}

Result<Bytes> Connection::first_message(ByteView routing_info) {
  Bytes message = wire::stream_prologue(routing_info);
  PONTE_ASSIGN(const Bytes frame, wire::encode_frame_bytes(handshake_->client_hello()));
  append(message, frame);
  return message;
}

Result<std::optional<Bytes>> Connection::take_frame() {
  auto frame = decoder_.take();
  if (std::max(decoder_.buffered(), frame ? frame->size() : 0) > largest_ + kLengthSize) {
    return Error{Errc::kMalformed, Cause::kFrameTooLarge,
                 "frame: expected at most " + std::to_string(largest_) + " bytes at this stage"};
  }
  return frame;
}

Result<Connection::Established> Connection::finish(ByteView server_hello, ByteView payload, Wall wall) {
  PONTE_ASSIGN(noise::Handshake::Finished finished, handshake_->on_server_hello(server_hello, payload, wall));
  channel_.emplace(finished.keys, noise::Channel::Role::kClient);
  largest_ = kMaxBeforeLogin;
  handshake_.reset();
  Established out{{}, std::move(finished.chain)};
  if (!finished.client_finish.empty()) {
    PONTE_ASSIGN(out.message, wire::encode_frame_bytes(finished.client_finish));
  }
  return out;
}

Result<wire::Node> Connection::open(ByteView frame) {
  PONTE_ASSIGN(const Bytes plaintext, channel_->decrypt(frame));
  if (config_.observer != nullptr) config_.observer->on_stanza(StanzaObserver::Direction::kIn, plaintext);
  return wire::decode_frame(plaintext, largest_);
}

Result<Bytes> Connection::seal(const wire::Node& node) {
  last_sent_ = node.tag + " " + node.attribute("id").value_or("");
  const Bytes plaintext = wire::encode_frame(node);
  if (config_.observer != nullptr) config_.observer->on_stanza(StanzaObserver::Direction::kOut, plaintext);
  PONTE_ASSIGN(const Bytes ciphertext, channel_->encrypt(plaintext));
  return wire::encode_frame_bytes(ciphertext);
}

}  // namespace ponte::protocol
