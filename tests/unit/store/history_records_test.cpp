#include "store/history_records.h"

#include <gtest/gtest.h>

#include "records.pb.h"
#include "store/chat_keys.h"
#include "store/memory_store.h"
#include "support/vectors.h"

namespace ponte::store {
namespace {

const Owner kOwner = "one-chats";

void commit(Store& store, Transaction& transaction) {
  store.commit(transaction.take(), [](Status status) { ASSERT_TRUE(status.ok()); });
}

TEST(HistoryRecords, ProgressComesBack) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  EXPECT_FALSE(get_history_progress(transaction).value().has_value());
  const HistoryProgress written{
      {{0, 1}, {3, 12}}, 57, 40'000, 211, Wall(Milliseconds(1'748'736'000'123)), true, 365, 12, 3, 2, "MEDIA_GONE"};
  put_history_progress(transaction, written);
  commit(store, transaction);
  EXPECT_EQ(get_history_progress({store, kOwner}).value(), written);
  transaction.put(keys::kHistory, {0xFF});
  EXPECT_EQ(get_history_progress(transaction).error().cause, Cause::kStoreCorrupt);
}

TEST(HistoryRecords, JobsAreTakenInTheOrderOfTheirArrival) {
  MemoryStore store;
  const Wall at(Milliseconds(1'748'736'000'123));
  for (const char* notification : {"a", "b"}) {
    Transaction transaction(store, kOwner);
    ASSERT_TRUE(add_history_job(transaction, {0, to_bytes(notification), at, 0, "3EB0", false}).ok());
    WriteBatch batch = transaction.take();
    EXPECT_EQ(batch.durability, Durability::kPowerLoss);
    store.commit(std::move(batch), [](Status) {});
  }
  Transaction transaction(store, kOwner);
  EXPECT_EQ(add_history_job(transaction, {0, to_bytes("c"), at, 0, "3EB0", false}).value(), 3u);
  EXPECT_EQ(add_history_job(transaction, {0, to_bytes("d"), at, 0, "3EB0", false}).value(), 4u) << "of the same step";
  EXPECT_EQ(count_history_jobs(transaction).value(), 4u);
  HistoryJob first = get_next_history_job(transaction).value().value();
  EXPECT_EQ(first, (HistoryJob{1, to_bytes("a"), at, 0, "3EB0", false}));
  first.attempts = 2;
  put_history_job(transaction, first);
  EXPECT_EQ(get_next_history_job(transaction).value(), first);
  std::string order;
  while (const auto job = get_next_history_job(transaction).value()) {
    order += to_text(job->notification);
    erase_history_job(transaction, job->arrival);
  }
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(count_history_jobs(transaction).value(), 0u);
}

TEST(HistoryRecords, APartThatWasAskedForAgainIsNoJob) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  const HistoryJob job{7, to_bytes("a"), Wall(Milliseconds(5)), 2, "3EB0/1", true};
  put_asked_history(transaction, job);
  EXPECT_FALSE(get_next_history_job(transaction).value());
  EXPECT_FALSE(get_asked_history(transaction, "3EB0").value());
  HistoryJob expected = job;
  expected.arrival = 0;
  EXPECT_EQ(get_asked_history(transaction, "3EB0/1").value(), expected);
  erase_asked_history(transaction, "3EB0/1");
  EXPECT_FALSE(get_asked_history(transaction, "3EB0/1").value());
  EXPECT_EQ(transaction.take().durability, Durability::kPowerLoss);
}

TEST(HistoryRecords, ADamagedJobIsNotPassedOver) {
  MemoryStore store;
  Transaction transaction(store, kOwner);
  ASSERT_TRUE(add_history_job(transaction, {0, to_bytes("notification"), Wall(), 0, "", false}).ok());
  const Bytes good = transaction.get(keys::history_job(1)).value().value();
  for (const Bytes& cut : test::truncations(good)) {
    transaction.put(keys::history_job(1), cut);
    const auto job = get_next_history_job(transaction);
    if (job.ok()) {
      EXPECT_EQ(job.value()->attempts, 0u);  // only the last field was cut off, which may be absent
      EXPECT_EQ(to_text(job.value()->notification), "notification");
    } else {
      EXPECT_EQ(job.error().cause, Cause::kStoreCorrupt);
    }
  }
  transaction.erase(keys::history_job(1));
  transaction.put("history_job/1", good);
  EXPECT_EQ(get_next_history_job(transaction).error().cause, Cause::kStoreCorrupt);
  EXPECT_EQ(add_history_job(transaction, {0, to_bytes("next"), Wall(), 0, "", false}).error().cause,
            Cause::kStoreCorrupt);
}

}  // namespace
}  // namespace ponte::store
