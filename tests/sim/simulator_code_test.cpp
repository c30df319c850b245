// Pairing codes: the companion's side by hand (wire: pairing.md 6), the server's and the phone's from the simulator.
#include <deque>

#include "base/hex.h"
#include "hand_made_code.h"

namespace ponte::test::by_hand {
namespace {

using simulator::Paired;

constexpr const char* kNumber = CodeCompanion::kNumber;
constexpr const char* kCode = CodeCompanion::kCode;

struct SimulatorCode : testing::Test {
  void SetUp() override {
    ASSERT_TRUE(client.connect(keys, registration_payload(keys)).ok());
    refs = client.take_refs();
    ASSERT_EQ(refs.size(), 6u);
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
  std::vector<std::string> refs;
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

TEST_F(SimulatorCode, TakesBrowsersThatHaveANumberAndTheOneForAllOthers) {
  const auto takes = [&](std::string_view id) {
    request = hello();
    for (Node& child : std::get<Node::Children>(request.content)) {
      if (child.tag == "companion_platform_id") child.content = to_bytes(id);
    }
    return companion.ask(request);
  };
  for (const char* id : {"1", "2", "3", "4", "5", "6", "9"}) EXPECT_TRUE(takes(id)) << id;
  EXPECT_TRUE(server.world().violations.empty());
  for (const char* id : {"", "0", "7", "8", "e", "11"}) EXPECT_FALSE(takes(id)) << id;
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

/// Bytes that are written down, then seeded ones.
class PartlyScripted final : public RandomSource {
 public:
  void add(ByteView bytes) { script_.insert(script_.end(), bytes.begin(), bytes.end()); }
  void fill(MutableByteView out) override {
    for (std::uint8_t& byte : out) {
      if (script_.empty()) {
        rest_.fill(MutableByteView(&byte, 1));
        continue;
      }
      byte = script_.front();
      script_.pop_front();
    }
  }

 private:
  std::deque<std::uint8_t> script_;
  SeededRandom rest_{5};
};

Bytes counting(std::uint8_t from, std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(from + i);
  return out;
}

crypto::KeyPair pair_of(std::uint8_t byte) {
  ByteArray<32> scalar{};
  scalar.fill(byte);
  return crypto::key_pair_from_private(Secret<32>(scalar));
}

// wire: pairing.md 14.6, 14.8
TEST(SimulatorCodeVectors, ComeOutOfThePhone) {
  PartlyScripted random;
  VirtualClock clock;
  std::optional<Result<Paired>> outcome;
  simulator::SimServer server{simulator::Options{}, random};
  DeviceKeys keys(random);
  keys.identity = pair_of(0x11);
  keys.noise = pair_of(0x22);
  keys.signature =
      crypto::xeddsa_sign(keys.identity.private_key, concat({ByteArray<1>{5}, keys.signed_prekey.public_key}), random);
  server.world().accounts.get(kNumber).identity = pair_of(0x44);
  HandMadeClient client{server, clock, random};
  CodeCompanion companion{client, keys, random};
  ASSERT_TRUE(client.connect(keys, registration_payload(keys)).ok());
  client.take_refs();
  const Bytes encrypted = *from_hex("72869fd921ee5a99e825148f05135c4e32b2d625bf6b83905c343b10eaf065ab");
  ASSERT_TRUE(companion.ask(companion.hello_with(concat({counting(0, 32), counting(0, 16), encrypted}))));

  random.add(Bytes(32, 0x77));
  random.add(counting(0x20, 32));
  random.add(counting(0x10, 16));
  server.enter_code(kNumber, kCode, {}, clock.now(),
                    Reply<Paired>([&](Result<Paired> result) { outcome = std::move(result); }));
  const auto notification = client.next("notification");
  ASSERT_TRUE(notification.has_value());
  const Node& hello = *notification->find("link_code_companion_reg");
  EXPECT_EQ(to_hex(*hello.find("link_code_pairing_wrapped_primary_ephemeral_pub")->leaf()),
            "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f101112131415161718191a1b1c1d1e1f"
            "2a429beffac5107c98c0b45a9d8461dfb0c33164e397767ac5a78deeea467762");
  EXPECT_EQ(to_hex(*hello.find("primary_identity_pub")->leaf()),
            "ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6b");

  const Bytes bundle = *from_hex(
      "9999999999999999999999999999999999999999999999999999999999999999aaaaaaaaaaaaaaaaaaaaaaaa42c6cd0116a0d6d5458452"
      "2039669507f1a967cdfcae738d846e4ebf23c1caeef22f53ff1dd562de49db7f520026bf59523e8d3b8c679e03e8d8cf6f80ec9db5e931"
      "80c9559ed3757f4e4a406cc79718efd8995993c039ce1ac2e1180c335f854e50eb9610702eb5367147bcb0a807bb");
  EXPECT_EQ(client.ask("md", "set", companion.finish_with(bundle))->attribute("type"), "result");
  const auto iq = client.next("iq");
  ASSERT_TRUE(iq && iq->find("pair-success"));
  const Bytes adv_secret = *from_hex("ea9da24eefcd1d54e2bcebd4c33d55e63edd1167e3cf9c6f640b2f744df53681");
  EXPECT_TRUE(approve_by_hand(*iq->find("pair-success"), keys, adv_secret, random).has_value());
  EXPECT_TRUE(server.world().violations.empty());
}

// What goes wrong with primary_hello on purpose.
using simulator::CodeDefect;

struct SimulatorCodeDefects : SimulatorCode {
  void set(CodeDefect defect) {
    simulator::Faults faults;
    faults.code_defect = defect;
    ASSERT_TRUE(server.set_faults(faults, {}).ok());
    simulator::Scope scope;
    scope.connection = client.connection().id();
    ASSERT_TRUE(server.set_faults(faults, scope).ok());
  }
  /// The next primary_hello, acknowledged.
  std::optional<Node> next_hello() {
    const auto notification = client.next("notification");
    if (!notification) return std::nullopt;
    client.acknowledge(*notification);
    sender = notification->jid("from");
    return *notification->find("link_code_companion_reg");
  }
  std::size_t size_of(const Node& hello, std::string_view tag) {
    const Node* child = hello.find(tag);
    return child ? child->leaf()->size() : 0;
  }

  std::optional<wire::Jid> sender;
};

TEST_F(SimulatorCodeDefects, ChangeWhatTheyName) {
  struct Expected {
    CodeDefect defect;
    std::size_t wrapped;
    std::size_t identity;
    bool right_ref;
    bool from_server;
  };
  const std::vector<Expected> expected = {
      {CodeDefect::kNone, 80, 32, true, true},           {CodeDefect::kWrongRef, 80, 32, false, true},
      {CodeDefect::kShortWrap, 79, 32, true, true},      {CodeDefect::kNoWrap, 0, 32, true, true},
      {CodeDefect::kShortIdentity, 80, 31, true, true},  {CodeDefect::kZeroEphemeral, 80, 32, true, true},
      {CodeDefect::kForeignSender, 80, 32, true, false},
  };
  for (const Expected& wanted : expected) {
    const auto number = static_cast<int>(wanted.defect);
    set(wanted.defect);
    ASSERT_TRUE(ask_for_code());
    enter(kCode);
    const auto hello = next_hello();
    ASSERT_TRUE(hello.has_value()) << number;
    EXPECT_EQ(size_of(*hello, "link_code_pairing_wrapped_primary_ephemeral_pub"), wanted.wrapped) << number;
    EXPECT_EQ(size_of(*hello, "primary_identity_pub"), wanted.identity) << number;
    EXPECT_EQ(equal(*hello->find("link_code_pairing_ref")->leaf(), companion.ref), wanted.right_ref) << number;
    EXPECT_EQ(sender->is_server(), wanted.from_server) << number;
    if (wanted.wrapped == 80) {
      const bool zero = CodeCompanion::primary_key(*hello) == crypto::PublicKey{};
      EXPECT_EQ(zero, wanted.defect == CodeDefect::kZeroEphemeral) << number;
    }
    EXPECT_FALSE(next_hello().has_value()) << number;
  }
  EXPECT_TRUE(server.world().violations.empty());
}

TEST_F(SimulatorCodeDefects, SendItTwice) {
  set(CodeDefect::kDuplicate);
  ASSERT_TRUE(ask_for_code());
  enter(kCode);
  const auto first = next_hello();
  const auto second = next_hello();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  for (int i = 0; i < 2; ++i) client.ask("md", "set", finish(*first));
  EXPECT_TRUE(server.world().violations.empty()) << "each may be answered";
  EXPECT_TRUE(client.others.back().find("pair-success"));
}

TEST_F(SimulatorCodeDefects, LetACodeBeTypedTooLate) {
  set(CodeDefect::kLate);
  ASSERT_TRUE(ask_for_code());
  for (int i = 0; i < 10; ++i) {
    client.ask("w:p", "get", Node("ping"));
    client.advance(Seconds(20));
  }
  enter(kCode);
  ASSERT_TRUE(next_hello().has_value()) << "200 seconds later";
  EXPECT_FALSE(client.closed.has_value());
}

TEST(SimulatorCodeNames, NameEveryDefect) {
  for (const char* name :
       {"none", "wrong-ref", "short-wrap", "no-wrap", "short-identity", "zero-ephemeral", "duplicate", "late"}) {
    EXPECT_TRUE(simulator::code_defect_from_name(name).has_value()) << name;
  }
  EXPECT_EQ(simulator::code_defect_from_name("foreign-sender"), CodeDefect::kForeignSender);
  EXPECT_FALSE(simulator::code_defect_from_name("x").has_value());
}

TEST_F(SimulatorCode, LetsOnePhoneWaitAtATime) {
  ASSERT_TRUE(ask_for_code());
  enter(kCode);
  std::optional<Result<Paired>> second;
  server.scan(keys.qr(refs[0]), {}, clock.now(),
              Reply<Paired>([&second](Result<Paired> result) { second = std::move(result); }));
  ASSERT_TRUE(second && !second->ok());
  EXPECT_EQ(second->error().cause, Cause::kPairingRefused);
  EXPECT_FALSE(outcome.has_value());
}

TEST_F(SimulatorCode, TellsThePhoneThatANewerCodeIsOnDisplay) {
  ASSERT_TRUE(ask_for_code());
  enter(kCode);
  ASSERT_TRUE(ask_for_code());
  ASSERT_TRUE(outcome && !outcome->ok());
  EXPECT_EQ(outcome->error().cause, Cause::kSuperseded);
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
