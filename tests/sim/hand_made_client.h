// A client made by hand, for tests of the simulator itself: it shares the codecs with ours, and
// nothing of the session or of pairing.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "adv.pb.h"
#include "client_payload.pb.h"
#include "companion.pb.h"
#include "crypto/base64.h"
#include "crypto/digest.h"
#include "protocol/noise/channel.h"
#include "protocol/noise/handshake.h"
#include "protocol/wire/frame_codec.h"
#include "protocol/wire/node_codec.h"
#include "simulator/sim_server.h"
#include "support/scripted_random.h"
#include "support/virtual_clock.h"

namespace ponte::test::by_hand {

using protocol::wire::Node;
using protocol::wire::server_jid;
namespace noise = protocol::noise;
namespace wire = protocol::wire;

/// The keys of one device.
struct DeviceKeys {
  explicit DeviceKeys(RandomSource& random)
      : noise(crypto::generate_key_pair(random)),
        identity(crypto::generate_key_pair(random)),
        signed_prekey(crypto::generate_key_pair(random)),
        adv_secret(random.array<32>()) {
    const Bytes signed_text = concat({ByteArray<1>{5}, signed_prekey.public_key});
    signature = crypto::xeddsa_sign(identity.private_key, signed_text, random);
  }

  std::string qr(const std::string& ref) const {
    return ref + "," + crypto::base64(noise.public_key) + "," + crypto::base64(identity.public_key) + "," +
           crypto::base64(adv_secret.view()) + ",1";
  }

  crypto::KeyPair noise;
  crypto::KeyPair identity;
  crypto::KeyPair signed_prekey;
  crypto::Signature signature{};
  Secret<32> adv_secret;
};

inline proto::ClientPayload base_payload() {
  proto::ClientPayload payload;
  auto& agent = *payload.mutable_user_agent();
  agent.set_platform(proto::ClientPayload::UserAgent::WEB);
  agent.mutable_app_version()->set_primary(2);
  agent.mutable_app_version()->set_secondary(3000);
  agent.mutable_app_version()->set_tertiary(1045649367);
  return payload;
}

inline proto::ClientPayload registration_payload(const DeviceKeys& keys) {
  proto::ClientPayload payload = base_payload();
  payload.set_passive(false);
  auto& data = *payload.mutable_device_pairing_data();
  data.set_e_regid(std::string("\x00\x00\x12\x34", 4));
  data.set_e_keytype(std::string("\x05", 1));
  data.set_e_ident(to_text(keys.identity.public_key));
  data.set_e_skey_id(std::string("\x00\x00\x01", 3));
  data.set_e_skey_val(to_text(keys.signed_prekey.public_key));
  data.set_e_skey_sig(to_text(keys.signature));
  data.set_build_hash(to_text(crypto::md5(as_bytes("2.3000.1045649367"))));
  proto::DeviceProps props;
  props.set_os("Linux");
  props.set_platform_type(proto::DeviceProps::CHROME);
  data.set_device_props(props.SerializeAsString());
  return payload;
}

inline proto::ClientPayload login_payload(const std::string& number, std::uint32_t device) {
  proto::ClientPayload payload = base_payload();
  payload.set_username(std::stoull(number));
  payload.set_device(device);
  payload.set_passive(true);
  payload.set_pull(true);
  return payload;
}

/// One simulator, its clock, and what goes between it and one client at a time.
class HandMadeClient {
 public:
  HandMadeClient(simulator::SimServer& server, VirtualClock& clock, RandomSource& random)
      : server_(server),
        clock_(clock),
        random_(random),
        connection_(&server.open(clock.now())),
        id_(connection_->id()) {}

  /// Prologue, handshake and payload. The error is the handshake's.
  Status connect(const DeviceKeys& keys, const proto::ClientPayload& payload) {
    noise::Handshake handshake({server_.root_key(), &keys.noise}, random_);
    send_bytes(concat({wire::stream_prologue(), *wire::encode_frame_bytes(handshake.client_hello())}));
    const auto hello = frames_.take();
    if (!hello) return Error{Errc::kTimedOut, Cause::kHandshakeTimeout, "no ServerHello"};
    PONTE_ASSIGN(auto finished,
                 handshake.on_server_hello(*hello, as_bytes(payload.SerializeAsString()), clock_.now().wall));
    channel_.emplace(finished.keys, noise::Channel::Role::kClient);
    send_bytes(*wire::encode_frame_bytes(finished.client_finish));
    return Status::Ok();
  }
  void use_channel(const noise::TransportKeys& keys) { channel_.emplace(keys, noise::Channel::Role::kClient); }

  void send_bytes(ByteView bytes) {
    connection_->on_bytes(bytes, clock_.now());
    pump();
  }
  void send(const Node& stanza) {
    send_bytes(*wire::encode_frame_bytes(*channel_->encrypt(wire::encode_frame(stanza))));
  }

  /// Fetches what the server has due now.
  void pump() {
    if (connection_ == nullptr) return;
    while (auto output = connection_->poll_output()) {
      if (const auto* bytes = std::get_if<simulator::SendBytes>(&*output)) {
        messages.push_back(bytes->bytes);
        frames_.feed(bytes->bytes);
      } else {
        closed = std::get<simulator::Close>(*output).kind;
      }
    }
  }
  /// Lets time pass, with every deadline in between.
  void advance(Milliseconds duration) {
    const Mono end = clock_.now().mono + duration;
    while (!closed) {
      const auto deadline = connection_->next_deadline();
      if (!deadline || *deadline > end) break;
      clock_.advance_to(*deadline);
      connection_->on_deadline(clock_.now());
      pump();
    }
    clock_.advance_to(end);
    connection_->on_deadline(clock_.now());
    pump();
  }
  /// The next raw frame of the server.
  std::optional<Bytes> next_frame() {
    pump();
    return frames_.take();
  }
  /// The next frame of the server, with its flag byte; nullopt where there is none, or it does not decrypt.
  std::optional<Bytes> next_plaintext() {
    const auto frame = next_frame();
    if (!frame) return std::nullopt;
    auto plaintext = channel_->decrypt(*frame);
    if (!plaintext.ok()) return std::nullopt;
    return std::move(*plaintext);
  }
  /// The next stanza of the server; nullopt where there is none, or it does not decrypt.
  std::optional<Node> next() {
    const auto plaintext = next_plaintext();
    if (!plaintext) return std::nullopt;
    auto node = wire::decode_frame(*plaintext);
    EXPECT_TRUE(node.ok());
    return node.ok() ? std::optional<Node>(std::move(*node)) : std::nullopt;
  }
  /// The next stanza with this tag; the others are thrown away.
  std::optional<Node> next(std::string_view tag) {
    while (auto node = next()) {
      if (node->tag == tag) return node;
    }
    return std::nullopt;
  }
  /// Asks, and gives the answer.
  std::optional<Node> ask(std::string_view xmlns, std::string_view type, Node child) {
    const std::string id = "c-" + std::to_string(++asked_);
    send(Node("iq")
             .with("id", id)
             .with("xmlns", xmlns)
             .with("type", type)
             .with("to", server_jid())
             .child(std::move(child)));
    while (auto node = next()) {
      if (node->attribute("id") == id) return node;
      others.push_back(std::move(*node));
    }
    return std::nullopt;
  }
  void answer(const Node& iq, std::optional<Node> child = std::nullopt) {
    Node result = Node("iq").with("to", server_jid()).with("type", "result").with("id", *iq.attribute("id"));
    if (child) result.child(std::move(*child));
    send(result);
  }
  void acknowledge(const Node& stanza) {
    Node ack("ack");
    ack.with("class", stanza.tag).with("id", *stanza.attribute("id"));
    ack.with("to", stanza.jid("from").value_or(server_jid())).with("type", stanza.attribute("type").value_or(""));
    for (const char* copied : {"participant", "recipient"}) {
      if (const auto jid = stanza.jid(copied)) ack.with(copied, *jid);
    }
    send(ack);
  }
  /// Takes pair-device and answers it; the refs.
  std::vector<std::string> take_refs() {
    const auto iq = next("iq");
    std::vector<std::string> refs;
    if (!iq || !iq->find("pair-device")) return refs;
    for (const Node& ref : iq->find("pair-device")->children()) refs.push_back(to_text(*ref.leaf()));
    answer(*iq);
    return refs;
  }
  /// The server forgets the connection, as after a TCP close.
  void hang_up() {
    connection_->on_closed(clock_.now());
    server_.forget(id_);
    connection_ = nullptr;
  }

  /// Not after hang_up.
  simulator::SimConnection& connection() { return *connection_; }

  std::optional<simulator::Close::Kind> closed;
  std::vector<Bytes> messages;  ///< as they came, one WebSocket message each
  std::vector<Node> others;     ///< what came while ask() waited

 private:
  simulator::SimServer& server_;
  VirtualClock& clock_;
  RandomSource& random_;
  simulator::SimConnection* connection_;
  simulator::ConnectionId id_;
  wire::FrameDecoder frames_;
  std::optional<noise::Channel> channel_;
  int asked_ = 0;
};

/// The answer to a pair-success, made by hand. nullopt: the node is not what it must be, or a check failed.
inline std::optional<Node> approve_by_hand(const Node& pair_success, const DeviceKeys& keys, ByteView adv_secret,
                                           RandomSource& random) {
  const Node* content = pair_success.find("device-identity");
  proto::ADVSignedDeviceIdentityHMAC container;
  if (!content || !content->leaf() ||
      !container.ParseFromArray(content->leaf()->data(), static_cast<int>(content->leaf()->size())))
    return std::nullopt;
  if (!equal(crypto::hmac_sha256(adv_secret, as_bytes(container.details())), as_bytes(container.hmac())))
    return std::nullopt;
  proto::ADVSignedDeviceIdentity identity;
  if (!identity.ParseFromString(container.details()) || identity.account_signature_key().size() != 32)
    return std::nullopt;
  const auto account_key = to_array<32>(as_bytes(identity.account_signature_key()));
  const Bytes approved = concat({ByteArray<2>{6, 0}, as_bytes(identity.details()), keys.identity.public_key});
  if (!crypto::xeddsa_verify(account_key, approved, as_bytes(identity.account_signature()))) return std::nullopt;
  proto::ADVDeviceIdentity details;
  if (!details.ParseFromString(identity.details())) return std::nullopt;
  const Bytes own = concat({ByteArray<2>{6, 1}, as_bytes(identity.details()), keys.identity.public_key, account_key});
  identity.set_device_signature(to_text(crypto::xeddsa_sign(keys.identity.private_key, own, random)));
  identity.clear_account_signature_key();
  return Node("pair-device-sign")
      .child(Node("device-identity")
                 .with("key-index", std::to_string(details.key_index()))
                 .bytes(as_bytes(identity.SerializeAsString())));
}

}  // namespace ponte::test::by_hand
