// An account that demands a passkey, as its caller meets it (wire: pairing.md 7).
#include "sim/service_line.h"

namespace ponte::instance {
namespace {

using Stage = PasskeyState::Stage;

class PasskeyCalls : public test::ServiceLine {
 protected:
  PasskeyCalls() {
    simulator::Faults faults;
    faults.passkey = true;
    fault(faults);
    create("sales");
  }
  /// A scan, after which the server demands a passkey.
  void demand() {
    paired_ = scan(connect("sales")->value().text);
    ASSERT_EQ(info("sales").state, State::kPasskeyRequired);
  }
  std::string assertion() { return passkey_assertion("sales"); }
  CallPtr<PasskeyState> submit(const std::string& json) { return submit_passkey("sales", json); }
  CallPtr<PasskeyState> confirm() { return confirm_passkey("sales"); }
  CallPtr<simulator::Paired> paired_;
};

TEST_F(PasskeyCalls, TheDemandIsAStateWithAReasonThatTellsWhatToDo) {
  demand();
  EXPECT_EQ(reason("sales"), Cause::kPasskeyRequired);
  EXPECT_NE(info("sales").reason->message.find("/v1/instances/sales/passkey"), std::string::npos);
  ASSERT_TRUE(info("sales").passkey);
  EXPECT_EQ(info("sales").passkey->stage, Stage::kRequested);
  EXPECT_NE(info("sales").passkey->options.find("challenge"), std::string::npos);
  EXPECT_TRUE(told_.has("passkey_required"));
  EXPECT_EQ(connect("sales")->cause(), Cause::kPasskeyRequired) << "at once, no time-out";
  EXPECT_EQ(connect_by_code("sales")->cause(), Cause::kPasskeyRequired);
  EXPECT_EQ(dials(), 1U);
}

TEST_F(PasskeyCalls, WhoeverWaitsIsAnsweredAtOnce) {
  const auto code = connect_by_code("sales")->value();
  const auto waiting = connect_by_code("sales", "5511912345678");
  EXPECT_FALSE(waiting->done());
  paired_ = enter_code(code.text);
  if (!waiting->done()) run_for(Seconds(1));
  EXPECT_EQ(info("sales").state, State::kPasskeyRequired);
  EXPECT_EQ(waiting->cause(), Cause::kPasskeyRequired);
}

TEST_F(PasskeyCalls, AnAssertionAndAConfirmationLink) {
  demand();
  EXPECT_EQ(submit(assertion())->value().stage, Stage::kSubmitted);
  ASSERT_EQ(info("sales").passkey->stage, Stage::kConfirm);
  EXPECT_EQ(info("sales").passkey->code->size(), 9U);
  EXPECT_EQ(connect("sales")->cause(), Cause::kPasskeyConfirmationRequired);
  EXPECT_EQ(confirm()->value().stage, Stage::kConfirmed);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_FALSE(info("sales").passkey);
  EXPECT_FALSE(info("sales").reason);
  EXPECT_TRUE(paired_->value().device > 0);
  EXPECT_EQ(violations(), "");
}

TEST_F(PasskeyCalls, WhatDoesNotFitIsRefusedByNameAndChangesNothing) {
  EXPECT_EQ(submit("{}")->cause(), Cause::kPasskeyNotRequested);
  EXPECT_EQ(submit("{}")->error().code, Errc::kNotFound);
  EXPECT_EQ(confirm()->cause(), Cause::kPasskeyNotRequested);
  demand();
  EXPECT_EQ(confirm()->error().code, Errc::kAlreadyExists) << "an assertion comes first";
  const std::string good = assertion();
  const std::string wrong[] = {"", "[]", "{}", good.substr(0, good.size() - 1), std::string(40'000, ' ')};
  for (const std::string& json : wrong) {
    const auto refused = submit(json);
    EXPECT_EQ(refused->cause(), Cause::kInvalidAssertion) << json.substr(0, 40);
    EXPECT_EQ(refused->error().code, Errc::kInvalidArgument);
  }
  EXPECT_EQ(info("sales").passkey->stage, Stage::kRequested);
  EXPECT_TRUE(submit(good)->result->ok());
  EXPECT_EQ(submit(good)->error().code, Errc::kAlreadyExists);
}

TEST_F(PasskeyCalls, AServerThatRefusesTheAssertionIsTold) {
  simulator::Faults faults;
  faults.passkey_defect = simulator::PasskeyDefect::kRefuseAssertion;
  fault(faults);
  demand();
  const auto refused = submit(assertion());
  EXPECT_EQ(refused->cause(), Cause::kPasskeyRejected);
  EXPECT_EQ(info("sales").state, State::kPasskeyRequired) << "another one may be handed in";
  EXPECT_EQ(info("sales").passkey->stage, Stage::kRequested);
}

TEST_F(PasskeyCalls, ADemandThatNobodyMeetsEnds) {
  demand();
  ASSERT_TRUE(run_to("sales", State::kDisconnected, std::chrono::hours(1)));
  EXPECT_FALSE(info("sales").passkey);
  EXPECT_EQ(network_.open_sockets(), 0U);
  EXPECT_EQ(submit("{}")->cause(), Cause::kPasskeyNotRequested);
  EXPECT_TRUE(connect("sales")->result->ok()) << "and the next call begins anew";
}

TEST_F(PasskeyCalls, ALostSocketAnswersWhoeverHandedItIn) {
  simulator::Faults faults;
  faults.passkey_defect = simulator::PasskeyDefect::kSilentPrologue;
  fault(faults);
  demand();
  const auto waiting = submit(assertion());
  EXPECT_FALSE(waiting->done());
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  settle();
  EXPECT_EQ(waiting->cause(), Cause::kConnectionClosed);
  EXPECT_EQ(info("sales").state, State::kDisconnected);
}

}  // namespace
}  // namespace ponte::instance
