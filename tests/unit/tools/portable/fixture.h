// An instance with something of everything, folders, and files to damage.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "crypto/signal/sessions.h"
#include "portable/export_file.h"
#include "portable/incoming.h"
#include "portable/instance_export.h"
#include "store/app_state_records.h"
#include "store/chat_records.h"
#include "store/event_records.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "store/message_records.h"
#include "store/messaging_records.h"
#include "store/signal_records.h"
#include "store/webhook_records.h"
#include "support/scripted_random.h"
#include "support/session_fixtures.h"

namespace ponte::portable {

inline constexpr crypto::PassphraseCost kCheap{1, 64};
inline const std::string kPassphrase = "correct horse battery staple";
inline const std::string kInstanceId = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
inline constexpr Wall kToday{Milliseconds(1'790'000'000'000)};

/// A folder of the test's own, gone with it.
class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "portable-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void write_whole(const std::string& path, ByteView content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}

inline Bytes read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

inline void commit(store::Store& store, store::Transaction transaction) {
  ASSERT_TRUE(commit_and_wait(store, transaction.take()).ok());
}

inline store::Account linked_account() {
  store::Account account;
  account.jid = "5511987654321:7@s.whatsapp.net";
  account.lid = "123456789:7@lid";
  account.signed_device_identity = {1, 2, 3};
  account.platform = "android";
  account.push_name = "Someone";
  account.paired_at = kToday;
  return account;
}

inline void put_service(store::Store& store, RandomSource& random) {
  store::Transaction system(store, store::kSystem);
  const auto hash_key = store::get_or_make_token_hash_key(system, random);
  store::InstanceRecord instance;
  instance.id = kInstanceId;
  instance.name = "sales";
  instance.token = "the-token-of-the-instance";
  instance.created_at = instance.updated_at = kToday;
  instance.settings.ignore_status = true;
  instance.proxy = store::InstanceProxy{store::InstanceProxy::Protocol::kSocks5, "proxy", 1080, "user", "word", true};
  store::put_instance(system, instance, store::hash_token(*hash_key, instance.token));
  commit(store, std::move(system));
}

inline void put_device(store::Store& store) {
  store::Transaction device(store, kInstanceId);
  store::put_credentials(device, test::vector_credentials());
  store::put_account(device, linked_account());
  store::put_prekey(device, 9, crypto::key_pair_from_private(Secret<32>(ByteArray<32>{9})));
  store::put_prekey_state(device, {12, 12, std::nullopt});
  store::put_signal_session(device, {"123_1", 2}, {4, 5, 6});
  store::put_lid_mapping(device, "5511", "123");
  commit(store, std::move(device));
}

inline void put_rest(store::Store& store) {
  store::Transaction webhooks(store, store::keys::webhooks_owner(kInstanceId));
  store::WebhookRecord webhook;
  webhook.label = "main";
  webhook.url = "https://example.com/hook";
  webhook.secret = Bytes(32, 0x5C);
  store::put_webhook(webhooks, webhook);
  store::put_webhook_progress(webhooks, "main", {});
  commit(store, std::move(webhooks));
  store::Transaction events(store, store::keys::events_owner(kInstanceId));
  store::put_told_link(events, "pair_success");
  events.put(store::keys::event(3), {1});
  commit(store, std::move(events));
  store::Transaction chats(store, store::keys::chats_owner(kInstanceId));
  ASSERT_TRUE(store::change_contact(chats, "123@lid", [](store::ContactRecord& one) { one.full_name = "A B"; }).ok());
  commit(store, std::move(chats));
}

/// Holds an instance named sales, of every part something.
inline std::unique_ptr<store::MemoryStore> store_with_instance() {
  auto store = std::make_unique<store::MemoryStore>();
  test::SeededRandom random(1);
  put_service(*store, random);
  put_device(*store);
  put_rest(*store);
  return store;
}

/// Writes the file; what it carries.
inline ExportCounts export_to(const std::string& path, const store::Store& store) {
  test::SeededRandom random(2);
  auto writer = ExportWriter::create(path, as_bytes(kPassphrase), kCheap, random);
  EXPECT_TRUE(writer.ok());
  auto counts = put_instance(*writer, store, "sales");
  EXPECT_TRUE(counts.ok()) << counts.error().message;
  EXPECT_TRUE(writer->finish().ok());
  return *counts;
}

/// Imports the file, or says why not.
inline Result<store::InstanceRecord> import_from(const std::string& path, store::Store& store,
                                                 const std::string& name = "",
                                                 const std::string& passphrase = kPassphrase) {
  test::SeededRandom random(3);
  PONTE_ASSIGN(const ExportReader reader, ExportReader::open(path, as_bytes(passphrase)));
  PONTE_ASSIGN(ReadExport read, read_export(reader));
  return admit(store, std::move(read.incoming), {name, kToday}, random);
}

inline const std::vector<store::Owner>& owners_of_instance() {
  static const std::vector<store::Owner> kOwners{kInstanceId, store::keys::webhooks_owner(kInstanceId),
                                                 store::keys::events_owner(kInstanceId),
                                                 store::keys::chats_owner(kInstanceId)};
  return kOwners;
}

/// All that a store holds of the instance, by owner and key.
inline std::vector<store::Record> records_of_instance(const store::Store& store) {
  std::vector<store::Record> out;
  for (const store::Owner& owner : owners_of_instance()) {
    const auto records = store.scan(owner, "");
    for (const auto& [key, value] : *records) out.emplace_back(owner + " " + key, value);
  }
  return out;
}

inline bool is_empty(const store::Store& store) {
  return records_of_instance(store).empty() && store.scan(store::kSystem, "")->empty();
}

}  // namespace ponte::portable
