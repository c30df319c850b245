#include "instance/event_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/keys.h"
#include "support/faulty_store.h"
#include "support/virtual_clock.h"

namespace ponte::instance {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;

const std::string kSales = "0190aaaa-0000-7000-8000-000000000001";
const std::string kOther = "0190aaaa-0000-7000-8000-000000000002";

class Journal : public ::testing::Test, public EventListener {
 protected:
  void on_event(const std::string& instance_id, const JournalEvent& event) override {
    told.push_back(instance_id.substr(35) + ":" + std::to_string(event.sequence) + ":" + event.data);
    // Whoever is told finds it there.
    EXPECT_GE(journal->last_sequence(instance_id), event.sequence);
    EXPECT_EQ(journal->events_after(instance_id, event.sequence - 1, 1)->front(), event);
  }
  /// A new process over the same store.
  void start(EventJournal::Limits limits = {}) {
    journal = std::make_unique<EventJournal>(store, clock, limits);
    journal->add_listener(*this);
  }
  void append(const std::string& data, const std::string& instance = kSales) {
    journal->append(instance, "instance.state", data);
  }
  std::vector<std::string> kept(std::uint64_t after = 0, std::size_t limit = 1000) const {
    std::vector<std::string> out;
    const auto events = journal->events_after(kSales, after, limit);
    EXPECT_TRUE(events.ok()) << events.error().message;
    for (const auto& event : *events) out.push_back(std::to_string(event.sequence) + event.data);
    return out;
  }

  test::VirtualClock clock;
  test::FaultyStore store;
  std::unique_ptr<EventJournal> journal;
  std::vector<std::string> told;
};

TEST_F(Journal, EachInstanceHasItsOwnOrder) {
  start();
  EXPECT_EQ(journal->last_sequence(kSales), 0U);
  EXPECT_EQ(journal->first_sequence(kSales), 0U);
  append("a");
  append("b", kOther);
  append("c");
  EXPECT_THAT(told, ElementsAre("1:1:a", "2:1:b", "1:2:c"));
  EXPECT_THAT(kept(), ElementsAre("1a", "2c"));
  EXPECT_THAT(kept(1), ElementsAre("2c"));
  EXPECT_THAT(kept(0, 1), ElementsAre("1a"));
  EXPECT_THAT(kept(2), ElementsAre());
}

TEST_F(Journal, GoesOnAfterARestart) {
  start();
  for (int i = 0; i < 300; ++i) append("x");
  start();
  EXPECT_EQ(journal->last_sequence(kSales), 300U);
  append("y");
  EXPECT_EQ(told.back(), "1:301:y");
  EXPECT_EQ(kept(299), (std::vector<std::string>{"300x", "301y"}));
}

TEST_F(Journal, AnEventThatTheStoreDidNotTakeIsToldToNobody) {
  start();
  append("a");
  store.fail_commit(1);
  append("lost");
  ASSERT_TRUE(store.try_resume().ok());
  append("b");
  EXPECT_THAT(told, ElementsAre("1:1:a", "1:2:b"));
  EXPECT_THAT(kept(), ElementsAre("1a", "2b"));
}

TEST_F(Journal, GivesUpTheOldestBeyondItsNumber) {
  start({.most = 3, .age = hours(24)});
  for (const char* data : {"a", "b", "c", "d", "e"}) append(data);
  EXPECT_THAT(kept(), ElementsAre("3c", "4d", "5e"));
  EXPECT_EQ(journal->first_sequence(kSales), 3U);
  start({.most = 2, .age = hours(24)});
  EXPECT_EQ(journal->first_sequence(kSales), 3U);
  append("f");
  EXPECT_THAT(kept(), ElementsAre("5e", "6f")) << "a smaller limit is reached with the next event";
}

TEST_F(Journal, GivesUpWhatIsTooOld) {
  start({.most = 100, .age = hours(24)});
  for (int i = 0; i < 20; ++i) append("old");
  clock.advance(hours(25));
  append("a");
  EXPECT_EQ(kept().size(), 13U) << "eight with each event, so that none is slow";
  append("b");
  append("c");
  EXPECT_THAT(kept(), ElementsAre("21a", "22b", "23c"));
  EXPECT_EQ(journal->first_sequence(kSales), 21U);
}

TEST_F(Journal, GoesWithItsInstanceAndLeavesNothing) {
  start();
  append("a");
  append("b", kOther);
  Status status = Error{Errc::kInternal, Cause::kInternal, "not called"};
  journal->erase(kSales, [&status](Status erased) { status = std::move(erased); });
  EXPECT_TRUE(status.ok());
  EXPECT_THAT(kept(), ElementsAre());
  EXPECT_TRUE(store.scan(store::keys::events_owner(kSales), "")->empty());
  EXPECT_EQ(journal->last_sequence(kOther), 1U);
}

using Entries = std::vector<EventJournal::Entry>;

/// A batch of the device in which events are staged, as the driver of a session commits it.
class StagedEvents : public Journal {
 protected:
  StagedEvents() { start(); }

  void commit_staged(const std::string& key, const std::vector<std::string>& events,
                     store::Durability durability = store::Durability::kPowerLoss) {
    store::WriteBatch batch{kSales, durability, {{key, to_bytes("x")}}};
    Entries entries;
    for (const std::string& data : events) entries.push_back({"message.exchange", data});
    auto staged = journal->stage(kSales, std::move(entries), batch);
    ASSERT_TRUE(staged.ok()) << staged.error().message;
    store.commit(std::move(batch),
                 [staged = std::move(*staged)](const Status& committed) mutable { staged.settle(committed); });
  }
  bool has(const std::string& key) const { return store.get(kSales, key)->has_value(); }
};

TEST_F(StagedEvents, AreToldInOrderOnceTheirBatchIsDurable) {
  append("a");
  store.hold_synced();
  commit_staged("message", {"b", "c"});
  EXPECT_THAT(told, ElementsAre("1:1:a"));
  EXPECT_EQ(journal->last_sequence(kSales), 1U) << "what may still fail has not happened";
  store.release_all();
  EXPECT_THAT(told, ElementsAre("1:1:a", "1:2:b", "1:3:c"));
  EXPECT_THAT(kept(), ElementsAre("1a", "2b", "3c"));
  EXPECT_EQ(journal->last_sequence(kSales), 3U);
  EXPECT_TRUE(has("message"));
}

TEST_F(StagedEvents, WhatIsAppendedMeanwhileComesBehindThem) {
  store.hold_synced();
  commit_staged("message", {"a"});
  append("b");
  append("other", kOther);
  EXPECT_THAT(told, ElementsAre("2:1:other"));
  store.release_all();
  EXPECT_THAT(told, ElementsAre("2:1:other", "1:1:a", "1:2:b"));
  EXPECT_THAT(kept(), ElementsAre("1a", "2b"));
}

TEST_F(StagedEvents, ABatchThatIsOvertakenByItsAnswerIsStillToldFirst) {
  store::WriteBatch batch{kSales, store::Durability::kPowerLoss, {}};
  auto staged = journal->stage(kSales, Entries{{"message.exchange", "a"}}, batch);
  ASSERT_TRUE(staged.ok());
  store.commit(std::move(batch), [](const Status&) {});  // its answer is on its way
  append("b");
  EXPECT_THAT(told, ElementsAre());
  staged->settle(Status::Ok());
  EXPECT_THAT(told, ElementsAre("1:1:a", "1:2:b"));
}

TEST_F(StagedEvents, ThoseOfABatchThatFailedAreToldToNobodyAndGoOnBehindWhatTheStoreHas) {
  append("a");
  store.hold_synced();
  store.fail_commit(1);
  commit_staged("message", {"lost", "lost too"});
  append("lost as well");
  store.release_all();
  EXPECT_THAT(told, ElementsAre("1:1:a"));
  EXPECT_FALSE(has("message"));
  ASSERT_TRUE(store.try_resume().ok());
  append("b");
  EXPECT_THAT(told, ElementsAre("1:1:a", "1:2:b"));
  EXPECT_THAT(kept(), ElementsAre("1a", "2b"));
}

TEST_F(StagedEvents, ANumberIsNotUsedTwiceWhileSomethingIsBehindIt) {
  store.hold_synced();
  store.fail_commit(1);
  commit_staged("message", {"lost"});
  commit_staged("another", {"a"});
  EXPECT_TRUE(store.release_one());
  ASSERT_TRUE(store.try_resume().ok());
  store.release_all();
  append("b");
  EXPECT_THAT(told, ElementsAre("1:2:a", "1:3:b"));
  EXPECT_THAT(kept(), ElementsAre("2a", "3b"));
}

TEST_F(StagedEvents, AreThereWithTheirBatchOrNotAtAllWhereverThePowerGoes) {
  for (std::size_t nth = 1; nth <= 4; ++nth) {
    store.cut_power(nth);
    for (const char* key : {"1", "2", "3"}) commit_staged(std::to_string(nth) + "/" + key, {"x"});
    store.lose_power();
    start();
    std::size_t batches = 0;
    for (std::size_t i = 1; i <= nth; ++i) batches += store.scan(kSales, std::to_string(i) + "/")->size();
    EXPECT_EQ(journal->last_sequence(kSales), batches);
    EXPECT_EQ(kept().size(), batches);
  }
}

TEST_F(StagedEvents, ABatchWithoutAnyIsLeftAsItIs) {
  store::WriteBatch batch{kSales, store::Durability::kPowerLoss, {}};
  auto staged = journal->stage(kSales, {}, batch);
  ASSERT_TRUE(staged.ok());
  EXPECT_TRUE(batch.beside.empty());
  staged->settle(Status::Ok());
  EXPECT_THAT(told, ElementsAre());
}

TEST_F(StagedEvents, AJournalThatCannotBeReadTakesNone) {
  append("a");
  store::WriteBatch damage{store::keys::events_owner(kSales), {}, {{store::keys::event(1), Bytes{0xFF}}}};
  store.commit(std::move(damage), [](const Status&) {});
  start();
  store::WriteBatch batch{kSales, store::Durability::kPowerLoss, {}};
  const auto staged = journal->stage(kSales, Entries{{"message.exchange", "x"}}, batch);
  ASSERT_FALSE(staged.ok());
  EXPECT_EQ(staged.error().cause, Cause::kStoreCorrupt);
  EXPECT_TRUE(batch.empty());
}

TEST_F(StagedEvents, ADamagedOldestEventDoesNotKeepNewOnesOut) {
  start({.most = 2, .age = hours(24)});
  append("a");
  append("b");
  store::WriteBatch damage{store::keys::events_owner(kSales), {}, {{store::keys::event(1), Bytes{0xFF}}}};
  store.commit(std::move(damage), [](const Status&) {});
  append("c");
  commit_staged("message", {"d"});
  EXPECT_THAT(kept(1), ElementsAre("2b", "3c", "4d"));
}

TEST_F(StagedEvents, WhatSettlesAfterTheEndIsToldToNobody) {
  store.hold_synced();
  commit_staged("message", {"a"});
  journal->erase(kSales, [](const Status&) {});
  commit_staged("another", {"b"});
  journal->close();
  store.release_all();
  EXPECT_THAT(told, ElementsAre());
  store.hold_synced();
  commit_staged("third", {"c"});
  journal.reset();
  store.release_all();
  EXPECT_TRUE(has("third"));
}

TEST_F(StagedEvents, AListenerMayAppendItself) {
  struct Echo final : EventListener {
    explicit Echo(EventJournal& to) : journal(to) {}
    void on_event(const std::string& instance_id, const JournalEvent& event) override {
      if (event.sequence < 3) journal.append(instance_id, "instance.state", "echo");
    }
    EventJournal& journal;
  } echo(*journal);
  journal->add_listener(echo);
  append("a");
  EXPECT_THAT(told, ElementsAre("1:1:a", "1:2:echo", "1:3:echo"));
}

TEST_F(Journal, ADamagedEventIsNotPassedOver) {
  start();
  append("a");
  store::WriteBatch batch;
  batch.owner = store::keys::events_owner(kSales);
  batch.writes = {{store::keys::event(1), Bytes{0xFF, 0xFF}}};
  store.commit(std::move(batch), [](const Status&) {});
  const auto events = journal->events_after(kSales, 0, 10);
  ASSERT_FALSE(events.ok());
  EXPECT_EQ(events.error().cause, Cause::kStoreCorrupt);
  EXPECT_NE(events.error().message.find("event/"), std::string::npos);
}

}  // namespace
}  // namespace ponte::instance
