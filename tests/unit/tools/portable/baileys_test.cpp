#include "portable/baileys.h"

#include "crypto/base64.h"
#include "fixture.h"
#include "portable/source.h"
#include "support/vectors.h"

namespace ponte::portable {
namespace {

Json buffer(ByteView bytes) {
  return {{"type", "Buffer"}, {"data", crypto::base64(bytes)}};
}

Json pair(const crypto::KeyPair& keys) {
  return {{"private", buffer(keys.private_key.view())}, {"public", buffer(keys.public_key)}};
}

Json creds() {
  const store::Credentials keys = test::vector_credentials();
  return {
      {"noiseKey", pair(keys.noise)},
      {"signedIdentityKey", pair(keys.identity)},
      {"signedPreKey",
       {{"keyPair", pair(keys.signed_prekey.pair)}, {"signature", buffer(keys.signed_prekey.signature)}, {"keyId", 1}}},
      {"registrationId", keys.registration_id},
      {"advSecretKey", crypto::base64(keys.adv_secret.view())},
      {"account",
       {{"details", crypto::base64(Bytes{1, 2})},
        {"accountSignatureKey", crypto::base64(Bytes(32, 2))},
        {"accountSignature", crypto::base64(Bytes(64, 1))},
        {"deviceSignature", crypto::base64(Bytes(64, 3))}}},
      {"me", {{"id", "5511987654321:7@s.whatsapp.net"}, {"lid", "123456789:7@lid"}, {"name", "Someone"}}},
      {"platform", "iphone"},
      {"nextPreKeyId", 813},
      {"firstUnuploadedPreKeyId", 813}};
}

class PortableBaileys : public ::testing::Test {
 protected:
  void put(const std::string& name, const Json& json) { write_whole(folder_ / name, as_bytes(json.dump())); }

  void fill() {
    const VecFile vector = test::load_vectors("portable/baileys.vec");
    const auto json = [&vector](std::string_view key) { return Json::parse(to_text(test::vector_bytes(vector, key))); };
    const auto blob = [&vector](std::string_view key) { return buffer(test::vector_bytes(vector, key)); };
    put("creds.json", creds());
    put("lid-mapping-5511777.json", "999");
    put("lid-mapping-999_reverse.json", "5511777");
    put("pre-key-5.json", pair(crypto::key_pair_from_private(Secret<32>(ByteArray<32>{5}))));
    put("pre-key-x.json", pair(crypto::key_pair_from_private(Secret<32>(ByteArray<32>{5}))));
    put("session-111.1.json", json("session"));
    put("session-5511777.2.json", json("pending_session"));
    put("session-888_1.0.json", Json{{"_sessions", Json::object()}, {"version", "v1"}});
    put("identity-key-111.1.json", blob("peer_identity"));
    put("sender-key-1203630@g.us--111--1.json", blob("sender_key"));
    put("sender-key-1203630@g.us--123456789_1--7.json", blob("own_sender_key"));
    put("sender-key-x.json", blob("sender_key"));
    put("sender-key-memory-1203630@g.us.json", Json{{"111:1@s.whatsapp.net", true}});
    put("app-state-sync-key-AAAA__w==.json", Json{{"keyData", crypto::base64(Bytes(32, 6))}, {"timestamp", "1690"}});
    put("app-state-sync-version-regular.json", Json{{"version", 3}});
    put("tctoken-999@lid.json", Json{{"token", buffer(Bytes{7, 7})}, {"timestamp", "1700"}});
    put("tctoken-__index.json", Json{{"token", buffer(Bytes{})}});
    put("device-list-111.json", Json::array({"0", "1"}));
  }

  Status read(Adoption& adoption) { return read_baileys(folder_.path(), kToday, adoption); }
  std::string error_of() {
    Adoption adoption(kToday, random_);
    const Status status = read(adoption);
    return status.ok() ? "none" : status.error().message;
  }

  Folder folder_;
  test::SeededRandom random_{22};
};

TEST_F(PortableBaileys, TakesTheDevice) {
  fill();
  Adoption adoption(kToday, random_);
  const Status status = read(adoption);
  ASSERT_TRUE(status.ok()) << status.error().message;
  AdoptionCounts expected;
  expected.prekeys = 1;
  expected.sessions = 2;
  expected.sessions_left = 1;
  expected.identities = 2;
  expected.sender_keys = 1;
  expected.sender_keys_left = 1;
  expected.own_sender_keys = 1;
  expected.app_state_keys = 1;
  expected.mappings = 2;
  expected.privacy_tokens = 1;
  expected.unreadable = 1;
  EXPECT_EQ(adoption.counts(), expected);

  auto incoming = adoption.finish("moved");
  ASSERT_TRUE(incoming.ok()) << incoming.error().message;
  const RecordsReader reader(incoming->device);
  const store::Owner owner = "any";
  const store::RecordSource source(reader, owner);
  const auto account = *store::get_account(source);
  EXPECT_EQ(account->jid, "5511987654321:7@s.whatsapp.net");
  EXPECT_EQ(account->push_name, "Someone");
  EXPECT_EQ(account->platform, "iphone");
  EXPECT_EQ((*store::get_prekey_state(source))->next_id, 813u);
  EXPECT_EQ((*store::get_prekey_state(source))->first_unuploaded_id, 813u);
  EXPECT_EQ(*store::get_signal_devices(source, "999_1"), std::vector<std::int32_t>{2});
  const auto key = *store::get_app_state_key(source, ByteArray<4>{0, 0, 0, 0xFF});
  ASSERT_TRUE(key);
  EXPECT_EQ(key->timestamp, 1690);
  store::MemoryStore store;
  EXPECT_TRUE(admit(store, std::move(*incoming), {"", kToday}, random_).ok());
}

TEST_F(PortableBaileys, NextPrekeyIdIsBeyondWhatIsThere) {
  put("creds.json", creds());
  put("pre-key-2000.json", pair(crypto::key_pair_from_private(Secret<32>(ByteArray<32>{5}))));
  Adoption adoption(kToday, random_);
  ASSERT_TRUE(read(adoption).ok());
  const auto incoming = adoption.finish("moved");
  const RecordsReader reader(incoming->device);
  const store::Owner owner = "any";
  EXPECT_EQ((*store::get_prekey_state({reader, owner}))->next_id, 2001u);
}

TEST_F(PortableBaileys, RefusesCredentialsThatAreNotWhole) {
  for (const std::string name : {"noiseKey", "signedIdentityKey", "signedPreKey", "registrationId", "advSecretKey"}) {
    Json damaged = creds();
    damaged.erase(name);
    put("creds.json", damaged);
    EXPECT_NE(error_of().find(name), std::string::npos) << error_of();
    damaged[name] = "nonsense";
    put("creds.json", damaged);
    EXPECT_NE(error_of().find(name), std::string::npos) << error_of();
  }
  for (const std::string name : {"details", "accountSignatureKey", "accountSignature", "deviceSignature"}) {
    Json damaged = creds();
    damaged["account"].erase(name);
    put("creds.json", damaged);
    EXPECT_NE(error_of().find("account, with its signatures"), std::string::npos);
  }
  Json mixed = creds();
  mixed["noiseKey"]["public"] = mixed["signedIdentityKey"]["public"];
  put("creds.json", mixed);
  EXPECT_NE(error_of().find("belong together"), std::string::npos);
}

TEST_F(PortableBaileys, RefusesADeviceThatWasNeverLinked) {
  for (const std::string name : {"account", "me"}) {
    Json unlinked = creds();
    unlinked.erase(name);
    put("creds.json", unlinked);
    EXPECT_NE(error_of().find("not linked"), std::string::npos);
  }
  Json wrong = creds();
  wrong["me"]["id"] = "5511987654321@s.whatsapp.net";
  put("creds.json", wrong);
  EXPECT_NE(error_of().find("not that of a linked device"), std::string::npos);
}

TEST_F(PortableBaileys, RefusesDamagedCredentials) {
  const std::string whole = creds().dump();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    write_whole(folder_ / "creds.json", as_bytes(whole).first(size));
    EXPECT_EQ(error_of(), "creds.json is no JSON object");
  }
  write_whole(folder_ / "creds.json", as_bytes("[]"));
  EXPECT_EQ(error_of(), "creds.json is no JSON object");
}

TEST_F(PortableBaileys, CountsOtherFilesThatAreDamaged) {
  put("creds.json", creds());
  for (const std::string name :
       {"session-1.0.json", "sender-key-1@g.us--1--0.json", "pre-key-1.json", "identity-key-1.0.json",
        "lid-mapping-1.json", "app-state-sync-key-AAAA.json", "app-state-sync-key-!.json", "tctoken-1@lid.json"})
    write_whole(folder_ / name, as_bytes("{\"broken"));
  Adoption adoption(kToday, random_);
  ASSERT_TRUE(read(adoption).ok());
  EXPECT_EQ(adoption.counts().sessions_left, 1u);
  EXPECT_EQ(adoption.counts().sender_keys_left, 1u);
  EXPECT_EQ(adoption.counts().unreadable, 6u);
}

TEST_F(PortableBaileys, IsToldFromTheOthers) {
  EXPECT_NE(kind_of_source(folder_.path()).error().message.find("without a creds.json"), std::string::npos);
  put("creds.json", creds());
  EXPECT_EQ(*kind_of_source(folder_.path()), SourceKind::kBaileys);
  EXPECT_EQ(kind_of_source(folder_ / "nothing").error().code, Errc::kNotFound);
  write_whole(folder_ / "x", as_bytes("something else"));
  EXPECT_NE(kind_of_source(folder_ / "x").error().message.find("Expected a file that"), std::string::npos);
  write_whole(folder_ / "x", {});
  EXPECT_FALSE(kind_of_source(folder_ / "x").ok());
  write_whole(folder_ / "x", as_bytes(std::string_view("SQLite format 3\0rest", 20)));
  EXPECT_EQ(*kind_of_source(folder_ / "x"), SourceKind::kWhatsmeow);
  write_whole(folder_ / "x", as_bytes("ponte-export and more"));
  EXPECT_EQ(*kind_of_source(folder_ / "x"), SourceKind::kExport);
}

}  // namespace
}  // namespace ponte::portable
