// The simulator's handshake and what it makes of a ClientPayload.
#include "hand_made_ik.h"
#include "support/vectors.h"

namespace ponte::test::by_hand {
namespace {

using simulator::ChainDefect;
using simulator::Close;
using simulator::Faults;
using simulator::HandshakeFault;
using simulator::Packing;

struct Simulator : testing::Test {
  HandMadeClient client() { return HandMadeClient(server, clock, random); }
  void set(const Faults& faults, const simulator::Scope& scope = {}) {
    ASSERT_TRUE(server.set_faults(faults, scope).ok());
  }

  SeededRandom random{1};
  VirtualClock clock;
  simulator::SimServer server{simulator::Options{}, random};
  DeviceKeys keys{random};
};

using SimulatorHandshake = Simulator;
using SimulatorPayload = Simulator;

TEST_F(SimulatorHandshake, EndsInPairDeviceWithSixRefsFromTheServersJid) {
  HandMadeClient device = client();
  ASSERT_TRUE(device.connect(keys, registration_payload(keys)).ok());
  const auto iq = device.next();
  ASSERT_TRUE(iq.has_value());
  EXPECT_EQ(iq->attribute("xmlns"), "md");
  ASSERT_FALSE(iq->attributes.empty());
  EXPECT_EQ(iq->attributes[0].first, "from");
  const auto* from = std::get_if<wire::Jid>(&iq->attributes[0].second);
  ASSERT_NE(from, nullptr) << "clients exist that ignore the token form";
  EXPECT_TRUE(from->is_server());
  ASSERT_NE(iq->find("pair-device"), nullptr);
  EXPECT_EQ(iq->find("pair-device")->children().size(), 6u);
  EXPECT_FALSE(device.next().has_value()) << "no success before pairing";
}

TEST_F(SimulatorHandshake, WorksInEveryPacking) {
  for (const Packing packing : {Packing::kOneFrame, Packing::kBytes, Packing::kRandom, Packing::kJoined}) {
    Faults faults;
    faults.packing = packing;
    set(faults);
    HandMadeClient device = client();
    ASSERT_TRUE(device.connect(keys, registration_payload(keys)).ok());
    EXPECT_EQ(device.take_refs().size(), 6u);
    if (packing == Packing::kBytes) {
      EXPECT_EQ(device.messages[0].size(), 1u);
    }
    if (packing == Packing::kOneFrame) {
      EXPECT_EQ(device.messages.size(), 2u);
    }
  }
}

TEST_F(SimulatorHandshake, TakesTheClientsBytesOneByOneAndBehindRoutingInfo) {
  HandMadeClient device = client();
  noise::Handshake handshake({server.root_key(), &keys.noise}, random);
  const ByteArray<4> routing = {8, 12, 8, 2};
  for (std::uint8_t byte :
       concat({wire::stream_prologue(routing), *wire::encode_frame_bytes(handshake.client_hello())})) {
    device.send_bytes(ByteView(&byte, 1));
  }
  EXPECT_TRUE(device.next_frame().has_value());
  EXPECT_EQ(device.connection().routing_info(), to_bytes(routing));
}

TEST_F(SimulatorHandshake, BreaksTheOneCheckThatADefectNames) {
  const std::vector<std::pair<ChainDefect, Cause>> expected = {
      {ChainDefect::kWrongRoot, Cause::kCertificateSignature},
      {ChainDefect::kIntermediateSignature, Cause::kCertificateSignature},
      {ChainDefect::kIntermediateIssuer, Cause::kCertificateIssuer},
      {ChainDefect::kIntermediateExpired, Cause::kCertificateExpired},
      {ChainDefect::kLeafSignature, Cause::kCertificateSignature},
      {ChainDefect::kLeafIssuer, Cause::kCertificateIssuer},
      {ChainDefect::kLeafKeyMismatch, Cause::kCertificateKeyMismatch},
      {ChainDefect::kLeafExpired, Cause::kCertificateExpired},
      {ChainDefect::kLeafNotYetValid, Cause::kCertificateNotYetValid},
      {ChainDefect::kEmpty, Cause::kCertificateMalformed},
  };
  for (const auto& [defect, cause] : expected) {
    Faults faults;
    faults.chain = defect;
    set(faults);
    const Status status = client().connect(keys, registration_payload(keys));
    ASSERT_FALSE(status.ok()) << chain_defect_name(defect);
    EXPECT_EQ(cause_name(status.error().cause), cause_name(cause)) << chain_defect_name(defect);
  }
  Faults faults;
  faults.chain = ChainDefect::kGarbage;
  set(faults);
  EXPECT_FALSE(client().connect(keys, registration_payload(keys)).ok());
}

TEST_F(SimulatorHandshake, NamesEveryDefect) {
  for (std::size_t i = 0; i < simulator::kChainDefectCount; ++i) {
    const auto defect = static_cast<ChainDefect>(i);
    EXPECT_EQ(simulator::chain_defect_from_name(simulator::chain_defect_name(defect)), defect);
  }
  EXPECT_FALSE(simulator::chain_defect_from_name("no-such-defect").has_value());
}

TEST_F(SimulatorHandshake, GoesWrongWhereItIsToldTo) {
  const std::vector<std::pair<HandshakeFault, std::optional<Close::Kind>>> expected = {
      {HandshakeFault::kSilent, std::nullopt},
      {HandshakeFault::kDropAfterHello, Close::Kind::kAbort},
      {HandshakeFault::kHalfServerHello, Close::Kind::kAbort},
      {HandshakeFault::kGarbageServerHello, std::nullopt},
      {HandshakeFault::kBadTag, std::nullopt},
  };
  for (const auto& [fault, closed] : expected) {
    Faults faults;
    faults.handshake = fault;
    set(faults, {1, {}, {}, {}});
    HandMadeClient device = client();
    EXPECT_FALSE(device.connect(keys, registration_payload(keys)).ok());
    EXPECT_EQ(device.closed, closed);
  }
  HandMadeClient device = client();
  EXPECT_TRUE(device.connect(keys, registration_payload(keys)).ok()) << "faults of the next connections are used up";
}

TEST_F(SimulatorHandshake, GoesWrongAfterClientFinishWhereItIsToldTo) {
  Faults faults;
  faults.handshake = HandshakeFault::kSilentAfterFinish;
  set(faults);
  HandMadeClient silent = client();
  ASSERT_TRUE(silent.connect(keys, registration_payload(keys)).ok());
  EXPECT_FALSE(silent.next_frame().has_value());
  faults.handshake = HandshakeFault::kGarbageAfterFinish;
  set(faults);
  HandMadeClient garbled = client();
  ASSERT_TRUE(garbled.connect(keys, registration_payload(keys)).ok());
  EXPECT_FALSE(garbled.next().has_value());
  EXPECT_EQ(garbled.messages.size(), 2u);
  faults.handshake = HandshakeFault::kDropAfterFinish;
  set(faults);
  HandMadeClient dropped = client();
  ASSERT_TRUE(dropped.connect(keys, registration_payload(keys)).ok());
  EXPECT_EQ(dropped.closed, Close::Kind::kAbort);
}

TEST_F(SimulatorHandshake, IsGivenUpAfterThirtySeconds) {
  HandMadeClient device = client();
  device.advance(Seconds(29));
  EXPECT_FALSE(device.closed.has_value());
  device.advance(Seconds(2));
  EXPECT_TRUE(device.closed.has_value());
}

TEST_F(SimulatorHandshake, RefusesBytesThatAreNoClients) {
  for (const Bytes& bytes :
       {to_bytes("GET / HTTP/1.1\r\n"), concat({wire::stream_prologue(), ByteArray<5>{0, 0, 2, 0xFF, 0xFF}})}) {
    HandMadeClient device = client();
    device.send_bytes(bytes);
    EXPECT_TRUE(device.closed.has_value());
    EXPECT_EQ(server.world().violations.back().connection, device.connection().id());
  }
}

TEST_F(SimulatorHandshake, RefusesAFinishThatDoesNotDecrypt) {
  HandMadeClient device = client();
  noise::Handshake handshake({server.root_key(), &keys.noise}, random);
  device.send_bytes(concat({wire::stream_prologue(), *wire::encode_frame_bytes(handshake.client_hello())}));
  auto finished = handshake.on_server_hello(*device.next_frame(), as_bytes("payload"), clock.now().wall);
  ASSERT_TRUE(finished.ok());
  finished->client_finish[20] ^= 1;
  device.send_bytes(*wire::encode_frame_bytes(finished->client_finish));
  EXPECT_TRUE(device.closed.has_value());
  EXPECT_EQ(server.world().counters.handshakes_failed, 1u);
}

TEST_F(SimulatorHandshake, FollowsFromTheSeed) {
  simulator::Options options;
  options.seed = ByteArray<32>{7};
  simulator::SimServer first(options, random);
  simulator::SimServer second(options, random);
  EXPECT_EQ(first.root_key(), second.root_key());
  EXPECT_EQ(first.world().accounts.get("5511999990000").identity.public_key,
            second.world().accounts.get("5511999990000").identity.public_key);
  EXPECT_NE(first.root_key(), server.root_key());
}

TEST_F(SimulatorHandshake, AcceptsIkWithTheServersKeyAtOnce) {
  IkHello ik(random);
  HandMadeClient device = client();
  const std::string payload = registration_payload(keys).SerializeAsString();
  const Bytes hello = ik.message(keys.noise, server.world().chain.static_keys().public_key, as_bytes(payload));
  device.send_bytes(concat({wire::stream_prologue(), *wire::encode_frame_bytes(hello)}));
  const auto reply = server_hello(device.next_frame());
  EXPECT_FALSE(reply.has_static_());
  const auto chain = ik.accept(keys.noise, reply);
  ASSERT_TRUE(chain.ok());
  EXPECT_TRUE(
      noise::verify_chain(*chain, server.root_key(), server.world().chain.static_keys().public_key, clock.now().wall)
          .ok());
  device.use_channel(ik.state.split());
  EXPECT_EQ(device.take_refs().size(), 6u);
  EXPECT_EQ(device.connection().pattern(), simulator::Pattern::kIk);
}

TEST_F(SimulatorHandshake, DeclinesIkForAnotherKeyWithItsOwn) {
  for (const bool renewed : {true, false}) {
    const auto cached = server.world().chain.static_keys().public_key;
    if (renewed) {
      server.renew_leaf();
    } else {
      Faults faults;
      faults.ik = simulator::IkAnswer::kFallback;
      set(faults);
    }
    IkHello ik(random);
    HandMadeClient device = client();
    const std::string payload = registration_payload(keys).SerializeAsString();
    device.send_bytes(concat(
        {wire::stream_prologue(), *wire::encode_frame_bytes(ik.message(keys.noise, cached, as_bytes(payload)))}));
    const auto reply = server_hello(device.next_frame());
    ASSERT_TRUE(reply.has_static_());
    const auto re = to_array<32>(as_bytes(reply.ephemeral()));
    noise::SymmetricState state(noise::kPatternXxFallback, wire::kPrologue);
    state.mix_hash(ik.ephemeral.public_key);
    state.mix_hash(re);
    ASSERT_TRUE(state.mix_agreement(ik.ephemeral.private_key, re).ok());
    const auto rs = state.decrypt_and_hash(as_bytes(reply.static_()));
    ASSERT_TRUE(rs.ok());
    ASSERT_TRUE(state.mix_agreement(ik.ephemeral.private_key, to_array<32>(*rs)).ok());
    ASSERT_TRUE(state.decrypt_and_hash(as_bytes(reply.payload())).ok());
    proto::HandshakeMessage finish;
    finish.mutable_client_finish()->set_static_(to_text(state.encrypt_and_hash(keys.noise.public_key)));
    ASSERT_TRUE(state.mix_agreement(keys.noise.private_key, re).ok());
    finish.mutable_client_finish()->set_payload(to_text(state.encrypt_and_hash(as_bytes(payload))));
    device.send_bytes(*wire::encode_frame_bytes(as_bytes(finish.SerializeAsString())));
    device.use_channel(state.split());
    EXPECT_EQ(device.take_refs().size(), 6u);
    EXPECT_EQ(device.connection().pattern(), simulator::Pattern::kXxFallback);
  }
}

TEST_F(SimulatorHandshake, DamagesItsAnswerToIkAsItIsTold) {
  const std::vector<std::pair<simulator::IkAnswer, std::size_t>> expected = {
      {simulator::IkAnswer::kGarbage, 0}, {simulator::IkAnswer::kNoPayload, 0}, {simulator::IkAnswer::kShort, 15}};
  for (const auto& [answer, size] : expected) {
    Faults faults;
    faults.ik = answer;
    set(faults);
    IkHello ik(random);
    HandMadeClient device = client();
    const std::string payload = registration_payload(keys).SerializeAsString();
    const auto hello = ik.message(keys.noise, server.world().chain.static_keys().public_key, as_bytes(payload));
    device.send_bytes(concat({wire::stream_prologue(), *wire::encode_frame_bytes(hello)}));
    const auto reply = server_hello(device.next_frame());
    EXPECT_FALSE(reply.has_static_());
    EXPECT_EQ(reply.has_payload(), answer != simulator::IkAnswer::kNoPayload);
    if (size != 0) {
      EXPECT_EQ(reply.payload().size(), size);
    }
    EXPECT_FALSE(ik.accept(keys.noise, reply).ok());
    EXPECT_FALSE(device.next_frame().has_value()) << "nobody is let in";
    EXPECT_EQ(server.world().counters.handshakes_ik, 0u);
    device.advance(Seconds(31));
    EXPECT_TRUE(device.closed.has_value());
  }
  EXPECT_TRUE(server.world().violations.empty());
}

/// Draws 32 bytes, over and over.
struct Repeated final : RandomSource {
  explicit Repeated(ByteView value) : bytes(to_bytes(value)) {}
  void fill(MutableByteView out) override { std::copy(bytes.begin(), bytes.end(), out.begin()); }
  Bytes bytes;
};

// wire: pairing.md 14.9
TEST(SimulatorIkVectors, ComeOutOfTheServer) {
  const auto file = load_vectors("noise/ik.vec");
  const auto pair = [&file](const char* name) {
    return crypto::key_pair_from_private(Secret<32>(to_array<32>(vector_bytes(file, name))));
  };
  const crypto::KeyPair server_key = pair("server_static_private");
  const crypto::KeyPair client_key = pair("client_static_private");
  Repeated server_ephemeral(vector_bytes(file, "server_ephemeral_private"));
  simulator::Responder responder;
  const Bytes chain = vector_bytes(file, "server_payload");
  const Bytes hello = vector_bytes(file, "client_hello");
  IkHello ik(pair("client_ephemeral_private"));
  EXPECT_EQ(ik.message(client_key, server_key.public_key, vector_bytes(file, "payload")), hello);
  const auto reply = responder.on_client_hello(hello, {&server_key, chain}, server_ephemeral);
  ASSERT_TRUE(reply.ok() && reply->finished);
  EXPECT_EQ(reply->finished->payload, vector_bytes(file, "payload"));
  EXPECT_EQ(reply->finished->client_static, client_key.public_key);
  EXPECT_EQ(to_bytes(reply->finished->keys.client_write.view()), vector_bytes(file, "write_key"));
  EXPECT_EQ(to_bytes(reply->finished->keys.client_read.view()), vector_bytes(file, "read_key"));
  EXPECT_TRUE(
      equal(as_bytes(server_hello(reply->server_hello).payload()), vector_bytes(file, "server_encrypted_payload")));
}

/// One change to a payload that the server must not accept, by name.
struct Damage {
  const char* name;
  void (*apply)(proto::ClientPayload&);
};
using Registration = proto::ClientPayload::DevicePairingRegistrationData;
Registration& data_of(proto::ClientPayload& payload) {
  return *payload.mutable_device_pairing_data();
}

const Damage kDamages[] = {
    {"registration id of 3 bytes", [](proto::ClientPayload& p) { data_of(p).set_e_regid("abc"); }},
    {"registration id 0", [](proto::ClientPayload& p) { data_of(p).set_e_regid(std::string(4, '\0')); }},
    {"key type 06", [](proto::ClientPayload& p) { data_of(p).set_e_keytype("\x06"); }},
    {"no key type", [](proto::ClientPayload& p) { data_of(p).clear_e_keytype(); }},
    {"identity of 33 bytes", [](proto::ClientPayload& p) { data_of(p).mutable_e_ident()->push_back(1); }},
    {"another identity", [](proto::ClientPayload& p) { (*data_of(p).mutable_e_ident())[3] ^= 1; }},
    {"prekey id of 4 bytes", [](proto::ClientPayload& p) { data_of(p).set_e_skey_id("abcd"); }},
    {"another prekey", [](proto::ClientPayload& p) { (*data_of(p).mutable_e_skey_val())[3] ^= 1; }},
    {"a flipped signature", [](proto::ClientPayload& p) { (*data_of(p).mutable_e_skey_sig())[40] ^= 1; }},
    {"a short signature", [](proto::ClientPayload& p) { data_of(p).mutable_e_skey_sig()->pop_back(); }},
    {"a build hash of another version",
     [](proto::ClientPayload& p) { p.mutable_user_agent()->mutable_app_version()->set_tertiary(9); }},
    {"no build hash", [](proto::ClientPayload& p) { data_of(p).clear_build_hash(); }},
    {"no device props", [](proto::ClientPayload& p) { data_of(p).clear_device_props(); }},
    {"device props of garbage", [](proto::ClientPayload& p) { data_of(p).set_device_props("\xff\xff"); }},
    {"another major version",
     [](proto::ClientPayload& p) { p.mutable_user_agent()->mutable_app_version()->set_primary(3); }},
    {"no version", [](proto::ClientPayload& p) { p.mutable_user_agent()->clear_app_version(); }},
    {"no user agent", [](proto::ClientPayload& p) { p.clear_user_agent(); }},
    {"passive", [](proto::ClientPayload& p) { p.set_passive(true); }},
    {"neither user nor registration", [](proto::ClientPayload& p) { p.clear_device_pairing_data(); }},
    {"both user and registration",
     [](proto::ClientPayload& p) {
       p.set_username(5511999990000);
       p.set_device(1);
     }},
    {"device 0",
     [](proto::ClientPayload& p) {
       p.clear_device_pairing_data();
       p.set_username(5511999990000);
     }},
};

TEST_F(SimulatorPayload, IsRefusedWithFailure400WhereAnythingIsWrong) {
  for (const Damage& damage : kDamages) {
    proto::ClientPayload payload = registration_payload(keys);
    damage.apply(payload);
    HandMadeClient device = client();
    ASSERT_TRUE(device.connect(keys, payload).ok());
    const auto failure = device.next();
    ASSERT_TRUE(failure.has_value()) << damage.name;
    EXPECT_EQ(failure->tag, "failure") << damage.name;
    EXPECT_EQ(failure->attribute("reason"), "400") << damage.name;
    EXPECT_EQ(device.closed, Close::Kind::kNormal) << damage.name;
  }
  EXPECT_EQ(server.world().violations.size(), std::size(kDamages));
}

TEST_F(SimulatorPayload, OfAnUnknownDeviceIsRefusedWith401) {
  HandMadeClient device = client();
  ASSERT_TRUE(device.connect(keys, login_payload("5511999990000", 1)).ok());
  const auto failure = device.next();
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->attribute("reason"), "401");
  EXPECT_TRUE(device.closed.has_value());
}

TEST_F(SimulatorPayload, OfAnOldClientIsRefusedWith405) {
  simulator::Options options;
  options.minimum_revision = 1045649368;
  simulator::SimServer strict(options, random);
  HandMadeClient device(strict, clock, random);
  ASSERT_TRUE(device.connect(keys, registration_payload(keys)).ok());
  EXPECT_EQ(device.next("failure")->attribute("reason"), "405");
}

TEST_F(SimulatorPayload, IsRefusedAsTheFaultSays) {
  Faults faults;
  faults.failure = simulator::Failure{402, {{"code", "104"}, {"expire", "3600"}}};
  set(faults, {1, {}, {}, {}});
  HandMadeClient device = client();
  ASSERT_TRUE(device.connect(keys, registration_payload(keys)).ok());
  const auto failure = device.next("failure");
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->attribute("reason"), "402");
  EXPECT_EQ(failure->attribute("expire"), "3600");
}

}  // namespace
}  // namespace ponte::test::by_hand
