#include "portable/whatsmeow.h"

#include <sqlite3.h>

#include "base/hex.h"
#include "fixture.h"
#include "support/vectors.h"

namespace ponte::portable {
namespace {

std::string hex(ByteView bytes) {
  return "x'" + to_hex(bytes) + "'";
}

constexpr const char* kSchema = R"(
CREATE TABLE whatsmeow_device (jid TEXT PRIMARY KEY, lid TEXT, registration_id BIGINT, noise_key bytea,
  identity_key bytea, signed_pre_key bytea, signed_pre_key_id INTEGER, signed_pre_key_sig bytea, adv_key bytea,
  adv_details bytea, adv_account_sig bytea, adv_account_sig_key bytea, adv_device_sig bytea, platform TEXT,
  business_name TEXT, push_name TEXT);
CREATE TABLE whatsmeow_identity_keys (our_jid TEXT, their_id TEXT, identity bytea);
CREATE TABLE whatsmeow_pre_keys (jid TEXT, key_id INTEGER, key bytea, uploaded BOOLEAN);
CREATE TABLE whatsmeow_sessions (our_jid TEXT, their_id TEXT, session bytea);
CREATE TABLE whatsmeow_sender_keys (our_jid TEXT, chat_id TEXT, sender_id TEXT, sender_key bytea);
CREATE TABLE whatsmeow_app_state_sync_keys (jid TEXT, key_id bytea, key_data bytea, timestamp BIGINT, fingerprint bytea);
CREATE TABLE whatsmeow_contacts (our_jid TEXT, their_jid TEXT, first_name TEXT, full_name TEXT, push_name TEXT,
  business_name TEXT);
CREATE TABLE whatsmeow_privacy_tokens (our_jid TEXT, their_jid TEXT, token bytea, timestamp BIGINT);
CREATE TABLE whatsmeow_lid_map (lid TEXT PRIMARY KEY, pn TEXT UNIQUE NOT NULL);
)";

const std::string kJid = "5511987654321:7@s.whatsapp.net";

class PortableWhatsmeow : public ::testing::Test {
 protected:
  void SetUp() override { path_ = folder_ / "store.db"; }

  /// Runs statements on the file, as the program that owns it would.
  void run(const std::string& statements, const std::string& before = "") {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(raw, (before + statements).c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << (error != nullptr ? error : "");
    sqlite3_free(error);
    sqlite3_close(raw);
  }

  std::string device(const std::string& jid, const std::string& lid = "'123456789:7@lid'") {
    const store::Credentials keys = test::vector_credentials();
    return "INSERT INTO whatsmeow_device VALUES ('" + jid + "', " + lid + ", " + std::to_string(keys.registration_id) +
           ", " + hex(keys.noise.private_key.view()) + ", " + hex(keys.identity.private_key.view()) + ", " +
           hex(keys.signed_prekey.pair.private_key.view()) + ", 1, " + hex(keys.signed_prekey.signature) + ", " +
           hex(keys.adv_secret.view()) + ", x'0102', " + hex(Bytes(64, 1)) + ", " + hex(Bytes(32, 2)) + ", " +
           hex(Bytes(64, 3)) + ", 'android', 'Shop', 'Someone');";
  }

  /// A store with one device and something in each table.
  void fill() {
    const VecFile vector = test::load_vectors("portable/whatsmeow.vec");
    const auto blob = [&vector](std::string_view key) { return hex(test::vector_bytes(vector, key)); };
    const std::string us = "('" + kJid + "', ";
    run(std::string(kSchema) + device(kJid) +                       //
        "INSERT INTO whatsmeow_lid_map VALUES ('999', '5511777');"  //
        "INSERT INTO whatsmeow_pre_keys VALUES " +
        us + "3, " + hex(Bytes(32, 3)) + ", true), " +                                                   //
        us + "41, " + hex(Bytes(32, 4)) + ", false), ('other', 77, " + hex(Bytes(32, 5)) + ", true);" +  //
        "INSERT INTO whatsmeow_sessions VALUES " + us + "'111:1', " + blob("session") + "), " +          //
        us + "'5511777:2', " + blob("pending_session") + "), " + us + "'888_1:0', x'7b7d'), " +          //
        us + "'../x:0', " + blob("session") + ");" +                                                     //
        "INSERT INTO whatsmeow_sender_keys VALUES " + us + "'1203630@g.us', '111:1', " + blob("sender_key") +
        "), " +                                                                      //
        us + "'1203630@g.us', '123456789_1:7', " + blob("own_sender_key") + "), " +  //
        us + "'a/b@g.us', '111:1', " + blob("sender_key") + ");" +                   //
        "INSERT INTO whatsmeow_identity_keys VALUES " + us + "'5511777:0', " +
        hex(ByteView(test::vector_bytes(vector, "peer_identity")).subspan(1)) + "), " + us + "'5511777:1', x'00');" +
        "INSERT INTO whatsmeow_app_state_sync_keys VALUES " + us + "x'0001', " + hex(Bytes(32, 6)) + ", 1690, x'');" +
        "INSERT INTO whatsmeow_privacy_tokens VALUES " + us + "'5511777@s.whatsapp.net', x'0707', 1700);" +
        "INSERT INTO whatsmeow_contacts VALUES " + us + "'5511777@s.whatsapp.net', 'Ann', 'Ann B', 'annie', NULL), " +
        us + "'1203630@g.us', 'A group', NULL, NULL, NULL);");
  }

  Status read(Adoption& adoption, const std::string& jid = "") { return read_whatsmeow(path_, jid, kToday, adoption); }
  std::string error_of(const std::string& jid = "") {
    Adoption adoption(kToday, random_);
    const Status status = read(adoption, jid);
    return status.ok() ? "none" : status.error().message;
  }

  Folder folder_;
  std::string path_;
  test::SeededRandom random_{21};
};

TEST_F(PortableWhatsmeow, TakesTheDevice) {
  fill();
  Adoption adoption(kToday, random_);
  ASSERT_TRUE(read(adoption).ok());
  AdoptionCounts expected;
  expected.prekeys = 2;
  expected.sessions = 2;
  expected.sessions_left = 2;  // one of another kind, one under a name that is none
  expected.identities = 3;     // and two that the sessions name
  expected.sender_keys = 1;
  expected.sender_keys_left = 1;
  expected.own_sender_keys = 1;
  expected.app_state_keys = 1;
  expected.mappings = 2;
  expected.privacy_tokens = 1;
  expected.contacts = 1;
  expected.unreadable = 1;
  EXPECT_EQ(adoption.counts(), expected);

  auto incoming = adoption.finish("moved");
  ASSERT_TRUE(incoming.ok()) << incoming.error().message;
  store::MemoryStore store;
  const auto instance = admit(store, std::move(*incoming), {"", kToday}, random_);
  ASSERT_TRUE(instance.ok()) << instance.error().message;
  EXPECT_EQ(instance->name, "moved");
  const store::RecordSource source(store, instance->id);
  const auto credentials = *store::get_credentials(source);
  const store::Credentials keys = test::vector_credentials();
  EXPECT_EQ(credentials->noise.public_key, keys.noise.public_key);
  EXPECT_EQ(credentials->identity.public_key, keys.identity.public_key);
  EXPECT_EQ(credentials->registration_id, keys.registration_id);
  const auto account = *store::get_account(source);
  EXPECT_EQ(account->jid, kJid);
  EXPECT_EQ(account->lid, "123456789:7@lid");
  EXPECT_EQ(account->push_name, "Someone");
  EXPECT_EQ(account->business_name, "Shop");
  // Under the LID, where this program looks.
  EXPECT_EQ(*store::get_signal_devices(source, "999_1"), std::vector<std::int32_t>{2});
  EXPECT_EQ(*store::get_signal_devices(source, "5511777"), std::vector<std::int32_t>{});
  EXPECT_EQ((*store::get_privacy_token(source, "999@lid"))->at, 1700);
  EXPECT_EQ((*store::get_contact({store, store::keys::chats_owner(instance->id)}, "999@lid"))->full_name, "Ann B");
  EXPECT_EQ(*store::get_lid_of(source, "5511987654321"), "123456789");
}

TEST_F(PortableWhatsmeow, GivesNoPrekeyIdASecondTime) {
  fill();
  Adoption adoption(kToday, random_);
  ASSERT_TRUE(read(adoption).ok());
  const auto incoming = adoption.finish("moved");
  ASSERT_TRUE(incoming.ok());
  const RecordsReader reader(incoming->device);
  const store::Owner owner = "any";
  const auto state = *store::get_prekey_state({reader, owner});
  ASSERT_TRUE(state);
  // Those behind the last one that is left may have been used up.
  EXPECT_EQ(state->next_id, 42u + 1024u);
  EXPECT_EQ(state->first_unuploaded_id, state->next_id);
  EXPECT_EQ(*store::get_prekey_ids({reader, owner}), (std::vector<std::uint32_t>{3, 41}));
}

TEST_F(PortableWhatsmeow, AsksWhichOfSeveral) {
  fill();
  run(device("5511000:3@s.whatsapp.net", "NULL"));
  EXPECT_NE(error_of().find("--jid: 5511000:3@s.whatsapp.net, " + kJid), std::string::npos);
  EXPECT_NE(error_of("5599:1@s.whatsapp.net").find("there is no device 5599:1@s.whatsapp.net in it"),
            std::string::npos);
  EXPECT_EQ(error_of(kJid), "none");
  Adoption adoption(kToday, random_);
  ASSERT_TRUE(read(adoption, "5511000:3@s.whatsapp.net").ok());
  EXPECT_EQ(adoption.counts().prekeys, 0u);
  EXPECT_EQ(adoption.counts().sessions, 0u);
  const auto incoming = adoption.finish("moved");
  ASSERT_TRUE(incoming.ok());
  const RecordsReader reader(incoming->device);
  const store::Owner owner = "any";
  EXPECT_EQ((*store::get_account({reader, owner}))->lid, "");
}

TEST_F(PortableWhatsmeow, CountsWhatIsOnlyInTheLog) {
  fill();
  // A program that ended without writing its log back: copies are taken while it still holds the file.
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  const std::string late = "PRAGMA journal_mode=WAL; INSERT INTO whatsmeow_pre_keys VALUES ('" + kJid + "', 500, " +
                           hex(Bytes(32, 8)) + ", true);";
  ASSERT_EQ(sqlite3_exec(raw, late.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  const std::string copy = folder_ / "copy.db";
  for (const std::string end : {"", "-wal"}) write_whole(copy + end, read_whole(path_ + end));
  sqlite3_close(raw);
  ASSERT_FALSE(read_whole(copy + "-wal").empty());

  const Bytes before = read_whole(copy);
  const Bytes log = read_whole(copy + "-wal");
  Adoption adoption(kToday, random_);
  ASSERT_TRUE(read_whatsmeow(copy, "", kToday, adoption).ok());
  EXPECT_EQ(adoption.counts().prekeys, 3u);
  EXPECT_EQ(read_whole(copy), before);
  EXPECT_EQ(read_whole(copy + "-wal"), log);
  EXPECT_FALSE(exists(copy + "-shm"));
}

TEST_F(PortableWhatsmeow, RefusesADeviceThatIsNotWhole) {
  fill();
  const std::vector<std::pair<std::string, std::string>> damages{{"noise_key", "x'01'"},
                                                                 {"identity_key", "x''"},
                                                                 {"signed_pre_key", "NULL"},
                                                                 {"signed_pre_key_sig", "x'02'"},
                                                                 {"adv_key", "'text'"},
                                                                 {"adv_details", "x''"},
                                                                 {"adv_account_sig", "x'03'"},
                                                                 {"adv_device_sig", "x''"},
                                                                 {"adv_account_sig_key", "x'04'"},
                                                                 {"registration_id", "-1"},
                                                                 {"registration_id", "4294967296"},
                                                                 {"signed_pre_key_id", "'x'"},
                                                                 {"signed_pre_key_id", "16777216"}};
  for (const auto& [column, value] : damages) {
    const Bytes whole = read_whole(path_);
    run("UPDATE whatsmeow_device SET " + column + " = " + value);
    EXPECT_NE(error_of().find("the device is not whole"), std::string::npos) << column << " " << error_of();
    write_whole(path_, whole);
  }
  // The identity of another device: the signature of the signed prekey says so.
  run("UPDATE whatsmeow_device SET identity_key = " + hex(Bytes(32, 0x42)));
  Adoption adoption(kToday, random_);
  ASSERT_TRUE(read(adoption).ok());
  const auto incoming = adoption.finish("moved");
  ASSERT_FALSE(incoming.ok());
  EXPECT_NE(incoming.error().message.find("not signed by its identity key"), std::string::npos);
}

TEST_F(PortableWhatsmeow, RefusesAnAccountThatIsNone) {
  run(std::string(kSchema) + device("5511987654321@s.whatsapp.net"));
  EXPECT_NE(error_of().find("not that of a linked device"), std::string::npos);
}

TEST_F(PortableWhatsmeow, RefusesOtherFiles) {
  EXPECT_NE(error_of().find("there is no file"), std::string::npos);
  run("CREATE TABLE other (x)");
  EXPECT_NE(error_of().find("there is no table whatsmeow_device"), std::string::npos);
  run(kSchema);
  EXPECT_NE(error_of().find("there is no device in it"), std::string::npos);
  write_whole(path_, as_bytes("SQLite format 3, or so it says"));
  EXPECT_NE(error_of().find("no whole SQLite database"), std::string::npos);
}

TEST_F(PortableWhatsmeow, TakesNothingOutOfADamagedDatabaseByPieces) {
  fill();
  const Bytes whole = read_whole(path_);
  for (std::size_t at = 0; at < whole.size(); at += 397) {
    Bytes damaged = whole;
    damaged[at] ^= 0x21;
    write_whole(path_, damaged);
    Adoption adoption(kToday, random_);
    if (read(adoption).ok()) (void)adoption.finish("moved");
  }
  for (std::size_t size = 100; size < whole.size(); size += 4096) {
    write_whole(path_, ByteView(whole).first(size));
    EXPECT_NE(error_of(), "none") << size;
  }
}

TEST_F(PortableWhatsmeow, TakesAnOlderStore) {
  const std::string schema = kSchema;
  std::string older = schema.substr(0, schema.find("CREATE TABLE whatsmeow_privacy_tokens"));
  older.replace(older.find("lid TEXT, "), 10, "");
  std::string row = device(kJid);
  row.replace(row.find("'123456789:7@lid', "), 19, "");
  run(older + row);
  EXPECT_EQ(error_of(), "none");
}

}  // namespace
}  // namespace ponte::portable
