#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "sim/session_line.h"

namespace ponte::protocol {
namespace {

using event::Disposition;
using simulator::ChainDefect;
using simulator::Faults;
using simulator::HandshakeFault;
using simulator::Packing;
using simulator::PairSuccessDefect;
using test::SessionLine;

TEST(Pairing, GoesFromNothingToLoggedIn) {
  SessionLine line;
  line.pair_and_log_in();
  const auto* paired = line.last<event::PairSuccess>();
  ASSERT_NE(paired, nullptr);
  EXPECT_EQ(line.account()->jid, paired->jid.to_string());
  EXPECT_FALSE(line.account()->lid.empty());
  EXPECT_EQ(line.account()->login_counter, 1U);
  EXPECT_EQ(line.server_.world().violations.size(), 0U)
      << (line.server_.world().violations.empty() ? "" : line.server_.world().violations.front().text);
}

TEST(Pairing, ARestartedProcessLogsInWithoutAQr) {
  SessionLine line;
  line.pair_and_log_in();
  line.make_session();
  line.forget_events();
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
  EXPECT_FALSE(line.has<event::QrCode>());
  EXPECT_EQ(line.account()->login_counter, 2U);
}

TEST(Pairing, ShowsSixCodesInHundredSixtySecondsAndThenGivesUp) {
  SessionLine line;
  line.open();
  const Mono start = line.now().mono;
  line.run_for(Seconds(159));
  EXPECT_EQ(line.all<event::QrCode>().size(), 6U);
  EXPECT_FALSE(line.ended());
  line.run_for(Seconds(1));
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kQrExpired);
  EXPECT_EQ(line.ended()->disposition, Disposition::kStop);
  const auto codes = line.all<event::QrCode>();
  EXPECT_EQ(codes[0].valid_until, start + Seconds(60));
  for (std::size_t i = 1; i < codes.size(); ++i) {
    EXPECT_EQ(codes[i].valid_until, start + Seconds(60 + 20 * static_cast<int>(i)));
    EXPECT_NE(codes[i].text, codes[i - 1].text);
  }
}

TEST(Pairing, EveryCodeOnDisplayCanBeScannedAndNoEarlierOne) {
  for (int shown = 0; shown < 6; ++shown) {
    SessionLine line({}, 10 + shown);
    line.open();
    const std::string first = line.qr_text();
    if (shown > 0) line.run_for(Seconds(60 + 20 * (shown - 1) + 5));
    if (shown > 0) {
      const auto stale = line.scan(first, Milliseconds(0));
      EXPECT_FALSE(stale.ok()) << "code " << shown;
    }
    EXPECT_TRUE(line.scan(line.qr_text()).ok()) << "code " << shown;
  }
}

TEST(Pairing, ARegistrationRefreshReplacesTheSecretAtOnce) {
  SessionLine line;
  line.fault({.refresh_before_pairing = true});
  line.open();
  const std::string before = line.qr_text();
  const Mono valid_until = line.last<event::QrCode>()->valid_until;
  const auto first = line.scan(before);
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().cause, Cause::kSuperseded);
  EXPECT_NE(line.qr_text(), before) << "the current ref is shown anew";
  EXPECT_EQ(line.last<event::QrCode>()->valid_until, valid_until) << "and keeps its time";
  EXPECT_EQ(line.qr_text().substr(0, line.qr_text().find(',')), before.substr(0, before.find(',')));
  const auto stored = *store::get_credentials({line.store_, SessionLine::kOwner});
  const std::string secret = crypto::base64(stored->adv_secret.view());
  EXPECT_NE(line.qr_text().find(secret), std::string::npos) << "what is shown is what is stored";
  EXPECT_EQ(before.find(secret), std::string::npos);
  EXPECT_TRUE(line.scan(line.qr_text()).ok());
}

TEST(Pairing, TheHistoryWishTravelsInTheRegistration) {
  SessionLine line;
  line.open(7);
  ASSERT_NE(line.connection_, nullptr);
  ASSERT_NE(line.connection_->pairing(), nullptr);
  const auto& registration = line.connection_->pairing()->registration();
  EXPECT_EQ(registration.full_sync_days, 7U);
  EXPECT_EQ(registration.os, "Chrome (Linux)");
}

struct HandshakeCase {
  HandshakeFault fault;
  Cause cause;
  Disposition disposition;
};

TEST(Pairing, EveryBrokenHandshakeEndsWithItsCause) {
  const HandshakeCase cases[] = {
      {HandshakeFault::kSilent, Cause::kHandshakeTimeout, Disposition::kRetry},
      {HandshakeFault::kDropAfterHello, Cause::kConnectionClosed, Disposition::kRetry},
      {HandshakeFault::kHalfServerHello, Cause::kConnectionClosed, Disposition::kRetry},
      {HandshakeFault::kBadTag, Cause::kDecryptionFailed, Disposition::kStop},
      {HandshakeFault::kDropAfterFinish, Cause::kConnectionClosed, Disposition::kRetry},
      {HandshakeFault::kGarbageAfterFinish, Cause::kDecryptionFailed, Disposition::kStop},
  };
  for (const auto& [fault, cause, disposition] : cases) {
    SessionLine line;
    line.fault({.handshake = fault}, {.next = 1});
    line.open();
    line.run_for(Seconds(25));
    ASSERT_TRUE(line.ended()) << static_cast<int>(fault);
    EXPECT_EQ(cause_name(line.ended()->why.cause), cause_name(cause)) << static_cast<int>(fault);
    EXPECT_EQ(line.ended()->disposition, disposition) << static_cast<int>(fault);
    EXPECT_FALSE(line.account());
    // The next connection works, with the same session and the same keys.
    line.forget_events();
    line.open();
    EXPECT_TRUE(line.has<event::QrCode>()) << static_cast<int>(fault);
  }
}

TEST(Pairing, AServerThatSendsNoRefsIsGivenUpAfterAMinute) {
  SessionLine line;
  line.fault({.handshake = HandshakeFault::kSilentAfterFinish});
  line.open();
  line.run_for(Seconds(61));
  ASSERT_TRUE(line.ended());
  // A server that is silent altogether does not answer the keepalive either, which is noticed earlier.
  EXPECT_TRUE(line.ended()->why.cause == Cause::kPairDeviceTimeout ||
              line.ended()->why.cause == Cause::kKeepaliveTimeout);
}

TEST(Pairing, EveryDefectOfTheChainHasItsCause) {
  const std::pair<ChainDefect, Cause> cases[] = {
      {ChainDefect::kWrongRoot, Cause::kCertificateSignature},
      {ChainDefect::kIntermediateSignature, Cause::kCertificateSignature},
      {ChainDefect::kIntermediateIssuer, Cause::kCertificateIssuer},
      {ChainDefect::kIntermediateExpired, Cause::kCertificateExpired},
      {ChainDefect::kLeafSignature, Cause::kCertificateSignature},
      {ChainDefect::kLeafIssuer, Cause::kCertificateIssuer},
      {ChainDefect::kLeafKeyMismatch, Cause::kCertificateKeyMismatch},
      {ChainDefect::kLeafExpired, Cause::kCertificateExpired},
      {ChainDefect::kLeafNotYetValid, Cause::kCertificateNotYetValid},
      {ChainDefect::kGarbage, Cause::kCertificateMalformed},
      {ChainDefect::kEmpty, Cause::kCertificateMalformed},
  };
  for (const auto& [defect, cause] : cases) {
    SessionLine line;
    line.fault({.chain = defect});
    line.open();
    ASSERT_TRUE(line.ended()) << simulator::chain_defect_name(defect);
    EXPECT_EQ(cause_name(line.ended()->why.cause), cause_name(cause)) << simulator::chain_defect_name(defect);
    EXPECT_EQ(line.ended()->disposition, Disposition::kStop) << "an attempt to link fails at once";
    EXPECT_FALSE(line.has<event::QrCode>());
  }
}

TEST(Pairing, EveryDefectOfPairSuccessIsRefusedAndNothingIsKept) {
  const std::pair<PairSuccessDefect, Cause> cases[] = {
      {PairSuccessDefect::kBadHmac, Cause::kPairingHmacMismatch},
      {PairSuccessDefect::kBadAccountSignature, Cause::kPairingSignatureMismatch},
      {PairSuccessDefect::kShortSignatureKey, Cause::kPairingSignatureMismatch},
      {PairSuccessDefect::kShortSignature, Cause::kPairingSignatureMismatch},
      {PairSuccessDefect::kNoIdentity, Cause::kPairingMalformed},
      {PairSuccessDefect::kGarbageIdentity, Cause::kPairingMalformed},
      {PairSuccessDefect::kNoDevice, Cause::kPairingMalformed},
  };
  for (const auto& [defect, cause] : cases) {
    SessionLine line;
    line.fault({.pair_success = defect}, {.next = 1});
    line.open();
    const auto paired = line.scan(line.qr_text());
    EXPECT_FALSE(paired.ok()) << static_cast<int>(defect);
    ASSERT_TRUE(line.ended()) << static_cast<int>(defect);
    EXPECT_EQ(cause_name(line.ended()->why.cause), cause_name(cause)) << static_cast<int>(defect);
    EXPECT_FALSE(line.account());
    EXPECT_EQ(line.records(), 1U) << "the credentials alone";
    line.forget_events();
    line.pair_and_log_in();
  }
}

TEST(Pairing, AnApprovalFromAnyoneButTheServerIsIgnored) {
  SessionLine line;
  line.fault({.pair_success = PairSuccessDefect::kForeignSender}, {.next = 1});
  line.open();
  EXPECT_FALSE(line.scan(line.qr_text()).ok());
  EXPECT_FALSE(line.account());
  EXPECT_FALSE(line.ended());
}

TEST(Pairing, WorksHoweverTheFramesArePacked) {
  for (const Packing packing : {Packing::kBytes, Packing::kRandom, Packing::kJoined}) {
    SessionLine line;
    line.fault({.packing = packing});
    line.pair_and_log_in();
  }
}

TEST(Pairing, WorksWithCompressedStanzas) {
  SessionLine line;
  line.fault({.compress = true});
  line.pair_and_log_in();
}

TEST(Pairing, APlainCloseAfterTheReplyMeansTheSameAs515) {
  SessionLine line;
  line.fault({.close_without_restart = true});
  line.pair_and_log_in();
}

TEST(Pairing, WhatThePhoneSawSucceedIsDurableBeforeItIsAnswered) {
  SessionLine line;
  line.open();
  line.store_.hold_synced();
  const std::size_t sent_before = line.outputs_.size();
  std::optional<Result<simulator::Paired>> outcome;
  line.server_.scan(line.qr_text(), line.phone_, line.now(),
                    Reply<simulator::Paired>([&](Result<simulator::Paired> result) { outcome = std::move(result); }));
  line.settle();
  for (std::size_t i = sent_before; i < line.outputs_.size(); ++i) {
    EXPECT_TRUE(std::holds_alternative<Commit>(line.outputs_[i])) << "nothing leaves before the commit";
  }
  EXPECT_FALSE(outcome);
  line.store_.release_all();
  line.settle();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->ok());
  line.store_.lose_power();
  EXPECT_TRUE(line.account());
}

TEST(Pairing, APowerLossBeforeTheCommitLeavesAnInstanceThatPairsAgain) {
  SessionLine line;
  line.open();
  line.store_.hold_synced();
  line.server_.scan(line.qr_text(), line.phone_, line.now(),
                    Reply<simulator::Paired>([](Result<simulator::Paired>) {}));
  line.settle();
  line.store_.lose_power();
  line.store_.release_all();
  line.make_session();
  line.forget_events();
  EXPECT_FALSE(line.account());
  line.pair_and_log_in();
}

TEST(Pairing, AFailedCommitAnywhereEndsTheConnectionAndTheNextSessionGoesOn) {
  for (std::size_t nth = 1; nth <= 12; ++nth) {
    SessionLine line({}, 50 + nth);
    line.store_.fail_commit(nth);
    line.open();
    for (int round = 0; round < 12 && !line.has<event::Online>(); ++round) {
      if (line.session_->spent()) {
        ASSERT_TRUE(line.ended());
        EXPECT_EQ(line.ended()->why.cause, Cause::kStoreUnavailable);
        ASSERT_TRUE(line.store_.try_resume().ok());
        line.make_session();
        line.forget_events();
        line.open();
      } else if (line.session_->phase() == Phase::kPairing) {
        (void)line.scan(line.qr_text());
      } else if (line.session_->phase() == Phase::kClosed) {
        line.open();
      } else {
        line.run_for(Seconds(1));
      }
    }
    EXPECT_TRUE(line.has<event::Online>()) << "commit " << nth;
  }
}

}  // namespace
}  // namespace ponte::protocol
