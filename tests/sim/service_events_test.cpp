// What the journal keeps of an instance's life (contract, decision 14).
#include "sim/journal_states.h"
#include "sim/service_line.h"
#include "store/keys.h"

namespace ponte::instance {
namespace {

class Events : public test::ServiceLine {
 protected:
  std::vector<std::string> states() const {
    for (const JournalEvent& event : journaled("sales")) {
      EXPECT_EQ(event.name, "instance.state");
      EXPECT_EQ(nlohmann::json::parse(event.data).at("instance"), "sales");
    }
    return test::journal_states(journaled("sales"));
  }
};

TEST_F(Events, EachChangeIsThereInItsOrderAlsoAfterACrash) {
  link("sales");
  EXPECT_EQ(states(), told_.names());
  const auto before = journaled("sales");
  ASSERT_GE(before.size(), 3U);
  EXPECT_EQ(before.front().sequence, 1U);
  const auto qr = nlohmann::json::parse(before.front().data);
  EXPECT_EQ(qr.at("state"), "qr_ready");
  EXPECT_EQ(qr.at("expiresIn"), 60);
  EXPECT_EQ(nlohmann::json::parse(before.back().data).at("jid"), *info("sales").number_jid);
  start();
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  const auto after = journaled("sales");
  ASSERT_EQ(after.size(), before.size() + 1);
  EXPECT_EQ(after.back().sequence, before.back().sequence + 1);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
}

TEST_F(Events, OutliveTheLogoutAndGoWithTheInstance) {
  link("sales");
  const auto logout = log_out("sales");
  ASSERT_TRUE(run_until([logout] { return logout->done(); }, Seconds(10)));
  EXPECT_EQ(states().back(), "logged_out");
  EXPECT_EQ(states().front(), "qr_ready");
  const std::string id = info("sales").id;
  const auto removed = remove("sales");
  ASSERT_TRUE(run_until([removed] { return removed->done(); }, Seconds(10)));
  EXPECT_TRUE(removed->result->ok());
  EXPECT_TRUE(store_.scan(store::keys::events_owner(id), "")->empty());
}

TEST_F(Events, AnotherInstanceOfTheSameNameBeginsAnew) {
  link("sales");
  const auto removed = remove("sales");
  ASSERT_TRUE(run_until([removed] { return removed->done(); }, Seconds(10)));
  create("sales");
  EXPECT_TRUE(journaled("sales").empty());
  (void)connect("sales");
  EXPECT_EQ(journaled("sales").front().sequence, 1U);
}

// As a crash leaves it that came before the journal was written; power losses: service_power_test.cpp.
TEST_F(Events, ALinkThatWasNotToldIsToldAtTheNextStartAndOnce) {
  link("sales");
  store_.erase_owner(store::keys::events_owner(info("sales").id), [](const Status&) {});
  for (int i = 0; i < 2; ++i) {
    start();
    ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
    const auto told = states();
    EXPECT_EQ(told.front(), "pair_success");
    EXPECT_EQ(std::count(told.begin(), told.end(), "pair_success"), 1);
  }
}

}  // namespace
}  // namespace ponte::instance
