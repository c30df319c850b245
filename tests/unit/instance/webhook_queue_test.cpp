#include "instance/webhook_queue.h"

#include <gtest/gtest.h>

#include "support/scripted_random.h"
#include "support/virtual_clock.h"

namespace ponte::instance {
namespace {

JournalEvent event(std::uint64_t sequence, std::string name = "instance.state") {
  return {sequence, Wall(Milliseconds(1000 * static_cast<std::int64_t>(sequence))), std::move(name), "{}"};
}

class WebhookQueueTest : public ::testing::Test {
 protected:
  /// The journal is a list; reads what the queue asks for.
  WebhookQueue::Next next() {
    for (;;) {
      auto next = queue.next(clock.now().mono);
      const auto* read = std::get_if<WebhookQueue::Read>(&next);
      if (read == nullptr) return next;
      std::vector<JournalEvent> page;
      for (const JournalEvent& each : journal) {
        if (each.sequence > read->after && page.size() < WebhookQueue::kPage) page.push_back(each);
      }
      const bool gap = queue.leaves_gap(page);
      queue.take(std::move(page), gap ? journal.front().sequence : 0);
    }
  }
  /// Of the event that is to be sent now; 0 where none is.
  std::uint64_t to_send() {
    const auto what = next();
    const auto* send = std::get_if<WebhookQueue::Send>(&what);
    return send == nullptr ? 0 : send->event->sequence;
  }
  Verdict answer(int status, std::optional<Seconds> retry_after = std::nullopt) {
    return queue.settle(to_send(), {status, retry_after}, clock.now(), random);
  }
  /// How long until the next try.
  Milliseconds wait() {
    const auto what = next();
    const auto* wait = std::get_if<WebhookQueue::Wait>(&what);
    return wait == nullptr ? Milliseconds(0) : wait->until - clock.now().mono;
  }
  void restart() { queue = WebhookQueue(queue.progress(), clock.now()); }

  test::VirtualClock clock;
  test::SeededRandom random{7};
  std::vector<JournalEvent> journal;
  WebhookQueue queue{{}, clock.now()};
};

TEST_F(WebhookQueueTest, DeliversInOrderAndThenWaitsForMore) {
  EXPECT_TRUE(std::holds_alternative<WebhookQueue::Idle>(next()));
  for (std::uint64_t i = 1; i <= 40; ++i) journal.push_back(event(i));
  EXPECT_TRUE(std::holds_alternative<WebhookQueue::Idle>(next())) << "nobody has said that there is more";
  queue.on_appended();
  for (std::uint64_t i = 1; i <= 40; ++i) {
    ASSERT_EQ(to_send(), i);
    EXPECT_EQ(answer(i % 2 == 0 ? 200 : 204), Verdict::kDelivered);
    EXPECT_EQ(queue.progress().cursor, i);
  }
  EXPECT_TRUE(std::holds_alternative<WebhookQueue::Idle>(next()));
  EXPECT_EQ(queue.progress().delivered, 40u);
}

TEST_F(WebhookQueueTest, RetriesAsPrescribedAndThenGivesUp) {
  journal = {event(1), event(2)};
  Milliseconds all{0};
  for (const Milliseconds expected : WebhookQueue::kWaits) {
    ASSERT_EQ(answer(500), Verdict::kRetry);
    const Milliseconds got = wait();
    EXPECT_GE(got, expected - expected / 10);
    EXPECT_LE(got, expected + expected / 10);
    EXPECT_EQ(to_send(), 0u) << "nothing overtakes it";
    clock.advance(got);
    all += got;
    EXPECT_EQ(to_send(), 1u);
  }
  EXPECT_EQ(answer(0), Verdict::kDeadLetter);
  EXPECT_GT(all, std::chrono::hours(27));
  EXPECT_EQ(to_send(), 2u);
  EXPECT_FALSE(queue.failing());
}

TEST_F(WebhookQueueTest, AReceiverThatWasDownForAnHourGetsEverythingInOrder) {
  for (std::uint64_t i = 1; i <= 5; ++i) journal.push_back(event(i));
  const Mono up = clock.now().mono + std::chrono::hours(1);
  std::vector<std::uint64_t> got;
  while (got.size() < 5) {
    const std::uint64_t sequence = to_send();
    if (sequence == 0) {
      ASSERT_GT(wait(), Milliseconds(0));
      clock.advance(wait());
    } else if (answer(clock.now().mono < up ? 503 : 200) == Verdict::kDelivered) {
      got.push_back(sequence);
    }
  }
  EXPECT_EQ(got, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_LT(clock.now().mono - up, std::chrono::hours(2));
}

TEST_F(WebhookQueueTest, AReceiverThatWasDownForTwoDaysLosesTheFirstToTheDeadLetters) {
  for (std::uint64_t i = 1; i <= 3; ++i) journal.push_back(event(i));
  const Mono up = clock.now().mono + std::chrono::hours(48);
  std::vector<std::uint64_t> got, dead;
  while (got.size() + dead.size() < 3) {
    const std::uint64_t sequence = to_send();
    if (sequence == 0) {
      clock.advance(wait());
      continue;
    }
    const Verdict verdict = answer(clock.now().mono < up ? 0 : 200);
    if (verdict == Verdict::kDelivered) got.push_back(sequence);
    if (verdict == Verdict::kDeadLetter) dead.push_back(sequence);
  }
  EXPECT_EQ(dead, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(got, (std::vector<std::uint64_t>{2, 3}));
}

TEST_F(WebhookQueueTest, WhatIsRefusedThreeTimesIsADeadLetter) {
  std::uint64_t sequence = 0;
  for (const int status : {400, 401, 403, 404, 409, 413, 422}) {
    journal.push_back(event(++sequence));
    queue.on_appended();
    EXPECT_EQ(answer(status), Verdict::kRetry) << status;
    clock.advance(wait());
    EXPECT_EQ(answer(500), Verdict::kRetry) << "of another kind";
    clock.advance(wait());
    EXPECT_EQ(answer(status), Verdict::kRetry) << status;
    clock.advance(wait());
    EXPECT_EQ(answer(status), Verdict::kDeadLetter) << status;
  }
}

TEST_F(WebhookQueueTest, RedirectsAndWhatMayPassAreTriedOn) {
  std::uint64_t sequence = 0;
  for (const int status : {0, 101, 301, 302, 307, 308, 408, 425, 429, 500, 502, 599}) {
    journal.push_back(event(++sequence));
    queue.on_appended();
    for (std::size_t i = 0; i < WebhookQueue::kWaits.size(); ++i) {
      ASSERT_EQ(answer(status), Verdict::kRetry) << status;
      clock.advance(wait());
    }
    EXPECT_EQ(answer(status), Verdict::kDeadLetter) << status;
  }
}

TEST_F(WebhookQueueTest, GoneDisables) {
  journal = {event(1), event(2)};
  EXPECT_EQ(answer(410), Verdict::kDisabled);
  EXPECT_EQ(queue.progress().cursor, 1u);
}

TEST_F(WebhookQueueTest, RetryAfterIsHonouredWithinBounds) {
  const struct {
    int status;
    Seconds asked;
    Milliseconds low;
    Milliseconds high;
  } cases[] = {{429, Seconds(120), Seconds(120), Seconds(120)},
               {503, Seconds(7), Seconds(7), Seconds(7)},
               {503, Seconds(0), Milliseconds(900), Milliseconds(1100)},
               {503, Seconds(10'000'000), Seconds(86'400), Seconds(86'400)},
               {500, Seconds(120), Milliseconds(900), Milliseconds(1100)},
               {302, Seconds(120), Milliseconds(900), Milliseconds(1100)}};
  std::uint64_t sequence = 0;
  for (const auto& each : cases) {
    journal.push_back(event(++sequence));
    queue.on_appended();
    ASSERT_EQ(answer(each.status, each.asked), Verdict::kRetry);
    EXPECT_GE(wait(), each.low) << each.status;
    EXPECT_LE(wait(), each.high) << each.status;
    clock.advance(wait());
    ASSERT_EQ(answer(200), Verdict::kDelivered);
  }
}

TEST_F(WebhookQueueTest, OnlyWhatIsWantedIsSent) {
  for (std::uint64_t i = 1; i <= 100; ++i) journal.push_back(event(i, i % 50 == 0 ? "call.update" : "message.status"));
  queue.set_events({"call.update", "group.flow"});
  EXPECT_EQ(to_send(), 50u);
  answer(200);
  EXPECT_EQ(to_send(), 100u);
  EXPECT_EQ(queue.progress().cursor, 99u) << "what nobody wants is done with";
  answer(200);
  EXPECT_TRUE(std::holds_alternative<WebhookQueue::Idle>(next()));
}

TEST_F(WebhookQueueTest, WhatIsNoLongerWantedFreesTheRest) {
  journal = {event(1, "message.status"), event(2, "call.update")};
  EXPECT_EQ(answer(500), Verdict::kRetry);
  EXPECT_GT(wait(), Milliseconds(0));
  queue.set_events({"call.update"});
  EXPECT_EQ(to_send(), 2u) << "and at once: it has not failed";
  EXPECT_FALSE(queue.failing());
}

TEST_F(WebhookQueueTest, TriesAndTheirTimeOutliveARestart) {
  journal = {event(1), event(2)};
  for (int i = 0; i < 5; ++i) {
    answer(500);
    clock.advance(wait());
  }
  answer(500);
  const Milliseconds before = wait();
  ASSERT_GT(before, std::chrono::minutes(50));
  clock.advance(std::chrono::minutes(10));
  restart();
  EXPECT_EQ(wait(), before - std::chrono::minutes(10));
  clock.advance(std::chrono::hours(3));
  restart();
  EXPECT_EQ(to_send(), 1u);
  EXPECT_EQ(answer(500), Verdict::kRetry);
  EXPECT_EQ(queue.progress().failures, 7u);
}

TEST_F(WebhookQueueTest, AClockThatWasSetBackPutsNothingOffForYears) {
  journal = {event(1)};
  answer(500);
  clock.set_wall(Wall(Milliseconds(0)));
  restart();
  EXPECT_LE(wait(), std::chrono::hours(27));
  clock.set_wall(Wall(Milliseconds(4'000'000'000'000)));
  restart();
  EXPECT_EQ(to_send(), 1u);
}

TEST_F(WebhookQueueTest, WhatTheJournalLostIsCounted) {
  journal = {event(1), event(2)};
  EXPECT_EQ(answer(500), Verdict::kRetry);
  // While the receiver was away, the journal has dropped 1 to 90.
  journal = {event(91), event(95)};
  restart();
  EXPECT_EQ(to_send(), 91u) << "the event that failed is gone, and its wait with it";
  EXPECT_EQ(queue.progress().missed, 90u);
  answer(200);
  EXPECT_EQ(to_send(), 95u);
  answer(200);
  EXPECT_EQ(queue.progress().missed, 90u) << "92 to 94 never were";
}

TEST_F(WebhookQueueTest, NumbersThatWereNeverUsedAreNotMissed) {
  journal = {event(1), event(5), event(9)};
  for (const std::uint64_t expected : {1, 5, 9}) {
    EXPECT_EQ(to_send(), expected);
    answer(200);
    restart();
  }
  EXPECT_EQ(queue.progress().missed, 0u);
}

TEST_F(WebhookQueueTest, DeadLettersAreTriedOnceAndFirst) {
  journal = {event(8), event(9)};
  queue.skip_to(7);
  answer(500);
  queue.redrive(5);
  queue.redrive(3);
  for (const std::uint64_t expected : {3, 5}) {
    const auto what = next();
    const auto* letter = std::get_if<WebhookQueue::SendLetter>(&what);
    ASSERT_NE(letter, nullptr);
    EXPECT_EQ(letter->sequence, expected);
    EXPECT_EQ(queue.settle_letter(expected, {expected == 3 ? 200 : 500, {}}),
              expected == 3 ? Verdict::kDelivered : Verdict::kDeadLetter);
  }
  EXPECT_GT(wait(), Milliseconds(0)) << "the event that failed waits as before";
  queue.redrive(5);
  EXPECT_EQ(queue.settle_letter(5, {410, {}}), Verdict::kDisabled);
  queue.redrive(6);
  queue.forget_letter(6);
  clock.advance(wait());
  EXPECT_EQ(to_send(), 8u);
}

TEST_F(WebhookQueueTest, AnotherReceiverIsTriedAtOnceAndAfresh) {
  journal = {event(1)};
  for (int i = 0; i < 2; ++i) {
    answer(404);
    clock.advance(wait());
  }
  queue.try_now(WebhookQueue::Failures::kForget);
  EXPECT_EQ(answer(404), Verdict::kRetry) << "it counts from the first again";
  queue.try_now(WebhookQueue::Failures::kKeep);
  EXPECT_EQ(to_send(), 1u);
  EXPECT_EQ(queue.progress().failures, 1u);
}

TEST_F(WebhookQueueTest, AnAnswerToWhatIsNoLongerFirstDecidesNothing) {
  journal = {event(1), event(2)};
  EXPECT_EQ(to_send(), 1u);
  queue.skip_to(1);
  EXPECT_EQ(queue.settle(1, {200, {}}, clock.now(), random), Verdict::kRetry);
  EXPECT_EQ(to_send(), 2u);
  EXPECT_EQ(queue.progress().delivered, 0u);
}

}  // namespace
}  // namespace ponte::instance
