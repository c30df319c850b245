// IK and XXfallback (wire: pairing.md 2.7), routing info (1.2), and what a failed connect leaves behind.
#include <gtest/gtest.h>

#include "sim/session_line.h"

namespace ponte::protocol {
namespace {

using event::Disposition;
using simulator::ChainDefect;
using simulator::HandshakeFault;
using simulator::IkAnswer;
using test::SessionLine;

std::optional<store::ServerChain> kept_chain(const SessionLine& line) {
  return *store::get_server_chain({line.store_, SessionLine::kOwner});
}

const simulator::Counters& counters(SessionLine& line) {
  return line.server_.world().counters;
}

TEST(Resumption, TheFirstLoginIsByXxAndEachLaterOneByIk) {
  SessionLine line;
  line.pair_and_log_in();
  EXPECT_EQ(counters(line).handshakes_xx, 2U) << "an unlinked device has no chain that counts";
  ASSERT_TRUE(kept_chain(line));
  EXPECT_EQ(kept_chain(line)->leaf.key, line.server_.world().chain.static_keys().public_key);
  for (unsigned later = 1; later <= 3; ++later) {
    line.forget_events();
    line.open();
    EXPECT_TRUE(line.has<event::Online>());
    EXPECT_EQ(counters(line).handshakes_ik, later);
  }
  EXPECT_EQ(counters(line).handshakes_xx, 2U);
  EXPECT_EQ(line.violations(), "");
}

TEST(Resumption, SurvivesTheProcess) {
  SessionLine line;
  line.pair_and_log_in();
  line.make_session();
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
  EXPECT_EQ(counters(line).handshakes_ik, 1U);
}

TEST(Resumption, ADeclinedHelloFallsBackOnTheSameConnection) {
  SessionLine line;
  line.pair_and_log_in();
  line.fault({.ik = IkAnswer::kFallback});
  line.forget_events();
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
  EXPECT_FALSE(line.has<event::ResumptionFailed>()) << "declining is no failure";
  EXPECT_EQ(counters(line).handshakes_fallback, 1U);
}

TEST(Resumption, ANewServerKeyIsVerifiedAndKept) {
  SessionLine line;
  line.pair_and_log_in();
  const auto before = kept_chain(line);
  line.server_.renew_leaf();
  line.forget_events();
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
  EXPECT_EQ(counters(line).handshakes_fallback, 1U);
  EXPECT_NE(kept_chain(line), before);
  line.open();
  EXPECT_EQ(counters(line).handshakes_ik, 1U) << "resumes from the new one";
}

TEST(Resumption, AChainThatFailsInTheFallbackIsRefusedAndEverythingStays) {
  SessionLine line;
  line.pair_and_log_in();
  const auto before = kept_chain(line);
  line.server_.renew_leaf();
  line.fault({.chain = ChainDefect::kWrongRoot}, {.next = 1});
  line.forget_events();
  line.open();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kCertificateSignature);
  EXPECT_EQ(line.ended()->disposition, Disposition::kRetry);
  EXPECT_TRUE(line.account());
  EXPECT_EQ(kept_chain(line), before) << "the chain that was verified is not to blame";
  EXPECT_FALSE(line.has<event::ResumptionFailed>());
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
}

TEST(Resumption, AFailureOfItsCryptographyForgetsTheKeyAndSaysSo) {
  for (const auto fault : {HandshakeFault::kBadTag, HandshakeFault::kGarbageServerHello}) {
    SessionLine line;
    line.pair_and_log_in();
    line.fault({.handshake = fault}, {.next = 1});
    line.forget_events();
    line.open();
    ASSERT_TRUE(line.ended()) << static_cast<int>(fault);
    EXPECT_EQ(line.ended()->disposition, Disposition::kRetry);
    EXPECT_TRUE(line.has<event::ResumptionFailed>());
    EXPECT_FALSE(kept_chain(line));
    EXPECT_TRUE(line.account());
    const auto xx = counters(line).handshakes_xx;
    line.open();
    EXPECT_TRUE(line.has<event::Online>());
    EXPECT_EQ(counters(line).handshakes_xx, xx + 1);
    EXPECT_TRUE(kept_chain(line)) << "and the next one may resume again";
  }
}

TEST(Resumption, SilenceAndDropsSayNothingAboutTheKey) {
  for (const auto fault :
       {HandshakeFault::kSilent, HandshakeFault::kDropAfterHello, HandshakeFault::kHalfServerHello}) {
    SessionLine line;
    line.pair_and_log_in();
    line.fault({.handshake = fault}, {.next = 1});
    line.forget_events();
    line.open();
    line.run_for(Seconds(21));
    ASSERT_TRUE(line.ended()) << static_cast<int>(fault);
    EXPECT_FALSE(line.has<event::ResumptionFailed>()) << static_cast<int>(fault);
    EXPECT_TRUE(kept_chain(line)) << static_cast<int>(fault);
    line.open();
    EXPECT_EQ(counters(line).handshakes_xx, 3U) << "a server that cannot speak IK must not keep us out";
    EXPECT_TRUE(line.has<event::Online>());
    line.open();
    EXPECT_EQ(counters(line).handshakes_ik, 1U) << static_cast<int>(fault);
  }
}

TEST(Resumption, IsNotTriedWhereItsOwnerForbidsIt) {
  SessionLine line;
  line.pair_and_log_in();
  line.options_.resumption = protocol::Resumption::kForbidden;
  line.open();
  EXPECT_EQ(counters(line).handshakes_ik, 0U);
  EXPECT_EQ(counters(line).handshakes_xx, 3U);
}

TEST(Resumption, IsNotTriedOutsideTheCertificatesTime) {
  SessionLine line;
  line.pair_and_log_in();
  auto chain = *kept_chain(line);
  const auto now = static_cast<std::uint64_t>(unix_seconds(line.now().wall));
  struct Window {
    std::uint64_t leaf_from, leaf_to, intermediate_from, intermediate_to;
    bool resumes;
  };
  const Window windows[] = {
      {now, now + 1, now, now + 1, true},      {now + 1, now + 9, now, now + 9, false},
      {now - 9, now, now - 9, now + 9, false}, {now - 9, now + 9, now + 1, now + 9, false},
      {now - 9, now + 9, now - 9, now, false}, {0, UINT64_MAX, 0, UINT64_MAX, true},
  };
  for (const Window& window : windows) {
    chain.leaf.not_before = window.leaf_from;
    chain.leaf.not_after = window.leaf_to;
    chain.intermediate.not_before = window.intermediate_from;
    chain.intermediate.not_after = window.intermediate_to;
    store::Transaction transaction(line.store_, SessionLine::kOwner);
    store::put_server_chain(transaction, chain);
    line.store_.commit(transaction.take(), [](const Status&) {});
    const auto before = counters(line).handshakes_ik;
    line.make_session();
    line.open();
    EXPECT_EQ(counters(line).handshakes_ik, before + (window.resumes ? 1 : 0)) << window.leaf_from - now;
  }
}

TEST(Resumption, IsForgottenWithTheDevice) {
  SessionLine line;
  line.pair_and_log_in();
  line.run(command::Logout{});
  line.run_for(Seconds(6));
  EXPECT_FALSE(kept_chain(line));
}

TEST(Resumption, AnUnlinkedDeviceIsToldSoUnderIkToo) {
  SessionLine line;
  line.pair_and_log_in();
  const std::string number = line.server_.world().accounts.all().begin()->first;
  ASSERT_TRUE(line.server_.unlink(number, std::nullopt, line.now()).ok());
  line.hang_up();
  line.forget_events();
  line.make_session();
  line.open();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->disposition, Disposition::kLoggedOut);
  EXPECT_EQ(counters(line).handshakes_ik, 1U);
}

// ---- routing info -----------------------------------------------------------------------------------

std::optional<Bytes> kept_routing(const SessionLine& line) {
  return *store::get_routing_info({line.store_, SessionLine::kOwner});
}

TEST(Routing, IsDroppedWhenTheServerDoesNotAnswerAHelloThatCarriesIt) {
  for (const auto fault : {HandshakeFault::kSilent, HandshakeFault::kDropAfterHello,
                           HandshakeFault::kGarbageServerHello, HandshakeFault::kHalfServerHello}) {
    SessionLine line;
    line.pair_and_log_in();
    ASSERT_TRUE(kept_routing(line));
    line.fault({.handshake = fault}, {.next = 1});
    line.open();
    EXPECT_FALSE(line.connection_ && line.connection_->routing_info().empty());
    line.run_for(Seconds(21));
    EXPECT_FALSE(kept_routing(line)) << static_cast<int>(fault);
    line.open();
    ASSERT_NE(line.connection_, nullptr);
    EXPECT_TRUE(line.connection_->routing_info().empty());
    EXPECT_TRUE(kept_routing(line)) << "the login brings it anew";
  }
}

TEST(Routing, IsKeptWhereTheServerHasAnsweredTheHello) {
  SessionLine line;
  line.pair_and_log_in();
  simulator::Faults refusal;
  refusal.failure = simulator::Failure{503, {}};
  line.fault(refusal, {.next = 1});
  line.open();
  EXPECT_TRUE(kept_routing(line));
}

}  // namespace
}  // namespace ponte::protocol
