// The simulator's phone: what it accepts, and what it refuses.
#include "hand_made_client.h"

namespace ponte::test::by_hand {
namespace {

using simulator::Close;
using simulator::Faults;
using simulator::Paired;
using simulator::PairSuccessDefect;

struct SimulatorPairing : testing::Test {
  /// The hand-made client sends no pings: its silence must not end the longer tests.
  static simulator::Options patient() {
    simulator::Options options;
    options.idle_timeout = std::chrono::minutes(10);
    return options;
  }
  void set(const Faults& faults) { ASSERT_TRUE(server.set_faults(faults, {}).ok()); }
  /// Connects and takes the refs.
  void begin() {
    client.emplace(server, clock, random);
    ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
    refs = client->take_refs();
    ASSERT_EQ(refs.size(), 6u);
  }
  void scan(const std::string& text, const simulator::Phone& phone = {}) {
    outcome.reset();
    server.scan(text, phone, clock.now(),
                Reply<Paired>([this](Result<Paired> result) { outcome = std::move(result); }));
    client->pump();
  }
  /// Scans the current code and answers pair-success rightly.
  void pair(const std::string& number) {
    begin();
    scan(keys.qr(refs[0]), {number, "android", ""});
    const auto iq = client->next("iq");
    ASSERT_TRUE(iq.has_value());
    const auto sign = approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random);
    ASSERT_TRUE(sign.has_value());
    client->answer(*iq, *sign);
    ASSERT_TRUE(outcome && outcome->ok());
  }
  Cause cause() const { return outcome && !outcome->ok() ? outcome->error().cause : Cause::kInternal; }

  std::optional<Result<Paired>> outcome;  // before the server: replies come until it is gone
  SeededRandom random{2};
  VirtualClock clock;
  simulator::SimServer server{patient(), random};
  DeviceKeys keys{random};
  std::optional<HandMadeClient> client;
  std::vector<std::string> refs;
};

TEST_F(SimulatorPairing, SendsPairSuccessAndRestartsTheStream) {
  begin();
  scan("https://wa.me/settings/linked_devices#" + keys.qr(refs[0]), {"5511999990000", "iphone", "Padaria"});
  EXPECT_FALSE(outcome.has_value()) << "the phone waits for the companion";
  const auto iq = client->next("iq");
  ASSERT_TRUE(iq.has_value());
  EXPECT_EQ(iq->number("t"), static_cast<std::uint64_t>(unix_seconds(clock.now().wall)));
  const Node* success = iq->find("pair-success");
  ASSERT_NE(success, nullptr);
  EXPECT_EQ(success->find("platform")->attribute("name"), "iphone");
  EXPECT_EQ(success->find("biz")->attribute("name"), "Padaria");
  EXPECT_EQ(success->find("device")->attribute("jid"), "5511999990000:1@s.whatsapp.net");
  EXPECT_EQ(success->find("device")->jid("lid")->server, "lid");
  const auto sign = approve_by_hand(*success, keys, keys.adv_secret.view(), random);
  ASSERT_TRUE(sign.has_value()) << "HMAC or account signature";
  client->answer(*iq, *sign);
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ((*outcome)->jid, "5511999990000:1@s.whatsapp.net");
  EXPECT_EQ(client->next("stream:error")->attribute("code"), "515");
  EXPECT_FALSE(client->closed.has_value());
  client->advance(Seconds(2));
  EXPECT_EQ(client->closed, Close::Kind::kNormal);
  EXPECT_TRUE(server.world().violations.empty());
  EXPECT_EQ(server.world().accounts.find("5511999990000")->companions.size(), 1u);
}

TEST_F(SimulatorPairing, GivesGrowingDeviceIds) {
  pair("5511999990000");
  EXPECT_EQ((*outcome)->device, 1);
  pair("5511999990000");
  EXPECT_EQ((*outcome)->device, 2);
  EXPECT_EQ((*outcome)->key_index, 2u);
}

TEST_F(SimulatorPairing, TakesAFreshPhoneWhereNoNumberIsGiven) {
  begin();
  scan(keys.qr(refs[0]));
  const auto first = client->next("iq")->find("pair-success")->find("device")->attribute("jid");
  begin();
  scan(keys.qr(refs[0]));
  EXPECT_NE(client->next("iq")->find("pair-success")->find("device")->attribute("jid"), first);
}

TEST_F(SimulatorPairing, RefusesARefWhoseTurnIsOver) {
  begin();
  client->advance(Seconds(59));
  scan(keys.qr(refs[1]));
  EXPECT_FALSE(cause() == Cause::kPairingRefused) << "within the grace of two seconds";
  begin();
  client->advance(Seconds(63));
  scan(keys.qr(refs[0]));
  EXPECT_EQ(cause(), Cause::kPairingRefused);
  scan(keys.qr(refs[2]));
  EXPECT_EQ(cause(), Cause::kPairingRefused) << "its turn has not come";
  scan(keys.qr(refs[1]));
  EXPECT_FALSE(outcome.has_value());
  EXPECT_TRUE(client->next("iq")->find("pair-success"));
}

TEST_F(SimulatorPairing, ShowsTheLastRefUntil160SecondsAndThenCloses) {
  begin();
  client->advance(Seconds(155));
  scan(keys.qr(refs[5]));
  EXPECT_FALSE(outcome.has_value());
  begin();
  client->advance(Seconds(170));
  EXPECT_FALSE(client->closed.has_value());
  scan(keys.qr(refs[5]));
  EXPECT_EQ(cause(), Cause::kPairingRefused);
  client->advance(Seconds(10));
  EXPECT_TRUE(client->closed.has_value());
  scan(keys.qr(refs[5]));
  EXPECT_EQ(outcome->error().code, Errc::kNotFound);
}

TEST_F(SimulatorPairing, RefusesTextsThatAreNotTheCodeOnDisplay) {
  begin();
  const std::string good = keys.qr(refs[0]);
  DeviceKeys stranger(random);
  scan("2@nobody" + good.substr(refs[0].size()));
  EXPECT_EQ(outcome->error().code, Errc::kNotFound);
  scan(stranger.qr(refs[0]));
  EXPECT_EQ(cause(), Cause::kPairingRefused);
  for (const std::string& text : {good.substr(0, good.rfind(',')), good + ",1", good.substr(0, good.size() - 1) + "0",
                                  good.substr(0, good.size() - 1), std::string(), std::string("2@,,,,1")}) {
    scan(text);
    EXPECT_EQ(cause(), Cause::kInvalidRequest) << text;
  }
  DeviceKeys other_identity(random);
  other_identity.noise = keys.noise.copy();
  scan(other_identity.qr(refs[0]));
  EXPECT_EQ(cause(), Cause::kPairingRefused);
}

TEST_F(SimulatorPairing, ReportsACompanionThatRefuses) {
  begin();
  scan(keys.qr(refs[0]));
  const auto iq = client->next("iq");
  client->send(Node("iq")
                   .with("to", server_jid())
                   .with("type", "error")
                   .with("id", *iq->attribute("id"))
                   .child(Node("error").with("code", "401").with("text", "hmac-mismatch")));
  EXPECT_EQ(cause(), Cause::kPairingRefused);
  EXPECT_NE(outcome->error().message.find("401 hmac-mismatch"), std::string::npos);
  EXPECT_EQ(server.world().counters.pairings_failed, 1u);
}

TEST_F(SimulatorPairing, ChecksTheCompanionsSignatureAndKeyIndex) {
  for (int damage = 0; damage < 5; ++damage) {
    begin();
    scan(keys.qr(refs[0]), {"5511999990000", "android", ""});
    const auto iq = client->next("iq");
    auto sign = approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random);
    Node& identity = std::get<Node::Children>(sign->content)[0];
    Bytes& content = std::get<Bytes>(identity.content);
    if (damage == 0) content.back() ^= 1;
    if (damage == 1) content[4] ^= 1;
    if (damage == 2) content.resize(content.size() - 70);
    if (damage == 3) identity.attributes[0].second = std::string("99");
    if (damage == 4) sign = Node("pair-device-sign");
    client->answer(*iq, *sign);
    ASSERT_TRUE(outcome && !outcome->ok()) << damage;
    EXPECT_TRUE(client->closed.has_value()) << damage;
  }
  EXPECT_TRUE(server.world().accounts.find("5511999990000")->companions.empty());
}

TEST_F(SimulatorPairing, WaitsTwentySecondsForTheCompanion) {
  begin();
  scan(keys.qr(refs[0]));
  client->advance(Seconds(19));
  EXPECT_FALSE(outcome.has_value());
  client->advance(Seconds(2));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->error().code, Errc::kTimedOut);
}

TEST_F(SimulatorPairing, TellsThePhoneThatTheCompanionIsGone) {
  begin();
  scan(keys.qr(refs[0]));
  client->hang_up();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->error().code, Errc::kNotConnected);
}

TEST_F(SimulatorPairing, BreaksWhatTheDefectNames) {
  for (const auto defect :
       {PairSuccessDefect::kBadHmac, PairSuccessDefect::kBadAccountSignature, PairSuccessDefect::kShortSignatureKey,
        PairSuccessDefect::kShortSignature, PairSuccessDefect::kNoIdentity, PairSuccessDefect::kGarbageIdentity}) {
    Faults faults;
    faults.pair_success = defect;
    set(faults);
    begin();
    scan(keys.qr(refs[0]));
    const auto iq = client->next("iq");
    EXPECT_FALSE(approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random).has_value());
  }
  Faults faults;
  faults.pair_success = PairSuccessDefect::kForeignSender;
  set(faults);
  begin();
  scan(keys.qr(refs[0]));
  EXPECT_FALSE(client->next("iq")->jid("from")->is_server());
  faults.pair_success = PairSuccessDefect::kNoDevice;
  set(faults);
  begin();
  scan(keys.qr(refs[0]));
  EXPECT_EQ(client->next("iq")->find("pair-success")->find("device"), nullptr);
}

TEST_F(SimulatorPairing, WantsANewSecretAfterCompanionRegRefresh) {
  Faults faults;
  faults.refresh_before_pairing = true;
  set(faults);
  begin();
  scan(keys.qr(refs[0]));
  EXPECT_EQ(cause(), Cause::kSuperseded);
  const auto notification = client->next("notification");
  ASSERT_TRUE(notification.has_value());
  EXPECT_EQ(notification->attribute("type"), "companion_reg_refresh");
  client->acknowledge(*notification);
  scan(keys.qr(refs[0]));
  EXPECT_EQ(cause(), Cause::kPairingRefused) << "the same secret again";
  keys.adv_secret = Secret<32>(random.array<32>());
  scan(keys.qr(refs[0]));
  EXPECT_FALSE(outcome.has_value());
  const auto iq = client->next("iq");
  EXPECT_TRUE(approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random).has_value());
  EXPECT_EQ(client->connection().unacknowledged(), 0u);
}

TEST_F(SimulatorPairing, ClosesWithoutRestartWhereItIsToldTo) {
  Faults faults;
  faults.close_without_restart = true;
  set(faults);
  pair("5511999990000");
  EXPECT_FALSE(client->next("stream:error").has_value());
  EXPECT_TRUE(client->closed.has_value());
}

TEST_F(SimulatorPairing, AnswersPingsAndWhatItDoesNotKnow) {
  begin();
  const auto pong = client->ask("w:p", "get", Node("ping"));
  ASSERT_TRUE(pong.has_value());
  EXPECT_EQ(pong->attribute("type"), "result");
  EXPECT_TRUE(pong->number("t").has_value());
  EXPECT_EQ(client->ask("w:unheard-of", "get", Node("x"))->attribute("type"), "result");
}

TEST_F(SimulatorPairing, NotesAnswersThatNobodyAskedFor) {
  begin();
  client->send(Node("iq").with("type", "result").with("id", "777"));
  client->send(Node("ack").with("class", "notification").with("id", "778").with("to", server_jid()));
  EXPECT_EQ(server.world().violations.size(), 2u);
}

}  // namespace
}  // namespace ponte::test::by_hand
