#include <gtest/gtest.h>

#include "protocol/devices/prekeys.h"
#include "sim/session_line.h"

namespace ponte::protocol {
namespace {

using event::Disposition;
using test::SessionLine;

const simulator::Companion& companion(SessionLine& line) {
  auto& account = *line.server_.world().accounts.all().begin()->second;
  return account.companions.begin()->second;
}

TEST(Online, UploadsEightHundredTwelvePrekeysAtTheFirstLogin) {
  SessionLine line;
  line.pair_and_log_in();
  EXPECT_EQ(companion(line).prekeys.size(), devices::kFirstUpload);
  EXPECT_EQ(companion(line).highest_prekey_id, devices::kFirstUpload);
  const auto state = *store::get_prekey_state({line.store_, SessionLine::kOwner});
  ASSERT_TRUE(state);
  EXPECT_EQ(state->next_id, devices::kFirstUpload + 1);
  EXPECT_EQ(state->first_unuploaded_id, state->next_id);
  const auto kept = store::get_prekey({line.store_, SessionLine::kOwner}, 1);
  ASSERT_TRUE(kept.ok() && *kept);
  EXPECT_TRUE(equal(crypto::key_pair_from_private((*kept)->copy()).public_key, companion(line).prekeys.front().key));
}

TEST(Online, ALaterLoginUploadsNothingWhileThereIsEnough) {
  SessionLine line;
  line.pair_and_log_in();
  line.open();
  EXPECT_EQ(companion(line).uploads, 1U);
}

TEST(Online, TopsUpWithNewIdsWhenTheServerRunsLow) {
  SessionLine line;
  line.pair_and_log_in();
  const std::string number = companion(line).prekeys.empty() ? "" : line.server_.world().accounts.all().begin()->first;
  ASSERT_TRUE(line.server_.use_prekeys(number, 2, line.now()).ok());
  line.settle();
  EXPECT_EQ(companion(line).prekeys.size(), 2 + devices::kTopUp);
  EXPECT_EQ(companion(line).highest_prekey_id, devices::kFirstUpload + devices::kTopUp);
  EXPECT_TRUE(line.server_.world().violations.empty());
}

TEST(Online, PingsAndStaysUpForADay) {
  SessionLine line;
  line.pair_and_log_in();
  line.run_for(std::chrono::hours(24));
  EXPECT_EQ(line.session_->phase(), Phase::kOnline);
  EXPECT_TRUE(line.server_.world().violations.empty());
}

TEST(Online, ASilentServerIsNoticedWithinFiftySeconds) {
  SessionLine line;
  line.pair_and_log_in();
  line.forget_events();
  // The wire goes dead without a close.
  simulator::SimConnection* const dead = line.connection_;
  line.connection_ = nullptr;
  line.run_for(Seconds(50));
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kKeepaliveTimeout);
  EXPECT_EQ(line.ended()->disposition, Disposition::kRetry);
  dead->on_closed(line.now());
  line.server_.forget(dead->id());
}

TEST(Online, AcknowledgesWhateverAsksForIt) {
  SessionLine line;
  line.pair_and_log_in();
  using wire::Jid;
  using wire::Node;
  const Jid user{"5511988887777", "s.whatsapp.net"};
  for (const char* tag : {"message", "receipt", "notification", "call"}) {
    line.server_.send_stanza({},
                             Node(tag)
                                 .with("from", user)
                                 .with("id", std::string("id-") + tag)
                                 .with("type", "text")
                                 .with("participant", Jid{"1", "lid", 3})
                                 .with("recipient", user),
                             line.now());
  }
  line.settle();
  ASSERT_NE(line.connection_, nullptr);
  EXPECT_EQ(line.connection_->unacknowledged(), 0U);
  EXPECT_TRUE(line.server_.world().violations.empty())
      << (line.server_.world().violations.empty() ? "" : line.server_.world().violations.front().text);
}

TEST(Online, ASecondSuccessChangesNothing) {
  SessionLine line;
  line.fault({.duplicate_success = true});
  line.pair_and_log_in();
  EXPECT_EQ(line.all<event::Online>().size(), 1U);
  EXPECT_EQ(line.account()->login_counter, 1U);
}

struct FailureCase {
  unsigned reason;
  Cause cause;
  Disposition disposition;
  bool keeps_account;
};

TEST(Online, EveryFailureOfALoginDoesWhatItsCodeAsks) {
  const FailureCase cases[] = {
      {400, Cause::kClientRefused, Disposition::kStop, true},
      {401, Cause::kLoggedOut, Disposition::kLoggedOut, false},
      {402, Cause::kTemporarilyBanned, Disposition::kStop, true},
      {403, Cause::kAccountLocked, Disposition::kLoggedOut, false},
      {405, Cause::kClientOutdated, Disposition::kStop, true},
      {406, Cause::kBanned, Disposition::kLoggedOut, false},
      {409, Cause::kClientRefused, Disposition::kStop, true},
      {413, Cause::kClientRefused, Disposition::kStop, true},
      {414, Cause::kClientRefused, Disposition::kStop, true},
      {415, Cause::kClientRefused, Disposition::kStop, true},
      {418, Cause::kClientRefused, Disposition::kStop, true},
      {501, Cause::kClientRefused, Disposition::kStop, true},
      {500, Cause::kServerError, Disposition::kRetry, true},
      {503, Cause::kServerError, Disposition::kRetry, true},
      {599, Cause::kClientRefused, Disposition::kStop, true},
  };
  for (const auto& [reason, cause, disposition, keeps] : cases) {
    SessionLine line;
    line.pair_and_log_in();
    line.forget_events();
    simulator::Failure failure{reason, {{"expire", "3600"}}};
    line.fault({.failure = failure}, {.next = 1});
    line.open();
    line.run_for(Seconds(2));
    ASSERT_TRUE(line.ended()) << reason;
    EXPECT_EQ(cause_name(line.ended()->why.cause), cause_name(cause)) << reason;
    EXPECT_EQ(line.ended()->disposition, disposition) << reason;
    EXPECT_EQ(line.ended()->why.retry_after, Seconds(3600)) << reason;
    EXPECT_EQ(line.account().has_value(), keeps) << reason;
    const auto logged_out = *store::get_logged_out({line.store_, SessionLine::kOwner});
    EXPECT_EQ(logged_out.has_value(), !keeps) << reason;
    EXPECT_TRUE(keeps || line.records() == 1U) << "only why it was logged out";
  }
}

struct StreamErrorCase {
  unsigned code;
  const char* conflict;
  Cause cause;
  Disposition disposition;
  bool keeps_account;
};

TEST(Online, EveryStreamErrorDoesWhatItsCodeAsks) {
  const StreamErrorCase cases[] = {
      {515, "", Cause::kRestartRequired, Disposition::kRestart, true},
      {401, "device_removed", Cause::kLoggedOut, Disposition::kLoggedOut, false},
      {401, "", Cause::kLoggedOut, Disposition::kLoggedOut, false},
      {516, "", Cause::kLoggedOut, Disposition::kLoggedOut, false},
      {0, "replaced", Cause::kStreamReplaced, Disposition::kStop, true},
      {409, "", Cause::kStreamReplaced, Disposition::kStop, true},
      {429, "", Cause::kStreamError, Disposition::kRetry, true},
      {500, "", Cause::kServerError, Disposition::kRetry, true},
      {503, "", Cause::kServerError, Disposition::kRetry, true},
      {0, "", Cause::kStreamError, Disposition::kRetry, true},
  };
  for (const auto& [code, conflict, cause, disposition, keeps] : cases) {
    SessionLine line;
    line.pair_and_log_in();
    line.forget_events();
    line.server_.send_stream_error({}, code, conflict, line.now());
    line.run_for(Seconds(2));
    ASSERT_TRUE(line.ended()) << code << conflict;
    EXPECT_EQ(cause_name(line.ended()->why.cause), cause_name(cause)) << code << conflict;
    EXPECT_EQ(line.ended()->disposition, disposition) << code << conflict;
    EXPECT_EQ(line.account().has_value(), keeps) << code << conflict;
  }
}

TEST(Online, AServerThatCouldNotReadOrMissedAnAckIsToldOfWithWhatWasSentLast) {
  const wire::Node complaints[] = {wire::Node("xml-not-well-formed"), wire::Node("ack").with("class", "message")};
  for (const wire::Node& complaint : complaints) {
    SessionLine line;
    line.pair_and_log_in();
    line.forget_events();
    line.server_.send_stanza({}, wire::Node("stream:error").child(complaint), line.now());
    line.settle();
    ASSERT_TRUE(line.ended()) << complaint.tag;
    EXPECT_EQ(line.ended()->disposition, Disposition::kRetry);
    EXPECT_NE(line.ended()->why.message.find(complaint.tag), std::string::npos) << line.ended()->why.message;
    EXPECT_NE(line.ended()->why.message.find("last sent: "), std::string::npos) << line.ended()->why.message;
  }
}

TEST(Online, LogoutUnlinksAndWipes) {
  SessionLine line;
  line.pair_and_log_in();
  line.forget_events();
  line.session_->run(command::Logout{}, line.now());
  line.run_for(Seconds(6));
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->disposition, Disposition::kLoggedOut);
  EXPECT_TRUE(line.server_.world().accounts.all().begin()->second->companions.empty());
  EXPECT_FALSE(line.account());
}

TEST(Online, RoutingInfoGoesInFrontOfTheNextHandshake) {
  SessionLine line;
  line.pair_and_log_in();
  line.server_.send_stanza(
      {},
      wire::Node("ib")
          .with("from", wire::server_jid())
          .child(wire::Node("edge_routing").child(wire::Node("routing_info").bytes(as_bytes("\x08\x0c\x08\x02")))),
      line.now());
  line.settle();
  line.forget_events();
  line.open();
  ASSERT_NE(line.connection_, nullptr);
  EXPECT_EQ(line.connection_->routing_info(), to_bytes("\x08\x0c\x08\x02"));
  EXPECT_TRUE(line.has<event::Online>());
}

TEST(Online, AGarbageFrameEndsTheConnectionAndTheNextOneWorks) {
  SessionLine line;
  line.pair_and_log_in();
  line.forget_events();
  line.server_.send_garbage({}, line.now());
  line.settle();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kDecryptionFailed);
  EXPECT_EQ(line.ended()->disposition, Disposition::kRetry) << "a linked device never gives up by itself";
  line.forget_events();
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
}

}  // namespace
}  // namespace ponte::protocol
