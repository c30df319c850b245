// The simulator as a server that means harm: what it sends then, and that it can go on afterwards.
#include <nlohmann/json.hpp>

#include "hand_made_client.h"
#include "simulator/admin.h"

namespace ponte::test::by_hand {
namespace {

using nlohmann::json;
using simulator::ChainDefect;
using simulator::Faults;
using simulator::Paired;

constexpr const char* kNumber = "5511999990000";

struct SimulatorHostile : testing::Test {
  void connect() {
    client.emplace(server, clock, random);
    ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
  }
  void scan(const std::string& ref) {
    server.scan(keys.qr(ref), {kNumber, "android", ""}, clock.now(),
                Reply<Paired>([this](Result<Paired> result) { outcome = std::move(result); }));
    client->pump();
  }
  Node approval(const Node& iq) {
    const auto sign = approve_by_hand(*iq.find("pair-success"), keys, keys.adv_secret.view(), random);
    EXPECT_TRUE(sign.has_value());
    return sign.value_or(Node("none"));
  }
  void pair_and_log_in() {
    connect();
    scan(client->take_refs().at(0));
    const auto iq = client->next("iq");
    client->answer(*iq, approval(*iq));
    client->hang_up();
    ASSERT_TRUE(outcome && outcome->ok());
    client.emplace(server, clock, random);
    ASSERT_TRUE(client->connect(keys, login_payload(kNumber, (*outcome)->device)).ok());
    while (client->next()) {
    }
  }
  void set(const Faults& faults) { ASSERT_TRUE(server.set_faults(faults, {}).ok()); }
  /// Status and body of an admin call.
  std::pair<int, json> admin(const std::string& call, const std::string& body = "") {
    std::pair<int, json> out{0, {}};
    simulator::handle_admin(server, {"POST", "/admin/" + call, body}, clock.now(),
                            Reply<simulator::AdminResponse>([&](Result<simulator::AdminResponse> response) {
                              out = {response->status, json::parse(response->body)};
                            }));
    if (client) client->pump();
    return out;
  }
  /// The simulator still answers.
  void expect_alive() { EXPECT_TRUE(client->ask("w:p", "get", Node("ping")).has_value()); }

  std::optional<Result<Paired>> outcome;  // before the server: replies come until it is gone
  SeededRandom random{10};
  VirtualClock clock;
  simulator::SimServer server{simulator::Options{}, random};
  DeviceKeys keys{random};
  std::optional<HandMadeClient> client;
};

TEST_F(SimulatorHostile, ChangesItsRoot) {
  const auto before = server.root_key();
  const auto leaf = server.world().chain.static_keys().public_key;
  EXPECT_EQ(admin("renew-root").first, 200);
  EXPECT_NE(server.root_key(), before);
  EXPECT_EQ(server.world().chain.static_keys().public_key, leaf);
  const Bytes chain = server.world().chain.bytes(ChainDefect::kNone, clock.now().wall);
  const auto refused = noise::verify_chain(chain, before, leaf, clock.now().wall);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kCertificateSignature);
  connect();
  EXPECT_EQ(client->take_refs().size(), 6u) << "with the new root it is as it was";
}

TEST_F(SimulatorHostile, GoesBackToItsOldLeaf) {
  EXPECT_EQ(admin("old-leaf").first, 404);
  const auto first = server.world().chain.static_keys().public_key;
  EXPECT_EQ(admin("renew-leaf").first, 200);
  const auto second = server.world().chain.static_keys().public_key;
  EXPECT_NE(second, first);
  for (const auto& key : {first, second, first}) {
    EXPECT_EQ(admin("old-leaf").first, 200);
    EXPECT_EQ(server.world().chain.static_keys().public_key, key);
    connect();
    EXPECT_EQ(client->take_refs().size(), 6u);
  }
}

}  // namespace
}  // namespace ponte::test::by_hand
