#include "instance/event_waits.h"

#include <gtest/gtest.h>

#include "instance/event_journal.h"
#include "support/faulty_store.h"
#include "support/virtual_network.h"

namespace ponte::instance {
namespace {

const std::string kSales = "0190aaaa-0000-7000-8000-000000000001";

class Waits : public ::testing::Test {
 protected:
  Waits() { journal.add_listener(waits); }
  ~Waits() override { waits.close(); }
  void append(const std::string& instance = kSales) {
    journal.append(instance, "instance.state", "{}");
    loop.run();
  }
  std::shared_ptr<bool> wait(std::uint64_t since, Milliseconds within) {
    auto done = std::make_shared<bool>(false);
    waits.wait(kSales, since, within, [done] { *done = true; });
    loop.run();
    return done;
  }
  void pass(Milliseconds time) {
    clock.advance(time);
    loop.run_due();
  }

  test::VirtualClock clock;
  test::FaultyStore store;
  EventJournal journal{store, clock};
  test::VirtualLoop loop{clock};
  EventWaits waits{journal, loop, clock};
};

TEST_F(Waits, EndWithTheNextEventOfThatInstance) {
  append();
  const auto first = wait(1, Seconds(30));
  const auto second = wait(2, Seconds(30));
  append("0190aaaa-0000-7000-8000-000000000002");
  EXPECT_FALSE(*first);
  append();
  EXPECT_TRUE(*first);
  EXPECT_FALSE(*second) << "it has seen that one";
  append();
  EXPECT_TRUE(*second);
}

TEST_F(Waits, AreOverAtOnceWhereThereIsNewsAlready) {
  append();
  EXPECT_TRUE(*wait(0, Seconds(30)));
  EXPECT_TRUE(*wait(1, Seconds(0)));
}

TEST_F(Waits, EndEachAtItsTime) {
  const auto long_one = wait(0, Seconds(30));
  const auto short_one = wait(0, Seconds(10));
  pass(Milliseconds(9'999));
  EXPECT_FALSE(*short_one);
  pass(Milliseconds(1));
  EXPECT_TRUE(*short_one);
  EXPECT_FALSE(*long_one);
  pass(Seconds(20));
  EXPECT_TRUE(*long_one);
}

TEST_F(Waits, EndWithTheService) {
  const auto waiting = wait(0, Seconds(30));
  waits.close();
  EXPECT_TRUE(*waiting);
  EXPECT_TRUE(*wait(0, Seconds(30)));
}

}  // namespace
}  // namespace ponte::instance
