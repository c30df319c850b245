#include "portable/incoming.h"

#include "fixture.h"

namespace ponte::portable {
namespace {

class PortableAdmission : public ::testing::Test {
 protected:
  void SetUp() override {
    source_ = store_with_instance();
    path_ = folder_ / "sales.ponte";
    export_to(path_, *source_);
  }

  /// Another instance in `store_`, with what `fill` gives its device.
  template <typename Fill>
  void put_other(const std::string& name, Fill fill) {
    test::SeededRandom random(11);
    store::Transaction system(store_, store::kSystem);
    const auto hash_key = store::get_or_make_token_hash_key(system, random);
    store::InstanceRecord other;
    other.id = "0190ffff-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    other.name = name;
    other.token = "another";
    store::put_instance(system, other, store::hash_token(*hash_key, other.token));
    commit(store_, std::move(system));
    store::Transaction device(store_, other.id);
    fill(device);
    commit(store_, std::move(device));
  }

  void expect_refused(const std::string& words, const std::string& name = "") {
    const auto system = *store_.scan(store::kSystem, "");
    const auto imported = import_from(path_, store_, name);
    ASSERT_FALSE(imported.ok());
    EXPECT_NE(imported.error().message.find(words), std::string::npos) << imported.error().message;
    EXPECT_EQ(*store_.scan(store::kSystem, ""), system);
    EXPECT_TRUE(records_of_instance(store_).empty());
  }

  static store::Credentials other_credentials() {
    test::SeededRandom random(12);
    store::Credentials credentials = test::vector_credentials();
    credentials.noise = crypto::generate_key_pair(random);
    credentials.identity = crypto::generate_key_pair(random);
    return credentials;
  }

  Folder folder_;
  std::unique_ptr<store::MemoryStore> source_;
  store::MemoryStore store_;
  std::string path_;
};

TEST_F(PortableAdmission, RefusesANameThatIsTaken) {
  put_other("sales", [](store::Transaction&) {});
  expect_refused("an instance named sales is there already");
  EXPECT_TRUE(import_from(path_, store_, "sales2").ok());
  EXPECT_EQ((*store::get_instance({store_, store::kSystem}, kInstanceId))->name, "sales2");
}

TEST_F(PortableAdmission, RefusesANameThatIsNone) {
  expect_refused("expected a name", "a b");
  expect_refused("expected a name", std::string(101, 'a'));
}

TEST_F(PortableAdmission, RefusesTheInstanceItself) {
  const auto before = records_of_instance(*source_);
  const auto imported = import_from(path_, *source_, "again");
  ASSERT_FALSE(imported.ok());
  EXPECT_NE(imported.error().message.find("under the name sales"), std::string::npos);
  EXPECT_EQ(records_of_instance(*source_), before);
}

TEST_F(PortableAdmission, RefusesADeviceThatIsThereUnderAnotherName) {
  put_other("other", [](store::Transaction& device) {
    store::put_credentials(device, other_credentials());
    store::Account account = linked_account();
    account.lid = "";
    store::put_account(device, account);
  });
  expect_refused("it is the one of the instance other");
}

TEST_F(PortableAdmission, RefusesKeysThatAreThereWithoutAnAccount) {
  put_other("other", [](store::Transaction& device) {
    store::Credentials credentials = other_credentials();
    credentials.noise = test::vector_credentials().noise.copy();
    store::put_credentials(device, credentials);
  });
  expect_refused("it is the one of the instance other");
}

TEST_F(PortableAdmission, RefusesAnIdentityThatIsThere) {
  put_other("other", [](store::Transaction& device) {
    store::Credentials credentials = other_credentials();
    credentials.identity = test::vector_credentials().identity.copy();
    store::put_credentials(device, credentials);
  });
  expect_refused("it is the one of the instance other");
}

TEST_F(PortableAdmission, TakesAnotherDeviceOfTheSameAccount) {
  put_other("other", [](store::Transaction& device) {
    store::put_credentials(device, other_credentials());
    store::Account account = linked_account();
    account.jid = "5511987654321:8@s.whatsapp.net";
    store::put_account(device, account);
  });
  EXPECT_TRUE(import_from(path_, store_).ok());
}

TEST_F(PortableAdmission, BeginsWithoutWhatAnInterruptedImportLeft) {
  store::WriteBatch left;
  left.owner = store::keys::chats_owner(kInstanceId);
  left.writes.push_back({"chat/left@lid", Bytes{1}});
  ASSERT_TRUE(commit_and_wait(store_, std::move(left)).ok());
  ASSERT_TRUE(import_from(path_, store_).ok());
  EXPECT_EQ(records_of_instance(store_), records_of_instance(*source_));
}

/// Power fails at each commit in turn: there is the whole instance, or none that anybody would find.
TEST_F(PortableAdmission, LeavesNoHalfInstanceWhereItIsInterrupted) {
  class Interrupted final : public store::MemoryStore {
   public:
    explicit Interrupted(int after) : left_(after) {}
    void commit(store::WriteBatch batch, Committed done) override {
      if (left_-- <= 0) return done(failed());
      MemoryStore::commit(std::move(batch), std::move(done));
    }
    void erase_owner(const store::Owner& owner, Committed done) override {
      if (left_-- <= 0) return done(failed());
      MemoryStore::erase_owner(owner, std::move(done));
    }

   private:
    static Error failed() { return {Errc::kStorage, Cause::kStoreUnavailable, "the power failed"}; }
    int left_;
  };
  bool whole = false;
  int interrupted = 0;
  for (int after = 0; !whole; ++after) {
    Interrupted store(after);
    whole = import_from(path_, store).ok();
    const bool named = store::find_instance_by_name({store, store::kSystem}, "sales")->has_value();
    EXPECT_EQ(named, whole);
    if (!whole) {
      EXPECT_TRUE(store.scan(kInstanceId, "")->empty());
      EXPECT_TRUE(store.scan(store::kSystem, "")->empty());
      ++interrupted;
    }
  }
  EXPECT_GE(interrupted, 5);
}

TEST_F(PortableAdmission, RemovesWhatMovedAway) {
  test::SeededRandom random(13);
  ASSERT_TRUE(remove_instance(*source_, "sales", random).ok());
  EXPECT_TRUE(records_of_instance(*source_).empty());
  EXPECT_TRUE(store::get_instances({*source_, store::kSystem})->empty());
  EXPECT_FALSE(store::find_instance_by_name({*source_, store::kSystem}, "sales")->has_value());
  EXPECT_FALSE(remove_instance(*source_, "sales", random).ok());
  EXPECT_TRUE(import_from(path_, *source_).ok());
}

// ---- the records of a device ------------------------------------------------------------------------

WipedRecords device_with(UniqueFunction<void(store::Transaction&)> change) {
  store::MemoryStore store;
  put_device(store);
  store::Transaction device(store, kInstanceId);
  change(device);
  commit(store, std::move(device));
  return WipedRecords(*store.scan(kInstanceId, ""));
}

std::string fault_of(UniqueFunction<void(store::Transaction&)> change) {
  const Status checked = check_device(device_with(std::move(change)));
  return checked.ok() ? "none" : checked.error().message;
}

TEST(PortableDevice, IsLookedAt) {
  EXPECT_EQ(fault_of([](store::Transaction&) {}), "none");
  EXPECT_NE(fault_of([](store::Transaction& device) { device.put("account", {0xFF}); }), "none");
  EXPECT_NE(fault_of([](store::Transaction& device) { device.put("credentials", {}); }), "none");
  EXPECT_NE(fault_of([](store::Transaction& device) { device.put("prekey/000001", {1}); }), "none");
  EXPECT_NE(fault_of([](store::Transaction& device) { device.put("prekey_state", {}); }), "none");
  EXPECT_EQ(fault_of([](store::Transaction& device) { device.erase("credentials"); }), "it has an account and no keys");
  EXPECT_NE(fault_of([](store::Transaction& device) {
              store::put_prekey_state(device, {9, 9, std::nullopt});
            }).find("beyond the next id"),
            std::string::npos);
  EXPECT_NE(fault_of([](store::Transaction& device) {
              store::Credentials credentials = test::vector_credentials();
              credentials.signed_prekey.signature[3] ^= 1;
              store::put_credentials(device, credentials);
            }).find("not signed by its identity"),
            std::string::npos);
  for (const std::string jid : {"5511987654321@s.whatsapp.net", "x", "5511987654321:7@lid", ":7@s.whatsapp.net"}) {
    EXPECT_NE(fault_of([&jid](store::Transaction& device) {
                store::Account account = linked_account();
                account.jid = jid;
                store::put_account(device, account);
              }).find("not that of a linked device"),
              std::string::npos)
        << jid;
  }
}

}  // namespace
}  // namespace ponte::portable
