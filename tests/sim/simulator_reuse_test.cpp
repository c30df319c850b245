// What no client may use twice, and how the simulator notices.
#include "base/writer.h"
#include "hand_made_code.h"
#include "hand_made_passkey.h"
#include "simulator/used_values.h"

namespace ponte::test::by_hand {
namespace {

using simulator::Paired;
using simulator::UsedValues;

constexpr const char* kNumber = CodeCompanion::kNumber;

TEST(SimulatorUsedValues, KnowWhatWasNoted) {
  UsedValues used;
  EXPECT_EQ(used.note(as_bytes("a")), UsedValues::Found::kNothing);
  EXPECT_EQ(used.note(as_bytes("a")), UsedValues::Found::kSame);
  EXPECT_EQ(used.note(as_bytes("b"), as_bytes("1")), UsedValues::Found::kNothing);
  EXPECT_EQ(used.note(as_bytes("b"), as_bytes("2")), UsedValues::Found::kOther);
  EXPECT_EQ(used.note(as_bytes("b"), as_bytes("1")), UsedValues::Found::kSame) << "the first value stays";
  used.clear();
  EXPECT_EQ(used.note(as_bytes("a")), UsedValues::Found::kNothing);
}

TEST(SimulatorUsedValues, ForgetTheOldest) {
  UsedValues used;
  for (std::uint32_t i = 0; i <= UsedValues::kKept; ++i) used.note(big_endian_array<4>(i));
  EXPECT_EQ(used.note(big_endian_array<4>(1)), UsedValues::Found::kSame);
  EXPECT_EQ(used.note(big_endian_array<4>(0)), UsedValues::Found::kNothing);
}

struct SimulatorReuse : testing::Test {
  void connect() {
    client.emplace(server, clock, random);
    ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
    refs = client->take_refs();
    ASSERT_FALSE(refs.empty());
  }
  Reply<Paired> reply() {
    return Reply<Paired>([this](Result<Paired> result) { outcome = std::move(result); });
  }
  void scan() {
    server.scan(keys.qr(refs[0]), {kNumber, "android", ""}, clock.now(), reply());
    client->pump();
  }
  void pair_and_log_in() {
    connect();
    scan();
    const auto iq = client->next("iq");
    client->answer(*iq, approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random));
    ASSERT_TRUE(outcome && outcome->ok());
    client->hang_up();
    client.emplace(server, clock, random);
    ASSERT_TRUE(client->connect(keys, login_payload(kNumber, (*outcome)->device)).ok());
  }
  /// The violations since the last call.
  std::vector<std::string> said() {
    std::vector<std::string> out;
    for (const auto& violation : server.world().violations) out.push_back(violation.text);
    server.world().violations.clear();
    return out;
  }
  Node signed_prekey(std::uint32_t id, const crypto::KeyPair& pair) {
    const auto signature =
        crypto::xeddsa_sign(keys.identity.private_key, concat({ByteArray<1>{5}, pair.public_key}), random);
    return Node("skey")
        .child(Node("id").bytes(big_endian_array<3>(id)))
        .child(Node("value").bytes(pair.public_key))
        .child(Node("signature").bytes(signature));
  }
  Node upload_of(std::uint32_t id, const crypto::PublicKey& key, Node skey) {
    Node iq = Node("iq").with("id", "up").with("xmlns", "encrypt").with("type", "set").with("to", server_jid());
    iq.child(Node("registration").bytes(big_endian_array<4>(0x1234)));
    iq.child(Node("type").bytes(ByteArray<1>{5}));
    iq.child(Node("identity").bytes(keys.identity.public_key));
    iq.child(Node("list").child(
        Node("key").child(Node("id").bytes(big_endian_array<3>(id))).child(Node("value").bytes(key))));
    iq.child(std::move(skey));
    return iq;
  }
  std::string upload(std::uint32_t id, const crypto::PublicKey& key, Node skey) {
    client->send(upload_of(id, key, std::move(skey)));
    return client->next("iq")->attribute("type").value_or("");
  }

  using Said = std::vector<std::string>;
  std::optional<Result<Paired>> outcome;  // before the server: replies come until it is gone
  SeededRandom random{9};
  VirtualClock clock;
  simulator::SimServer server{simulator::Options{}, random};
  DeviceKeys keys{random};
  std::optional<HandMadeClient> client;
  std::vector<std::string> refs;
};

TEST_F(SimulatorReuse, IsNoticedOfAHandshakesEphemeralKey) {
  noise::Handshake handshake({server.root_key(), &keys.noise}, random);
  const Bytes hello = concat({wire::stream_prologue(), *wire::encode_frame_bytes(handshake.client_hello())});
  client.emplace(server, clock, random);
  client->send_bytes(hello);
  EXPECT_EQ(said(), Said());
  server.reset(clock.now());
  client.emplace(server, clock, random);
  client->send_bytes(hello);
  EXPECT_EQ(said(), Said{"the ephemeral key of ClientHello was used before"}) << "a reset forgets it not";
}

TEST_F(SimulatorReuse, IsNoticedOfMessagesThatHadNoEffect) {
  simulator::Faults faults;
  faults.freeze_on = simulator::FreezePoint::kClientHello;
  ASSERT_TRUE(server.set_faults(faults, {}).ok());
  noise::Handshake handshake({server.root_key(), &keys.noise}, random);
  const Bytes hello = concat({wire::stream_prologue(), *wire::encode_frame_bytes(handshake.client_hello())});
  for (int i = 0; i < 2; ++i) {
    client.emplace(server, clock, random);
    client->send_bytes(hello);
  }
  EXPECT_EQ(said(), Said{"the ephemeral key of ClientHello was used before"});
  faults.freeze_on = simulator::FreezePoint::kCompanionHello;
  ASSERT_TRUE(server.set_faults(faults, {}).ok());
  std::optional<Node> request;
  for (int i = 0; i < 2; ++i) {
    connect();
    CodeCompanion companion(*client, keys, random);
    if (!request) request = companion.hello();
    EXPECT_FALSE(companion.ask(*request));
  }
  EXPECT_EQ(said().size(), 2u);
  server.world().faults.clear();
  pair_and_log_in();
  faults.freeze_on = simulator::FreezePoint::kPrekeyUpload;
  simulator::Scope scope;
  scope.connection = client->connection().id();
  ASSERT_TRUE(server.set_faults(faults, scope).ok());
  client->send(upload_of(1, random.array<32>(), signed_prekey(1, keys.signed_prekey)));
  client->hang_up();
  client.emplace(server, clock, random);
  ASSERT_TRUE(client->connect(keys, login_payload(kNumber, (*outcome)->device)).ok());
  EXPECT_EQ(upload(1, random.array<32>(), signed_prekey(1, keys.signed_prekey)), "result") << "it knows of no other";
  EXPECT_EQ(said(), Said{"prekey id 1 was used before, with another key"});
}

TEST_F(SimulatorReuse, IsNoticedOfWhatCompanionHelloHas) {
  connect();
  CodeCompanion companion(*client, keys, random);
  const Node hello = companion.hello();
  ASSERT_TRUE(companion.ask(hello));
  EXPECT_EQ(said(), Said());
  ASSERT_TRUE(companion.ask(hello));
  EXPECT_EQ(said(), (Said{"the salt of companion_hello was used before", "the IV of companion_hello was used before"}));
}

TEST_F(SimulatorReuse, IsNoticedOfACodesEphemeralKeyOnceTheCodeWasTyped) {
  for (int i = 0; i < 2; ++i) {
    connect();
    CodeCompanion companion(*client, keys, random);
    const auto salt = random.array<32>();
    const auto iv = random.array<16>();
    companion.ephemeral = crypto::key_pair_from_private(Secret<32>(ByteArray<32>{7}));
    const Bytes wrapped = crypto::aes256_ctr(CodeCompanion::key_of(salt), iv, companion.ephemeral.public_key);
    ASSERT_TRUE(companion.ask(companion.hello_with(concat({salt, iv, wrapped}))));
    server.enter_code(kNumber, CodeCompanion::kCode, {}, clock.now(), reply());
    const auto notification = client->next("notification");
    EXPECT_EQ(said(), Said());
    client->ask("md", "set", companion.finish(*notification->find("link_code_companion_reg")));
    EXPECT_EQ(said(), i == 0 ? Said() : Said{"the ephemeral key of companion_hello was used before"});
    client->hang_up();
  }
}

TEST_F(SimulatorReuse, IsNoticedOfABundle) {
  connect();
  CodeCompanion companion(*client, keys, random);
  ASSERT_TRUE(companion.ask(companion.hello()));
  server.enter_code(kNumber, "ABCD-1235", {}, clock.now(), reply());
  const Node finish = companion.finish(*client->next("notification")->find("link_code_companion_reg"));
  client->ask("md", "set", finish);
  EXPECT_EQ(said(), Said());
  server.enter_code(kNumber, CodeCompanion::kCode, {}, clock.now(), reply());
  client->ask("md", "set", finish);
  EXPECT_EQ(said(),
            (Said{"the salt of companion_finish was used before", "the nonce of companion_finish was used before"}));
}

TEST_F(SimulatorReuse, IsNoticedOfWhatAPasskeyNeeds) {
  simulator::Faults faults;
  faults.passkey = true;
  ASSERT_TRUE(server.set_faults(faults, {}).ok());
  const auto ephemeral = crypto::generate_key_pair(random);
  const auto nonce = random.array<32>();
  const auto iv = random.array<12>();
  for (int i = 0; i < 2; ++i) {
    connect();
    scan();
    PasskeyCompanion companion(*client, keys, random);
    const auto assertion = *server.passkey_assertion(companion.take_request());
    companion.take_ref();
    companion.ephemeral = ephemeral.copy();
    companion.nonce = nonce;
    EXPECT_EQ(companion.set(companion.prologue_again(assertion))->attribute("type"), "result");
    EXPECT_EQ(said(), i == 0 ? Said() : Said{"the ephemeral key of passkey_prologue was used before"});
    ASSERT_TRUE(companion.take_continuation());
    companion.set(companion.companion_nonce());
    EXPECT_EQ(said(), i == 0 ? Said() : Said{"companion_nonce was used before"});
    companion.set(companion.sealed(companion.pairing_request(), iv));
    EXPECT_EQ(said(), i == 0 ? Said() : Said{"the IV of encrypted_pairing_request was used before"});
    client->hang_up();
  }
}

TEST_F(SimulatorReuse, IsNoticedOfAPrekeysId) {
  pair_and_log_in();
  const auto first = random.array<32>();
  EXPECT_EQ(upload(1, first, signed_prekey(1, keys.signed_prekey)), "result");
  EXPECT_EQ(upload(1, first, signed_prekey(1, keys.signed_prekey)), "result") << "once more what got lost";
  EXPECT_EQ(said(), Said());
  EXPECT_EQ(upload(1, random.array<32>(), signed_prekey(1, keys.signed_prekey)), "error");
  EXPECT_EQ(said(), (Said{"prekey id 1 was used before, with another key", "encrypt: key id 1 was offered before"}));
  pair_and_log_in();
  EXPECT_EQ(upload(1, random.array<32>(), signed_prekey(1, keys.signed_prekey)), "result") << "another device";
  EXPECT_EQ(said(), Said());
}

TEST_F(SimulatorReuse, IsNoticedOfASignedPrekeysId) {
  pair_and_log_in();
  const auto other = crypto::generate_key_pair(random);
  EXPECT_EQ(upload(1, random.array<32>(), signed_prekey(1, other)), "result");
  EXPECT_EQ(said(), Said{"signed prekey id 1 was used before, with another key"}) << "the registration's";
  EXPECT_EQ(client->ask("encrypt", "set", Node("rotate").child(signed_prekey(2, other)))->attribute("type"), "result");
  EXPECT_EQ(said(), Said());
  client->ask("encrypt", "set", Node("rotate").child(signed_prekey(2, keys.signed_prekey)));
  EXPECT_EQ(said(), Said{"signed prekey id 2 was used before, with another key"});
}

TEST_F(SimulatorReuse, ForgetsPrekeysAtAReset) {
  pair_and_log_in();
  EXPECT_EQ(upload(1, random.array<32>(), signed_prekey(1, keys.signed_prekey)), "result");
  server.reset(clock.now());
  keys = DeviceKeys(random);
  pair_and_log_in();
  EXPECT_EQ(upload(1, random.array<32>(), signed_prekey(1, keys.signed_prekey)), "result");
  EXPECT_EQ(said(), Said());
}

}  // namespace
}  // namespace ponte::test::by_hand
