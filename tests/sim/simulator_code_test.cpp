// Pairing codes: the companion's side by hand (wire: pairing.md 6), the server's and the phone's from the simulator.
#include "hand_made_code.h"

namespace ponte::test::by_hand {
namespace {

using simulator::Paired;

constexpr const char* kNumber = CodeCompanion::kNumber;
constexpr const char* kCode = CodeCompanion::kCode;

struct SimulatorCode : testing::Test {
  void SetUp() override {
    ASSERT_TRUE(client.connect(keys, registration_payload(keys)).ok());
    ASSERT_EQ(client.take_refs().size(), 6u);
  }
  Node hello() { return companion.hello(); }
  bool ask_for_code() { return companion.ask(companion.hello()); }
  void enter(const std::string& code) {
    outcome.reset();
    server.enter_code(kNumber, code, {}, clock.now(),
                      Reply<Paired>([this](Result<Paired> result) { outcome = std::move(result); }));
    client.pump();
  }
  Node finish(const Node& primary_hello) { return companion.finish(primary_hello); }
  std::string refusal() { return client.ask("md", "set", request)->find("error")->attribute("code").value_or(""); }

  std::optional<Result<Paired>> outcome;  // before the server: replies come until it is gone
  SeededRandom random{4};
  VirtualClock clock;
  simulator::SimServer server{simulator::Options{}, random};
  DeviceKeys keys{random};
  HandMadeClient client{server, clock, random};
  CodeCompanion companion{client, keys, random};
  Node request;
};

TEST_F(SimulatorCode, PairsTheCompanionWhoseCodeIsTyped) {
  ASSERT_TRUE(ask_for_code());
  enter("abcd-1234");
  const auto notification = client.next("notification");
  ASSERT_TRUE(notification.has_value());
  client.acknowledge(*notification);
  const Node* hello = notification->find("link_code_companion_reg");
  EXPECT_EQ(hello->attribute("stage"), "primary_hello");
  EXPECT_TRUE(equal(*hello->find("link_code_pairing_ref")->leaf(), companion.ref));
  EXPECT_EQ(client.ask("md", "set", finish(*hello))->attribute("type"), "result");
  const auto iq = client.next("iq");
  ASSERT_TRUE(iq && iq->find("pair-success"));
  const auto sign = approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random);
  ASSERT_TRUE(sign.has_value()) << "both sides derived the same ADV secret";
  client.answer(*iq, *sign);
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ((*outcome)->number, kNumber);
  EXPECT_EQ(client.next("stream:error")->attribute("code"), "515");
  EXPECT_TRUE(server.world().violations.empty());
}

TEST_F(SimulatorCode, TellsThePhoneThatTheCodeWasWrong) {
  ASSERT_TRUE(ask_for_code());
  enter("ABCD-1235");
  const auto notification = client.next("notification");
  client.acknowledge(*notification);
  EXPECT_EQ(client.ask("md", "set", finish(*notification->find("link_code_companion_reg")))->attribute("type"),
            "result");
  ASSERT_TRUE(outcome && !outcome->ok());
  EXPECT_EQ(outcome->error().cause, Cause::kPairingRefused);
  EXPECT_FALSE(client.next("iq").has_value()) << "the companion hears nothing";
}

TEST_F(SimulatorCode, LetsThePhoneTypeAgainAfterAWrongCode) {
  ASSERT_TRUE(ask_for_code());
  enter("ABCD-1235");
  client.ask("md", "set", finish(*client.next("notification")->find("link_code_companion_reg")));
  ASSERT_TRUE(outcome && !outcome->ok());
  enter(kCode);
  EXPECT_EQ(
      client.ask("md", "set", finish(*client.next("notification")->find("link_code_companion_reg")))->attribute("type"),
      "result");
  EXPECT_FALSE(outcome.has_value()) << "the phone waits for the answer to pair-success";
  const auto iq = client.next("iq");
  ASSERT_TRUE(iq && iq->find("pair-success"));
  client.answer(*iq, approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random));
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_TRUE(server.world().violations.empty());
}

TEST_F(SimulatorCode, SendsPrimaryHelloThreeTimesForOneCode) {
  ASSERT_TRUE(ask_for_code());
  for (int i = 0; i < 3; ++i) {
    enter("ABCD-1235");
    const auto notification = client.next("notification");
    ASSERT_TRUE(notification.has_value()) << i;
    client.ask("md", "set", finish(*notification->find("link_code_companion_reg")));
    ASSERT_TRUE(outcome && !outcome->ok()) << i;
  }
  enter(kCode);
  ASSERT_TRUE(outcome && !outcome->ok());
  EXPECT_NE(outcome->error().message.find("three primary_hello"), std::string::npos);
  EXPECT_FALSE(client.next("notification").has_value());
  ASSERT_TRUE(ask_for_code());
  enter(kCode);
  EXPECT_TRUE(client.next("notification").has_value()) << "a new code counts anew";
}

TEST_F(SimulatorCode, StandsWhereTheCompanionDidNotFinishInTime) {
  ASSERT_TRUE(ask_for_code());
  enter(kCode);
  const auto first = client.next("notification");
  client.advance(Seconds(21));
  ASSERT_TRUE(outcome && !outcome->ok());
  EXPECT_EQ(outcome->error().code, Errc::kTimedOut);
  client.ask("md", "set", finish(*first->find("link_code_companion_reg")));
  EXPECT_FALSE(client.next("iq").has_value()) << "the phone has given up";
  enter(kCode);
  client.ask("md", "set", finish(*client.next("notification")->find("link_code_companion_reg")));
  EXPECT_TRUE(client.next("iq")->find("pair-success"));
  EXPECT_TRUE(server.world().violations.empty());
}

TEST_F(SimulatorCode, NotesAFinishThatNoPrimaryHelloCameBefore) {
  ASSERT_TRUE(ask_for_code());
  enter(kCode);
  const auto notification = client.next("notification");
  for (int i = 0; i < 2; ++i) client.ask("md", "set", finish(*notification->find("link_code_companion_reg")));
  ASSERT_EQ(server.world().violations.size(), 1u);
  EXPECT_EQ(server.world().violations[0].text, "companion_finish before primary_hello");
}

TEST_F(SimulatorCode, RefusesADamagedFinish) {
  for (const char* damaged :
       {"link_code_pairing_wrapped_key_bundle", "companion_identity_public", "link_code_pairing_ref"}) {
    ASSERT_TRUE(ask_for_code());
    enter(kCode);
    const auto notification = client.next("notification");
    Node damaged_finish = finish(*notification->find("link_code_companion_reg"));
    for (Node& child : std::get<Node::Children>(damaged_finish.content)) {
      if (child.tag == damaged) std::get<Bytes>(child.content).back() ^= 1;
    }
    client.ask("md", "set", damaged_finish);
    ASSERT_TRUE(outcome && !outcome->ok()) << damaged;
  }
}

TEST_F(SimulatorCode, RefusesARequestThatTheServerWould) {
  const std::vector<std::pair<const char*, Bytes>> damages = {
      {"link_code_pairing_wrapped_companion_ephemeral_pub", Bytes(79, 1)},
      {"companion_server_auth_key_pub", Bytes(32, 1)},
      {"companion_platform_id", to_bytes("0")},
      {"companion_platform_display", to_bytes("Chrome (Acme)")},
      {"companion_platform_display", to_bytes("Ponte")},
      {"link_code_pairing_nonce", Bytes()},
  };
  for (const auto& [tag, content] : damages) {
    request = hello();
    for (Node& child : std::get<Node::Children>(request.content)) {
      if (child.tag == tag) child.content = content;
    }
    EXPECT_EQ(refusal(), "400") << tag;
  }
  request = hello();
  request.attributes[0].second = wire::Jid{"0511999990000", "s.whatsapp.net"};
  EXPECT_EQ(refusal(), "400");
  request = Node("link_code_companion_reg").with("stage", "other");
  EXPECT_EQ(refusal(), "400");
}

TEST_F(SimulatorCode, RefusesAsTheFaultSays) {
  simulator::Faults faults;
  faults.code_refusal = simulator::CodeRefusal{429, "rate-overlimit", 60};
  simulator::Scope scope;
  scope.number = kNumber;
  ASSERT_TRUE(server.set_faults(faults, scope).ok());
  const auto answer = client.ask("md", "set", hello());
  EXPECT_EQ(answer->find("error")->attribute("code"), "429");
  EXPECT_EQ(answer->find("error")->attribute("backoff"), "60");
}

TEST_F(SimulatorCode, KnowsNoCodeThatWasNotAskedForOrIsTooOld) {
  enter(kCode);
  EXPECT_EQ(outcome->error().code, Errc::kNotFound);
  ASSERT_TRUE(ask_for_code());
  enter("ABCD-123");
  EXPECT_EQ(outcome->error().code, Errc::kInvalidArgument);
  enter("ABCD-O234");
  EXPECT_EQ(outcome->error().code, Errc::kInvalidArgument);
  for (int i = 0; i < 9; ++i) {
    client.ask("w:p", "get", Node("ping"));
    client.advance(Seconds(20) + Milliseconds(100));
  }
  enter(kCode);
  EXPECT_FALSE(outcome->ok());
}

TEST_F(SimulatorCode, AsksForANewCode) {
  ASSERT_TRUE(ask_for_code());
  EXPECT_EQ(server.refresh_code({}, true, clock.now()), 1u);
  client.pump();
  const auto notification = client.next("notification");
  EXPECT_EQ(notification->find("link_code_companion_reg")->attribute("stage"), "refresh_code");
  EXPECT_EQ(notification->find("link_code_companion_reg")->attribute("force_manual_refresh"), "true");
}

}  // namespace
}  // namespace ponte::test::by_hand
