#include "instance/push_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "instance/event_journal.h"
#include "store/keys.h"
#include "support/faulty_store.h"
#include "support/virtual_clock.h"

namespace ponte::instance {
namespace {

using ::testing::ElementsAre;

const std::string kSales = "0190aaaa-0000-7000-8000-000000000001";
const std::string kOther = "0190aaaa-0000-7000-8000-000000000002";

struct Sink final : EventSink {
  bool take(const std::shared_ptr<const PushedEvent>& event) override {
    if (refuses) return false;
    sequences.push_back(event->sequence);
    envelopes.push_back(event);
    pending += event->envelope.size();
    return true;
  }
  bool beat() override { return ++beats, !refuses; }
  void end() override { ended = true; }
  std::size_t waiting() const override { return holds ? pending : 0; }

  std::vector<std::uint64_t> sequences;
  std::vector<std::shared_ptr<const PushedEvent>> envelopes;
  std::size_t pending = 0;
  unsigned beats = 0;
  bool refuses = false;
  bool holds = false;  ///< passes nothing on
  bool ended = false;
};

class Hub : public ::testing::Test {
 protected:
  Hub() { journal.add_listener(hub); }
  void append(const std::string& name = "instance.state", const std::string& instance = kSales,
              const std::string& data = "{}") {
    journal.append(instance, name, data);
  }
  PushHub::Id follow(const std::shared_ptr<Sink>& sink, std::uint64_t after,
                     std::set<std::string, std::less<>> events = {}) {
    return hub.subscribe({kSales, {"http://ponte", "sales", std::nullopt}, after, std::move(events), sink});
  }
  static std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> out;
    for (; first <= last; ++first) out.push_back(first);
    return out;
  }

  test::VirtualClock clock;
  test::FaultyStore store;
  EventJournal journal{store, clock};
  PushHub hub{journal};
  std::shared_ptr<Sink> sink = std::make_shared<Sink>();
};

TEST_F(Hub, GivesWhatTheJournalHoldsAndThenWhatHappens) {
  for (int i = 0; i < 150; ++i) append();
  follow(sink, 20);
  EXPECT_EQ(sink->sequences, from_to(21, 150));
  append();
  append("instance.state", kOther);
  append();
  EXPECT_EQ(sink->sequences, from_to(21, 152));
  EXPECT_EQ(sink->envelopes.back()->envelope,
            R"({"event":"instance.state","data":{},"instanceData":{"baseUrl":"http://ponte","instance":"sales"}})");
}

TEST_F(Hub, RendersAnEventOnceForAllWhoGetIt) {
  const auto other = std::make_shared<Sink>();
  follow(sink, 0);
  follow(other, 0);
  append();
  EXPECT_EQ(sink->envelopes.back(), other->envelopes.back());
}

TEST_F(Hub, PassesOnlyTheEventsThatWereAskedFor) {
  append("call.update");
  append("instance.state");
  follow(sink, 0, {"call.update"});
  append("instance.state");
  append("call.update");
  EXPECT_THAT(sink->sequences, ElementsAre(1, 4));
}

TEST_F(Hub, ASinkThatHasEnoughWaitingIsReadToLaterAndMissesNothing) {
  const std::string large(8000, 'x');
  for (int i = 0; i < 100; ++i) append("instance.state", kSales, "\"" + large + "\"");
  sink->holds = true;
  const auto id = follow(sink, 0);
  EXPECT_EQ(sink->sequences, from_to(1, 64)) << "a page, which is enough";
  append();
  EXPECT_EQ(sink->sequences.size(), 64U) << "what happens comes behind what it has not seen yet";
  sink->holds = false;
  hub.resume(id);
  EXPECT_EQ(sink->sequences, from_to(1, 101));
  append();
  EXPECT_EQ(sink->sequences, from_to(1, 102));
}

TEST_F(Hub, WhoTakesNoMoreIsForgotten) {
  follow(sink, 0);
  const auto other = std::make_shared<Sink>();
  const auto id = follow(other, 0);
  sink->refuses = true;
  append();
  EXPECT_EQ(hub.subscribers(), 1U);
  hub.beat();
  EXPECT_EQ(other->beats, 1U);
  other->refuses = true;
  hub.beat();
  EXPECT_EQ(hub.subscribers(), 0U);
  hub.unsubscribe(id);
  hub.resume(id);
}

TEST_F(Hub, ARemovedInstanceAndTheEndOfTheServiceEndThem) {
  follow(sink, 0);
  journal.erase(kSales, [](const Status&) {});
  EXPECT_TRUE(sink->ended);
  EXPECT_EQ(hub.subscribers(), 0U);
  const auto other = std::make_shared<Sink>();
  follow(other, 0);
  hub.close();
  EXPECT_TRUE(other->ended);
  const auto late = std::make_shared<Sink>();
  follow(late, 0);
  EXPECT_TRUE(late->ended);
  EXPECT_EQ(hub.subscribers(), 0U);
}

TEST_F(Hub, AJournalThatCannotBeReadEndsTheSubscription) {
  append();
  store::WriteBatch batch;
  batch.owner = store::keys::events_owner(kSales);
  batch.writes = {{store::keys::event(1), Bytes{0xFF}}};
  store.commit(std::move(batch), [](const Status&) {});
  follow(sink, 0);
  EXPECT_TRUE(sink->ended);
  EXPECT_EQ(hub.subscribers(), 0U);
}

TEST_F(Hub, NothingIsLeftOutOrGivenTwiceWhileEventsComeFromAnotherThread) {
  constexpr std::uint64_t kEvents = 3000;
  std::thread writer([this] {
    for (std::uint64_t i = 0; i < kEvents; ++i) append();
  });
  std::vector<std::shared_ptr<Sink>> sinks;
  while (journal.last_sequence(kSales) < kEvents) {
    if (sinks.size() == 200) break;
    sinks.push_back(std::make_shared<Sink>());
    follow(sinks.back(), 0);
  }
  writer.join();
  for (const auto& each : sinks) ASSERT_EQ(each->sequences, from_to(1, kEvents));
}

}  // namespace
}  // namespace ponte::instance
