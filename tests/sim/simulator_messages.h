// A simulator with one linked companion made by hand, for tests of messages.
#pragma once

#include "hand_made_messages.h"
#include "simulator/phone_messaging.h"

namespace ponte::test::by_hand {

inline const std::string kOwnNumber = "5511999990000";
inline const std::string kPeer = "5511999990001";
inline const std::string kThird = "5511999990002";

struct SimulatorMessages : testing::Test {
  void SetUp() override { device.link(kOwnNumber); }

  std::pair<int, json> call(const std::string& name, const json& body, const std::string& method = "POST") {
    std::pair<int, json> out{0, {}};
    simulator::handle_admin(server, {method, "/admin/" + name, body.is_null() ? "" : body.dump()}, clock.now(),
                            Reply<simulator::AdminResponse>([&](Result<simulator::AdminResponse> response) {
                              out = {response->status, json::parse(response->body)};
                            }));
    return out;
  }
  json admin(const std::string& name, const json& body) {
    const auto [status, answer] = call(name, body);
    EXPECT_EQ(status, 200) << name << ": " << answer.dump();
    return answer;
  }
  simulator::Account& account(const std::string& number) { return server.world().accounts.get(number); }
  simulator::PhoneMessaging& phone(const std::string& number) { return server.world().phones.phone(account(number)); }
  Jid lid(const std::string& number, std::uint16_t id = 0) { return account(number).lid(id); }
  std::string violations() {
    std::string out;
    for (const auto& violation : server.world().violations) out += violation.text + "\n";
    return out;
  }
  /// What the phone has read, one line each.
  std::string read_by(const std::string& number) {
    std::string out;
    for (const auto& message : phone(number).read()) out += message.text + (message.own ? " (own)" : "") + "\n";
    return out;
  }
  Jid group(const std::vector<std::string>& members) {
    const json made = admin("group", {{"subject", "Three"}, {"creator", kPeer}, {"members", members}});
    return *Jid::parse(made["id"].get<std::string>());
  }

  SeededRandom random{7};
  VirtualClock clock;
  simulator::SimServer server{[] {
                                simulator::Options options;
                                options.sample_notification = false;
                                options.seed = simulator::Seed{1, 2, 3};
                                return options;
                              }(),
                              random};
  HandMadeDevice device{server, clock, random};
};

}  // namespace ponte::test::by_hand
