#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "support/faulty_store.h"

namespace ponte::store {
namespace {

const Owner kOwner = "one";

void put(Store& store, const Owner& owner, std::string_view key, std::string_view value) {
  WriteBatch batch{owner, Durability::kProcessCrash, {{std::string(key), to_bytes(value)}}};
  store.commit(std::move(batch), [](Status status) { EXPECT_TRUE(status.ok()); });
}

std::string text(const Result<std::optional<Bytes>>& value) {
  if (!value.ok()) return "error";
  return *value ? to_text(**value) : "absent";
}

std::string listed(const Result<std::vector<Record>>& records) {
  if (!records.ok()) return "error";
  std::string out;
  for (const auto& [key, value] : *records) out += key + "=" + to_text(value) + " ";
  return out;
}

class FailingReader : public StoreReader {
 public:
  Result<std::optional<Bytes>> get(const Owner&, std::string_view) const override { return error(); }
  Result<std::vector<Record>> scan(const Owner&, std::string_view) const override { return error(); }
  Result<std::vector<Record>> scan_after(const Owner&, std::string_view, std::string_view, std::size_t) const override {
    return error();
  }
  Result<std::optional<Record>> last(const Owner&, std::string_view) const override { return error(); }
  static Error error() { return {Errc::kStorage, Cause::kStoreCorrupt, "damaged"}; }
};

TEST(Transaction, ReadsSeeItsOwnWritesAndTheStoreDoesNot) {
  MemoryStore store;
  put(store, kOwner, "a", "old");
  Transaction transaction(store, kOwner);
  EXPECT_TRUE(transaction.empty());
  transaction.put("a", to_bytes("new"));
  transaction.put("b", to_bytes("added"));
  EXPECT_EQ(text(transaction.get("a")), "new");
  EXPECT_EQ(text(transaction.get("b")), "added");
  EXPECT_EQ(text(store.get(kOwner, "a")), "old");
  transaction.erase("a");
  EXPECT_EQ(text(transaction.get("a")), "absent");
  EXPECT_FALSE(transaction.empty());
}

TEST(Transaction, ScanMergesStoredAndOwnRecordsInKeyOrder) {
  MemoryStore store;
  put(store, kOwner, "p/1", "one");
  put(store, kOwner, "p/3", "three");
  put(store, kOwner, "p/5", "five");
  put(store, kOwner, "q/1", "other prefix");
  put(store, "two", "p/2", "other owner");
  Transaction transaction(store, kOwner);
  transaction.put("p/4", to_bytes("four"));
  transaction.put("p/1", to_bytes("ONE"));
  transaction.erase("p/3");
  transaction.erase("p/9");
  transaction.put("o", to_bytes("before"));
  EXPECT_EQ(listed(transaction.scan("p/")), "p/1=ONE p/4=four p/5=five ");
}

TEST(Transaction, TakeGivesEachKeyOnceWithTheLastValue) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  transaction.put("a", to_bytes("1"));
  transaction.put("a", to_bytes("2"));
  transaction.put("b", to_bytes("3"));
  transaction.erase("b");
  const WriteBatch batch = transaction.take();
  EXPECT_EQ(batch.owner, kOwner);
  ASSERT_EQ(batch.writes.size(), 2u);
  EXPECT_EQ(to_text(*batch.writes[0].value), "2");
  EXPECT_EQ(batch.writes[1].key, "b");
  EXPECT_FALSE(batch.writes[1].value.has_value());
}

TEST(Transaction, DurabilityIsOnlyRaised) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  transaction.put("a", {});
  transaction.require(Durability::kPowerLoss);
  transaction.require(Durability::kProcessCrash);
  EXPECT_EQ(transaction.take().durability, Durability::kPowerLoss);
}

TEST(Transaction, AnEmptyValueIsARecord) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  transaction.put("a", {});
  EXPECT_EQ(text(transaction.get("a")), "");
  store.commit(transaction.take(), [](Status) {});
  EXPECT_EQ(text(store.get(kOwner, "a")), "");
}

TEST(Transaction, ErrorsOfTheStoreReachTheReader) {
  FailingReader reader;
  Transaction transaction(reader, kOwner);
  EXPECT_EQ(transaction.get("a").error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(transaction.scan("a").error().cause, Cause::kStoreCorrupt);
  transaction.put("a", to_bytes("own"));
  EXPECT_EQ(text(transaction.get("a")), "own");
}

TEST(MemoryStore, OwnersAreApartAndErasedApart) {
  MemoryStore store;
  put(store, "one", "a", "1");
  put(store, "two", "a", "2");
  put(store, kSystem, "a", "system");
  store.erase_owner("one", [](Status status) { EXPECT_TRUE(status.ok()); });
  EXPECT_EQ(text(store.get("one", "a")), "absent");
  EXPECT_EQ(text(store.get("two", "a")), "2");
  EXPECT_EQ(text(store.get(kSystem, "a")), "system");
}

TEST(MemoryStore, CloneIsIndependent) {
  MemoryStore store;
  put(store, kOwner, "a", "1");
  auto copy = store.clone();
  put(store, kOwner, "a", "2");
  EXPECT_EQ(text(copy->get(kOwner, "a")), "1");
}

WriteBatch batch_of(Durability durability, std::string_view key, std::string_view value, const Owner& owner = kOwner) {
  return {owner, durability, {{std::string(key), to_bytes(value)}}};
}

TEST(FaultyStore, FailsTheNthCommitAndAllAfterItUntilResumed) {
  test::FaultyStore store;
  store.fail_commit(2);
  std::vector<bool> ok;
  auto record = [&](Status status) { ok.push_back(status.ok()); };
  store.commit(batch_of(Durability::kProcessCrash, "a", "1"), record);
  store.commit(batch_of(Durability::kPowerLoss, "b", "2"), record);
  store.commit(batch_of(Durability::kProcessCrash, "c", "3"), record);
  EXPECT_EQ(store.health().error().cause, Cause::kStoreUnavailable);
  store.set_resumable(false);
  EXPECT_FALSE(store.try_resume().ok());
  store.set_resumable(true);
  EXPECT_TRUE(store.try_resume().ok());
  store.commit(batch_of(Durability::kProcessCrash, "d", "4"), record);
  EXPECT_EQ(ok, (std::vector<bool>{true, false, false, true}));
  EXPECT_EQ(listed(store.scan(kOwner, "")), "a=1 d=4 ");
  EXPECT_EQ(store.applied(), 2u);
}

TEST(FaultyStore, PowerLossTakesBackWhatCameAfterTheLastSync) {
  test::FaultyStore store;
  store.commit(batch_of(Durability::kProcessCrash, "a", "1"), [](Status) {});
  store.commit(batch_of(Durability::kPowerLoss, "b", "2"), [](Status) {});
  store.commit(batch_of(Durability::kProcessCrash, "c", "3"), [](Status) {});
  store.lose_power();
  EXPECT_EQ(listed(store.scan(kOwner, "")), "a=1 b=2 ");
}

TEST(FaultyStore, HeldCommitsKeepTheOrderOfTheirOwner) {
  test::FaultyStore store;
  store.hold_synced();
  std::string order;
  store.commit(batch_of(Durability::kPowerLoss, "a", "1"), [&](Status) { order += "1"; });
  store.commit(batch_of(Durability::kProcessCrash, "a", "2"), [&](Status) { order += "2"; });
  store.commit(batch_of(Durability::kProcessCrash, "a", "x", "other"), [&](Status) { order += "x"; });
  EXPECT_EQ(order, "x");
  EXPECT_EQ(store.held(), 2u);
  EXPECT_TRUE(store.release_one());
  EXPECT_EQ(text(store.get(kOwner, "a")), "1");
  store.release_all();
  EXPECT_EQ(order, "x12");
  EXPECT_EQ(text(store.get(kOwner, "a")), "2");
}

TEST(FaultyStore, PowerLossForgetsHeldCommits) {
  test::FaultyStore store;
  store.hold_synced();
  bool called = false;
  store.commit(batch_of(Durability::kPowerLoss, "a", "1"), [&](Status) { called = true; });
  store.lose_power();
  store.release_all();
  EXPECT_FALSE(called);
  EXPECT_EQ(text(store.get(kOwner, "a")), "absent");
}

}  // namespace
}  // namespace ponte::store
