// Pairing codes as the callers of connect see them (contract, decisions 5 and 7).
#include "protocol/pairing/link_code.h"
#include "sim/service_line.h"

namespace ponte::instance {
namespace {

using Codes = test::ServiceLine;
using Kind = ConnectResult::Kind;

const std::string kOther = "5511912345678";

TEST_F(Codes, ACodeIsGivenAndLinks) {
  create("sales");
  const auto answer = connect_by_code("sales")->value();
  EXPECT_EQ(answer.kind, Kind::kPairingCode);
  EXPECT_EQ(answer.text.size(), 9U);
  EXPECT_EQ(answer.text[4], '-');
  EXPECT_EQ(answer.expires_in, Seconds(180));
  const auto typed = enter_code(answer.text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_EQ(info("sales").number_jid, kNumber + "@s.whatsapp.net");
  EXPECT_EQ(violations(), "");
  // The third: the bundle holds a new secret, which the QR shows as well.
  EXPECT_THAT(told_.names(), ::testing::ElementsAre("qr_ready", "qr_ready", "qr_ready", "pair_success", "connected"));
  EXPECT_EQ(told_.events[1].pairing_code, answer.text);
}

TEST_F(Codes, TheUsersOwnCodeIsUsedHoweverItIsWritten) {
  create("sales");
  EXPECT_EQ(connect_by_code("sales", kNumber, "abcd 1234")->value().text, "ABCD-1234");
  const auto typed = enter_code("ABCD1234");
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  create("support");
  for (const char* wrong : {"", "ABCD123", "ABCD12345", "ABCD0234", "ABCDI234", "ABCDO234", "ABCDU234"}) {
    const auto refused = connect_by_code("support", kOther, wrong);
    EXPECT_EQ(refused->cause(), Cause::kInvalidCode) << wrong;
    EXPECT_EQ(refused->error().code, Errc::kInvalidArgument);
  }
}

TEST_F(Codes, TheSameNumberJoinsARequestInFlightAndGetsAFreshCodeLater) {
  create("sales");
  const auto first = connect_by_code("sales")->value();
  EXPECT_EQ(connect_by_code("sales")->value().text, first.text) << "within 5 s it is the same one";
  run_for(Seconds(5));
  const auto second = connect_by_code("sales")->value();
  EXPECT_NE(second.text, first.text);
  run_for(Seconds(1));
  EXPECT_EQ(connect_by_code("sales")->value().text, second.text);
  EXPECT_EQ(connect_by_code("sales")->value().expires_in, Seconds(179));
  EXPECT_EQ(dials(), 1U);
  const auto typed = enter_code(first.text);
  run_for(Seconds(5));
  EXPECT_EQ(info("sales").state, State::kConnecting) << "only the last one counts";
  const auto again = enter_code(second.text);
  EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
}

TEST_F(Codes, AnotherNumberSupersedesAndNobodyGetsAForeignCode) {
  create("sales");
  const auto shown = connect_by_code("sales")->value();
  const auto second = connect_by_code("sales");
  auto waiting = connect_by_code("sales", kOther);  // at most one request in 5 s: it waits
  EXPECT_FALSE(waiting->done());
  const auto third = connect_by_code("sales", "5511900000000");
  EXPECT_EQ(waiting->cause(), Cause::kSuperseded);
  const auto joined = connect_by_code("sales", "5511900000000");
  run_for(Seconds(5));
  EXPECT_EQ(third->value().text, joined->value().text);
  EXPECT_NE(third->value().text, shown.text);
  EXPECT_EQ(second->value().text, shown.text);
  EXPECT_EQ(dials(), 1U);
}

TEST_F(Codes, WhatTheServerAnswersIsToldAndTheQrGoesOn) {
  struct Row {
    unsigned code;
    Cause cause;
  };
  create("sales");
  for (const Row& row : {Row{400, Cause::kPairingBadRequest}, Row{403, Cause::kPairingRefused},
                         Row{452, Cause::kPairingUnavailable}, Row{500, Cause::kServerError}}) {
    simulator::Faults faults;
    faults.code_refusal = simulator::CodeRefusal{row.code, "no", {}};
    fault(faults, {.number = kNumber, .uses = 1});
    const auto refused = connect_by_code("sales");
    ASSERT_TRUE(run_until([&] { return refused->done(); }, Seconds(10)));
    EXPECT_EQ(refused->cause(), row.cause);
    EXPECT_EQ(reason("sales"), row.cause);
    EXPECT_EQ(connect("sales")->value().kind, Kind::kQr) << "the socket and its QR are still good";
    run_for(Seconds(5));
  }
  EXPECT_EQ(dials(), 1U);
}

TEST_F(Codes, AServerThatThrottlesIsSparedForAsLongAsItSays) {
  create("sales");
  simulator::Faults faults;
  faults.code_refusal = simulator::CodeRefusal{429, "rate-overlimit", 90};
  fault(faults, {.number = kNumber, .uses = 1});
  const auto refused = connect_by_code("sales");
  EXPECT_EQ(refused->cause(), Cause::kPairingThrottled);
  EXPECT_EQ(refused->error().retry_after, Seconds(90));
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(Seconds(30));
  (void)connect("sales");
  const auto frames = server_.world().counters.frames_in;
  const auto still = connect_by_code("sales", kOther);
  EXPECT_EQ(still->cause(), Cause::kPairingThrottled);
  EXPECT_EQ(still->error().retry_after, Seconds(60));
  EXPECT_EQ(server_.world().counters.frames_in, frames) << "it was not even asked";
  run_for(Seconds(60));
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(Seconds(1));
  EXPECT_EQ(connect_by_code("sales")->value().kind, Kind::kPairingCode);
}

TEST_F(Codes, ACodeDoesNotSurviveItsSocket) {
  create("sales");
  const auto first = connect_by_code("sales")->value();
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(Seconds(2));
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  const auto second = connect_by_code("sales");
  run_for(Seconds(5));
  EXPECT_NE(second->value().text, first.text);
  EXPECT_EQ(dials(), 2U);
}

TEST_F(Codes, WhoeverWaitsForACodeGetsOneFromTheNextSocket) {
  create("sales");
  fault({.handshake = simulator::HandshakeFault::kDropAfterFinish}, {.next = 2});
  const auto answer = connect_by_code("sales");
  run_for(Seconds(6));
  EXPECT_EQ(answer->value().kind, Kind::kPairingCode);
  EXPECT_EQ(dials(), 3U);
}

TEST_F(Codes, TheQrMayRunOutWhileACodeIsOut) {
  create("sales");
  (void)connect("sales");
  run_for(Seconds(120));
  const auto code = connect_by_code("sales")->value();
  run_for(Seconds(100));
  EXPECT_EQ(info("sales").state, State::kConnecting) << "60 s + 5 x 20 s have passed, but a code is out";
  const auto no_qr = connect("sales");
  EXPECT_EQ(no_qr->cause(), Cause::kQrExpired);
  EXPECT_TRUE(no_qr->error().retry_after);
  EXPECT_EQ(manager_->shown_qr("sales").error().cause, Cause::kQrNotAvailable) << "only the pairing code is out";
  const auto typed = enter_code(code.text);
  EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
}

TEST_F(Codes, ACodeThatNobodyTypesEndsWithAReason) {
  create("sales");
  (void)connect_by_code("sales");
  ASSERT_TRUE(run_to("sales", State::kDisconnected, std::chrono::minutes(20)));
  EXPECT_TRUE(told_.has("pair_error"));
  EXPECT_EQ(network_.open_sockets(), 0U);
}

TEST_F(Codes, TheServerMayAskForAnotherCode) {
  create("sales");
  const auto first = connect_by_code("sales")->value();
  run_for(Seconds(10));
  EXPECT_EQ(server_.refresh_code({}, false, clock_.now()), 1U);
  settle();
  const auto told = told_.events.back();
  ASSERT_TRUE(told.pairing_code);
  EXPECT_NE(*told.pairing_code, first.text);
  const auto typed = enter_code(*told.pairing_code);
  EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
}

TEST_F(Codes, AFullWorkQueueIsSaid) {
  create("sales");
  workers_.refuse = true;
  const auto refused = connect_by_code("sales");
  EXPECT_EQ(refused->cause(), Cause::kOverloaded);
  workers_.refuse = false;
  run_for(Seconds(5));
  EXPECT_EQ(connect_by_code("sales")->value().kind, Kind::kPairingCode);
}

TEST_F(Codes, ALinkedDeviceThatWasUnlinkedGoesOnToACodeWithinTheSameCall) {
  link("sales");
  const std::string number = info("sales").number_jid->substr(0, info("sales").number_jid->find('@'));
  network_.silent() = true;
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  settle();
  ASSERT_TRUE(server_.unlink(number, std::nullopt, clock_.now()).ok());
  network_.silent() = false;
  const auto answer = connect_by_code("sales", kOther);
  ASSERT_TRUE(run_until([&] { return answer->done(); }, Seconds(10)));
  EXPECT_EQ(answer->value().kind, Kind::kPairingCode);
  const auto typed = enter_code(answer->value().text, kOther);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_EQ(info("sales").number_jid, kOther + "@s.whatsapp.net");
}

}  // namespace
}  // namespace ponte::instance
