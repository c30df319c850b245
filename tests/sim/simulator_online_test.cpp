// The simulator's server after login, its faults and its admin API.
#include <nlohmann/json.hpp>

#include "base/writer.h"
#include "hand_made_client.h"
#include "simulator/admin.h"

namespace ponte::test::by_hand {
namespace {

using nlohmann::json;
using simulator::Close;
using simulator::Faults;
using simulator::Paired;

constexpr const char* kNumber = "5511999990000";

struct SimulatorOnline : testing::Test {
  /// Pairs `keys` as the next device of kNumber.
  std::uint16_t pair() {
    client.emplace(server, clock, random);
    EXPECT_TRUE(client->connect(keys, registration_payload(keys)).ok());
    const auto refs = client->take_refs();
    std::optional<Result<Paired>> outcome;
    server.scan(keys.qr(refs.at(0)), {kNumber, "android", ""}, clock.now(),
                Reply<Paired>([&](Result<Paired> result) { outcome = std::move(result); }));
    const auto iq = client->next("iq");
    client->answer(*iq, approve_by_hand(*iq->find("pair-success"), keys, keys.adv_secret.view(), random));
    client->hang_up();
    EXPECT_TRUE(outcome && outcome->ok());
    return (*outcome)->device;
  }
  void log_in(std::uint16_t device, bool passive = true) {
    client.emplace(server, clock, random);
    auto payload = login_payload(kNumber, device);
    payload.set_passive(passive);
    ASSERT_TRUE(client->connect(keys, payload).ok());
  }
  void set(const Faults& faults, const simulator::Scope& scope = {}) {
    ASSERT_TRUE(server.set_faults(faults, scope).ok());
  }
  simulator::Companion& companion() { return server.world().accounts.find(kNumber)->companions.begin()->second; }
  Node upload(std::uint32_t first, std::size_t count) {
    Node iq = Node("iq").with("id", "up").with("xmlns", "encrypt").with("type", "set").with("to", server_jid());
    iq.child(Node("registration").bytes(big_endian_array<4>(0x1234)));
    iq.child(Node("type").bytes(ByteArray<1>{5}));
    iq.child(Node("identity").bytes(keys.identity.public_key));
    Node list("list");
    for (std::size_t i = 0; i < count; ++i) {
      list.child(Node("key")
                     .child(Node("id").bytes(big_endian_array<3>(first + i)))
                     .child(Node("value").bytes(random.array<32>())));
    }
    iq.child(std::move(list));
    iq.child(Node("skey")
                 .child(Node("id").bytes(big_endian_array<3>(1)))
                 .child(Node("value").bytes(keys.signed_prekey.public_key))
                 .child(Node("signature").bytes(keys.signature)));
    return iq;
  }
  std::string answer_to(const Node& iq) {
    client->send(iq);
    const auto answer = client->next("iq");
    return answer ? answer->attribute("type").value_or("") : "nothing";
  }
  /// `status` and body of an admin call.
  std::pair<int, json> admin(const std::string& method, const std::string& call, const std::string& body = "") {
    std::pair<int, json> out{0, {}};
    simulator::handle_admin(server, {method, "/admin/" + call, body}, clock.now(),
                            Reply<simulator::AdminResponse>([&](Result<simulator::AdminResponse> response) {
                              out = {response->status, json::parse(response->body)};
                            }));
    if (client) client->pump();
    return out;
  }

  SeededRandom random{3};
  VirtualClock clock;
  simulator::SimServer server{simulator::Options{}, random};
  DeviceKeys keys{random};
  std::optional<HandMadeClient> client;
};

using SimulatorFaults = SimulatorOnline;
using SimulatorAdmin = SimulatorOnline;

TEST_F(SimulatorOnline, LogsAPairedDeviceIn) {
  log_in(pair());
  const auto success = client->next();
  ASSERT_TRUE(success.has_value());
  EXPECT_EQ(success->tag, "success");
  EXPECT_EQ(success->number("t"), static_cast<std::uint64_t>(unix_seconds(clock.now().wall)));
  EXPECT_EQ(success->jid("lid")->server, "lid");
  EXPECT_EQ(success->jid("lid")->device, 1);
  for (const char* key : {"props", "abprops", "location", "creation", "companion_enc_static"})
    EXPECT_TRUE(success->attribute(key));
  EXPECT_TRUE(client->next("ib")->find("edge_routing"));
  EXPECT_FALSE(client->next().has_value()) << "a passive login waits for active";
  EXPECT_EQ(client->ask("passive", "set", Node("active"))->attribute("type"), "result");
  EXPECT_EQ(client->next("ib")->find("offline_preview")->number("count"), 1u);
  const auto notification = client->next("notification");
  client->acknowledge(*notification);
  EXPECT_TRUE(client->next("ib")->find("offline"));
  EXPECT_EQ(client->connection().unacknowledged(), 0u);
  EXPECT_TRUE(server.world().violations.empty());
}

TEST_F(SimulatorOnline, RefusesAnotherDeviceOrAnotherNoiseKey) {
  const auto device = pair();
  log_in(device + 1);
  EXPECT_EQ(client->next("failure")->attribute("reason"), "401");
  DeviceKeys real = std::move(keys);
  keys = DeviceKeys(random);
  log_in(device);
  EXPECT_EQ(client->next("failure")->attribute("reason"), "401");
  EXPECT_EQ(server.world().counters.logins_refused, 2u);
}

TEST_F(SimulatorOnline, DeliversToActiveLoginsInBatches) {
  const auto device = pair();
  for (int i = 0; i < 11; ++i)
    companion().offline.push_back(Node("notification").with("type", "psa").with("from", server_jid()));
  log_in(device, false);
  const auto count = [this] {
    int notifications = 0;
    while (auto node = client->next()) {
      if (node->tag == "notification") ++notifications;
      if (node->find("offline")) notifications += 1000;
    }
    return notifications;
  };
  EXPECT_EQ(count(), 5) << "the primer";
  client->send(Node("ib").child(Node("offline_batch").with("count", "3")));
  EXPECT_EQ(count(), 3);
  client->send(Node("ib").child(Node("offline_batch").with("count", "200")));
  EXPECT_EQ(count(), 1004);
}

TEST_F(SimulatorOnline, RedeliversWhatWasNotAcknowledged) {
  const auto device = pair();
  log_in(device, false);
  const auto first = client->next("notification");
  ASSERT_TRUE(first.has_value());
  client->hang_up();
  log_in(device, false);
  const auto again = client->next("notification");
  EXPECT_EQ(again->attribute("id"), first->attribute("id"));
  EXPECT_TRUE(again->attribute("offline"));
}

TEST_F(SimulatorOnline, ChecksAcks) {
  const auto device = pair();
  log_in(device, false);
  const auto notification = client->next("notification");
  client->send(Node("ack").with("class", "message").with("id", *notification->attribute("id")).with("to", "1@lid"));
  EXPECT_EQ(server.world().violations.size(), 2u);
}

TEST_F(SimulatorOnline, EndsTheOlderConnectionOfADevice) {
  const auto device = pair();
  log_in(device);
  HandMadeClient older = std::move(*client);
  log_in(device);
  const auto error = older.next("stream:error");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->find("conflict")->attribute("type"), "replaced");
  EXPECT_TRUE(older.closed.has_value());
  EXPECT_TRUE(client->next("success").has_value());
}

TEST_F(SimulatorOnline, CountsAndStoresPrekeys) {
  log_in(pair());
  EXPECT_EQ(client->ask("encrypt", "get", Node("count"))->find("count")->attribute("value"), "0");
  EXPECT_EQ(client->ask("encrypt", "get", Node("digest"))->find("error")->attribute("code"), "404");
  const Node batch = upload(1, 812);
  EXPECT_EQ(answer_to(batch), "result");
  EXPECT_EQ(answer_to(batch), "result") << "the same batch once more";
  EXPECT_EQ(companion().prekeys.size(), 812u);
  EXPECT_EQ(client->ask("encrypt", "get", Node("count"))->find("count")->attribute("value"), "812");
  const auto digest = client->ask("encrypt", "get", Node("digest"));
  EXPECT_EQ(digest->find("digest")->find("list")->children().size(), 812u);
  EXPECT_TRUE(digest->find("digest")->find("hash")->leaf_of_size(20).ok());
  EXPECT_EQ(answer_to(upload(813, 50)), "result");
  EXPECT_TRUE(server.world().violations.empty());
}

TEST_F(SimulatorOnline, RefusesDamagedUploads) {
  log_in(pair());
  EXPECT_EQ(answer_to(upload(5, 10)), "result");
  std::vector<Node> bad = {upload(3, 2), upload(0, 2), upload(20, 0)};
  std::uint32_t next = 100;
  for (const char* missing : {"registration", "type", "identity", "list", "skey"}) {
    Node iq = upload(next += 10, 2);
    auto& children = std::get<Node::Children>(iq.content);
    std::erase_if(children,
                  [&](const Node& child) { return child.tag == missing && missing != std::string("registration"); });
    if (missing == std::string("registration")) children[0].content = Bytes{1, 2, 3};
    bad.push_back(std::move(iq));
  }
  for (int damage = 0; damage < 5; ++damage) {
    Node iq = upload(next += 10, 2);
    auto& children = std::get<Node::Children>(iq.content);
    Node& key = std::get<Node::Children>(children[3].content)[1];
    if (damage == 0) std::get<Node::Children>(key.content)[1].content = Bytes(31, 1);
    if (damage == 1) std::get<Node::Children>(key.content)[0].content = Bytes{1, 2};
    if (damage == 2) std::get<Bytes>(std::get<Node::Children>(children[4].content)[2].content)[9] ^= 1;
    if (damage == 3) std::get<Bytes>(children[2].content)[0] ^= 1;
    if (damage == 4) std::get<Bytes>(children[1].content)[0] = 6;
    bad.push_back(std::move(iq));
  }
  for (const Node& iq : bad) EXPECT_EQ(answer_to(iq), "error") << iq.to_xml(true);
  EXPECT_EQ(companion().prekeys.size(), 10u);
  EXPECT_EQ(server.world().violations.size(), bad.size());
}

TEST_F(SimulatorOnline, TellsThatPrekeysRanLow) {
  const auto device = pair();
  log_in(device);
  EXPECT_EQ(answer_to(upload(1, 20)), "result");
  EXPECT_TRUE(server.use_prekeys(kNumber, 3, clock.now()).ok());
  const auto notification = client->next("notification");
  EXPECT_EQ(notification->attribute("type"), "encrypt");
  EXPECT_EQ(notification->find("count")->attribute("value"), "3");
  client->hang_up();
  log_in(device);
  EXPECT_EQ(client->next("notification")->attribute("type"), "encrypt") << "at login too";
}

TEST_F(SimulatorOnline, UnlinksACompanionThatLogsOut) {
  const auto device = pair();
  log_in(device);
  client->send(Node("iq")
                   .with("id", "x")
                   .with("xmlns", "md")
                   .with("type", "set")
                   .child(Node("remove-companion-device").with("jid", std::string(kNumber) + ":7@s.whatsapp.net")));
  EXPECT_EQ(client->next("iq")->attribute("type"), "error") << "another device";
  client->send(Node("iq")
                   .with("id", "y")
                   .with("xmlns", "md")
                   .with("type", "set")
                   .child(Node("remove-companion-device")
                              .with("jid", wire::Jid{kNumber, "s.whatsapp.net", device})
                              .with("reason", "user_initiated")));
  EXPECT_EQ(client->next("iq")->attribute("type"), "result");
  const auto error = client->next("stream:error");
  EXPECT_EQ(error->attribute("code"), "401");
  EXPECT_EQ(error->find("conflict")->attribute("type"), "device_removed");
  log_in(device);
  EXPECT_EQ(client->next("failure")->attribute("reason"), "401");
}

TEST_F(SimulatorOnline, PingsAndClosesSilentConnections) {
  log_in(pair());
  while (client->next()) {
  }
  client->advance(Seconds(31));
  const auto ping = client->next("iq");
  ASSERT_TRUE(ping.has_value());
  EXPECT_EQ(ping->attribute("xmlns"), "urn:xmpp:ping");
  client->answer(*ping);
  client->advance(Seconds(140));
  EXPECT_FALSE(client->closed.has_value());
  client->advance(Seconds(20));
  EXPECT_TRUE(client->closed.has_value());
}

TEST_F(SimulatorOnline, AnswersWhatClientsAskAtLogin) {
  log_in(pair());
  EXPECT_TRUE(client->ask("abt", "get", Node("props"))->find("props"));
  EXPECT_TRUE(client->ask("blocklist", "get", Node("x"))->find("list"));
  EXPECT_FALSE(client->ask("privacy", "get", Node("privacy"))->find("privacy")->children().empty());
  Node usync = Node("usync").with("sid", "1").with("mode", "query");
  usync.child(Node("query").child(Node("devices").with("version", "2")));
  usync.child(Node("list").child(Node("user").with("jid", wire::Jid{kNumber, "s.whatsapp.net"})));
  const auto answer = client->ask("usync", "get", usync);
  const Node* devices = answer->find("usync")->find("list")->find("user")->find("devices")->find("device-list");
  EXPECT_EQ(devices->children().size(), 2u) << "the phone and the companion";
  EXPECT_EQ(client->ask("usync", "get", Node("usync"))->attribute("type"), "error");
  client->send(Node("message").with("id", "m1").with("to", wire::Jid{"1", "s.whatsapp.net"}).with("type", "text"));
  EXPECT_EQ(client->next("ack")->attribute("class"), "message");
  client->send(Node("presence").with("type", "available").with("name", "Ponte"));
  EXPECT_EQ(companion().push_name, "Ponte");
  EXPECT_TRUE(companion().available);
}

TEST_F(SimulatorOnline, EndsTheStreamOnGarbage) {
  log_in(pair());
  client->send_bytes(*wire::encode_frame_bytes(random.array<40>()));
  EXPECT_TRUE(client->closed.has_value());
  EXPECT_EQ(server.world().violations.size(), 1u);
}

TEST_F(SimulatorFaults, ApplyToOneNumberUntilUsedUp) {
  const auto device = pair();
  Faults faults;
  faults.failure = simulator::Failure{503, {}};
  simulator::Scope scope;
  scope.number = kNumber;
  scope.uses = 2;
  set(faults, scope);
  for (int i = 0; i < 2; ++i) {
    log_in(device);
    EXPECT_EQ(client->next("failure")->attribute("reason"), "503");
  }
  log_in(device);
  EXPECT_TRUE(client->next("success").has_value());
}

TEST_F(SimulatorFaults, DelayFrames) {
  const auto device = pair();
  log_in(device);
  while (client->next()) {
  }
  Faults faults;
  faults.delay = Seconds(3);
  simulator::Scope scope;
  scope.connection = client->connection().id();
  set(faults, scope);
  client->send(Node("iq").with("id", "p").with("xmlns", "w:p").with("type", "get"));
  EXPECT_FALSE(client->next().has_value());
  client->advance(Seconds(2));
  EXPECT_FALSE(client->next().has_value());
  client->advance(Seconds(2));
  EXPECT_EQ(client->next()->attribute("id"), "p");
}

TEST_F(SimulatorFaults, CompressRepeatAndDropAsTheyAreTold) {
  const auto device = pair();
  Faults faults;
  faults.compress = true;
  faults.duplicate_success = true;
  faults.drop_after = Seconds(5);
  set(faults);
  log_in(device);
  EXPECT_EQ(client->next()->tag, "success");
  EXPECT_EQ(client->next()->tag, "success");
  client->advance(Seconds(6));
  EXPECT_EQ(client->closed, Close::Kind::kAbort);
}

TEST_F(SimulatorFaults, EndTheStreamWhereAnAckIsLate) {
  const auto device = pair();
  Faults faults;
  faults.ack_deadline = Seconds(10);
  set(faults);
  log_in(device, false);
  const auto notification = client->next("notification");
  client->advance(Seconds(11));
  const auto error = client->next("stream:error");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->find("ack")->attribute("id"), notification->attribute("id"));
}

TEST_F(SimulatorAdmin, ShowsTheState) {
  log_in(pair());
  const auto [status, state] = admin("GET", "state");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(state["phones"][0]["number"], kNumber);
  EXPECT_EQ(state["phones"][0]["companions"][0]["online"], true);
  EXPECT_EQ(state["connections"][0]["pattern"], "XX");
  EXPECT_EQ(state["counts"]["logins"], 1);
  EXPECT_TRUE(state["violations"].empty());
}

TEST_F(SimulatorAdmin, ShowsWhichConnectionsAreFrozen) {
  const auto device = pair();
  EXPECT_EQ(admin("POST", "fail", R"({"freezeOn":"active","next":1})").first, 200);
  log_in(device);
  EXPECT_FALSE(admin("GET", "state").second["connections"][0].contains("frozen"));
  client->ask("passive", "set", Node("active"));
  EXPECT_EQ(admin("GET", "state").second["connections"][0]["frozen"], true);
  EXPECT_EQ(admin("POST", "drop").second["connections"], 1);
  EXPECT_TRUE(client->closed.has_value());
}

TEST_F(SimulatorAdmin, ActsOnConnections) {
  const auto device = pair();
  const std::vector<std::pair<std::string, std::string>> ending = {
      {"drop", "{}"},
      {"drop", R"({"clean":true,"number":"5511999990000"})"},
      {"stream-error", R"({"code":503})"},
      {"stream-error", R"({"conflict":"replaced"})"},
      {"fail", R"({"reason":403,"now":true})"},
  };
  for (const auto& [call, body] : ending) {
    log_in(device);
    const auto [status, answer] = admin("POST", call, body);
    EXPECT_EQ(status, 200) << call << answer;
    EXPECT_EQ(answer["connections"], 1) << call;
    EXPECT_TRUE(client->closed.has_value()) << call;
    client->hang_up();
  }
  log_in(device);
  for (const auto& [call, body] : std::vector<std::pair<std::string, std::string>>{
           {"ping", ""}, {"garbage", ""}, {"notify", R"({"sample":"expiration"})"}}) {
    EXPECT_EQ(admin("POST", call, body).second["connections"], 1) << call;
  }
  EXPECT_EQ(admin("POST", "unlink", R"({"number":"5511999990000"})").second["companions"], 1);
  EXPECT_TRUE(client->closed.has_value());
}

TEST_F(SimulatorAdmin, SetsFaults) {
  EXPECT_EQ(admin("POST", "slow", R"({"ms":5,"next":1})").first, 200);
  EXPECT_EQ(admin("POST", "split", R"({"mode":"bytes"})").first, 200);
  EXPECT_EQ(admin("POST", "chain", R"({"defect":"wrong-root","next":2})").first, 200);
  EXPECT_EQ(admin("POST", "fail", R"({"upgradeStatus":503,"next":1})").first, 200);
  EXPECT_EQ(admin("POST", "fail",
                  R"({"handshake":"silent","pairSuccess":"bad-hmac","packing":"join","ik":"fallback","refCount":2,
    "delayMs":1,"dropAfterMs":1000,"ackDeadlineMs":500,"compress":true,"duplicateSuccess":true,"refreshBeforePairing":true,
    "closeWithoutRestart":true,"codeDefect":"late","freezeAfter":9,"freezeOn":"logout","freezeAfterEffect":true,"passkey":true,"passkeyDefect":"bad-options","codeRefusal":{"code":429,"text":"rate-overlimit","backoff":60},"failure":{"reason":402,"expire":60},
    "number":"5511999990000","uses":1})")
                .first,
            200);
  EXPECT_EQ(admin("POST", "fail", R"({"reason":405})").first, 200);
  EXPECT_EQ(admin("POST", "reset").first, 200);
  client.emplace(server, clock, random);
  EXPECT_TRUE(client->connect(keys, registration_payload(keys)).ok());
  EXPECT_EQ(client->take_refs().size(), 6u) << "nothing is left after a reset";
}

TEST_F(SimulatorAdmin, UsesAFailureOnce) {
  EXPECT_EQ(admin("POST", "fail", R"({"reason":405,"expire":60,"location":"frc","ackDeadlineMs":500})").first, 200);
  client.emplace(server, clock, random);
  ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
  const auto failure = client->next("failure");
  EXPECT_EQ(failure->attribute("reason"), "405");
  EXPECT_EQ(failure->attribute("expire"), "60");
  EXPECT_EQ(failure->attribute("ackDeadlineMs"), std::nullopt) << "another fault";
  client.emplace(server, clock, random);
  ASSERT_TRUE(client->connect(keys, registration_payload(keys)).ok());
  EXPECT_EQ(client->take_refs().size(), 6u);
}

TEST_F(SimulatorAdmin, SignsWithThePhonesPasskey) {
  for (const char* body : {R"({"options":{"challenge":"c2lt","rpId":"whatsapp.com"}})",
                           R"({"options":"{\"challenge\":\"c2lt\",\"rpId\":\"whatsapp.com\"}"})"}) {
    const auto [status, answer] = admin("POST", "passkey-assertion", body);
    ASSERT_EQ(status, 200) << answer;
    const auto id = crypto::from_base64_url(answer["credentialId"].get<std::string>());
    EXPECT_TRUE(server.world().authenticator.check(as_bytes(answer["assertion"].dump()), *id, "c2lt").ok());
  }
}

TEST_F(SimulatorAdmin, RefusesWhatItDoesNotUnderstand) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"fail", "{"},
      {"fail", "[]"},
      {"fail", R"({"chian":"wrong-root"})"},
      {"fail", R"({"chain":"wrong"})"},
      {"fail", R"({"chain":7})"},
      {"fail", R"({"passkey":1})"},
      {"fail", R"({"codeDefect":"x"})"},
      {"fail", R"({"freezeAfter":0})"},
      {"fail", R"({"freezeAfter":"logout"})"},
      {"fail", R"({"freezeOn":"x"})"},
      {"fail", R"({"freezeAfterEffect":1})"},
      {"fail", R"({"passkeyDefect":"x"})"},
      {"fail", R"({"next":0,"reason":1})"},
      {"fail", R"({"now":true})"},
      {"fail", R"({"delayMs":-1})"},
      {"fail", R"({"codeRefusal":{}})"},
      {"slow", "{}"},
      {"split", R"({"mode":"x"})"},
      {"chain", "{}"},
      {"notify", R"({"sample":"x"})"},
      {"unlink", "{}"},
      {"scan", "{}"},
      {"scan", R"({"qr":"x","number":"0123"})"},
      {"scan", "not a code"},
      {"enter-code", "{}"},
      {"prekeys", "{}"},
      {"passkey-assertion", "{}"},
      {"passkey-assertion", R"({"options":"no JSON"})"},
      {"passkey-assertion", R"({"options":{"rpId":"whatsapp.com"}})"},
      {"passkey-assertion", R"({"options":7})"},
  };
  for (const auto& [call, body] : bad) EXPECT_EQ(admin("POST", call, body).first, 400) << call << " " << body;
  EXPECT_EQ(admin("POST", "no-such-call").first, 404);
  EXPECT_EQ(admin("POST", "unlink", R"({"number":"5511999990001"})").first, 404);
  EXPECT_EQ(admin("POST", "enter-code", R"({"number":"5511999990001","code":"ABCD-1234"})").first, 404);
  EXPECT_EQ(admin("GET", "drop").first, 405);
  EXPECT_EQ(admin("POST", "state").first, 405);
}

}  // namespace
}  // namespace ponte::test::by_hand
