// One client connection, seen from WhatsApp's server.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"
#include "base/time.h"
#include "protocol/noise/channel.h"
#include "protocol/wire/frame_codec.h"
#include "protocol/wire/node.h"
#include "simulator/client_payload.h"
#include "simulator/faults.h"
#include "simulator/responder.h"
#include "simulator/side.h"
#include "simulator/world.h"

namespace ponte::simulator {

/// Bytes of one WebSocket message.
struct SendBytes {
  Bytes bytes;
};
/// The end. kNormal: close handshake with code 1000. kAbort: the TCP connection is reset.
struct Close {
  enum class Kind { kNormal, kAbort };
  Kind kind = Kind::kNormal;
};
using Output = std::variant<SendBytes, Close>;

///   kPrologue -> kClientHello -> kClientFinish -> kPairing -> kClosing
///            (prologue)      \ (IK)           \-> kOnline -> kClosing
///
/// kPrologue      waits for the stream prologue
/// kClientHello   waits for the first handshake message
/// kClientFinish  waits for the second one
/// kPairing       an unregistered device: pair-device was sent
/// kOnline        a registered device: success was sent
/// kClosing       nothing is read any more; output drains
///
/// Faults can freeze it in any of them: what comes is thrown away, nothing is sent or timed, and the socket stays open.
///
/// Pure: feed it, then drain poll_output and re-arm next_deadline. One thread. Owned by its SimServer,
/// until SimServer::forget.
class SimConnection {
 public:
  enum class State { kPrologue, kClientHello, kClientFinish, kPairing, kOnline, kClosing };

  SimConnection(World& world, ConnectionId id, Faults faults, const Now& now);
  ~SimConnection();

  void on_bytes(ByteView bytes, const Now& now);
  /// A WebSocket message that is not binary came.
  void on_text() { violation("a WebSocket message that is not binary"); }
  /// The client or the network closed it. Nothing may follow but forget.
  void on_closed(const Now& now);
  void on_deadline(const Now& now);
  /// What is due at the time of the last input; nothing follows a Close.
  std::optional<Output> poll_output();
  std::optional<Mono> next_deadline() const;

  ConnectionId id() const { return id_; }
  State state() const { return state_; }
  std::string_view state_name() const;
  /// True once a fault has frozen it. What was sent before still leaves.
  bool frozen() const { return frozen_; }
  std::optional<Pattern> pattern() const { return pattern_; }
  const Bytes& routing_info() const { return routing_info_; }
  const Now& opened_at() const { return opened_; }
  std::size_t unacknowledged() const { return unacked_.size(); }
  PairingSide* pairing() { return side_ ? side_->pairing() : nullptr; }
  OnlineSide* online() { return side_ ? side_->online() : nullptr; }

  // For the sides and the admin calls.
  World& world() { return world_; }
  const Now& now() const { return now_; }
  /// Time of an act that does not come through on_bytes or on_deadline.
  void touch(const Now& now);
  Faults& faults() { return faults_; }
  void violation(std::string text) { world_.note_violation(id_, std::move(text)); }
  /// A violation where any client has used `value` before, in whatever role.
  void note_use(std::string_view what, ByteView value);
  /// A fresh stanza id, decimal.
  std::string next_id();

  void send(const protocol::wire::Node& stanza);
  /// A stanza's frame as it is: flag byte and node bytes.
  void send_plaintext(ByteView plaintext);
  /// The same in WebSocket messages of `size` bytes, `interval` apart. Where `limit` is less than the ciphertext, the
  /// rest never comes, nor anything else: the connection is frozen.
  struct Pieces {
    std::size_t size;
    Milliseconds interval;
    std::size_t limit;
  };
  void send_in_pieces(ByteView plaintext, const Pieces& pieces);
  /// A frame that does not decrypt.
  void send_garbage();
  /// Sends an iq with a fresh id; `on_answer` gets the result or the error. Unanswered: dropped at close.
  void send_iq(protocol::wire::Node iq, UniqueFunction<void(const protocol::wire::Node&)> on_answer);
  /// Sends a stanza that must be acknowledged, with a fresh id unless it has one.
  void send_for_ack(protocol::wire::Node stanza);
  /// A receipt has come: the messages that it answers are no longer waited for. One of type retry answers none.
  void receipted(const protocol::wire::Node& receipt);
  /// Stanzas still unacknowledged, for redelivery; they are no longer waited for.
  std::vector<protocol::wire::Node> take_unacknowledged();
  /// Ends the connection after what is queued. Idempotent. Frozen, it ends on this side alone.
  void close(Close::Kind kind = Close::Kind::kNormal, Milliseconds delay = Milliseconds(0));
  /// close, and thaws it for that.
  void drop(Close::Kind kind);
  /// A last stanza, then close.
  void end_with(const protocol::wire::Node& stanza, Milliseconds delay = Milliseconds(0));

 private:
  struct Pending {
    Mono due;
    Output output;
  };
  struct Unacked {
    protocol::wire::Node stanza;
    Mono sent;
  };
  struct Asked {
    std::string id;
    std::string about;  ///< tag of what the iq asks
    UniqueFunction<void(const protocol::wire::Node&)> on_answer;
  };

  void on_frame(ByteView payload);
  void on_client_hello(ByteView message);
  void on_client_finish(ByteView message);
  void on_authenticated(Responder::Finished finished);
  void register_device(ClientDetails details);
  void log_in(ClientDetails details);
  void refuse(unsigned reason, const Failure* configured);
  void on_transport(ByteView ciphertext);
  void on_stanza(const protocol::wire::Node& stanza);
  void on_ack(const protocol::wire::Node& ack);
  void on_answer(const protocol::wire::Node& answer);
  /// The message that has just come is of this kind. False where it is to have no effect.
  bool passes(std::optional<FreezePoint> point);
  std::optional<FreezePoint> freeze_point(const protocol::wire::Node& stanza) const;
  void fail_handshake(const Error& error);
  void check_ack_deadline();
  /// nullopt where nothing can be sent.
  std::optional<Bytes> encrypt(ByteView plaintext);
  void emit_frame(ByteView payload);
  void emit(Bytes bytes);
  void queue(Output output, Milliseconds extra_delay = Milliseconds(0));
  void release();

  World& world_;
  ConnectionId id_;
  Faults faults_;
  Now now_;
  Now opened_;
  Mono last_input_;
  State state_ = State::kPrologue;
  protocol::wire::PrologueDecoder prologue_;
  protocol::wire::FrameDecoder frames_;
  std::unique_ptr<Responder> responder_;
  std::optional<protocol::noise::Channel> channel_;
  std::optional<Pattern> pattern_;
  Bytes routing_info_;
  std::unique_ptr<Side> side_;
  std::deque<Pending> outputs_;
  std::deque<Unacked> unacked_;
  std::vector<Asked> asked_;
  std::uint64_t next_id_;
  unsigned messages_ = 0;  ///< frames that have come
  bool frozen_ = false;
  bool output_closed_ = false;  ///< a Close is queued
  bool closed_ = false;         ///< on_closed was called
};

/// A frame of an uncompressed stanza as a zlib stream.
Bytes compressed_frame(ByteView frame);
/// `<failure reason location ...>`.
protocol::wire::Node failure_node(const Failure& failure);
/// `<stream:error code>`; no code where it is 0.
protocol::wire::Node stream_error_node(unsigned code);
/// `<stream:error [code]><conflict type/></stream:error>`.
protocol::wire::Node conflict_node(unsigned code, std::string_view type);

}  // namespace ponte::simulator
