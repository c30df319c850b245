// The chats of a device go with it, also where the process dies in between.
#include "sim/service_line.h"
#include "store/keys.h"

namespace ponte::instance {
namespace {

class Chats : public test::ServiceLine {
 protected:
  store::Owner chats() const { return store::keys::chats_owner(info("sales").id); }
  /// A linked instance with a record among its chats.
  void SetUp() override {
    link("sales");
    keep_one();
  }
  void keep_one() {
    store::WriteBatch batch{chats(), store::Durability::kPowerLoss, {{"record", Bytes(1)}}};
    store_.commit(std::move(batch), [](const Status& status) { ASSERT_TRUE(status.ok()); });
  }
  bool has_any() const { return !store_.scan(chats(), "")->empty(); }
  void log_out_and_wait() {
    const auto logout = log_out("sales");
    ASSERT_TRUE(run_until([logout] { return logout->done(); }, Seconds(20)));
    ASSERT_TRUE(logout->result->ok());
  }
};

TEST_F(Chats, OutliveARestart) {
  start();
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_TRUE(has_any());
}

TEST_F(Chats, GoWithALogout) {
  log_out_and_wait();
  EXPECT_FALSE(has_any());
}

TEST_F(Chats, GoWhereTheServerSaysThatTheDeviceIsGone) {
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  fault({.failure = simulator::Failure{401, {}}});
  ASSERT_TRUE(run_to("sales", State::kLoggedOut, Seconds(60)));
  EXPECT_FALSE(has_any());
}

TEST_F(Chats, GoAtTheNextStartWhereTheProcessDiedBeforeTheyWent) {
  log_out_and_wait();
  keep_one();
  start();
  EXPECT_FALSE(has_any());
  EXPECT_EQ(info("sales").state, State::kLoggedOut);
}

TEST_F(Chats, GoBeforeAnotherDeviceIsLinkedWhereTheStoreTookNoErasure) {
  log_out_and_wait();
  keep_one();
  const auto code = connect("sales");
  ASSERT_TRUE(code->done());
  EXPECT_FALSE(has_any());
}

TEST_F(Chats, GoWithTheInstance) {
  const store::Owner owner = chats();
  const auto removed = remove("sales");
  ASSERT_TRUE(run_until([removed] { return removed->done(); }, Seconds(20)));
  ASSERT_TRUE(removed->result->ok());
  EXPECT_TRUE(store_.scan(owner, "")->empty());
}

TEST_F(Chats, AreGoneOrStillGoWhereverThePowerFailsDuringALogout) {
  for (std::size_t nth = 1; nth <= 4; ++nth) {
    store_.cut_power(nth);
    log_out("sales");
    run_for(Seconds(20));
    store_.lose_power();
    start();
    run_for(Seconds(30));
    if (info("sales").state == State::kConnected) {
      EXPECT_TRUE(has_any()) << nth;
      continue;
    }
    EXPECT_EQ(info("sales").state, State::kLoggedOut);
    EXPECT_FALSE(has_any()) << nth;
    const auto code = connect("sales");
    ASSERT_TRUE(code->done());
    scan(code->value().text);
    ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
    keep_one();
  }
}

}  // namespace
}  // namespace ponte::instance
