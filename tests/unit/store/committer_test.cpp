#include "store/committer.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <semaphore>

namespace ponte::store {
namespace {

using Operation = Committer::Operation;

Operation batch(
    const Owner& owner, std::string value, Store::Committed done = [](Status) {}) {
  return {Operation::Kind::kBatch, {owner, Durability::kPowerLoss, {{"key", to_bytes(value)}}}, std::move(done), {}};
}

/// An apply that records what it got and can be held at its door.
struct Applied {
  std::mutex mutex;
  std::vector<std::string> order;
  std::vector<std::size_t> groups;
  Status answer;
  std::counting_semaphore<> gate{0};
  std::counting_semaphore<> entered{0};
  bool gated = false;

  Committer::Apply function() {
    return [this](std::span<Operation> group) {
      if (gated) {
        entered.release();
        gate.acquire();
      }
      std::lock_guard lock(mutex);
      groups.push_back(group.size());
      for (const Operation& operation : group)
        order.push_back(operation.batch.owner + ":" + to_text(*operation.batch.writes.front().value));
      return answer;
    };
  }
};

TEST(Committer, AppliesInOrderAndAnswersEachOnceFromItsThread) {
  Applied applied;
  std::vector<std::string> answers;
  std::promise<void> last;
  std::thread::id thread;
  Committer committer(applied.function());
  for (int i = 0; i < 100; ++i) {
    committer.submit(batch("one", std::to_string(i), [&, i](Status status) {
      EXPECT_TRUE(status.ok());
      thread = std::this_thread::get_id();
      answers.push_back(std::to_string(i));
      if (i == 99) last.set_value();
    }));
  }
  last.get_future().wait();
  EXPECT_NE(thread, std::this_thread::get_id());
  ASSERT_EQ(applied.order.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(applied.order[i], "one:" + std::to_string(i));
    EXPECT_EQ(answers[i], std::to_string(i));
  }
}

TEST(Committer, WhatWaitsBecomesOneGroup) {
  Applied applied;
  applied.gated = true;
  {
    Committer committer(applied.function());
    committer.submit(batch("one", "first"));
    applied.entered.acquire();
    for (int i = 0; i < 5; ++i) committer.submit(batch("owner" + std::to_string(i), "x"));
    applied.gate.release(2);
  }
  EXPECT_EQ(applied.groups, (std::vector<std::size_t>{1, 5}));
}

TEST(Committer, AGroupEndsAtItsByteLimit) {
  Applied applied;
  applied.gated = true;
  {
    Committer committer(applied.function(), {.queued_operations = 10, .queued_bytes = 1000, .group_bytes = 100});
    committer.submit(batch("one", "first"));
    applied.entered.acquire();
    committer.submit(batch("one", std::string(40, 'a')));
    committer.submit(batch("one", std::string(40, 'b')));
    committer.submit(batch("one", std::string(300, 'c')));
    committer.submit(batch("one", std::string(40, 'd')));
    applied.gate.release(4);
  }
  EXPECT_EQ(applied.groups, (std::vector<std::size_t>{1, 2, 1, 1}));
}

TEST(Committer, AFullQueueRefusesAtOnce) {
  Applied applied;
  applied.gated = true;
  Committer committer(applied.function(), {.queued_operations = 3, .queued_bytes = 200, .group_bytes = 1000});
  committer.submit(batch("one", "first"));
  applied.entered.acquire();
  committer.submit(batch("one", std::string(150, 'a')));
  std::optional<Error> refusal;
  auto refused = [&](Status status) { refusal = status.error(); };
  committer.submit(batch("one", std::string(100, 'b'), refused));
  ASSERT_TRUE(refusal.has_value()) << "more bytes than may wait";
  EXPECT_EQ(refusal->code, Errc::kUnavailable);
  EXPECT_EQ(refusal->cause, Cause::kOverloaded);
  committer.submit(batch("one", "2"));
  committer.submit(batch("one", "3"));
  refusal.reset();
  committer.submit(batch("one", "4", refused));
  ASSERT_TRUE(refusal.has_value()) << "more operations than may wait";
  applied.gate.release(2);
}

TEST(Committer, AFailureReachesEveryCallerOfTheGroup) {
  Applied applied;
  applied.gated = true;
  applied.answer = Error{Errc::kStorage, Cause::kStoreUnavailable, "disk full"};
  std::atomic<int> failures = 0;
  {
    Committer committer(applied.function());
    auto count = [&](Status status) { failures += !status.ok() && status.error().message == "disk full"; };
    committer.submit(batch("one", "1", count));
    applied.entered.acquire();
    committer.submit(batch("two", "2", count));
    committer.submit(batch("three", "3", count));
    applied.gate.release(2);
  }
  EXPECT_EQ(failures, 3);
}

TEST(Committer, OneRefusedAloneLeavesTheOthersBe) {
  std::vector<bool> answers;
  {
    Committer committer([](std::span<Operation> group) {
      for (Operation& operation : group)
        if (operation.batch.owner == "bad") operation.refused = Error{Errc::kStorage, Cause::kStoreCorrupt, "damaged"};
      return Status::Ok();
    });
    for (const char* owner : {"good", "bad", "fine"})
      committer.submit(batch(owner, "x", [&](Status status) { answers.push_back(status.ok()); }));
  }
  EXPECT_EQ(answers, (std::vector<bool>{true, false, true}));
}

TEST(Committer, AnExceptionOfTheEngineIsAFailure) {
  std::optional<Error> error;
  {
    Committer committer([](std::span<Operation>) -> Status { throw std::bad_alloc(); });
    committer.submit(batch("one", "1", [&](Status status) { error = status.error(); }));
  }
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->cause, Cause::kStoreUnavailable);
}

TEST(Committer, PendingEndsBeforeTheAnswer) {
  Applied applied;
  applied.gated = true;
  std::promise<bool> pending_in_answer;
  Committer committer(applied.function());
  EXPECT_FALSE(committer.has_pending("one"));
  committer.submit(batch("one", "1", [&](Status) { pending_in_answer.set_value(committer.has_pending("one")); }));
  applied.entered.acquire();
  EXPECT_TRUE(committer.has_pending("one")) << "it is being applied";
  EXPECT_FALSE(committer.has_pending("two"));
  applied.gate.release();
  EXPECT_FALSE(pending_in_answer.get_future().get());
}

TEST(Committer, EveryOwnerThatABatchNamesIsPendingAndCountedInItsBytes) {
  Applied applied;
  applied.gated = true;
  std::promise<void> answered;
  Committer committer(applied.function());
  Operation operation = batch("one", "1", [&](Status) { answered.set_value(); });
  operation.batch.beside = {{"two", {{"key", to_bytes("22")}}}, {"one", {{"k", std::nullopt}}}};
  EXPECT_EQ(operation.bytes(), 3 + 1 + 3 + 2 + 1u);
  const WriteBatch other{"three", Durability::kProcessCrash, {}, {{"two", {}}}};
  EXPECT_FALSE(committer.has_pending(other));
  committer.submit(std::move(operation));
  applied.entered.acquire();
  EXPECT_TRUE(committer.has_pending("one"));
  EXPECT_TRUE(committer.has_pending("two"));
  EXPECT_FALSE(committer.has_pending("three"));
  EXPECT_TRUE(committer.has_pending(other)) << "beside";
  applied.gate.release();
  answered.get_future().wait();
  EXPECT_FALSE(committer.has_pending("one"));
  EXPECT_FALSE(committer.has_pending("two"));
}

TEST(Committer, DestructionAppliesWhatWaitsAndRefusesWhatComes) {
  Applied applied;
  int answered = 0;
  std::optional<Error> late;
  {
    Committer committer(applied.function());
    for (int i = 0; i < 50; ++i) committer.submit(batch("one", "x", [&](Status status) { answered += status.ok(); }));
    committer.submit(batch("one", "last", [&](Status) {
      // Runs while the destructor waits, or before it; only a refusal is remembered.
      committer.submit(batch("one", "late", [&](Status status) {
        if (!status.ok()) late = status.error();
      }));
    }));
  }
  EXPECT_EQ(answered, 50);
  EXPECT_GE(applied.order.size(), 51u);
  EXPECT_EQ(late ? late->cause : Cause::kShuttingDown, Cause::kShuttingDown);
}

TEST(Committer, ManyThreadsKeepTheOrderOfEachOwner) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::map<Owner, std::vector<std::string>> seen;
  {
    Committer committer([&](std::span<Operation> group) {
      for (const Operation& operation : group)
        seen[operation.batch.owner].push_back(to_text(*operation.batch.writes.front().value));
      return Status::Ok();
    });
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) committer.submit(batch("owner" + std::to_string(t), std::to_string(i)));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kThreads));
  for (const auto& [owner, values] : seen) {
    ASSERT_EQ(values.size(), static_cast<std::size_t>(kEach)) << owner;
    for (int i = 0; i < kEach; ++i) ASSERT_EQ(values[i], std::to_string(i)) << owner;
  }
}

}  // namespace
}  // namespace ponte::store
