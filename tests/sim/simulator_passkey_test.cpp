// Accounts that demand a passkey: the companion's side by hand (wire: pairing.md 7), the server's and the phone's from
// the simulator.
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "hand_made_code.h"
#include "hand_made_passkey.h"
#include "simulator/admin.h"
#include "simulator/passkey.h"

namespace ponte::test::by_hand {
namespace {

using nlohmann::json;
using simulator::Faults;
using simulator::Paired;

constexpr const char* kNumber = "5511999990000";

struct SimulatorPasskey : testing::Test {
  /// The hand-made client sends no pings: its silence must not end the longer tests.
  static simulator::Options patient() {
    simulator::Options options;
    options.idle_timeout = std::chrono::hours(1);
    return options;
  }
  void SetUp() override {
    Faults faults;
    faults.passkey = true;
    set(faults);
  }
  void set(const Faults& faults, const simulator::Scope& scope = {}) {
    ASSERT_TRUE(server.set_faults(faults, scope).ok());
  }
  /// Connects and scans; the phone has approved, and demands a passkey.
  void begin() {
    client.emplace(server, clock, random);
    companion.emplace(*client, keys, random);
    ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
    refs = client->take_refs();
    ASSERT_FALSE(refs.empty());
    outcome.reset();
    server.scan(keys.qr(refs[0]), {kNumber, "android", ""}, clock.now(), reply());
    client->pump();
  }
  Reply<Paired> reply() {
    return Reply<Paired>([this](Result<Paired> result) { outcome = std::move(result); });
  }
  /// Up to what the user signs.
  void begin_and_sign() {
    begin();
    assertion = *server.passkey_assertion(companion->take_request());
    companion->take_ref();
  }
  /// Up to the phone's identity.
  void begin_and_continue() {
    begin_and_sign();
    ASSERT_EQ(companion->set(companion->prologue(assertion))->attribute("type"), "result");
    ASSERT_TRUE(companion->take_continuation());
  }
  /// Up to the code on both displays.
  void begin_and_show() {
    begin_and_continue();
    ASSERT_EQ(companion->set(companion->companion_nonce())->attribute("type"), "result");
  }
  /// Code of the error that answers `child`; empty where it is no error.
  std::string refusal(const Node& child) {
    const auto answer = companion->set(child);
    const Node* error = answer ? answer->find("error") : nullptr;
    return error ? error->attribute("code").value_or("") : "";
  }
  json state() {
    json out;
    simulator::handle_admin(server, {"GET", "/admin/state", ""}, clock.now(),
                            Reply<simulator::AdminResponse>(
                                [&](Result<simulator::AdminResponse> response) { out = json::parse(response->body); }));
    return out;
  }
  json passkey_state() {
    const json connection = state()["connections"].back();
    return connection.value("passkey", json());
  }
  void answer_pair_success() {
    const auto iq = client->next("iq");
    ASSERT_TRUE(iq && iq->find("pair-success"));
    const auto sign = approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random);
    ASSERT_TRUE(sign.has_value()) << "the HMAC is by the secret of the pairing request";
    client->answer(*iq, *sign);
  }
  Cause cause() const { return outcome && !outcome->ok() ? outcome->error().cause : Cause::kInternal; }
  std::size_t violations() { return server.world().violations.size(); }

  std::optional<Result<Paired>> outcome;  // before the server: replies come until it is gone
  SeededRandom random{6};
  VirtualClock clock;
  simulator::SimServer server{patient(), random};
  DeviceKeys keys{random};
  std::optional<HandMadeClient> client;
  std::optional<PasskeyCompanion> companion;
  std::vector<std::string> refs;
  simulator::Assertion assertion;
};

// wire: pairing.md 14.10
TEST(SimulatorPasskeyKeys, AreThoseOfTheVectors) {
  const auto filled = [](std::uint8_t byte) {
    ByteArray<32> out{};
    out.fill(byte);
    return out;
  };
  EXPECT_EQ(to_hex(simulator::passkey::pairing_key(Secret<32>(filled(9)), 1, "REF123").view()),
            "2750998edbe75a467d82c4080986eaa9281a2149a68f1a2e1d2ee7cdda81f159");
  EXPECT_EQ(to_hex(simulator::passkey::handoff_key(Secret<32>(filled(5))).view()),
            "607ce3dd367718778ae873a9284ceef672497f61f32a38121efbe73a1b6d07c7");
  EXPECT_EQ(simulator::passkey::verification_code({filled(1), filled(3), filled(2)}), "ZDET-SM4S");
}

TEST_F(SimulatorPasskey, PairsACompanionAfterAScan) {
  begin();
  EXPECT_FALSE(client->next("iq").has_value()) << "no pair-success yet";
  begin();
  const std::string options = companion->take_request();
  const json parsed = json::parse(options);
  EXPECT_EQ(crypto::from_base64_url(parsed["challenge"].get<std::string>())->size(), 32u);
  EXPECT_EQ(parsed["rpId"], "whatsapp.com");
  EXPECT_EQ(parsed["timeout"], 600000);
  EXPECT_EQ(parsed["allowCredentials"], json::array());
  EXPECT_EQ(parsed["userVerification"], "required");
  EXPECT_EQ(parsed["extensions"]["uvm"], true);
  EXPECT_EQ(passkey_state()["state"], "requested");

  companion->take_ref();
  ASSERT_EQ(companion->set(companion->prologue(*server.passkey_assertion(options)))->attribute("type"), "result");
  ASSERT_TRUE(companion->take_continuation());
  EXPECT_EQ(passkey_state()["code"], "");
  ASSERT_EQ(companion->set(companion->companion_nonce())->attribute("type"), "result");
  std::string shown = passkey_state()["code"];
  EXPECT_EQ(shown.size(), 9u);
  shown.erase(4, 1);
  EXPECT_EQ(shown, companion->code());
  EXPECT_FALSE(outcome.has_value()) << "the phone waits for the confirmation";

  EXPECT_EQ(companion->set(companion->sealed(companion->pairing_request()))->attribute("type"), "result");
  answer_pair_success();
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ((*outcome)->number, kNumber);
  EXPECT_EQ(client->next("stream:error")->attribute("code"), "515");
  EXPECT_EQ(client->connection().unacknowledged(), 0u);
  EXPECT_EQ(violations(), 0u);
}

TEST_F(SimulatorPasskey, PairsACompanionAfterAPairingCode) {
  client.emplace(server, clock, random);
  companion.emplace(*client, keys, random);
  CodeCompanion code(*client, keys, random);
  ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
  client->take_refs();
  ASSERT_TRUE(code.ask(code.hello()));
  server.enter_code(kNumber, CodeCompanion::kCode, {}, clock.now(), reply());
  const auto hello = client->next("notification");
  client->acknowledge(*hello);
  client->ask("md", "set", code.finish(*hello->find("link_code_companion_reg")));
  const std::string options = companion->take_request();
  companion->take_ref();
  EXPECT_EQ(refusal(companion->prologue(*server.passkey_assertion(options))), "") << "by the secret of the bundle";
  ASSERT_TRUE(companion->take_continuation());
  EXPECT_EQ(refusal(companion->companion_nonce()), "");
  EXPECT_EQ(refusal(companion->sealed(companion->pairing_request())), "");
  answer_pair_success();
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ(violations(), 0u);
}

TEST_F(SimulatorPasskey, TellsTheCompanionMoreInPairSuccess) {
  begin_and_show();
  companion->set(companion->sealed(companion->pairing_request()));
  const auto iq = client->next("iq");
  EXPECT_NE(iq->find("pair-success")->find("encryption-metadata"), nullptr);
  EXPECT_NE(iq->find("pair-success")->find("jurisdiction"), nullptr);
}

TEST_F(SimulatorPasskey, IsDemandedOfOneNumberOnly) {
  Faults none;
  none.passkey = false;
  set(none);
  Faults faults;
  faults.passkey = true;
  simulator::Scope scope;
  scope.number = kNumber;
  scope.uses = 1;
  set(faults, scope);
  for (int i = 0; i < 2; ++i) {
    begin();
    EXPECT_NE(companion->take_request(), "") << "a scan uses nothing up";
  }
  client.emplace(server, clock, random);
  ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
  server.scan(keys.qr(client->take_refs()[0]), {"5511999990001", "android", ""}, clock.now(), reply());
  client->pump();
  EXPECT_TRUE(client->next("iq")->find("pair-success"));
}

TEST_F(SimulatorPasskey, GivesTheSameOptionsWhenAsked) {
  begin();
  const std::string options = companion->take_request();
  const auto answer = client->ask("md", "get", Node("passkey_request_options"));
  ASSERT_TRUE(answer && answer->find("passkey_request_options"));
  EXPECT_EQ(as_text(*answer->find("passkey_request_options")->leaf()), options);
}

TEST_F(SimulatorPasskey, HasNoOptionsWhereNobodyHasScanned) {
  client.emplace(server, clock, random);
  ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
  client->take_refs();
  const auto answer = client->ask("md", "get", Node("passkey_request_options"));
  EXPECT_EQ(answer->find("error")->attribute("code"), "404");
  EXPECT_EQ(violations(), 0u);
}

TEST_F(SimulatorPasskey, AsksTwiceWithDifferentChallenges) {
  begin();
  const std::string first = companion->take_request();
  begin();
  EXPECT_NE(companion->take_request(), first);
}

TEST_F(SimulatorPasskey, LetsTheUserTryAgainAfterAWrongAssertion) {
  begin_and_sign();
  const auto other = *server.passkey_assertion(R"({"challenge":"b3RoZXI","rpId":"whatsapp.com"})");
  EXPECT_EQ(refusal(companion->prologue(other)), "401");
  EXPECT_EQ(violations(), 0u) << "the user's fault";
  EXPECT_FALSE(outcome.has_value());
  EXPECT_EQ(refusal(companion->prologue_again(assertion)), "");
  EXPECT_TRUE(companion->take_continuation());
  EXPECT_EQ(violations(), 0u) << "the same keys once more are no reuse";
}

/// One change to what a companion sends, and what is said of it.
struct Damage {
  const char* said;
  void (*apply)(Node& prologue);
};
Bytes& content_of(Node& parent, std::string_view tag) {
  for (Node& child : std::get<Node::Children>(parent.content)) {
    if (child.tag == tag) return std::get<Bytes>(child.content);
  }
  ADD_FAILURE() << tag;
  static Bytes none;
  return none;
}
void remove(Node& parent, std::string_view tag) {
  std::erase_if(std::get<Node::Children>(parent.content), [&](const Node& child) { return child.tag == tag; });
}

const Damage kDamages[] = {
    {"credential_id is missing", [](Node& p) { remove(p, "credential_id"); }},
    {"webauthn_assertion is missing", [](Node& p) { remove(p, "webauthn_assertion"); }},
    {"prologue_payload is missing", [](Node& p) { remove(p, "prologue_payload"); }},
    {"expected a JSON object", [](Node& p) { content_of(p, "webauthn_assertion") = to_bytes("no JSON"); }},
    {"rawId: not the credential_id", [](Node& p) { content_of(p, "credential_id").back() ^= 1; }},
    {"ProloguePayload: expected a message", [](Node& p) { content_of(p, "prologue_payload") = Bytes(40, 0xFF); }},
    {"commitment.hash: expected 32 bytes, got 0", [](Node& p) { content_of(p, "prologue_payload").clear(); }},
    {"pairing_handoff_proof: not by", [](Node& p) { content_of(p, "pairing_handoff_proof")[0] ^= 1; }},
    {"pairing_handoff_proof: not by", [](Node& p) { content_of(p, "pairing_handoff_proof").pop_back(); }},
};

TEST_F(SimulatorPasskey, RefusesAPrologueThatNoCompanionMaySend) {
  for (const Damage& damage : kDamages) {
    server.world().violations.clear();
    begin_and_sign();
    Node prologue = companion->prologue(assertion);
    damage.apply(prologue);
    EXPECT_EQ(refusal(prologue), "400") << damage.said;
    ASSERT_EQ(violations(), 1u) << damage.said;
    EXPECT_NE(server.world().violations[0].text.find(damage.said), std::string::npos)
        << damage.said << ": " << server.world().violations[0].text;
    EXPECT_EQ(cause(), Cause::kPasskeyRejected) << damage.said;
    EXPECT_EQ(refusal(companion->prologue(assertion)), "400") << "the attempt has ended";
  }
}

TEST_F(SimulatorPasskey, RefusesAnIdentityThatIsNotTheRegistrations) {
  for (int damage = 0; damage < 6; ++damage) {
    begin_and_sign();
    if (damage == 0) companion->device_type = proto::DeviceProps::FIREFOX;
    if (damage == 1) companion->ref += "x";
    if (damage == 2) companion->ref.clear();
    proto::CompanionEphemeralIdentity identity;
    identity.set_public_key(to_text(ByteView(random.array<32>()).first(damage == 3 ? 31 : 32)));
    if (damage != 4) identity.set_device_type(companion->device_type);
    identity.set_ref(companion->ref);
    proto::ProloguePayload payload;
    payload.set_companion_ephemeral_identity(damage == 5 ? "\xFF" : identity.SerializeAsString());
    payload.mutable_commitment()->set_hash(std::string(32, 'h'));
    EXPECT_EQ(refusal(companion->prologue_with(assertion, payload)), "400") << damage;
    EXPECT_EQ(cause(), Cause::kPasskeyRejected) << damage;
    EXPECT_EQ(violations(), static_cast<std::size_t>(damage + 1));
  }
}

TEST_F(SimulatorPasskey, TakesAPrologueWithoutHandoffProof) {
  begin_and_sign();
  Node prologue = companion->prologue(assertion);
  remove(prologue, "pairing_handoff_proof");
  EXPECT_EQ(refusal(prologue), "");
  EXPECT_EQ(violations(), 0u);
}

TEST_F(SimulatorPasskey, WantsNoHandoffProofAfterFiveMinutes) {
  begin_and_sign();
  client->advance(Seconds(305));
  EXPECT_EQ(refusal(companion->prologue(assertion)), "") << "within the grace";
  begin_and_sign();
  client->advance(Seconds(320));
  Node prologue = companion->prologue(assertion);
  remove(prologue, "pairing_handoff_proof");
  EXPECT_EQ(refusal(prologue), "");
  begin_and_sign();
  client->advance(Seconds(320));
  EXPECT_EQ(refusal(companion->prologue(assertion)), "400");
  EXPECT_EQ(violations(), 1u);
}

TEST_F(SimulatorPasskey, RefusesANonceThatDoesNotFitTheCommitment) {
  for (int damage = 0; damage < 2; ++damage) {
    begin_and_continue();
    Bytes nonce = to_bytes(companion->nonce);
    if (damage == 0) nonce[31] ^= 1;
    if (damage == 1) nonce.pop_back();
    EXPECT_EQ(refusal(Node("companion_nonce").bytes(nonce)), "400") << damage;
    EXPECT_EQ(cause(), Cause::kPasskeyRejected) << damage;
    EXPECT_EQ(violations(), static_cast<std::size_t>(damage + 1));
  }
}

TEST_F(SimulatorPasskey, RefusesARequestForOtherKeys) {
  const std::vector<std::string> said = {"companionPublicKey: not the handshake's",
                                         "companionIdentityKey: not the registration's",
                                         "advSecret: expected 32 bytes, got 31",
                                         "advSecret: the one from before",
                                         "encrypted_pairing_request has no content",
                                         "",  // the cipher's own words
                                         "EncryptedPairingRequest: expected a message"};
  for (int damage = 0; damage < 7; ++damage) {
    const auto previous = keys.adv_secret.copy();
    begin_and_show();
    proto::PairingRequest request = companion->pairing_request();
    if (damage == 0) (*request.mutable_companion_public_key())[0] ^= 1;
    if (damage == 1) (*request.mutable_companion_identity_key())[0] ^= 1;
    if (damage == 2) request.mutable_adv_secret()->pop_back();
    if (damage == 3) request.set_adv_secret(to_text(previous.view()));
    Node sealed = companion->sealed(request);
    if (damage == 4) sealed = Node("encrypted_pairing_request");
    if (damage == 5) std::get<Bytes>(sealed.content)[20] ^= 1;
    if (damage == 6) sealed.bytes(Bytes(10, 0xFF));
    EXPECT_EQ(refusal(sealed), "400") << damage;
    EXPECT_EQ(cause(), Cause::kPasskeyRejected) << damage;
    ASSERT_EQ(violations(), static_cast<std::size_t>(damage + 1)) << damage;
    EXPECT_NE(server.world().violations.back().text.find(said[damage]), std::string::npos)
        << server.world().violations.back().text;
  }
  EXPECT_EQ(server.world().counters.pairings_failed, 7u);
}

TEST_F(SimulatorPasskey, RefusesWhatComesOutOfOrder) {
  begin_and_sign();
  EXPECT_EQ(refusal(companion->companion_nonce()), "400");
  begin_and_continue();
  EXPECT_EQ(refusal(companion->prologue(assertion)), "400");
  begin_and_continue();
  EXPECT_EQ(refusal(companion->sealed(companion->pairing_request())), "400");
  begin_and_show();
  EXPECT_EQ(refusal(companion->companion_nonce()), "400");
  EXPECT_EQ(violations(), 5u) << "and the last for its reuse, too";
  begin_and_sign();
  EXPECT_TRUE(client->ask("md", "get", companion->prologue(assertion))->find("error")) << "of the wrong type";
  EXPECT_EQ(violations(), 6u);
}

TEST_F(SimulatorPasskey, WaitsTenMinutes) {
  begin_and_show();
  client->advance(Seconds(599));
  EXPECT_FALSE(outcome.has_value());
  EXPECT_FALSE(client->closed.has_value());
  client->advance(Seconds(2));
  ASSERT_TRUE(outcome && !outcome->ok());
  EXPECT_EQ(outcome->error().code, Errc::kTimedOut);
}

TEST_F(SimulatorPasskey, TellsThePhoneThatTheCompanionIsGone) {
  begin();
  client->hang_up();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->error().code, Errc::kNotConnected);
}

// What goes wrong on purpose.
using simulator::PasskeyDefect;

struct SimulatorPasskeyDefects : SimulatorPasskey {
  void set_defect(PasskeyDefect defect) {
    Faults faults;
    faults.passkey_defect = defect;
    set(faults);
  }
};

TEST_F(SimulatorPasskeyDefects, SpoilOrLeaveOutTheOptions) {
  set_defect(PasskeyDefect::kBadOptions);
  begin();
  EXPECT_TRUE(json::parse(companion->take_request(), nullptr, false).is_discarded());
  auto answer = client->ask("md", "get", Node("passkey_request_options"));
  const auto options = answer->find("passkey_request_options")->leaf();
  EXPECT_TRUE(json::parse(as_text(*options), nullptr, false).is_discarded());
  set_defect(PasskeyDefect::kNoOptions);
  begin();
  const auto notification = client->next("notification");
  EXPECT_EQ(notification->attribute("type"), "passkey_prologue_request");
  EXPECT_TRUE(notification->children().empty());
  answer = client->ask("md", "get", Node("passkey_request_options"));
  EXPECT_EQ(answer->attribute("type"), "result");
  EXPECT_TRUE(answer->children().empty());
}

TEST_F(SimulatorPasskeyDefects, RefuseOrLeaveThePrologue) {
  set_defect(PasskeyDefect::kRefuseAssertion);
  begin_and_sign();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(refusal(companion->prologue(assertion)), "401");
  EXPECT_FALSE(outcome.has_value());
  set_defect(PasskeyDefect::kSilentPrologue);
  begin_and_sign();
  EXPECT_FALSE(companion->set(companion->prologue(assertion)).has_value());
  EXPECT_EQ(passkey_state()["state"], "requested");
  EXPECT_EQ(violations(), 0u);
}

TEST_F(SimulatorPasskeyDefects, ShortenThePhonesIdentity) {
  for (const auto& [defect, key, nonce] : {std::tuple(PasskeyDefect::kShortPrimaryKey, 31u, 32u),
                                           std::tuple(PasskeyDefect::kShortPrimaryNonce, 32u, 31u)}) {
    set_defect(defect);
    begin_and_sign();
    EXPECT_EQ(refusal(companion->prologue(assertion)), "");
    EXPECT_FALSE(companion->take_continuation());
    EXPECT_EQ(companion->primary.public_key().size(), key);
    EXPECT_EQ(companion->primary.nonce().size(), nonce);
  }
}

TEST_F(SimulatorPasskeyDefects, ContinueWhatHasNotBegun) {
  set_defect(PasskeyDefect::kUnsolicitedContinuation);
  begin();
  const std::string options = companion->take_request();
  ASSERT_TRUE(companion->take_continuation()) << "nobody asked for it";
  const std::string unsolicited = companion->primary.public_key();
  companion->take_ref();
  EXPECT_EQ(refusal(companion->prologue(*server.passkey_assertion(options))), "");
  ASSERT_TRUE(companion->take_continuation());
  EXPECT_NE(companion->primary.public_key(), unsolicited);
  EXPECT_EQ(refusal(companion->companion_nonce()), "") << "the flow itself is as it was";
}

TEST_F(SimulatorPasskeyDefects, RefuseTheNonce) {
  set_defect(PasskeyDefect::kRefuseNonce);
  begin_and_continue();
  EXPECT_EQ(refusal(companion->companion_nonce()), "400");
  EXPECT_EQ(cause(), Cause::kPasskeyRejected);
  EXPECT_EQ(violations(), 0u);
}

TEST_F(SimulatorPasskeyDefects, SayNothingAfterTheConfirmation) {
  set_defect(PasskeyDefect::kSilentAfterConfirmation);
  begin_and_show();
  EXPECT_EQ(refusal(companion->sealed(companion->pairing_request())), "");
  EXPECT_FALSE(client->next("iq").has_value());
  EXPECT_FALSE(outcome.has_value());
}

TEST(SimulatorPasskeyNames, NameEveryDefect) {
  for (const char* name : {"none", "bad-options", "no-options", "refuse-assertion", "silent-prologue",
                           "short-primary-key", "short-primary-nonce", "unsolicited-continuation", "refuse-nonce"}) {
    EXPECT_TRUE(simulator::passkey_defect_from_name(name).has_value()) << name;
  }
  EXPECT_EQ(simulator::passkey_defect_from_name("silent-after-confirmation"), PasskeyDefect::kSilentAfterConfirmation);
  EXPECT_FALSE(simulator::passkey_defect_from_name("x").has_value());
}

TEST_F(SimulatorPasskey, LetsOnePhoneWaitAtATime) {
  begin();
  CodeCompanion code(*client, keys, random);
  ASSERT_TRUE(code.ask(code.hello()));
  std::optional<Result<Paired>> second;
  const auto second_reply = [&second] {
    return Reply<Paired>([&second](Result<Paired> result) { second = std::move(result); });
  };
  server.scan(keys.qr(refs[0]), {kNumber, "android", ""}, clock.now(), second_reply());
  ASSERT_TRUE(second && !second->ok());
  EXPECT_EQ(second->error().message, "another phone has just scanned this code");
  server.enter_code(kNumber, CodeCompanion::kCode, {}, clock.now(), second_reply());
  ASSERT_FALSE(second->ok());
  EXPECT_EQ(second->error().message, "another phone has just entered a code");
  EXPECT_FALSE(outcome.has_value());
}

}  // namespace
}  // namespace ponte::test::by_hand
