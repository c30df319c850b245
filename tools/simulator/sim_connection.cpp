#include "simulator/sim_connection.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "protocol/wire/node_codec.h"
#include "simulator/client_payload.h"
#include "simulator/hostile.h"
#include "simulator/online_side.h"
#include "simulator/pairing_side.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Node;
using protocol::wire::server_jid;

constexpr std::uint8_t kFlagCompressed = 0x02;

/// The server as a bare token: some clients write it so in place of a JID.
bool names_server(const Node& ack) {
  return ack.attribute("to") == protocol::wire::kUserServer;
}

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::optional<FreezePoint> point_of_link_code(const Node& request) {
  const auto stage = request.attribute("stage");
  if (stage == "companion_hello") return FreezePoint::kCompanionHello;
  if (stage == "companion_finish") return FreezePoint::kCompanionFinish;
  return std::nullopt;
}

/// How well an ack fits a stanza; 0 where it is of another id.
constexpr int kExactly = 8;
int likeness(const Node& ack, const Node& stanza) {
  if (ack.attribute("id") != stanza.attribute("id")) return 0;
  int out = 1;
  if (ack.attribute("class") == stanza.tag) out += 4;
  if (ack.attribute("to") == stanza.attribute("from")) out += 2;
  if (ack.attribute("participant") == stanza.attribute("participant")) out += 1;
  return out;
}

/// What a client's own iq is about.
std::optional<FreezePoint> point_of_request(const Node& iq) {
  static constexpr std::array<std::pair<std::string_view, FreezePoint>, 6> kPoints = {
      {{"passkey_prologue", FreezePoint::kPasskeyPrologue},
       {"companion_nonce", FreezePoint::kCompanionNonce},
       {"encrypted_pairing_request", FreezePoint::kEncryptedPairingRequest},
       {"registration", FreezePoint::kPrekeyUpload},
       {"active", FreezePoint::kActive},
       {"remove-companion-device", FreezePoint::kLogout}}};
  for (const auto& [tag, point] : kPoints) {
    if (iq.find(tag) != nullptr) return point;
  }
  const Node* link_code = iq.find("link_code_companion_reg");
  return link_code != nullptr ? point_of_link_code(*link_code) : std::nullopt;
}

}  // namespace

SimConnection::SimConnection(World& world, ConnectionId id, Faults faults, const Now& now)
    : world_(world),
      id_(id),
      faults_(std::move(faults)),
      now_(now),
      opened_(now),
      last_input_(now.mono),
      next_id_(3'000'000'000 + id * 1000) {
  ++world_.counters.connections;
}

SimConnection::~SimConnection() = default;

std::string_view SimConnection::state_name() const {
  switch (state_) {
    case State::kPrologue: return "prologue";
    case State::kClientHello: return "client-hello";
    case State::kClientFinish: return "client-finish";
    case State::kPairing: return "pairing";
    case State::kOnline: return "online";
    case State::kClosing: return "closing";
  }
  return "";
}

void SimConnection::touch(const Now& now) {
  now_ = now;
}

void SimConnection::note_use(std::string_view what, ByteView value) {
  if (world_.used_once.note(value) != UsedValues::Found::kNothing) violation(std::string(what) + " was used before");
}

std::string SimConnection::next_id() {
  return std::to_string(next_id_++);
}

void SimConnection::on_bytes(ByteView bytes, const Now& now) {
  now_ = now;
  last_input_ = now.mono;
  if (state_ == State::kClosing || frozen_) return;
  if (state_ == State::kPrologue) {
    auto found = prologue_.feed(bytes);
    if (!found.ok()) return fail_handshake(found.error());
    if (!found->has_value()) return;
    routing_info_ = std::move((*found)->routing_info);
    state_ = State::kClientHello;
    frames_.feed((*found)->rest);
  } else {
    frames_.feed(bytes);
  }
  while (state_ != State::kClosing && !frozen_) {
    const std::optional<Bytes> frame = frames_.take();
    if (!frame) break;
    ++world_.counters.frames_in;
    ++messages_;
    on_frame(*frame);
  }
}

void SimConnection::on_frame(ByteView payload) {
  switch (state_) {
    case State::kClientHello: return on_client_hello(payload);
    case State::kClientFinish: return on_client_finish(payload);
    case State::kPairing:
    case State::kOnline: return on_transport(payload);
    case State::kPrologue:
    case State::kClosing: return;
  }
}

bool SimConnection::passes(std::optional<FreezePoint> point) {
  const bool counted = faults_.freeze_after && messages_ >= *faults_.freeze_after;
  if (!counted && (!point || faults_.freeze_on != point)) return true;
  frozen_ = true;
  return faults_.freeze_after_effect.value_or(false);
}

std::optional<FreezePoint> SimConnection::freeze_point(const Node& stanza) const {
  if (stanza.tag != "iq") return std::nullopt;
  const auto id = stanza.attribute("id");
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& entry) { return entry.id == id; });
  if (found == asked_.end()) return point_of_request(stanza);
  if (found->about == "pair-device") return FreezePoint::kPairDeviceAck;
  if (found->about == "pair-success") return FreezePoint::kPairSuccessAnswer;
  return std::nullopt;
}

void SimConnection::on_client_hello(ByteView message) {
  if (const auto ephemeral = client_ephemeral(message)) note_use("the ephemeral key of ClientHello", *ephemeral);
  if (!passes(FreezePoint::kClientHello)) return;
  const HandshakeFault fault = faults_.handshake.value_or(HandshakeFault::kNone);
  if (fault == HandshakeFault::kSilent) return;
  if (fault == HandshakeFault::kDropAfterHello) return close(Close::Kind::kAbort);
  if (fault == HandshakeFault::kGarbageServerHello) return emit_frame(world_.random.array<64>());

  responder_ = std::make_unique<Responder>();
  const Bytes& chain = world_.chain.bytes(faults_.chain.value_or(ChainDefect::kNone), now_.wall);
  auto reply = responder_->on_client_hello(
      message, {&world_.chain.static_keys(), chain, faults_.ik.value_or(IkAnswer::kAccept)}, world_.random);
  if (!reply.ok()) return fail_handshake(reply.error());
  pattern_ = reply->pattern;
  Bytes& hello = reply->server_hello;
  if (fault == HandshakeFault::kBadTag) hello[hello.size() / 4] ^= 0x10;
  if (fault == HandshakeFault::kHalfServerHello) {
    const auto frame = protocol::wire::encode_frame_bytes(hello);
    emit(to_bytes(ByteView(*frame).first(frame->size() / 2)));
    return close(Close::Kind::kAbort);
  }
  emit_frame(hello);
  if (reply->finished) return on_authenticated(std::move(*reply->finished));
  state_ = State::kClientFinish;
}

void SimConnection::on_client_finish(ByteView message) {
  if (!passes(FreezePoint::kClientFinish)) return;
  if (faults_.handshake == HandshakeFault::kDropAfterFinish) return close(Close::Kind::kAbort);
  auto finished = responder_->on_client_finish(message);
  if (!finished.ok()) return fail_handshake(finished.error());
  on_authenticated(std::move(*finished));
}

void SimConnection::fail_handshake(const Error& error) {
  ++world_.counters.handshakes_failed;
  violation("handshake: " + error.message);
  close();
}

void SimConnection::on_authenticated(Responder::Finished finished) {
  Counters& counters = world_.counters;
  switch (*pattern_) {
    case Pattern::kXx: ++counters.handshakes_xx; break;
    case Pattern::kIk: ++counters.handshakes_ik; break;
    case Pattern::kXxFallback: ++counters.handshakes_fallback; break;
  }
  responder_.reset();
  channel_.emplace(finished.keys, protocol::noise::Channel::Role::kServer);
  state_ = State::kPairing;
  if (faults_.handshake == HandshakeFault::kSilentAfterFinish) return;
  if (faults_.handshake == HandshakeFault::kGarbageAfterFinish) return send_garbage();

  auto details = read_client_payload(finished.payload, finished.client_static);
  if (!details.ok()) {
    violation("ClientPayload: " + details.error().message);
    return refuse(400, nullptr);
  }
  for (std::string& remark : details->remarks) violation("ClientPayload: " + std::move(remark));
  if (details->revision < world_.options.minimum_revision) return refuse(405, nullptr);
  if (std::holds_alternative<Login>(details->purpose)) return log_in(std::move(*details));
  register_device(std::move(*details));
}

void SimConnection::register_device(ClientDetails details) {
  if (faults_.failure) return refuse(faults_.failure->reason, &*faults_.failure);
  if (faults_.unasked_success.value_or(false)) send(stray_success_node(now_));
  side_ = std::make_unique<PairingSide>(*this, std::move(details));
  side_->start();
}

void SimConnection::log_in(ClientDetails details) {
  const Login& login = std::get<Login>(details.purpose);
  faults_.overlay(world_.faults.for_number(login.number));
  if (faults_.failure) return refuse(faults_.failure->reason, &*faults_.failure);
  Account* account = world_.accounts.find(login.number);
  Companion* companion = account == nullptr ? nullptr : account->find(login.device);
  if (companion == nullptr || companion->keys.noise != login.noise) return refuse(401, nullptr);
  state_ = State::kOnline;
  side_ = std::make_unique<OnlineSide>(*this, *account, login.device, details);
  side_->start();
}

void SimConnection::refuse(unsigned reason, const Failure* configured) {
  ++world_.counters.logins_refused;
  end_with(failure_node(configured != nullptr ? *configured : Failure{reason, {}}));
}

void SimConnection::on_transport(ByteView ciphertext) {
  auto plaintext = channel_->decrypt(ciphertext);
  if (!plaintext.ok()) {
    violation("transport: " + plaintext.error().message);
    return close();
  }
  if (world_.observer != nullptr) world_.observer->on_stanza(id_, Observer::Direction::kIn, *plaintext);
  auto stanza = protocol::wire::decode_frame(*plaintext);
  if (!stanza.ok()) {
    violation("stanza: " + stanza.error().message);
    return end_with(Node("stream:error").child(Node("xml-not-well-formed")));
  }
  on_stanza(*stanza);
}

void SimConnection::on_stanza(const Node& stanza) {
  if (side_) side_->note_uses(stanza);
  if (!passes(freeze_point(stanza))) return;
  if (stanza.tag == "ack") return on_ack(stanza);
  if (stanza.tag == "xmlstreamend") return close();
  const auto type = stanza.attribute("type");
  if (stanza.tag == "iq" && (type == "result" || type == "error")) return on_answer(stanza);
  if (side_) side_->on_stanza(stanza);
}

void SimConnection::on_ack(const Node& ack) {
  const auto id = ack.attribute("id");
  // Receipts of several devices carry one id: the one that fits best is meant. Of many stanzas the first is, mostly.
  auto found = unacked_.end();
  int best = 0;
  for (auto entry = unacked_.begin(); entry != unacked_.end() && best < kExactly; ++entry) {
    const int fits = likeness(ack, entry->stanza);
    if (fits > best) best = fits, found = entry;
  }
  if (found == unacked_.end()) {
    if (ack.attribute("class") == "message") return;  // a receipt has answered it before
    // Acknowledging twice, or something that needs none, ends in stream errors with the real server.
    return violation("ack of " + in_quotes(id.value_or("")) + " which does not wait for one");
  }
  const Node& stanza = found->stanza;
  if (ack.attribute("class") != stanza.tag) {
    violation("ack of a " + stanza.tag + " with class " + in_quotes(ack.attribute("class").value_or("")));
  }
  if (ack.jid("to") != stanza.jid("from") && !(names_server(ack) && stanza.jid("from") == server_jid())) {
    violation("ack to " + in_quotes(ack.attribute("to").value_or("")) + ", the stanza came from " +
              in_quotes(stanza.attribute("from").value_or("")));
  }
  for (const char* copied : {"participant", "recipient"}) {
    if (stanza.attribute(copied) && ack.attribute(copied) != stanza.attribute(copied)) {
      violation(std::string("ack without the stanza's ") + copied);
    }
  }
  ++world_.counters.acks;
  unacked_.erase(found);
}

void SimConnection::receipted(const Node& receipt) {
  // Neither ends it: the one asks for the message again, the other says that what it told of was stored.
  const auto type = receipt.attribute("type");
  if (type == "retry" || type == "hist_sync") return;
  std::vector<std::string> ids = {receipt.attribute("id").value_or("")};
  if (const Node* list = receipt.find("list")) {
    for (const Node& item : list->children()) ids.push_back(item.attribute("id").value_or(""));
  }
  std::erase_if(unacked_, [&](const Unacked& entry) {
    const Node& stanza = entry.stanza;
    if (stanza.tag != "message" || std::find(ids.begin(), ids.end(), stanza.attribute("id")) == ids.end()) return false;
    const auto to = receipt.jid("to");
    const auto from = stanza.jid("from");
    const bool same =
        to && from && (to->user == from->user || world_.accounts.find(*to) == world_.accounts.find(*from));
    if (to && from && !same) {
      violation("receipt to " + in_quotes(to->to_string()) + ", the message came from " + in_quotes(from->to_string()));
    }
    return true;
  });
}

void SimConnection::on_answer(const Node& answer) {
  const auto id = answer.attribute("id");
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& entry) { return entry.id == id; });
  if (found == asked_.end())
    return violation("iq answer with id " + in_quotes(id.value_or("")) + " that was not asked");
  auto on_answer = std::move(found->on_answer);
  asked_.erase(found);
  on_answer(answer);
}

void SimConnection::send(const Node& stanza) {
  if (!channel_ || output_closed_) return;
  const Bytes plaintext = protocol::wire::encode_frame(stanza);
  send_plaintext(faults_.compress.value_or(false) ? compressed_frame(plaintext) : plaintext);
}

std::optional<Bytes> SimConnection::encrypt(ByteView plaintext) {
  if (!channel_ || output_closed_) return std::nullopt;
  if (world_.observer != nullptr) world_.observer->on_stanza(id_, Observer::Direction::kOut, plaintext);
  auto ciphertext = channel_->encrypt(plaintext);
  if (ciphertext.ok()) return std::move(*ciphertext);
  close();
  return std::nullopt;
}

void SimConnection::send_plaintext(ByteView plaintext) {
  if (const auto ciphertext = encrypt(plaintext)) emit_frame(*ciphertext);
}

void SimConnection::send_in_pieces(ByteView plaintext, const Pieces& pieces) {
  const auto ciphertext = encrypt(plaintext);
  if (!ciphertext) return;
  auto frame = protocol::wire::encode_frame_bytes(*ciphertext);
  if (!frame.ok()) return close();
  ++world_.counters.frames_out;
  const std::size_t header = frame->size() - ciphertext->size();
  ByteView rest = ByteView(*frame).first(header + std::min(pieces.limit, ciphertext->size()));
  for (bool first = true; !rest.empty(); first = false) {
    const std::size_t size = std::min(rest.size(), pieces.size);
    queue(SendBytes{to_bytes(rest.first(size))}, first ? Milliseconds(0) : pieces.interval);
    rest = rest.subspan(size);
  }
  if (pieces.limit < ciphertext->size()) frozen_ = true;
}

void SimConnection::send_garbage() {
  emit_frame(world_.random.array<48>());
}

void SimConnection::send_iq(Node iq, UniqueFunction<void(const Node&)> on_answer) {
  std::string id = next_id();
  iq.with("id", id);
  // Pings that a client leaves unanswered must not pile up.
  constexpr std::size_t kMostAsked = 32;
  if (asked_.size() == kMostAsked) asked_.erase(asked_.begin());
  std::string about = iq.children().empty() ? std::string() : iq.children().front().tag;
  asked_.push_back({std::move(id), std::move(about), std::move(on_answer)});
  send(iq);
}

void SimConnection::send_for_ack(Node stanza) {
  if (!stanza.attribute("id")) stanza.with("id", next_id());
  send(stanza);
  unacked_.push_back({std::move(stanza), now_.mono});
}

std::vector<Node> SimConnection::take_unacknowledged() {
  std::vector<Node> out;
  out.reserve(unacked_.size());
  for (Unacked& entry : unacked_) out.push_back(std::move(entry.stanza));
  unacked_.clear();
  return out;
}

void SimConnection::emit_frame(ByteView payload) {
  auto frame = protocol::wire::encode_frame_bytes(payload);
  if (!frame.ok()) return close();
  ++world_.counters.frames_out;
  emit(std::move(*frame));
}

void SimConnection::emit(Bytes bytes) {
  switch (faults_.packing.value_or(Packing::kOneFrame)) {
    case Packing::kOneFrame: return queue(SendBytes{std::move(bytes)});
    case Packing::kBytes:
      for (std::uint8_t byte : bytes) queue(SendBytes{Bytes(1, byte)});
      return;
    case Packing::kRandom:
      for (ByteView rest = bytes; !rest.empty();) {
        const std::size_t size = std::min<std::size_t>(rest.size(), 1 + world_.random.array<1>()[0] % 64);
        queue(SendBytes{to_bytes(rest.first(size))});
        rest = rest.subspan(size);
      }
      return;
    case Packing::kJoined:
      if (!outputs_.empty() && outputs_.back().due == now_.mono && !output_closed_) {
        if (auto* last = std::get_if<SendBytes>(&outputs_.back().output)) return append(last->bytes, bytes);
      }
      return queue(SendBytes{std::move(bytes)});
  }
}

void SimConnection::queue(Output output, Milliseconds extra_delay) {
  if (output_closed_ || frozen_) return;
  const Mono earliest = outputs_.empty() ? now_.mono : std::max(now_.mono, outputs_.back().due);
  const bool is_close = std::holds_alternative<Close>(output);
  const Milliseconds delay = is_close ? extra_delay : faults_.delay.value_or(Milliseconds(0)) + extra_delay;
  outputs_.push_back({earliest + delay, std::move(output)});
  output_closed_ = is_close;
  if (world_.on_output) world_.on_output(*this);
}

void SimConnection::drop(Close::Kind kind) {
  frozen_ = false;
  close(kind);
  if (!output_closed_) queue(Close{kind});
}

void SimConnection::close(Close::Kind kind, Milliseconds delay) {
  if (state_ == State::kClosing) return;
  state_ = State::kClosing;
  queue(Close{kind}, delay);
  release();
}

void SimConnection::end_with(const Node& stanza, Milliseconds delay) {
  send(stanza);
  close(Close::Kind::kNormal, delay);
}

void SimConnection::on_closed(const Now& now) {
  now_ = now;
  outputs_.clear();
  output_closed_ = true;
  if (state_ == State::kClosing) return;
  state_ = State::kClosing;
  release();
}

void SimConnection::release() {
  asked_.clear();
  if (side_) side_->on_closed();
}

void SimConnection::on_deadline(const Now& now) {
  now_ = now;
  if (state_ == State::kClosing || frozen_) return;
  const Options& options = world_.options;
  if (faults_.drop_after && now.mono >= opened_.mono + *faults_.drop_after) return close(Close::Kind::kAbort);
  if (state_ < State::kPairing) {
    if (now.mono >= opened_.mono + options.handshake_timeout) {
      ++world_.counters.handshakes_failed;
      close();
    }
    return;
  }
  if (now.mono >= last_input_ + options.idle_timeout) return close();
  check_ack_deadline();
  if (side_ && state_ != State::kClosing) side_->on_deadline();
}

void SimConnection::check_ack_deadline() {
  if (!faults_.ack_deadline || unacked_.empty()) return;
  const Unacked& oldest = unacked_.front();
  if (now_.mono < oldest.sent + *faults_.ack_deadline) return;
  violation("no ack of a " + oldest.stanza.tag + " in time");
  Node ack("ack");
  ack.with("class", oldest.stanza.tag).with("id", oldest.stanza.attribute("id").value_or(""));
  end_with(Node("stream:error").child(std::move(ack)));
}

std::optional<Output> SimConnection::poll_output() {
  std::optional<Output> out;
  if (outputs_.empty() || outputs_.front().due > now_.mono) return out;
  out.emplace(std::move(outputs_.front().output));
  outputs_.pop_front();
  return out;
}

std::optional<Mono> SimConnection::next_deadline() const {
  std::optional<Mono> next;
  const auto consider = [&next](Mono deadline) { next = next ? std::min(*next, deadline) : deadline; };
  if (!outputs_.empty()) consider(outputs_.front().due);
  if (state_ == State::kClosing || frozen_) return next;
  if (faults_.drop_after) consider(opened_.mono + *faults_.drop_after);
  if (state_ < State::kPairing) {
    consider(opened_.mono + world_.options.handshake_timeout);
    return next;
  }
  consider(last_input_ + world_.options.idle_timeout);
  if (faults_.ack_deadline && !unacked_.empty()) consider(unacked_.front().sent + *faults_.ack_deadline);
  if (side_) {
    if (const auto deadline = side_->next_deadline()) consider(*deadline);
  }
  return next;
}

Bytes compressed_frame(ByteView frame) {
  uLongf size = compressBound(static_cast<uLong>(frame.size()));
  Bytes out(1 + size);
  out[0] = kFlagCompressed;
  compress(out.data() + 1, &size, frame.data() + 1, static_cast<uLong>(frame.size() - 1));
  out.resize(1 + size);
  return out;
}

Node failure_node(const Failure& failure) {
  Node node("failure");
  node.with("reason", std::to_string(failure.reason)).with("location", "frc");
  for (const auto& [key, value] : failure.attributes) node.with(key, value);
  return node;
}

Node stream_error_node(unsigned code) {
  Node node("stream:error");
  if (code != 0) node.with("code", std::to_string(code));
  return node;
}

Node conflict_node(unsigned code, std::string_view type) {
  return stream_error_node(code).child(Node("conflict").with("type", type));
}

}  // namespace ponte::simulator
