#include "simulator/hostile.h"

#include "base/writer.h"
#include "protocol/wire/node_codec.h"
#include "simulator/adv.h"
#include "simulator/online_side.h"
#include "simulator/pairing_side.h"

namespace ponte::simulator {
namespace {

using protocol::wire::Jid;
using protocol::wire::Node;
using protocol::wire::server_jid;

/// A phone that nobody else knows.
constexpr const char* kStrangersNumber = "999900000000001";

/// Flag byte and an `<ib>` with so many zeros that the whole has `size` bytes: at least 12.
Bytes padded_plaintext(std::size_t size) {
  constexpr ByteArray<8> kHead = {0x00, 0xF8, 0x02, 0xFC, 0x02, 'i', 'b', 0xFE};
  const std::size_t padding = size - kHead.size() - 4;
  Bytes out = concat({kHead, big_endian_array<4>(padding)});
  out.resize(size);
  return out;
}

}  // namespace

bool send_unasked_pair_success(SimConnection& connection) {
  World& world = connection.world();
  const Registration* device = nullptr;
  Secret<32> adv_secret(world.random.array<32>());
  if (OnlineSide* online = connection.online()) {
    device = &online->companion().keys;
    adv_secret = online->companion().adv_secret.copy();
  } else if (PairingSide* pairing = connection.pairing()) {
    device = &pairing->registration();
  }
  if (device == nullptr) return false;
  const Account stranger = make_account(world.seed, kStrangersNumber);
  const Wall wall = connection.now().wall;
  const DeviceIdentity identity = sign_device_identity(stranger, device->identity, 1, wall, world.random);
  Bytes sealed = seal_device_identity(identity, adv_secret, PairSuccessDefect::kNone);
  connection.send_iq(pair_success_node(stranger, 1, std::move(sealed), PairSuccessDefect::kNone, wall),
                     [&connection](const Node& answer) {
                       if (answer.attribute("type") != "result") return;
                       connection.violation("accepted a pair-success that no phone has approved");
                     });
  return true;
}

Node stray_success_node(const Now& now) {
  const Jid lid{kStrangersNumber, std::string(protocol::wire::kLidServer), 1};
  return success_node({now.wall, now.wall, lid, {}});
}

void send_oversize(SimConnection& connection, const Oversize& oversize) {
  const Bytes plaintext = padded_plaintext(oversize.bytes - crypto::kGcmTagSize);
  connection.send_in_pieces(plaintext, {oversize.piece, oversize.interval, oversize.sent});
}

void send_bomb(SimConnection& connection, std::size_t inflated) {
  const Node bomb = Node("ib").with("from", server_jid()).child(Node("bomb").bytes(Bytes(inflated)));
  connection.send_plaintext(compressed_frame(protocol::wire::encode_frame(bomb)));
}

void send_nested(SimConnection& connection, std::size_t depth) {
  // By hand, so that no depth is too much for the stack on this side.
  constexpr ByteArray<7> kParent = {0xF8, 0x02, 0xFC, 0x01, 'n', 0xF8, 0x01};
  constexpr ByteArray<5> kInnermost = {0xF8, 0x01, 0xFC, 0x01, 'n'};
  Bytes plaintext = {0x00};
  for (std::size_t i = 1; i < depth; ++i) append(plaintext, kParent);
  append(plaintext, kInnermost);
  connection.send_plaintext(std::move(plaintext));
}

void send_flood(SimConnection& connection, const Flood& flood) {
  const Node notification = Node("notification")
                                .with("type", "psa")
                                .with("from", server_jid())
                                .with("t", std::to_string(unix_seconds(connection.now().wall)))
                                .child(Node("flood").bytes(Bytes(flood.bytes)));
  for (std::size_t i = 0; i < flood.count; ++i) connection.send_for_ack(notification);
}

}  // namespace ponte::simulator
