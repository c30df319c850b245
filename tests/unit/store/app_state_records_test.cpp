#include "store/app_state_records.h"

#include <gtest/gtest.h>

#include "records.pb.h"
#include "store/keys.h"
#include "store/memory_store.h"

namespace ponte::store {
namespace {

const Owner kOwner = "one";

struct AppStateRecords : testing::Test {
  MemoryStore store;

  template <typename Change>
  Durability write(Change change) {
    Transaction transaction(store, kOwner);
    change(transaction);
    WriteBatch batch = transaction.take();
    const Durability durability = batch.durability;
    store.commit(std::move(batch), [](const Status& status) { ASSERT_TRUE(status.ok()); });
    return durability;
  }
  void put_raw(const std::string& key, Bytes value) {
    write([&](Transaction& transaction) { transaction.put(key, std::move(value)); });
  }
  RecordSource source() const { return {store, kOwner}; }
};

ByteArray<32> filled(std::uint8_t byte) {
  ByteArray<32> out;
  out.fill(byte);
  return out;
}

TEST_F(AppStateRecords, KeysComeBack) {
  AppStateKey shared;
  shared.id = {0, 0, 0x12, 0x34};
  shared.data = Secret<32>(filled(7));
  shared.timestamp = 1'700'000'000'000;
  AppStateKey asked_for;
  asked_for.id = {1};
  asked_for.requested_at = Wall(Milliseconds(5));
  asked_for.unknown_to_phone = true;
  EXPECT_EQ(write([&](Transaction& transaction) {
              put_app_state_key(transaction, asked_for);
              put_app_state_key(transaction, shared);
            }),
            Durability::kPowerLoss);

  const auto all = get_app_state_keys(source());
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->at(0).id, shared.id);
  EXPECT_TRUE(equal(all->at(0).data->view(), shared.data->view()));
  EXPECT_EQ(all->at(0).timestamp, shared.timestamp);
  EXPECT_EQ(all->at(0).requested_at, std::nullopt);
  EXPECT_FALSE(all->at(0).unknown_to_phone);
  const auto second = get_app_state_key(source(), asked_for.id);
  ASSERT_TRUE(second.ok() && *second);
  EXPECT_FALSE((*second)->data.has_value());
  EXPECT_EQ((*second)->requested_at, asked_for.requested_at);
  EXPECT_TRUE((*second)->unknown_to_phone);
  EXPECT_EQ(get_app_state_key(source(), Bytes{2}).value().has_value(), false);
}

TEST_F(AppStateRecords, CollectionsComeBack) {
  AppStateCollection written;
  EXPECT_EQ(write([&](Transaction& transaction) { put_app_state(transaction, "regular", written); }),
            Durability::kProcessCrash);
  EXPECT_EQ(get_app_state(source(), "regular").value(), written);
  written.version = 5;
  written.hash.emplace().fill(9);
  written.pending = true;
  written.missing_keys = {{1, 2}, {3}};
  written.begun_anew = true;
  written.recovered = true;
  written.failed_at = Wall(Milliseconds(6));
  written.recovery_asked_at = Wall(Milliseconds(7));
  write([&](Transaction& transaction) { put_app_state(transaction, "regular", written); });
  EXPECT_EQ(get_app_state(source(), "regular").value(), written);
  EXPECT_EQ(get_app_state(source(), "regular_low").value(), std::nullopt);
}

TEST_F(AppStateRecords, MacsBelongToTheirCollection) {
  write([](Transaction& transaction) {
    put_app_state_mac(transaction, "regular", filled(1), filled(2));
    put_app_state_mac(transaction, "regular", filled(3), filled(4));
    put_app_state_mac(transaction, "regular_low", filled(1), filled(5));
  });
  EXPECT_EQ(get_app_state_mac(source(), "regular", filled(1)).value(), filled(2));
  EXPECT_EQ(get_app_state_mac(source(), "regular_low", filled(1)).value(), filled(5));
  write([](Transaction& transaction) { put_app_state_mac(transaction, "regular", filled(3), std::nullopt); });
  EXPECT_EQ(get_app_state_mac(source(), "regular", filled(3)).value(), std::nullopt);
  write([](Transaction& transaction) { EXPECT_TRUE(erase_app_state_macs(transaction, "regular").ok()); });
  EXPECT_EQ(get_app_state_mac(source(), "regular", filled(1)).value(), std::nullopt);
  EXPECT_EQ(get_app_state_mac(source(), "regular_low", filled(1)).value(), filled(5));
}

TEST_F(AppStateRecords, RefuseWhatIsDamaged) {
  put_raw("app_state_key/0a", Bytes{0x0A, 0x02, 1, 2});
  EXPECT_EQ(get_app_state_key(source(), Bytes{0x0A}).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(get_app_state_keys(source()).error().cause, Cause::kStoreCorrupt);
  put_raw("app_state_key/0a", Bytes{0xFF});
  EXPECT_EQ(get_app_state_key(source(), Bytes{0x0A}).error().cause, Cause::kStoreCorrupt);
  write([](Transaction& transaction) { transaction.erase("app_state_key/0a"); });
  put_raw("app_state_key/no hex", Bytes{});
  EXPECT_EQ(get_app_state_keys(source()).error().cause, Cause::kStoreCorrupt);
  put_raw("app_state/regular", Bytes{0x12, 0x01, 1});
  EXPECT_EQ(get_app_state(source(), "regular").error().cause, Cause::kStoreCorrupt);
  put_raw("app_state_mac/regular/" + std::string(64, '1'), Bytes(31));
  EXPECT_EQ(get_app_state_mac(source(), "regular", filled(0x11)).error().cause, Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
