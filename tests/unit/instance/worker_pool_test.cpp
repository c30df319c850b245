#include "instance/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>

namespace ponte::instance {
namespace {

TEST(WorkerPool, RunsEverythingBeforeItGoes) {
  std::atomic<int> done{0};
  {
    WorkerPool pool(2, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.submit([&done] { ++done; }).ok());
  }
  EXPECT_EQ(done, 500);
}

TEST(WorkerPool, AFullQueueRefuses) {
  // The worker may still be inside wait() when the test ends.
  std::latch started(1);
  std::latch release(1);
  WorkerPool pool(1, 2);
  ASSERT_TRUE(pool.submit([&] {
                    started.count_down();
                    release.wait();
                  })
                  .ok());
  started.wait();
  EXPECT_TRUE(pool.submit([] {}).ok());
  EXPECT_TRUE(pool.submit([] {}).ok());
  const Status refused = pool.submit([] {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kOverloaded);
  release.count_down();
}

TEST(WorkerPool, AThrowingTaskHarmsNoOther) {
  std::atomic<bool> ran{false};
  {
    WorkerPool pool(1, 10);
    ASSERT_TRUE(pool.submit([] { throw std::runtime_error("on purpose"); }).ok());
    ASSERT_TRUE(pool.submit([&ran] { ran = true; }).ok());
  }
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace ponte::instance
