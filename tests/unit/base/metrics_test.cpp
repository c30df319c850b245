#include "base/metrics.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/adjustable.h"
#include "base/time.h"

namespace ponte {
namespace {

constexpr std::array<double, 3> kBounds{0.1, 1, 10};

TEST(Histogram, CountsEachObservationOnceAndCumulates) {
  Histogram histogram(kBounds);
  for (const int milliseconds : {50, 100, 101, 5'000, 60'000}) histogram.observe(Milliseconds(milliseconds));
  const Histogram::Snapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.cumulative, (std::vector<std::uint64_t>{2, 3, 4, 5})) << "a bound belongs to its bucket";
  EXPECT_NEAR(snapshot.sum, 65.251, 1e-9);
}

TEST(Histogram, TakesAClockThatWentBackForNothing) {
  Histogram histogram(kBounds);
  histogram.observe(Milliseconds(-5));
  EXPECT_EQ(histogram.snapshot().cumulative.back(), 1u);
  EXPECT_EQ(histogram.snapshot().sum, 0);
}

TEST(Counter, LosesNothingBetweenThreads) {
  Counter counter;
  Histogram histogram(kBounds);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10'000; ++j) {
        counter.add();
        histogram.observe(Milliseconds(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000u);
  EXPECT_EQ(histogram.snapshot().cumulative.back(), 40'000u);
}

TEST(CauseCounters, HaveOneForEachCause) {
  CauseCounters counters;
  const auto last = static_cast<Cause>(kCauses - 1);
  EXPECT_EQ(last, Cause::kConfigInvalid) << "the last row of the table";
  counters.add(last);
  counters.add(Cause::kInternal);
  counters.add(Cause::kInternal);
  EXPECT_EQ(counters.value(last), 1u);
  EXPECT_EQ(counters.value(Cause::kInternal), 2u);
  EXPECT_EQ(counters.value(Cause::kBanned), 0u);
}

TEST(Adjustable, ACopyTakesTheValueOfTheMoment) {
  Adjustable<Milliseconds> first = Seconds(2);
  const Adjustable<Milliseconds> copy = first;
  first.set(Milliseconds(5));
  EXPECT_EQ(copy.get(), Milliseconds(2'000));
  EXPECT_EQ(first.get(), Milliseconds(5));
  first = copy;
  EXPECT_EQ(first.get(), Milliseconds(2'000));
}

}  // namespace
}  // namespace ponte
