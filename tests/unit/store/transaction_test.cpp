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
  Result<std::vector<Record>> scan_before(const Owner&, std::string_view, std::string_view,
                                          std::size_t) const override {
    return error();
  }
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

/// p/1 to p/5 stored, of which a step erases two and changes one, and adds three.
struct Pages {
  Pages() {
    for (const char* key : {"o", "p/1", "p/2", "p/3", "p/4", "p/5", "q"}) put(store, kOwner, key, "s");
    transaction.erase("p/2");
    transaction.erase("p/5");
    transaction.put("p/3", to_bytes("c"));
    for (const char* key : {"p/0", "p/35", "p/6", "q/"}) transaction.put(key, to_bytes("n"));
  }
  MemoryStore store;
  Transaction transaction{store, kOwner};
};

TEST(Transaction, PagesForwardsHoldStoredAndOwnRecordsAlike) {
  const Pages pages;
  const std::string all = "p/0=n p/1=s p/3=c p/35=n p/4=s p/6=n ";
  EXPECT_EQ(listed(pages.transaction.scan("p/")), all);
  EXPECT_EQ(listed(pages.transaction.scan_after("p/", "", 99)), all);
  EXPECT_EQ(listed(pages.transaction.scan_after("p/", "", 2)), "p/0=n p/1=s ");
  EXPECT_EQ(listed(pages.transaction.scan_after("p/", "p/1", 2)), "p/3=c p/35=n ");
  EXPECT_EQ(listed(pages.transaction.scan_after("p/", "p/35", 9)), "p/4=s p/6=n ");
  EXPECT_EQ(listed(pages.transaction.scan_after("p/", "p/6", 9)), "");
  EXPECT_EQ(listed(pages.transaction.scan_after("p/", "", 0)), "");
}

TEST(Transaction, PagesBackwardsHoldStoredAndOwnRecordsAlike) {
  const Pages pages;
  EXPECT_EQ(listed(pages.transaction.scan_before("p/", "", 99)), "p/6=n p/4=s p/35=n p/3=c p/1=s p/0=n ");
  EXPECT_EQ(listed(pages.transaction.scan_before("p/", "", 2)), "p/6=n p/4=s ");
  EXPECT_EQ(listed(pages.transaction.scan_before("p/", "p/4", 2)), "p/35=n p/3=c ");
  EXPECT_EQ(listed(pages.transaction.scan_before("p/", "p/1", 9)), "p/0=n ");
  EXPECT_EQ(listed(pages.transaction.scan_before("p/", "p/0", 9)), "");
  EXPECT_EQ(listed(pages.transaction.scan_before("p/", "", 0)), "");
  EXPECT_EQ(listed(pages.store.scan_before(kOwner, "p/", "zzz", 1)), "p/5=s ") << "of the prefix only";
  EXPECT_EQ(listed(pages.store.scan_before(kOwner, "p/", "a", 1)), "");
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
  EXPECT_EQ(transaction.scan_after("a", "", 1).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(transaction.scan_before("a", "", 1).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(reader.last(kOwner, "a").error().cause, Cause::kStoreCorrupt);
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

/// One batch of two owners: each gets a record of that key and value.
WriteBatch of_both(Durability durability, std::string_view key, std::string_view value) {
  WriteBatch batch = batch_of(durability, key, value);
  batch.beside.push_back({"two", {{std::string(key), to_bytes(value)}}});
  return batch;
}

TEST(WriteBatch, JoinedIsAllOfBothAndSurvivesWhatTheStrongerMust) {
  WriteBatch batch = batch_of(Durability::kProcessCrash, "a", "1");
  batch.join({});
  EXPECT_TRUE(batch.beside.empty()) << "nothing was to be joined";
  WriteBatch other = batch_of(Durability::kPowerLoss, "b", "2", "two");
  other.beside.push_back({"three", {{"c", to_bytes("3")}}});
  batch.join(std::move(other));
  batch.join(batch_of(Durability::kProcessCrash, "d", "4", "four"));
  EXPECT_EQ(batch.durability, Durability::kPowerLoss);
  std::string seen;
  batch.each([&seen](const Owner& owner, const std::vector<Write>& writes) {
    seen += owner + ":" + writes.front().key + " ";
  });
  EXPECT_EQ(seen, "one:a two:b three:c four:d ");
}

TEST(WriteBatch, IsEmptyOnlyWithoutWritesOfAnyOwner) {
  WriteBatch batch;
  batch.owner = kOwner;
  EXPECT_TRUE(batch.empty());
  batch.beside.push_back({"two", {}});
  EXPECT_TRUE(batch.empty());
  batch.beside.push_back({"three", {{"a", std::nullopt}}});
  EXPECT_FALSE(batch.empty());
}

TEST(MemoryStore, ABatchOfSeveralOwnersReachesEach) {
  MemoryStore store;
  put(store, "two", "b", "old");
  WriteBatch batch = of_both(Durability::kProcessCrash, "a", "1");
  batch.beside.front().writes.push_back({"b", std::nullopt});
  store.commit(std::move(batch), [](Status status) { EXPECT_TRUE(status.ok()); });
  EXPECT_EQ(listed(store.scan(kOwner, "")), "a=1 ");
  EXPECT_EQ(listed(store.scan("two", "")), "a=1 ");
}

TEST(FaultyStore, ABatchOfSeveralOwnersIsThereForAllOrForNone) {
  for (std::size_t nth = 1; nth <= 4; ++nth) {
    test::FaultyStore store;
    store.cut_power(nth);
    for (const char* value : {"1", "2", "3"}) store.commit(of_both(Durability::kPowerLoss, "a", value), [](Status) {});
    store.lose_power();
    const std::string expected = nth == 1 ? "absent" : std::to_string(nth - 1);
    EXPECT_EQ(text(store.get(kOwner, "a")), expected);
    EXPECT_EQ(text(store.get("two", "a")), expected);
  }
  test::FaultyStore store;
  store.fail_commit(1);
  store.commit(of_both(Durability::kPowerLoss, "a", "1"), [](Status status) { EXPECT_FALSE(status.ok()); });
  EXPECT_EQ(text(store.get(kOwner, "a")), "absent");
  EXPECT_EQ(text(store.get("two", "a")), "absent");
}

TEST(FaultyStore, WhatNamesAnOwnerOfAHeldBatchWaitsBehindIt) {
  test::FaultyStore store;
  store.hold_synced();
  std::string order;
  store.commit(of_both(Durability::kPowerLoss, "a", "1"), [&](Status) { order += "1"; });
  store.commit(batch_of(Durability::kProcessCrash, "a", "2", "two"), [&](Status) { order += "2"; });
  WriteBatch beside = batch_of(Durability::kProcessCrash, "a", "3", "three");
  beside.beside.push_back({"two", {{"a", to_bytes("3")}}});
  store.commit(std::move(beside), [&](Status) { order += "3"; });
  store.commit(batch_of(Durability::kProcessCrash, "a", "4", "three"), [&](Status) { order += "4"; });
  store.erase_owner("two", [&](Status) { order += "e"; });
  store.commit(batch_of(Durability::kProcessCrash, "a", "x", "other"), [&](Status) { order += "x"; });
  EXPECT_EQ(order, "x");
  store.release_all();
  EXPECT_EQ(order, "x1234e");
  EXPECT_EQ(text(store.get(kOwner, "a")), "1");
  EXPECT_EQ(text(store.get("two", "a")), "absent");
  EXPECT_EQ(text(store.get("three", "a")), "4");
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
