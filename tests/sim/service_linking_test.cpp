// Many callers and one code (contract, decisions 3 to 8).
#include <set>

#include "sim/service_line.h"

namespace ponte::instance {
namespace {

using Linking = test::ServiceLine;
using Kind = ConnectResult::Kind;

ConnectRequest with_history(unsigned days) {
  ConnectRequest request;
  request.history_days = days;
  return request;
}

TEST_F(Linking, ALiveQrIsJoinedWithWhatIsLeftOfItsTime) {
  create("sales");
  const auto first = connect("sales")->value();
  EXPECT_EQ(first.expires_in, Seconds(60));
  run_for(Seconds(25));
  const auto second = connect("sales")->value();
  EXPECT_EQ(second.text, first.text);
  EXPECT_EQ(second.expires_in, Seconds(35));
  run_for(Seconds(36));
  const auto third = connect("sales")->value();
  EXPECT_NE(third.text, first.text);
  EXPECT_EQ(third.expires_in, Seconds(19));
  EXPECT_EQ(dials(), 1U);
}

TEST_F(Linking, EveryCodeOnTheWireIsGivenUntilTheyRunOut) {
  create("sales");
  (void)connect("sales");
  std::set<std::string> shown;
  for (int second = 0; second < 160; ++second) {
    const auto answer = connect("sales");
    ASSERT_TRUE(answer->done() && answer->result->ok()) << second;
    shown.insert(answer->value().text);
    run_for(Seconds(1));
  }
  EXPECT_EQ(shown.size(), 6U);
  run_for(Seconds(1));
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  EXPECT_EQ(reason("sales"), Cause::kQrExpired);
  EXPECT_EQ(network_.open_sockets(), 0U);
  EXPECT_EQ(connect("sales")->value().kind, Kind::kQr) << "the next call begins anew";
  EXPECT_EQ(dials(), 2U);
}

TEST_F(Linking, TwoHundredMixedCallersUseOneSocketAndGetWhatIsOnTheWire) {
  create("sales");
  struct Asked {
    Connect call;
    std::optional<std::string> number;
  };
  std::vector<Asked> calls;
  for (int i = 0; i < 200; ++i) {
    auto [made, reply] = call<ConnectResult>();
    ConnectRequest request;
    if (i % 2 == 1) request.number = test::ServiceLine::kNumber;
    if (i % 5 == 0) request.history_days = 30;
    manager_->connect("sales", request, std::move(reply));
    calls.push_back({made, request.number});
    if (i % 40 == 0) settle();
  }
  run_for(Seconds(6));
  std::set<std::string> qrs;
  std::set<std::string> codes;
  for (const Asked& asked : calls) {
    const auto& value = asked.call->value();
    EXPECT_EQ(value.kind, asked.number ? Kind::kPairingCode : Kind::kQr);
    (asked.number ? codes : qrs).insert(value.text);
  }
  EXPECT_EQ(qrs.size(), 1U);
  EXPECT_EQ(codes.size(), 1U);
  EXPECT_EQ(network_.most_open_sockets(), 1U);
  EXPECT_EQ(dials(), 1U);
  EXPECT_EQ(violations(), "");
  // What they were given is what links.
  const auto typed = enter_code(*codes.begin());
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_TRUE(typed->value().device > 0);
}

TEST_F(Linking, AnotherHistoryBeginsAnewAndTheOlderWaitersGetThatCode) {
  create("sales");
  network_.silent() = true;
  const auto first = connect("sales");
  network_.silent() = false;
  const auto second = connect("sales", with_history(7));
  EXPECT_EQ(first->value().text, second->value().text);
  EXPECT_EQ(dials(), 2U);
  EXPECT_EQ(connect("sales")->value().text, second->value().text) << "an absent history never differs";
  EXPECT_EQ(connect("sales", with_history(7))->value().text, second->value().text);
  EXPECT_NE(connect("sales", with_history(8))->value().text, second->value().text);
  EXPECT_EQ(network_.most_open_sockets(), 1U);
}

TEST_F(Linking, NothingRestartsWhileACodeIsOutOrAScanHasBegun) {
  create("sales");
  const auto code = connect_by_code("sales")->value();
  EXPECT_EQ(connect("sales", with_history(9))->value().kind, Kind::kQr);
  EXPECT_EQ(dials(), 1U);
  const auto typed = enter_code(code.text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));

  link("support");
  create("ops");
  const auto qr = connect("ops")->value();
  store_.hold_synced();  // pair-success has come; what it leads to waits for the disk
  const auto paired = scan(qr.text);
  const auto later = connect("ops", with_history(3));
  EXPECT_FALSE(later->done()) << "a scan is under way";
  store_.release_all();
  ASSERT_TRUE(run_to("ops", State::kConnected, Seconds(30)));
  EXPECT_EQ(later->value().kind, Kind::kConnected);
}

TEST_F(Linking, TheCodeOnDisplayIsShownWithoutBeginningAnAttempt) {
  const auto shown = [&](const char* name) { return manager_->shown_qr(name); };
  EXPECT_EQ(shown("nobody").error().cause, Cause::kInstanceNotFound);
  create("sales");
  EXPECT_EQ(shown("sales").error().cause, Cause::kQrNotAvailable);
  run_for(Seconds(1));
  EXPECT_EQ(dials(), 0U);
  const auto first = connect("sales")->value();
  ASSERT_TRUE(shown("sales").ok());
  EXPECT_EQ(*shown("sales"), first.text);
  run_for(Seconds(61));
  ASSERT_TRUE(shown("sales").ok());
  EXPECT_EQ(*shown("sales"), connect("sales")->value().text);
  EXPECT_NE(*shown("sales"), first.text);
  run_for(Seconds(120));
  EXPECT_EQ(shown("sales").error().cause, Cause::kQrNotAvailable) << "they have run out";

  link("support");
  EXPECT_EQ(shown("support").error().cause, Cause::kQrNotAvailable) << "it is linked";

  create("ops");
  (void)connect("ops");
  EXPECT_TRUE(shown("ops").ok());
  auto [done, reply] = call<LogoutResult>();
  manager_->log_out("ops", std::move(reply));
  settle();
  EXPECT_EQ(shown("ops").error().cause, Cause::kQrNotAvailable) << "the attempt was ended";
}

TEST_F(Linking, ACallerIsAnsweredAtTheLimitAndTheAttemptGoesOn) {
  create("sales");
  network_.silent() = true;
  const auto silent = connect("sales");
  run_for(Seconds(59));
  EXPECT_FALSE(silent->done());
  run_for(Seconds(1));
  EXPECT_EQ(silent->cause(), Cause::kConnectTimeout);
}

TEST_F(Linking, NetworkTroubleIsTriedTwiceMoreWithinThreeSeconds) {
  create("sales");
  unsigned failures = 2;
  network_.failure() = [&](const auto&) -> std::optional<Error> {
    if (failures == 0) return std::nullopt;
    --failures;
    return Error{Errc::kUnavailable, Cause::kNetworkFailed, "no route"};
  };
  const auto recovered = connect("sales");
  EXPECT_EQ(info("sales").state, State::kConnecting);
  EXPECT_EQ(reason("sales"), Cause::kNetworkFailed) << "it says what it waits for";
  run_for(Seconds(3));
  EXPECT_EQ(recovered->value().kind, Kind::kQr);
  const auto& dialed = network_.dialed();
  ASSERT_EQ(dialed.size(), 3U);
  EXPECT_EQ(dialed[1].at - dialed[0].at, Seconds(1));
  EXPECT_EQ(dialed[2].at - dialed[1].at, Seconds(2));

  create("support");
  failures = 3;
  const auto failed = connect("support");
  run_for(Seconds(3));
  EXPECT_EQ(failed->cause(), Cause::kNetworkFailed);
  EXPECT_EQ(dials(), 6U);
  EXPECT_EQ(info("support").state, State::kDisconnected);
}

TEST_F(Linking, WhatIsUntrustedOrRejectedFailsAtOnce) {
  create("sales");
  for (const auto& [code, cause] :
       {std::pair(Errc::kUntrusted, Cause::kTlsUntrusted), std::pair(Errc::kRejected, Cause::kWebSocketRefused),
        std::pair(Errc::kForbidden, Cause::kProxyNotAllowed)}) {
    network_.failure() = [code = code, cause = cause](const auto&) { return Error{code, cause, "no"}; };
    const auto before = dials();
    EXPECT_EQ(connect("sales")->cause(), cause);
    EXPECT_EQ(reason("sales"), cause);
    EXPECT_EQ(dials(), before + 1);
  }
}

TEST_F(Linking, AnAttemptThatNobodyWaitsForIsNotRepeated) {
  create("sales");
  (void)connect("sales");
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(Seconds(10));
  EXPECT_EQ(dials(), 1U);
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  EXPECT_EQ(reason("sales"), Cause::kConnectionClosed);
}

TEST_F(Linking, AStateIsToldForEachStep) {
  link("sales");
  EXPECT_THAT(told_.names(), ::testing::ElementsAre("qr_ready", "pair_success", "connected"));
  EXPECT_TRUE(told_.events[0].qr_text);
  EXPECT_EQ(told_.events[0].expires_in, Seconds(60));
  EXPECT_FALSE(told_.events[0].jid);
  EXPECT_TRUE(told_.events[2].jid);
}

}  // namespace
}  // namespace ponte::instance
