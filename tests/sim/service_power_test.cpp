// The power goes at each commit of each way to link, and of logout: what the phone saw succeed is not lost, nothing is
// used twice (the simulator watches), and the instance connects or says why it does not.
#include "sim/journal_states.h"
#include "sim/service_line.h"

namespace ponte::instance {
namespace {

/// The parameter: at which commit of the flow. Where the flow has fewer, the machine goes down after it.
class PowerLoss : public test::ServiceLine, public ::testing::WithParamInterface<std::size_t> {
 protected:
  void by_qr() {
    const auto code = connect("sales");
    if (code->done()) pairing_ = scan(code->value().text);
  }
  void by_code() {
    const auto code = connect_by_code("sales");
    if (code->done()) pairing_ = enter_code(code->value().text);
  }
  void by_passkey() {
    by_qr();
    if (!info("sales").passkey) return;
    submit_passkey("sales", passkey_assertion("sales"));
    confirm_passkey("sales");
  }

  bool listed() const {
    for (const auto& [number, account] : server_.world().accounts.all()) {
      if (!account->companions.empty()) return true;
    }
    return false;
  }

  /// Runs `flow`, of which it is known that it has `least` commits, with the power cut at the chosen one, and looks at
  /// what is there afterwards.
  void cut_during(const std::function<void()>& flow, std::size_t least) {
    store_.cut_power(GetParam());
    flow();
    run_for(Seconds(20));
    EXPECT_TRUE(store_.power_is_cut() || GetParam() > least);
    const bool succeeded = pairing_ && pairing_->done() && pairing_->result->ok();
    server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
    store_.lose_power();
    fault({.passkey = false});
    start();
    EXPECT_TRUE(listed() || !succeeded);
    if (!listed()) {
      run_for(Seconds(60));
      EXPECT_THAT(info("sales").state, ::testing::AnyOf(State::kDisconnected, State::kLoggedOut));
      scan(connect("sales")->value().text);
    }
    EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(60)));
    run_for(Seconds(60));
    EXPECT_EQ(violations(), "");
    expect_each_link_told_once();
  }
  /// However many there were: its beginning and its end in turn, and now there is one.
  void expect_each_link_told_once() {
    const char* due = "pair_success";
    for (const std::string& state : test::journal_states(journaled("sales"))) {
      if (state != "pair_success" && state != "logged_out") continue;
      EXPECT_EQ(state, due);
      due = state == "logged_out" ? "pair_success" : "logged_out";
    }
    EXPECT_STREQ(due, "logged_out");
  }

  CallPtr<simulator::Paired> pairing_;
};

TEST_P(PowerLoss, WhileAQrIsScanned) {
  create("sales");
  cut_during([this] { by_qr(); }, 6);
}

TEST_P(PowerLoss, WhileACodeIsTyped) {
  create("sales");
  cut_during([this] { by_code(); }, 7);
}

TEST_P(PowerLoss, WhileAPasskeyIsHandedIn) {
  create("sales");
  fault({.passkey = true});
  cut_during([this] { by_passkey(); }, 7);
}

TEST_P(PowerLoss, WhileItLogsOut) {
  link("sales");
  cut_during([this] { log_out("sales"); }, 1);
}

INSTANTIATE_TEST_SUITE_P(AtEachCommit, PowerLoss, ::testing::Range<std::size_t>(1, 10));

}  // namespace
}  // namespace ponte::instance
