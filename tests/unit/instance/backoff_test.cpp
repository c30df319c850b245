#include "instance/backoff.h"

#include <gtest/gtest.h>

#include "support/scripted_random.h"

namespace ponte::instance {
namespace {

constexpr Mono kStart{Milliseconds(0)};

TEST(Backoff, GrowsAsFibonacciWithTenPercentOfJitter) {
  test::SeededRandom random(7);
  Backoff backoff;
  for (const int seconds : {1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 900, 900, 900}) {
    const Milliseconds wait = backoff.next(kStart, random);
    EXPECT_GE(wait, Milliseconds(seconds * 900)) << seconds;
    EXPECT_LE(wait, Milliseconds(seconds * 1100)) << seconds;
  }
}

TEST(Backoff, NeverGrowsPastItsLongest) {
  test::SeededRandom random(7);
  Backoff backoff;
  for (int i = 0; i < 1000; ++i) EXPECT_LE(backoff.next(kStart, random), Backoff::kLongest * 11 / 10);
}

TEST(Backoff, StartsOverOnlyAfterThirtyStableSeconds) {
  test::SeededRandom random(7);
  Backoff backoff;
  for (int i = 0; i < 6; ++i) (void)backoff.next(kStart, random);
  backoff.on_online(kStart);
  EXPECT_GE(backoff.next(kStart + Seconds(29), random), Seconds(11)) << "the seventh wait is about 13 s";
  backoff.on_online(kStart + Seconds(100));
  EXPECT_LE(backoff.next(kStart + Seconds(130), random), Milliseconds(1100));
}

TEST(Backoff, AServerThatAsksForMoreGetsFiveSteps) {
  test::SeededRandom random(7);
  Backoff backoff;
  EXPECT_GE(backoff.next(kStart, random, 5), Milliseconds(7200)) << "the sixth wait is about 8 s";
}

}  // namespace
}  // namespace ponte::instance
