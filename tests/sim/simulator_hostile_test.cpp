// The simulator as a server that means harm: what it sends then, and that it can go on afterwards.
#include <nlohmann/json.hpp>
#include <set>

#include "hand_made_client.h"
#include "simulator/admin.h"

namespace ponte::test::by_hand {
namespace {

using nlohmann::json;
using simulator::ChainDefect;
using simulator::Faults;
using simulator::Paired;
using simulator::RefDefect;

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

TEST_F(SimulatorHostile, SendsPairSuccessTwice) {
  Faults faults;
  faults.pair_success = simulator::PairSuccessDefect::kTwice;
  set(faults);
  connect();
  scan(client->take_refs().at(0));
  const auto first = client->next("iq");
  const auto second = client->next("iq");
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->attribute("id"), second->attribute("id"));
  EXPECT_EQ(*first->find("pair-success"), *second->find("pair-success"));
  client->answer(*first, approval(*first));
  client->answer(*second, approval(*second));
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ(server.world().counters.pairings, 1u);
  EXPECT_TRUE(server.world().violations.empty());
}

TEST_F(SimulatorHostile, SendsALinkedDeviceAPairSuccessOfAnotherAccount) {
  pair_and_log_in();
  for (const char* body : {R"({"number":"5511999990000"})", R"({"connection":2})", "{}"}) {
    EXPECT_EQ(admin("pair-success", body).second["connections"], 1) << body;
    const auto iq = client->next("iq");
    ASSERT_TRUE(iq && iq->find("pair-success"));
    EXPECT_NE(iq->find("pair-success")->find("device")->jid("jid")->user, kNumber);
    approval(*iq);  // its HMAC and its signature are right
    client->send(Node("iq")
                     .with("to", server_jid())
                     .with("type", "error")
                     .with("id", *iq->attribute("id"))
                     .child(Node("error").with("code", "400")));
  }
  EXPECT_TRUE(server.world().violations.empty());
  admin("pair-success");
  const auto iq = client->next("iq");
  client->answer(*iq, approval(*iq));
  ASSERT_EQ(server.world().violations.size(), 1u);
  EXPECT_EQ(server.world().violations[0].text, "accepted a pair-success that no phone has approved");
  EXPECT_EQ(server.world().accounts.all().size(), 1u) << "the stranger is nobody's phone";
  expect_alive();
}

TEST_F(SimulatorHostile, SendsAPairSuccessToADeviceThatNobodyHasScanned) {
  connect();
  client->take_refs();
  EXPECT_EQ(admin("pair-success").second["connections"], 1);
  const auto iq = client->next("iq");
  ASSERT_TRUE(iq && iq->find("pair-success"));
  EXPECT_FALSE(approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random)) << "another HMAC";
  client.emplace(server, clock, random);
  EXPECT_EQ(admin("pair-success", R"({"connection":2})").second["connections"], 0) << "no handshake yet";
}

TEST_F(SimulatorHostile, GreetsAnUnregisteredDeviceWithSuccess) {
  Faults faults;
  faults.unasked_success = true;
  set(faults);
  connect();
  const auto success = client->next();
  ASSERT_TRUE(success.has_value());
  EXPECT_EQ(success->tag, "success");
  EXPECT_EQ(client->take_refs().size(), 6u);
  EXPECT_EQ(admin("notify", R"({"sample":"success"})").second["connections"], 1);
  EXPECT_EQ(client->next()->tag, "success");
}

TEST_F(SimulatorHostile, SendsFramesOfAnySize) {
  connect();
  client->take_refs();
  for (const std::size_t bytes : {64u, 65u, 300u, 1u << 16, (1u << 20) + 16, (1u << 24) - 1}) {
    client->messages.clear();
    EXPECT_EQ(admin("oversize", json{{"bytes", bytes}}.dump()).first, 200);
    const auto plaintext = client->next_plaintext();
    ASSERT_TRUE(plaintext.has_value()) << bytes;
    EXPECT_EQ(plaintext->size() + 16, bytes);
    EXPECT_TRUE(wire::decode_frame(*plaintext).ok());
    EXPECT_EQ(client->messages.size(), (bytes + 3 + 65535) / 65536);
  }
  expect_alive();
}

TEST_F(SimulatorHostile, SendsALargeFrameSlowly) {
  connect();
  client->take_refs();
  EXPECT_EQ(admin("oversize", R"({"bytes":1000,"piece":101,"intervalMs":2000})").first, 200);
  for (int second = 0; second < 18; ++second) {
    EXPECT_FALSE(client->next_frame().has_value()) << second;
    client->advance(Seconds(1));
  }
  EXPECT_TRUE(client->next_plaintext().has_value());
  expect_alive();
}

TEST_F(SimulatorHostile, StopsInTheMiddleOfAFrame) {
  connect();
  client->take_refs();
  client->messages.clear();
  EXPECT_EQ(admin("oversize", R"({"sent":100000})").second["connections"], 1);
  std::size_t sent = 0;
  for (const auto& message : client->messages) sent += message.size();
  EXPECT_EQ(sent, 3 + 100000u);
  EXPECT_EQ(client->messages.at(0)[0], 0xFF) << "16 MiB - 1 are announced";
  EXPECT_TRUE(client->connection().frozen());
  client->advance(Seconds(600));
  EXPECT_FALSE(client->next_frame().has_value());
}

TEST_F(SimulatorHostile, SendsLittleThatInflatesToMuch) {
  pair_and_log_in();
  EXPECT_EQ(admin("bomb").second["connections"], 1);
  auto plaintext = client->next_plaintext();
  ASSERT_TRUE(plaintext.has_value());
  EXPECT_LT(plaintext->size(), 100'000u);
  const auto refused = wire::decode_frame(*plaintext);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kNodeTooLarge);
  admin("bomb", R"({"bytes":1000})");
  plaintext = client->next_plaintext();
  ASSERT_TRUE(plaintext.has_value());
  const auto small = wire::decode_frame(*plaintext);
  ASSERT_TRUE(small.ok());
  EXPECT_EQ(small->find("bomb")->leaf()->size(), 1000u);
  expect_alive();
}

TEST_F(SimulatorHostile, SendsDeeplyNestedStanzas) {
  pair_and_log_in();
  EXPECT_EQ(admin("nest").second["connections"], 1);
  const auto plaintext = client->next_plaintext();
  ASSERT_TRUE(plaintext.has_value());
  const auto refused = wire::decode_frame(*plaintext);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kNodeTooLarge);
  admin("nest", R"({"depth":100})");
  const auto node = client->next();
  ASSERT_TRUE(node.has_value());
  std::size_t depth = 1;
  for (const Node* at = &*node; !at->children().empty(); at = &at->children()[0]) ++depth;
  EXPECT_EQ(depth, 100u);
  EXPECT_EQ(admin("nest", R"({"depth":1000000})").first, 200);
  EXPECT_TRUE(client->next_plaintext().has_value());
  expect_alive();
}

TEST_F(SimulatorHostile, FloodsWithNotifications) {
  pair_and_log_in();
  EXPECT_EQ(admin("flood", R"({"count":1000,"bytes":200})").second["connections"], 1);
  EXPECT_EQ(client->connection().unacknowledged(), 1000u);
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const auto notification = client->next("notification");
    ASSERT_TRUE(notification.has_value());
    EXPECT_EQ(notification->find("flood")->leaf()->size(), 200u);
    ids.insert(*notification->attribute("id"));
    client->acknowledge(*notification);
  }
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_EQ(client->connection().unacknowledged(), 0u);
  EXPECT_TRUE(server.world().violations.empty());
}

TEST_F(SimulatorHostile, GivesOutRefsThatAreNone) {
  const std::vector<std::pair<RefDefect, std::string>> expected = {{RefDefect::kControlCharacters, "\r\n\x1B[2J"},
                                                                   {RefDefect::kComma, "2@,,"},
                                                                   {RefDefect::kNotText, "\xFF\xFE\xC0\x80"}};
  Faults faults;
  for (const auto& [defect, part] : expected) {
    faults.ref_defect = defect;
    set(faults);
    connect();
    for (const std::string& ref : client->take_refs()) EXPECT_NE(ref.find(part), std::string::npos);
  }
  connect();
  const auto iq = client->next("iq");
  client->send(Node("iq")
                   .with("to", server_jid())
                   .with("type", "error")
                   .with("id", *iq->attribute("id"))
                   .child(Node("error").with("code", "400")));
  EXPECT_TRUE(server.world().violations.empty()) << "they may be refused";
  faults.ref_defect = RefDefect::kEmpty;
  set(faults);
  connect();
  EXPECT_EQ(client->take_refs(), std::vector<std::string>(6));
  faults.ref_defect = RefDefect::kHuge;
  faults.ref_count = 60'000;
  set(faults);
  connect();
  const auto refs = client->take_refs();
  ASSERT_EQ(refs.size(), 12u) << "more do not fit into a frame";
  EXPECT_EQ(refs[0].size(), 1u << 20);
}

TEST_F(SimulatorHostile, GivesOutRefsWithoutEnd) {
  Faults faults;
  faults.ref_count = 100'000;
  set(faults);
  connect();
  const auto refs = client->take_refs();
  ASSERT_EQ(refs.size(), simulator::kMostRefs) << "a list on the wire is no longer";
  scan(refs[0]);
  EXPECT_TRUE(client->next("iq")->find("pair-success"));
}

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

TEST_F(SimulatorHostile, RefusesWhatItCannotSend) {
  connect();
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"pair-success", R"({"number":7})"},
      {"oversize", R"({"bytes":63})"},
      {"oversize", R"({"bytes":16777216})"},
      {"oversize", R"({"bytes":1000,"sent":1001})"},
      {"oversize", R"({"piece":0})"},
      {"oversize", R"({"intervalMs":"x"})"},
      {"bomb", R"({"bytes":67108865})"},
      {"nest", R"({"depth":0})"},
      {"nest", R"({"depth":1000001})"},
      {"flood", R"({"count":0})"},
      {"flood", R"({"count":100001})"},
      {"flood", R"({"count":1000,"bytes":67109})"},
      {"flood", R"({"count":-1})"},
      {"fail", R"({"refCount":65536})"},
      {"fail", R"({"refDefect":"x"})"},
      {"fail", R"({"unaskedSuccess":"x"})"},
      {"fail", R"({"ik":"x"})"},
      {"fail", R"({"pairSuccess":"thrice"})"},
  };
  for (const auto& [call, body] : bad) EXPECT_EQ(admin(call, body).first, 400) << call << " " << body;
  for (const char* body : {R"({"refDefect":"not-text","refCount":65535,"unaskedSuccess":true,"pairSuccess":"twice"})",
                           R"({"refDefect":"huge","ik":"garbage"})", R"({"refDefect":"comma","ik":"no-payload"})",
                           R"({"refDefect":"control-characters","ik":"short"})", R"({"refDefect":"empty"})"}) {
    EXPECT_EQ(admin("fail", body).first, 200) << body;
  }
}

}  // namespace
}  // namespace ponte::test::by_hand
