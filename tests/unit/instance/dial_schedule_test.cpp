#include "instance/dial_schedule.h"

#include <gtest/gtest.h>

#include "support/scripted_random.h"

namespace ponte::instance {
namespace {

constexpr Mono kStart{Milliseconds(1'000'000)};

TEST(DialPacer, GivesOneSlotAfterTheOther) {
  DialPacer pacer(10);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pacer.reserve(kStart), Milliseconds(100 * i));
  EXPECT_EQ(pacer.reserve(kStart + Milliseconds(450)), Milliseconds(50));
  EXPECT_EQ(pacer.reserve(kStart + Seconds(60)), Milliseconds(0)) << "unused slots are not saved up";
  EXPECT_EQ(pacer.reserve(kStart + Seconds(60)), Milliseconds(100));
}

TEST(DialPacer, WithoutALimitNobodyWaits) {
  DialPacer pacer(0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(pacer.reserve(kStart), Milliseconds(0));
}

TEST(DialPacer, KeepsRatesThatAreNoWholeMilliseconds) {
  DialPacer pacer(3000);
  Milliseconds last{};
  for (int i = 0; i <= 3000; ++i) last = pacer.reserve(kStart);
  EXPECT_NEAR(static_cast<double>(last.count()), 1000, 2);
}

struct Schedule : ::testing::Test {
  test::SeededRandom random{7};
  DialPacer pacer{1};
  DialSchedule schedule{pacer, random};
};

TEST_F(Schedule, NothingIsDueByItself) {
  EXPECT_FALSE(schedule.next());
  EXPECT_FALSE(schedule.due(kStart));
}

TEST_F(Schedule, IsDueOnce) {
  schedule.asked_at(kStart + Seconds(2));
  EXPECT_FALSE(schedule.due(kStart + Milliseconds(1'999)));
  EXPECT_TRUE(schedule.due(kStart + Seconds(2)));
  EXPECT_FALSE(schedule.due(kStart + Seconds(3)));
  schedule.soon(kStart);
  schedule.cancel();
  EXPECT_FALSE(schedule.due(kStart));
}

TEST_F(Schedule, ARetryTakesASlotWhenItsTimeHasCome) {
  (void)pacer.reserve(kStart + Seconds(2));
  schedule.retry(kStart);
  EXPECT_NEAR(static_cast<double>((*schedule.next() - kStart).count()), 1'000, 100);
  EXPECT_FALSE(schedule.due(kStart + Seconds(2))) << "somebody else has that slot";
  EXPECT_EQ(schedule.next(), kStart + Seconds(3));
  EXPECT_TRUE(schedule.due(kStart + Seconds(3)));
}

TEST_F(Schedule, WhatIsAskedForTakesNoSlot) {
  (void)pacer.reserve(kStart);
  schedule.soon(kStart);
  EXPECT_TRUE(schedule.due(kStart));
  schedule.retry_within(kStart, Milliseconds(500));
  EXPECT_EQ(schedule.next(), kStart + Milliseconds(500));
  EXPECT_TRUE(schedule.due(kStart + Milliseconds(500)));
}

TEST_F(Schedule, AServersOwnTimeIsNotUndercut) {
  schedule.retry(kStart, 0, Seconds(120));
  EXPECT_EQ(schedule.next(), kStart + Seconds(120));
  schedule.at(kStart + Seconds(7));
  EXPECT_EQ(schedule.next(), kStart + Seconds(7));
}

}  // namespace
}  // namespace ponte::instance
