// Linking by pairing code (wire: pairing.md 6): the session against the simulator's server and phone.
#include <gtest/gtest.h>

#include "protocol/pairing/code_flow.h"
#include "protocol/pairing/link_code.h"
#include "sim/session_line.h"

namespace ponte::protocol {
namespace {

using event::Disposition;
using pairing::CodeFlow;
using test::SessionLine;

std::string secret(const SessionLine& line) {
  return to_text((*store::get_credentials({line.store_, SessionLine::kOwner}))->adv_secret.view());
}

/// The stage of the one code that may be out; nullopt where the last word about it was its end.
const event::PairingCodeEnded* ended_code(const SessionLine& line) {
  return line.last<event::PairingCodeEnded>();
}

TEST(PairingCode, LinksAnAccount) {
  SessionLine line;
  line.open();
  const std::string before = secret(line);
  const std::string code = line.request_code();
  ASSERT_TRUE(pairing::parse_code(code).ok()) << code;
  EXPECT_EQ(line.last<event::PairingCode>()->number, SessionLine::kNumber);
  EXPECT_EQ(line.last<event::PairingCode>()->valid_until, line.now().mono + CodeFlow::kLifetime);
  EXPECT_EQ(secret(line), before) << "the secret is that of the QR until a phone has typed the code";
  const auto paired = line.enter_code(code);
  ASSERT_TRUE(paired.ok()) << paired.error().message;
  EXPECT_NE(secret(line), before);
  line.run_for(Seconds(1));
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->disposition, Disposition::kRestart);
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
  EXPECT_EQ(line.violations(), "");
}

TEST(PairingCode, ACodeOfTheUsersOwnLinksToo) {
  SessionLine line;
  line.open();
  EXPECT_EQ(line.request_code(SessionLine::kNumber, "ABCD1234"), "ABCD1234");
  EXPECT_TRUE(line.enter_code("abcd-1234").ok());
}

TEST(PairingCode, IsNotToldBeforeTheServerKnowsOfIt) {
  SessionLine line;
  line.fault({.delay = Milliseconds(700)});
  line.open();
  line.run_for(Seconds(3));
  ASSERT_TRUE(line.has<event::QrCode>());
  EXPECT_EQ(line.request_code(), "");
  line.run_for(Milliseconds(600));
  EXPECT_FALSE(line.has<event::PairingCode>());
  line.run_for(Milliseconds(200));
  EXPECT_TRUE(line.has<event::PairingCode>());
}

TEST(PairingCode, WaitsForPairDevice) {
  SessionLine line;
  line.fault({.delay = Milliseconds(500)});
  line.open();
  line.run(command::RequestPairingCode{SessionLine::kNumber, std::nullopt});
  EXPECT_FALSE(line.has<event::QrCode>());
  line.run_for(Seconds(3));
  EXPECT_TRUE(line.has<event::QrCode>());
  ASSERT_TRUE(line.has<event::PairingCode>());
  EXPECT_TRUE(line.enter_code(line.last<event::PairingCode>()->code).ok());
}

TEST(PairingCode, QrAndCodeAreOfferedSideBySide) {
  SessionLine line;
  line.open();
  line.request_code();
  line.run_for(Seconds(70));
  EXPECT_EQ(line.all<event::QrCode>().size(), 2U) << "refs go on rotating";
  EXPECT_TRUE(line.scan(line.qr_text()).ok());
}

TEST(PairingCode, IsWhatOnlyItsOwnPhoneOpens) {
  SessionLine line;
  line.open();
  const std::string code = line.request_code();
  std::string other = code;
  other[7] = other[7] == '1' ? '2' : '1';
  const auto mistyped = line.enter_code(other);
  ASSERT_FALSE(mistyped.ok());
  EXPECT_FALSE(line.account());
  EXPECT_FALSE(line.ended()) << "the companion hears nothing, and waits";
}

struct RefusalCase {
  unsigned code;
  Cause cause;
  Errc errc;
};

TEST(PairingCode, EveryRefusalHasItsCauseAndTheQrStays) {
  const RefusalCase cases[] = {
      {400, Cause::kPairingBadRequest, Errc::kRejected},   {403, Cause::kPairingRefused, Errc::kRejected},
      {429, Cause::kPairingThrottled, Errc::kRateLimited}, {452, Cause::kPairingUnavailable, Errc::kRejected},
      {500, Cause::kServerError, Errc::kUnavailable},      {499, Cause::kIqRejected, Errc::kRejected},
  };
  for (const auto& [code, cause, errc] : cases) {
    SessionLine line;
    simulator::Faults faults;
    faults.code_refusal = simulator::CodeRefusal{code, "refused", code == 429 ? std::optional(90U) : std::nullopt};
    line.fault(faults);
    line.open();
    EXPECT_EQ(line.request_code(), "") << code;
    const auto* end = ended_code(line);
    ASSERT_NE(end, nullptr) << code;
    EXPECT_EQ(cause_name(end->why.cause), cause_name(cause)) << code;
    EXPECT_EQ(end->why.code, errc) << code;
    EXPECT_FALSE(end->renewed) << "nobody asks again by itself";
    EXPECT_EQ(end->why.retry_after, code == 429 ? std::optional(Seconds(90)) : std::nullopt) << code;
    EXPECT_FALSE(line.ended()) << code;
    EXPECT_TRUE(line.scan(line.qr_text()).ok()) << code;
  }
}

TEST(PairingCode, ASilentServerIsGivenUpAfterHalfAMinute) {
  SessionLine line;
  line.open();
  line.fault({.delay = Seconds(40)}, {.connection = line.connection_->id()});
  EXPECT_EQ(line.request_code(), "");
  line.run_for(Seconds(29));
  EXPECT_EQ(ended_code(line), nullptr);
  line.run_for(Seconds(2));
  ASSERT_NE(ended_code(line), nullptr);
  EXPECT_EQ(ended_code(line)->why.cause, Cause::kIqTimeout);
  line.run_for(Seconds(15));
  EXPECT_FALSE(line.has<event::PairingCode>()) << "an answer that comes too late makes no code";
}

TEST(PairingCode, ExpiresAfterThreeMinutesAndOutlivesTheRefs) {
  SessionLine line;
  line.open();
  line.run_for(Seconds(50));
  line.request_code();
  line.run_for(Seconds(120));
  EXPECT_EQ(line.all<event::QrCode>().size(), 6U);
  EXPECT_FALSE(line.ended()) << "the refs have run out, the code has not";
  line.run_for(Seconds(59));
  EXPECT_FALSE(line.ended());
  line.run_for(Seconds(2));
  ASSERT_NE(ended_code(line), nullptr);
  EXPECT_EQ(ended_code(line)->why.cause, Cause::kPairingCodeExpired);
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kPairingCodeExpired);
  EXPECT_EQ(line.ended()->disposition, Disposition::kStop);
}

TEST(PairingCode, ThatExpiresLeavesTheQrWhereRefsAreLeft) {
  SessionLine line({.ref_count = 12});
  line.open();
  line.request_code();
  line.run_for(Seconds(181));
  ASSERT_NE(ended_code(line), nullptr);
  EXPECT_FALSE(line.ended());
  EXPECT_TRUE(line.scan(line.qr_text()).ok());
}

TEST(PairingCode, CanBeTypedAfterTheRefsHaveRunOut) {
  SessionLine line;
  line.open();
  line.run_for(Seconds(100));
  const std::string code = line.request_code();
  line.run_for(Seconds(100));
  EXPECT_FALSE(line.ended());
  EXPECT_TRUE(line.enter_code(code).ok());
}

TEST(PairingCode, AnotherOneMakesTheFirstWorthless) {
  SessionLine line;
  line.open();
  const std::string first = line.request_code();
  const std::string second = line.request_code();
  EXPECT_NE(first, second);
  EXPECT_EQ(ended_code(line), nullptr) << "the same number: the new code is all there is to say";
  EXPECT_FALSE(line.enter_code(first).ok());
}

TEST(PairingCode, ForAnotherNumberSupersedesTheFirst) {
  SessionLine line;
  line.open();
  line.request_code();
  const std::string other = line.request_code("5511900000000");
  ASSERT_NE(ended_code(line), nullptr);
  EXPECT_EQ(ended_code(line)->number, SessionLine::kNumber);
  EXPECT_EQ(ended_code(line)->why.cause, Cause::kSuperseded);
  EXPECT_TRUE(line.enter_code(other, "5511900000000").ok());
}

TEST(PairingCode, AnAnswerForASupersededNumberIsNotTold) {
  SessionLine line;
  line.open();
  line.hold_work_ = true;
  line.run(command::RequestPairingCode{SessionLine::kNumber, std::nullopt});
  line.run(command::RequestPairingCode{"5511900000000", std::nullopt});
  while (!line.works_.empty()) {
    line.finish_work();
    line.settle();
  }
  const auto codes = line.all<event::PairingCode>();
  ASSERT_EQ(codes.size(), 1U);
  EXPECT_EQ(codes[0].number, "5511900000000");
}

TEST(PairingCode, WorkersThatAreBusyAreACauseAndNoSilence) {
  SessionLine line;
  line.open();
  line.hold_work_ = true;
  line.run(command::RequestPairingCode{SessionLine::kNumber, std::nullopt});
  line.finish_work(Error{Errc::kUnavailable, Cause::kOverloaded, "worker pool: the queue is full"});
  line.settle();
  ASSERT_NE(ended_code(line), nullptr);
  EXPECT_EQ(ended_code(line)->why.cause, Cause::kOverloaded);
  line.hold_work_ = false;
  EXPECT_TRUE(line.enter_code(line.request_code()).ok());
}

TEST(PairingCode, WorkOfAnEarlierConnectionIsDropped) {
  SessionLine line;
  line.open();
  line.hold_work_ = true;
  line.run(command::RequestPairingCode{SessionLine::kNumber, std::nullopt});
  line.open();
  line.finish_work();
  line.settle();
  EXPECT_FALSE(line.has<event::PairingCode>()) << "a code never survives its socket";
  EXPECT_FALSE(line.ended());
}

TEST(PairingCode, ASilentPhoneCostsTheSecretAndABoundedNumberOfNewCodes) {
  SessionLine line;
  line.open();
  const std::string code = line.request_code();
  std::string wrong = code;
  wrong[0] = wrong[0] == '1' ? '2' : '1';
  EXPECT_FALSE(line.enter_code(wrong).ok());
  const std::string derived = secret(line);
  const std::string shown = line.qr_text();
  line.run_for(Seconds(61));
  const auto ends = line.all<event::PairingCodeEnded>();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].why.cause, Cause::kPairingUnanswered);
  EXPECT_TRUE(ends[0].renewed);
  EXPECT_NE(secret(line), derived) << "the derived secret matches nobody";
  EXPECT_NE(line.qr_text(), shown) << "and the QR is shown with the new one";
  const auto* renewed = line.last<event::PairingCode>();
  ASSERT_NE(renewed, nullptr);
  EXPECT_NE(renewed->code, code);
  EXPECT_TRUE(line.enter_code(renewed->code).ok()) << "the new code works";
}

TEST(PairingCode, IsRefreshedWhenTheServerAsks) {
  SessionLine line;
  line.open();
  const std::string first = line.request_code();
  EXPECT_EQ(line.server_.refresh_code({}, false, line.now()), 1U);
  line.settle();
  ASSERT_NE(ended_code(line), nullptr);
  EXPECT_TRUE(ended_code(line)->renewed);
  const std::string second = line.last<event::PairingCode>()->code;
  EXPECT_NE(first, second);
  EXPECT_TRUE(line.enter_code(second).ok());
  EXPECT_EQ(line.violations(), "");
}

TEST(PairingCode, OfTheUsersOwnStaysTheSameWhenRefreshed) {
  SessionLine line;
  line.open();
  line.request_code(SessionLine::kNumber, "ABCD1234");
  line.server_.refresh_code({}, false, line.now());
  line.settle();
  EXPECT_EQ(line.last<event::PairingCode>()->code, "ABCD1234");
  EXPECT_TRUE(line.enter_code("ABCD1234").ok());
}

TEST(PairingCode, IsRefreshedThreeTimesAtMost) {
  SessionLine line;
  line.open();
  line.request_code();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(line.server_.refresh_code({}, false, line.now()), 1U) << i;
    line.settle();
    EXPECT_TRUE(ended_code(line)->renewed) << i;
  }
  line.server_.refresh_code({}, false, line.now());
  line.settle();
  EXPECT_FALSE(ended_code(line)->renewed);
  EXPECT_EQ(line.all<event::PairingCode>().size(), 4U);
  EXPECT_NE(line.request_code(), "") << "who asks gets one";
}

TEST(PairingCode, ThatMustBeRefreshedByHandEnds) {
  SessionLine line;
  line.open();
  line.request_code();
  line.server_.refresh_code({}, true, line.now());
  line.settle();
  ASSERT_NE(ended_code(line), nullptr);
  EXPECT_FALSE(ended_code(line)->renewed);
  EXPECT_EQ(ended_code(line)->why.cause, Cause::kPairingCodeExpired);
  EXPECT_FALSE(line.ended()) << "the QR is still there";
}

TEST(PairingCode, TheSecretIsDurableBeforeTheBundleLeaves) {
  SessionLine line;
  line.open();
  const std::string code = line.request_code();
  line.store_.hold_synced();
  const std::size_t before = line.outputs_.size();
  std::optional<Result<simulator::Paired>> outcome;
  line.server_.enter_code(
      SessionLine::kNumber, code, line.phone_, line.now(),
      Reply<simulator::Paired>([&](Result<simulator::Paired> result) { outcome = std::move(result); }));
  line.settle();
  std::size_t sent = 0;
  for (std::size_t i = before; i < line.outputs_.size(); ++i)
    sent += std::holds_alternative<SendBytes>(line.outputs_[i]);
  EXPECT_EQ(sent, 1U) << "the ack of primary_hello, and nothing else before the commit";
  line.store_.release_all();
  line.settle();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->ok()) << outcome->error().message;
}

TEST(PairingCode, ARegistrationRefreshWhileThePhoneAnswersDoesNotBreakTheHmac) {
  SessionLine line;
  line.open();
  const std::string code = line.request_code();
  std::string wrong = code;
  wrong[3] = wrong[3] == '1' ? '2' : '1';
  EXPECT_FALSE(line.enter_code(wrong, SessionLine::kNumber, Milliseconds(0)).ok());
  const std::string derived = secret(line);
  line.server_.rotate({}, line.now());
  line.settle();
  EXPECT_EQ(secret(line), derived);
}

TEST(PairingCode, AFailedCommitAnywhereEndsTheConnectionAndTheNextSessionGoesOn) {
  for (std::size_t nth = 1; nth <= 10; ++nth) {
    SessionLine line({}, 70 + nth);
    line.store_.fail_commit(nth);
    line.open();
    for (int round = 0; round < 12 && !line.has<event::Online>(); ++round) {
      if (line.session_->spent()) {
        ASSERT_TRUE(line.store_.try_resume().ok());
        line.make_session();
        line.forget_events();
        line.open();
      } else if (line.session_->phase() == Phase::kPairing) {
        (void)line.enter_code(line.request_code());
      } else if (line.session_->phase() == Phase::kClosed) {
        line.open();
      } else {
        line.run_for(Seconds(1));
      }
    }
    EXPECT_TRUE(line.has<event::Online>()) << "commit " << nth;
    EXPECT_EQ(line.violations(), "") << "commit " << nth;
  }
}

TEST(PairingCode, IsNoWishOfALinkedDevice) {
  SessionLine line;
  line.pair_and_log_in();
  line.forget_events();
  EXPECT_EQ(line.request_code(), "");
  ASSERT_NE(ended_code(line), nullptr);
  EXPECT_EQ(ended_code(line)->why.code, Errc::kNotConnected);
  EXPECT_EQ(line.session_->phase(), Phase::kOnline);
}

TEST(PairingCode, WorksHoweverTheFramesArePacked) {
  for (const auto packing : {simulator::Packing::kBytes, simulator::Packing::kRandom, simulator::Packing::kJoined}) {
    SessionLine line;
    line.fault({.compress = true, .packing = packing});
    line.open();
    EXPECT_TRUE(line.enter_code(line.request_code()).ok());
  }
}

}  // namespace
}  // namespace ponte::protocol
