// Connections that freeze: what crash tests kill their clients at.
#include "base/writer.h"
#include "hand_made_code.h"
#include "hand_made_passkey.h"

namespace ponte::test::by_hand {
namespace {

using simulator::Close;
using simulator::Faults;
using simulator::FreezePoint;
using simulator::Paired;

constexpr const char* kNumber = CodeCompanion::kNumber;

struct SimulatorFreeze : testing::Test {
  void set(FreezePoint point, bool after_effect = false) {
    Faults faults;
    faults.freeze_on = point;
    faults.freeze_after_effect = after_effect;
    ASSERT_TRUE(server.set_faults(faults, {}).ok());
  }
  void thaw_the_next() { server.world().faults.clear(); }
  Status connect(const proto::ClientPayload& payload) {
    client.emplace(server, clock, random);
    return client->connect(keys, payload);
  }
  Reply<Paired> reply() {
    return Reply<Paired>([this](Result<Paired> result) { outcome = std::move(result); });
  }
  void scan() {
    server.scan(keys.qr(client->take_refs().at(0)), {kNumber, "android", ""}, clock.now(), reply());
    client->pump();
  }
  void answer_pair_success() {
    const auto iq = client->next("iq");
    ASSERT_TRUE(iq && iq->find("pair-success"));
    client->answer(*iq, approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random));
  }
  /// Pairs while nothing freezes.
  void pair() {
    ASSERT_TRUE(connect(registration_payload(keys)).ok());
    scan();
    answer_pair_success();
    ASSERT_TRUE(outcome && outcome->ok());
    client->hang_up();
  }
  /// Nothing more comes, whatever is sent and however long it takes.
  void expect_frozen() {
    EXPECT_TRUE(client->connection().frozen());
    while (client->next()) {
    }
    EXPECT_FALSE(client->ask("w:p", "get", Node("ping")).has_value());
    client->advance(std::chrono::hours(1));
    EXPECT_FALSE(client->next_frame().has_value());
    EXPECT_FALSE(client->closed.has_value());
  }
  simulator::Account* account() { return server.world().accounts.find(kNumber); }

  std::optional<Result<Paired>> outcome;  // before the server: replies come until it is gone
  SeededRandom random{8};
  VirtualClock clock;
  simulator::SimServer server{simulator::Options{}, random};
  DeviceKeys keys{random};
  std::optional<HandMadeClient> client;
};

TEST_F(SimulatorFreeze, TakesNoHandshakeAnyFurther) {
  for (const bool after_effect : {false, true}) {
    set(FreezePoint::kClientHello, after_effect);
    EXPECT_FALSE(connect(registration_payload(keys)).ok());
    EXPECT_TRUE(client->connection().frozen());
    EXPECT_TRUE(client->messages.empty());
    client->advance(Seconds(60));
    EXPECT_FALSE(client->closed.has_value());
    set(FreezePoint::kClientFinish, after_effect);
    EXPECT_TRUE(connect(registration_payload(keys)).ok());
    expect_frozen();
    EXPECT_EQ(client->connection().state_name(), after_effect ? "pairing" : "client-finish");
  }
}

TEST_F(SimulatorFreeze, CountsMessagesFromTheHandshakeOn) {
  for (unsigned count = 1; count < 5; ++count) {
    Faults faults;
    faults.freeze_after = count;
    ASSERT_TRUE(server.set_faults(faults, {}).ok());
    const bool connected = connect(registration_payload(keys)).ok();
    EXPECT_EQ(connected, count > 1);
    if (count > 2) {
      EXPECT_EQ(client->take_refs().size(), 6u) << "the answer to message 2; 3 is the client's own";
      EXPECT_EQ(client->connection().frozen(), count == 3);
    }
    if (count == 4) {
      EXPECT_FALSE(client->ask("w:p", "get", Node("ping")).has_value());
    }
    EXPECT_TRUE(client->connection().frozen()) << count;
  }
}

TEST_F(SimulatorFreeze, LetsOutWhatWasAnsweredBefore) {
  ASSERT_TRUE(connect(registration_payload(keys)).ok());
  client->take_refs();
  Faults faults;
  faults.delay = Seconds(1);
  faults.freeze_after = 5;
  simulator::Scope scope;
  scope.connection = client->connection().id();
  ASSERT_TRUE(server.set_faults(faults, scope).ok());
  EXPECT_FALSE(client->ask("w:p", "get", Node("ping")).has_value()) << "message 4, answered a second later";
  EXPECT_FALSE(client->ask("w:p", "get", Node("ping")).has_value());
  EXPECT_TRUE(client->connection().frozen());
  client->advance(Seconds(2));
  EXPECT_TRUE(client->next("iq").has_value());
  EXPECT_FALSE(client->next_frame().has_value());
}

TEST_F(SimulatorFreeze, StopsBeforeThePhoneKnowsOfThePairing) {
  set(FreezePoint::kPairDeviceAck);
  ASSERT_TRUE(connect(registration_payload(keys)).ok());
  EXPECT_EQ(client->take_refs().size(), 6u);
  expect_frozen();
  set(FreezePoint::kPairSuccessAnswer);
  ASSERT_TRUE(connect(registration_payload(keys)).ok());
  scan();
  answer_pair_success();
  expect_frozen();
  EXPECT_FALSE(outcome.has_value());
  EXPECT_TRUE(account()->companions.empty());
  client->hang_up();
  ASSERT_TRUE(outcome.has_value()) << "once the client is gone, the phone learns of it";
  EXPECT_EQ(outcome->error().code, Errc::kNotConnected);
}

TEST_F(SimulatorFreeze, StopsAfterThePhoneKnowsOfThePairing) {
  set(FreezePoint::kPairSuccessAnswer, true);
  ASSERT_TRUE(connect(registration_payload(keys)).ok());
  scan();
  answer_pair_success();
  expect_frozen();
  ASSERT_TRUE(outcome && outcome->ok());
  client->hang_up();
  thaw_the_next();
  ASSERT_TRUE(connect(login_payload(kNumber, (*outcome)->device)).ok());
  EXPECT_TRUE(client->next("success").has_value());
}

TEST_F(SimulatorFreeze, StopsAtTheStepsOfAPairingCode) {
  set(FreezePoint::kCompanionHello);
  ASSERT_TRUE(connect(registration_payload(keys)).ok());
  client->take_refs();
  CodeCompanion frozen(*client, keys, random);
  EXPECT_FALSE(frozen.ask(frozen.hello()));
  expect_frozen();
  EXPECT_TRUE(server.world().codes.empty());
  for (const bool after_effect : {false, true}) {
    set(FreezePoint::kCompanionFinish, after_effect);
    ASSERT_TRUE(connect(registration_payload(keys)).ok());
    client->take_refs();
    CodeCompanion companion(*client, keys, random);
    ASSERT_TRUE(companion.ask(companion.hello()));
    server.enter_code(kNumber, CodeCompanion::kCode, {}, clock.now(), reply());
    const auto hello = client->next("notification");
    EXPECT_FALSE(client->ask("md", "set", companion.finish(*hello->find("link_code_companion_reg"))).has_value());
    EXPECT_EQ(client->connection().pairing()->code_number().empty(), after_effect) << "the bundle was opened";
    expect_frozen();
    client->hang_up();
  }
}

TEST_F(SimulatorFreeze, StopsAtTheStepsOfAPasskey) {
  for (const FreezePoint point :
       {FreezePoint::kPasskeyPrologue, FreezePoint::kCompanionNonce, FreezePoint::kEncryptedPairingRequest}) {
    thaw_the_next();
    set(point);
    Faults faults;
    faults.passkey = true;
    ASSERT_TRUE(server.set_faults(faults, {}).ok());
    ASSERT_TRUE(connect(registration_payload(keys)).ok());
    scan();
    PasskeyCompanion companion(*client, keys, random);
    const auto assertion = *server.passkey_assertion(companion.take_request());
    companion.take_ref();
    const bool first = companion.set(companion.prologue(assertion)).has_value();
    EXPECT_EQ(first, point != FreezePoint::kPasskeyPrologue);
    if (first) {
      ASSERT_TRUE(companion.take_continuation());
      const bool second = companion.set(companion.companion_nonce()).has_value();
      EXPECT_EQ(second, point != FreezePoint::kCompanionNonce);
      if (second) {
        EXPECT_FALSE(companion.set(companion.sealed(companion.pairing_request())).has_value());
      }
    }
    expect_frozen();
  }
}

TEST_F(SimulatorFreeze, StopsAtAnUploadOfPrekeys) {
  pair();
  for (const bool after_effect : {false, true}) {
    set(FreezePoint::kPrekeyUpload, after_effect);
    ASSERT_TRUE(connect(login_payload(kNumber, 1)).ok());
    Node iq = Node("iq").with("id", "up").with("xmlns", "encrypt").with("type", "set").with("to", server_jid());
    iq.child(Node("registration").bytes(big_endian_array<4>(0x1234)));
    iq.child(Node("type").bytes(ByteArray<1>{5}));
    iq.child(Node("identity").bytes(keys.identity.public_key));
    iq.child(Node("list").child(
        Node("key").child(Node("id").bytes(ByteArray<3>{0, 0, 1})).child(Node("value").bytes(random.array<32>()))));
    iq.child(Node("skey")
                 .child(Node("id").bytes(ByteArray<3>{0, 0, 1}))
                 .child(Node("value").bytes(keys.signed_prekey.public_key))
                 .child(Node("signature").bytes(keys.signature)));
    client->send(iq);
    expect_frozen();
    EXPECT_EQ(account()->find(1)->prekeys.size(), after_effect ? 1u : 0u);
  }
}

TEST_F(SimulatorFreeze, StopsAtActive) {
  pair();
  set(FreezePoint::kActive);
  ASSERT_TRUE(connect(login_payload(kNumber, 1)).ok());
  EXPECT_TRUE(client->next("success").has_value());
  EXPECT_FALSE(client->ask("passive", "set", Node("active")).has_value());
  expect_frozen();
  EXPECT_FALSE(client->connection().online()->active());
}

TEST_F(SimulatorFreeze, StopsAtALogoutBeforeOrAfterTheDeviceIsGone) {
  pair();
  for (const bool after_effect : {false, true}) {
    set(FreezePoint::kLogout, after_effect);
    ASSERT_TRUE(connect(login_payload(kNumber, 1)).ok());
    const Node logout = Node("remove-companion-device").with("jid", wire::Jid{kNumber, "s.whatsapp.net", 1});
    EXPECT_FALSE(client->ask("md", "set", logout).has_value());
    expect_frozen();
    EXPECT_EQ(account()->companions.empty(), after_effect);
  }
  EXPECT_EQ(server.ping({}, clock.now()), 0u) << "nothing reaches a frozen connection";
  EXPECT_EQ(server.drop({}, Close::Kind::kAbort, clock.now()), 2u);
  client->pump();
  EXPECT_EQ(client->closed, Close::Kind::kAbort) << "also where the server has no more to do with it";
  client->hang_up();
}

TEST_F(SimulatorFreeze, SurvivesWhatHappensToTheDeviceMeanwhile) {
  pair();
  set(FreezePoint::kActive);
  ASSERT_TRUE(connect(login_payload(kNumber, 1)).ok());
  client->ask("passive", "set", Node("active"));
  thaw_the_next();
  HandMadeClient frozen = std::move(*client);
  ASSERT_TRUE(connect(login_payload(kNumber, 1)).ok());
  EXPECT_TRUE(client->next("success").has_value()) << "the same device connects again";
  EXPECT_EQ(*server.unlink(kNumber, 1, clock.now()), 1u);
  EXPECT_FALSE(frozen.closed.has_value());
  frozen.hang_up();
}

TEST(SimulatorFreezeNames, NameEveryPoint) {
  for (const char* name : {"client-hello", "client-finish", "pair-device-ack", "pair-success-answer", "companion-hello",
                           "companion-finish", "passkey-prologue", "companion-nonce", "encrypted-pairing-request",
                           "prekey-upload", "active"}) {
    EXPECT_TRUE(simulator::freeze_point_from_name(name).has_value()) << name;
  }
  EXPECT_EQ(simulator::freeze_point_from_name("logout"), FreezePoint::kLogout);
  EXPECT_FALSE(simulator::freeze_point_from_name("x").has_value());
}

}  // namespace
}  // namespace ponte::test::by_hand
