// Linking by passkey (wire: pairing.md 7): the session against the simulator's server, phone and authenticator.
#include "simulator/passkey.h"

#include <gtest/gtest.h>

#include "protocol/pairing/passkey_flow.h"
#include "sim/session_line.h"

namespace ponte::protocol {
namespace {

using event::Disposition;
using event::Passkey;
using simulator::PasskeyDefect;
using test::SessionLine;

/// What the phone is told; before the line, whose end may still tell it.
struct PhoneOutcome {
  std::optional<Result<simulator::Paired>> outcome_;
};

/// An account that demands a passkey, up to that demand.
struct PasskeyLine : PhoneOutcome, SessionLine {
  explicit PasskeyLine(std::optional<PasskeyDefect> defect = std::nullopt, std::uint64_t seed = 1)
      : SessionLine({}, seed) {
    simulator::Faults faults;
    faults.passkey = true;
    faults.passkey_defect = defect;
    fault(faults);
  }

  void scan_qr() {
    server_.scan(qr_text(), phone_, now(), reply());
    settle();
  }
  void type_code() {
    server_.enter_code(kNumber, request_code(), phone_, now(), reply());
    settle();
  }
  Reply<simulator::Paired> reply() {
    return Reply<simulator::Paired>([this](Result<simulator::Paired> result) { outcome_ = std::move(result); });
  }
  const Passkey* passkey() const { return last<Passkey>(); }
  void submit() {
    const auto assertion = server_.passkey_assertion(passkey()->options);
    ASSERT_TRUE(assertion.ok()) << assertion.error().message;
    run(command::SubmitAssertion{assertion->credential_id, assertion->json});
  }
  void submit_another(const std::string& options) {
    const auto assertion = server_.passkey_assertion(options);
    ASSERT_TRUE(assertion.ok());
    run(command::SubmitAssertion{assertion->credential_id, assertion->json});
  }
  std::string secret() const { return to_text((*store::get_credentials({store_, kOwner}))->adv_secret.view()); }
};

TEST(PasskeyLink, LinksAfterAScan) {
  PasskeyLine line;
  line.open();
  const std::string before = line.secret();
  line.scan_qr();
  ASSERT_TRUE(line.passkey());
  EXPECT_EQ(line.passkey()->stage, Passkey::Stage::kRequested);
  EXPECT_NE(line.passkey()->options.find("\"rpId\":\"whatsapp.com\""), std::string::npos);
  EXPECT_EQ(line.passkey()->valid_until, line.now().mono + pairing::PasskeyFlow::kLifetime);
  EXPECT_NE(line.secret(), before) << "what the QR showed is known to whoever saw it";
  EXPECT_FALSE(line.outcome_);
  line.submit();
  ASSERT_EQ(line.passkey()->stage, Passkey::Stage::kConfirm);
  EXPECT_EQ(line.passkey()->code.size(), 8U);
  line.run(command::ConfirmPasskey{});
  ASSERT_TRUE(line.outcome_);
  ASSERT_TRUE(line.outcome_->ok()) << line.outcome_->error().message;
  line.run_for(Seconds(1));
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
  EXPECT_EQ(line.violations(), "");
}

TEST(PasskeyLink, LinksAfterACode) {
  PasskeyLine line;
  line.open();
  line.type_code();
  const auto* end = line.last<event::PairingCodeEnded>();
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->why.cause, Cause::kPasskeyRequired);
  ASSERT_TRUE(line.passkey());
  line.submit();
  ASSERT_EQ(line.passkey()->stage, Passkey::Stage::kConfirm);
  line.run(command::ConfirmPasskey{});
  ASSERT_TRUE(line.outcome_);
  EXPECT_TRUE(line.outcome_->ok()) << line.outcome_->error().message;
  EXPECT_EQ(line.violations(), "") << "the handoff is proved from the secret of the bundle";
}

TEST(PasskeyLink, BothSidesShowTheSameCode) {
  PasskeyLine line;
  line.open();
  line.scan_qr();
  line.submit();
  const auto* side = line.connection_->pairing();
  ASSERT_NE(side, nullptr);
  EXPECT_EQ(side->passkey().code(), line.passkey()->code.substr(0, 4) + "-" + line.passkey()->code.substr(4));
}

TEST(PasskeyLink, TellsEachStage) {
  PasskeyLine line;
  line.open();
  line.scan_qr();
  line.submit();
  line.run(command::ConfirmPasskey{});
  std::vector<Passkey::Stage> stages;
  for (const Passkey& event : line.all<Passkey>()) stages.push_back(event.stage);
  EXPECT_EQ(stages, (std::vector{Passkey::Stage::kRequested, Passkey::Stage::kSubmitted, Passkey::Stage::kConfirm,
                                 Passkey::Stage::kConfirmed}));
}

TEST(PasskeyLink, OptionsThatAreMissingOrNoneAreFetched) {
  for (const char* options : {"", "{", "[]", "{\"challenge\":1}"}) {
    PasskeyLine line;
    line.open();
    line.scan_qr();
    line.forget<Passkey>();
    wire::Node again = wire::Node("notification")
                           .with("type", "passkey_prologue_request")
                           .with("from", wire::server_jid())
                           .with("id", "77");
    if (*options != '\0') again.child(wire::Node("passkey_request_options").bytes(as_bytes(options)));
    line.server_.send_stanza({}, again, line.now());
    line.settle();
    ASSERT_TRUE(line.passkey()) << options;
    EXPECT_EQ(line.passkey()->stage, Passkey::Stage::kRequested) << options;
    line.submit();
    EXPECT_EQ(line.passkey()->stage, Passkey::Stage::kConfirm) << options;
  }
}

TEST(PasskeyLink, AServerThatHasNoOptionsAtAllEndsTheAttempt) {
  for (const auto defect : {PasskeyDefect::kNoOptions, PasskeyDefect::kBadOptions}) {
    PasskeyLine line(defect);
    line.open();
    line.scan_qr();
    ASSERT_TRUE(line.ended()) << static_cast<int>(defect);
    EXPECT_EQ(line.ended()->why.cause, Cause::kPasskeyRequired);
    EXPECT_EQ(line.passkey()->stage, Passkey::Stage::kEnded);
  }
}

TEST(PasskeyLink, ARefusedAssertionMakesRoomForAnother) {
  PasskeyLine line(PasskeyDefect::kRefuseAssertion);
  line.open();
  line.scan_qr();
  line.submit();
  ASSERT_EQ(line.passkey()->stage, Passkey::Stage::kRequested);
  ASSERT_TRUE(line.passkey()->why);
  EXPECT_EQ(line.passkey()->why->cause, Cause::kPasskeyRejected);
  EXPECT_FALSE(line.ended());
}

TEST(PasskeyLink, AnAssertionForAnotherChallengeIsRefusedAndTheRightOneLinks) {
  PasskeyLine line;
  line.open();
  line.scan_qr();
  line.submit_another(R"({"challenge":"AAAA","rpId":"whatsapp.com"})");
  ASSERT_EQ(line.passkey()->stage, Passkey::Stage::kRequested);
  ASSERT_TRUE(line.passkey()->why);
  EXPECT_EQ(line.passkey()->why->cause, Cause::kPasskeyRejected);
  line.submit();
  ASSERT_EQ(line.passkey()->stage, Passkey::Stage::kConfirm);
  line.run(command::ConfirmPasskey{});
  ASSERT_TRUE(line.outcome_);
  EXPECT_TRUE(line.outcome_->ok()) << line.outcome_->error().message;
  EXPECT_EQ(line.violations(), "") << "the handoff is proved again";
}

TEST(PasskeyLink, APhoneWhoseIdentityIsNoneEndsTheAttempt) {
  for (const auto defect : {PasskeyDefect::kShortPrimaryKey, PasskeyDefect::kShortPrimaryNonce}) {
    PasskeyLine line(defect);
    line.open();
    line.scan_qr();
    line.submit();
    ASSERT_TRUE(line.ended()) << static_cast<int>(defect);
    EXPECT_EQ(line.ended()->why.cause, Cause::kPairingMalformed);
    EXPECT_EQ(line.ended()->disposition, Disposition::kStop);
    EXPECT_EQ(line.passkey()->stage, Passkey::Stage::kEnded);
    EXPECT_FALSE(line.account());
  }
}

TEST(PasskeyLink, ARefusedNonceEndsTheAttempt) {
  PasskeyLine line(PasskeyDefect::kRefuseNonce);
  line.open();
  line.scan_qr();
  line.submit();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kPasskeyRejected);
}

TEST(PasskeyLink, ASilentServerIsGivenUp) {
  PasskeyLine line(PasskeyDefect::kSilentPrologue);
  line.open();
  line.scan_qr();
  line.submit();
  EXPECT_EQ(line.passkey()->stage, Passkey::Stage::kRequested);
  line.run_for(Seconds(160));
  EXPECT_TRUE(line.passkey()->why || line.ended()) << "no answer to passkey_prologue within its time is told";
}

TEST(PasskeyLink, APhoneThatFallsSilentAfterTheConfirmationIsGivenUpAfterAMinute) {
  PasskeyLine line(PasskeyDefect::kSilentAfterConfirmation);
  line.open();
  line.scan_qr();
  line.submit();
  line.run(command::ConfirmPasskey{});
  line.run_for(Seconds(59));
  EXPECT_FALSE(line.ended());
  line.run_for(Seconds(2));
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kPairingUnanswered);
  line.forget_events();
  line.fault({.passkey = false});
  line.pair_and_log_in();
}

TEST(PasskeyLink, NobodyWhoSignsIsWaitedForTenMinutesWithoutQrOrSilence) {
  PasskeyLine line;
  line.open();
  line.scan_qr();
  line.run_for(Seconds(599));
  EXPECT_FALSE(line.ended()) << "the refs' time does not count any more";
  EXPECT_EQ(line.all<event::QrCode>().size(), 1U);
  line.run_for(Seconds(2));
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kPasskeyRequired);
  EXPECT_EQ(line.ended()->disposition, Disposition::kStop);
}

TEST(PasskeyLink, OutOfTurnNothingIsSent) {
  PasskeyLine line;
  line.open();
  const auto quiet = [&](Command command) {
    const std::size_t sent = line.outputs_.size();
    line.run(std::move(command));
    for (std::size_t i = sent; i < line.outputs_.size(); ++i) {
      EXPECT_FALSE(std::holds_alternative<SendBytes>(line.outputs_[i]));
    }
    EXPECT_TRUE(line.has<event::Refused>());
    line.forget<event::Refused>();
  };
  quiet(command::SubmitAssertion{to_bytes("id"), "{}"});
  quiet(command::ConfirmPasskey{});
  line.scan_qr();
  quiet(command::ConfirmPasskey{});
  line.submit();
  quiet(command::SubmitAssertion{to_bytes("id"), "{}"});
  line.run(command::ConfirmPasskey{});
  ASSERT_TRUE(line.outcome_);
  EXPECT_TRUE(line.outcome_->ok());
}

TEST(PasskeyLink, AContinuationNobodyWaitsForIsRefused) {
  PasskeyLine line(PasskeyDefect::kUnsolicitedContinuation);
  line.open();
  line.scan_qr();
  EXPECT_TRUE(line.has<event::Refused>());
  ASSERT_TRUE(line.passkey());
  EXPECT_EQ(line.passkey()->stage, Passkey::Stage::kRequested) << "and changes nothing";
}

TEST(PasskeyLink, TheNewSecretIsDurableBeforeItIsSealed) {
  PasskeyLine line;
  line.open();
  line.scan_qr();
  line.submit();
  const std::string secret = line.secret();
  line.store_.lose_power();
  EXPECT_EQ(line.secret(), secret);
  line.run(command::ConfirmPasskey{});
  ASSERT_TRUE(line.outcome_ && line.outcome_->ok()) << "pair-success is keyed with it";
}

TEST(PasskeyLink, AFailedCommitAnywhereEndsTheConnectionAndTheNextSessionGoesOn) {
  for (std::size_t nth = 1; nth <= 10; ++nth) {
    PasskeyLine line(std::nullopt, 90 + nth);
    line.store_.fail_commit(nth);
    line.open();
    for (int round = 0; round < 16 && !line.has<event::Online>(); ++round) {
      const Passkey* passkey = line.passkey();
      if (line.session_->spent()) {
        ASSERT_TRUE(line.store_.try_resume().ok());
        line.make_session();
        line.forget_events();
        line.open();
      } else if (line.session_->phase() == Phase::kPairing && !passkey) {
        line.scan_qr();
      } else if (line.session_->phase() == Phase::kPairing && passkey->stage == Passkey::Stage::kRequested) {
        line.submit();
      } else if (line.session_->phase() == Phase::kPairing && passkey->stage == Passkey::Stage::kConfirm) {
        line.run(command::ConfirmPasskey{});
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

TEST(PasskeyLink, IsNoMatterOfALinkedDevice) {
  SessionLine line;
  line.pair_and_log_in();
  line.server_.send_stanza({},
                           wire::Node("notification")
                               .with("type", "passkey_prologue_request")
                               .with("from", wire::server_jid())
                               .with("id", "1")
                               .child(wire::Node("passkey_request_options").bytes(as_bytes("{}"))),
                           line.now());
  line.settle();
  EXPECT_TRUE(line.has<event::Refused>());
  EXPECT_FALSE(line.has<Passkey>());
  EXPECT_EQ(line.session_->phase(), Phase::kOnline);
}

}  // namespace
}  // namespace ponte::protocol
