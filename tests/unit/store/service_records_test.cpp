#include "store/service_records.h"

#include <gtest/gtest.h>

#include <functional>

#include "records.pb.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "support/scripted_random.h"
#include "support/vectors.h"

namespace ponte::store {
namespace {

void commit(Store& store, Transaction& transaction) {
  store.commit(transaction.take(), [](Status status) { ASSERT_TRUE(status.ok()); });
}

void put_raw(Store& store, const Owner& owner, std::string_view key, Bytes value) {
  Transaction transaction(store, owner);
  transaction.put(key, std::move(value));
  commit(store, transaction);
}

InstanceRecord make_instance(std::string id, std::string name, std::string token) {
  InstanceRecord instance;
  instance.id = std::move(id);
  instance.name = std::move(name);
  instance.token = std::move(token);
  instance.created_at = Wall(Milliseconds(1000));
  instance.updated_at = Wall(Milliseconds(2000));
  return instance;
}

TEST(ServiceRecords, InstancesAreFoundByIdNameAndToken) {
  MemoryStore store;
  Transaction transaction(store, kSystem);
  test::SeededRandom random(3);
  const Secret<32> key = get_or_make_token_hash_key(transaction, random).value();
  EXPECT_TRUE(equal(get_or_make_token_hash_key(transaction, random).value().view(), key.view()));
  InstanceRecord one = make_instance("id-1", "sales", "token-1");
  one.settings.auto_reject_calls = true;
  one.settings.call_reject_message = "no calls";
  one.settings.disable_history_sync = false;
  InstanceRecord two = make_instance("id-2", "support", "token-2");
  two.proxy = InstanceProxy{InstanceProxy::Protocol::kSocks5, "proxy.example", 1080, "user", "pass", true};
  put_instance(transaction, one, hash_token(key, one.token));
  put_instance(transaction, two, hash_token(key, two.token));
  commit(store, transaction);

  const RecordSource source(store, kSystem);
  EXPECT_EQ(get_instance(source, "id-1").value(), one);
  EXPECT_EQ(get_instances(source).value(), (std::vector{one, two}));
  EXPECT_EQ(find_instance_by_name(source, "support").value(), "id-2");
  EXPECT_EQ(find_instance_by_token(source, hash_token(key, "token-1")).value(), "id-1");
  EXPECT_FALSE(find_instance_by_token(source, hash_token(key, "token-3")).value().has_value());
  EXPECT_FALSE(find_instance_by_token(source, hash_token(Secret<32>(), "token-1")).value().has_value());

  Transaction removal(store, kSystem);
  erase_instance(removal, one, hash_token(key, one.token));
  commit(store, removal);
  EXPECT_FALSE(get_instance(source, "id-1").value().has_value());
  EXPECT_FALSE(find_instance_by_name(source, "sales").value().has_value());
  EXPECT_FALSE(find_instance_by_token(source, hash_token(key, "token-1")).value().has_value());
  EXPECT_EQ(get_instances(source).value().size(), 1u);
}

TEST(ServiceRecords, DamagedInstancesAreCorrupt) {
  MemoryStore store;
  Transaction transaction(store, kSystem);
  put_instance(transaction, make_instance("id-1", "sales", "t"), {});
  const Bytes good = transaction.get(keys::instance("id-1")).value().value();
  for (const Bytes& cut : test::truncations(good)) {
    put_raw(store, kSystem, keys::instance("id-1"), cut);
    EXPECT_EQ(get_instance({store, kSystem}, "id-1").error().cause, Cause::kStoreCorrupt) << cut.size();
    EXPECT_EQ(get_instances({store, kSystem}).error().cause, Cause::kStoreCorrupt);
  }
  put_raw(store, kSystem, keys::instance("id-1"), good);
  put_raw(store, kSystem, keys::instance("id-2"), good);
  EXPECT_EQ(get_instance({store, kSystem}, "id-2").error().cause, Cause::kStoreCorrupt);
  put_raw(store, kSystem, keys::name("sales"), {});
  EXPECT_EQ(find_instance_by_name({store, kSystem}, "sales").error().cause, Cause::kStoreCorrupt);
}

TEST(ServiceRecords, AnUpdateKeepsNameAndToken) {
  MemoryStore store;
  Transaction transaction(store, kSystem);
  InstanceRecord instance = make_instance("id-1", "sales", "t");
  put_instance(transaction, instance, hash_token(Secret<32>(), "t"));
  instance.settings.ignore_status = true;
  instance.proxy = InstanceProxy{InstanceProxy::Protocol::kHttp, "10.0.0.1", 3128, "", "", false};
  update_instance(transaction, instance);
  EXPECT_EQ(get_instance(transaction, "id-1").value(), instance);
  instance.proxy.reset();
  update_instance(transaction, instance);
  EXPECT_EQ(get_instance(transaction, "id-1").value(), instance);
  EXPECT_EQ(find_instance_by_token(transaction, hash_token(Secret<32>(), "t")).value(), "id-1");
  EXPECT_EQ(transaction.take().durability, Durability::kPowerLoss);
}

TEST(ServiceRecords, AProxyThatIsNoneIsCorrupt) {
  using Damage = std::function<void(proto::ProxyRecord&)>;
  const std::vector<std::pair<std::string, Damage>> table{
      {"proxy.protocol", [](auto& m) { m.set_protocol(3); }},
      {"proxy.host", [](auto& m) { m.clear_host(); }},
      {"proxy.port", [](auto& m) { m.clear_port(); }},
      {"proxy.port", [](auto& m) { m.set_port(65'536); }},
  };
  for (const auto& [field, damage] : table) {
    MemoryStore store;
    Transaction transaction(store, kSystem);
    InstanceRecord instance = make_instance("id-1", "sales", "t");
    instance.proxy = InstanceProxy{InstanceProxy::Protocol::kHttps, "proxy.example", 443, "", "", false};
    update_instance(transaction, instance);
    proto::InstanceRecord message;
    ASSERT_TRUE(message.ParseFromString(to_text(*transaction.get(keys::instance("id-1")).value())));
    damage(*message.mutable_proxy());
    put_raw(store, kSystem, keys::instance("id-1"), to_bytes(message.SerializeAsString()));
    const auto read = get_instance({store, kSystem}, "id-1");
    ASSERT_FALSE(read.ok()) << field;
    EXPECT_EQ(read.error().cause, Cause::kStoreCorrupt);
    EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
  }
}

TEST(ServiceRecords, TheFetchedVersionComesBackAndItsTruncationsAreCorrupt) {
  MemoryStore store;
  Transaction transaction(store, kSystem);
  EXPECT_EQ(get_fetched_version(transaction).value(), std::nullopt);
  const FetchedVersion version{"2.3000.1026131876", Wall(Milliseconds(1'750'000'000'000))};
  put_fetched_version(transaction, version);
  EXPECT_EQ(get_fetched_version(transaction).value(), version);
  const Bytes good = transaction.get(keys::kFetchedVersion).value().value();
  EXPECT_EQ(transaction.take().durability, Durability::kProcessCrash);
  for (const Bytes& cut : test::truncations(good)) {
    put_raw(store, kSystem, keys::kFetchedVersion, cut);
    EXPECT_EQ(get_fetched_version({store, kSystem}).error().cause, Cause::kStoreCorrupt) << cut.size();
  }
}

TEST(ServiceRecords, OnlyTheHashOfTheAccountTokenIsKept) {
  MemoryStore store;
  Transaction transaction(store, kSystem);
  EXPECT_FALSE(get_account_token(transaction).value().has_value());
  const TokenHash hash = hash_token(Secret<32>(), "account");
  put_account_token(transaction, hash);
  EXPECT_EQ(get_account_token(transaction).value(), hash);
  commit(store, transaction);
  put_raw(store, kSystem, keys::kAccountToken, Bytes(31));
  EXPECT_EQ(get_account_token({store, kSystem}).error().cause, Cause::kStoreCorrupt);
  put_raw(store, kSystem, keys::kTokenHashKey, Bytes(33));
  Transaction second(store, kSystem);
  test::SeededRandom random(4);
  EXPECT_EQ(get_or_make_token_hash_key(second, random).error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
