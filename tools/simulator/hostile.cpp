#include "simulator/hostile.h"

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

}  // namespace ponte::simulator
