// What keeps a linked device down, over restarts too (wire: pairing.md 9), and its presence (8.10).
#include <gtest/gtest.h>

#include "protocol/session/deadlines.h"
#include "sim/session_line.h"

namespace ponte::protocol {
namespace {

using event::Disposition;
using test::SessionLine;

std::optional<store::Hold> hold(const SessionLine& line) {
  return *store::get_hold({line.store_, SessionLine::kOwner});
}

void refuse_next_login(SessionLine& line, simulator::Failure failure) {
  simulator::Faults faults;
  faults.failure = std::move(failure);
  line.fault(faults, {.next = 1});
}

TEST(Hold, ABanIsKeptWithItsTimeUntilTheNextLogin) {
  SessionLine line;
  line.pair_and_log_in();
  EXPECT_FALSE(hold(line));
  refuse_next_login(line, {402, {{"expire", "3600"}, {"code", "101"}}});
  line.open();
  ASSERT_TRUE(hold(line));
  EXPECT_EQ(hold(line)->code, "TEMPORARILY_BANNED");
  EXPECT_EQ(hold(line)->until, line.now().wall + Seconds(3600));
  EXPECT_NE(hold(line)->message.find("code=\"101\""), std::string::npos)
      << "the server's words: " << hold(line)->message;
  EXPECT_EQ(line.ended()->why.retry_after, Seconds(3600));
  line.store_.lose_power();
  EXPECT_TRUE(hold(line));
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
  EXPECT_FALSE(hold(line)) << "the server has let us in";
}

TEST(Hold, ABanWithoutATimeLastsUntilAsked) {
  SessionLine line;
  line.pair_and_log_in();
  refuse_next_login(line, {402, {}});
  line.open();
  ASSERT_TRUE(hold(line));
  EXPECT_FALSE(hold(line)->until);
}

TEST(Hold, ADeviceThatIsConnectedElsewhereIsHeldDown) {
  for (const auto& [code, conflict] : {std::pair(0U, "replaced"), std::pair(409U, "")}) {
    SessionLine line;
    line.pair_and_log_in();
    line.server_.send_stream_error({}, code, conflict, line.now());
    line.settle();
    ASSERT_TRUE(hold(line)) << code;
    EXPECT_EQ(hold(line)->code, "STREAM_REPLACED");
    EXPECT_FALSE(hold(line)->until);
    EXPECT_TRUE(line.account());
  }
}

TEST(Hold, OtherEndsHoldNothing) {
  for (const unsigned reason : {400U, 405U, 409U, 415U, 418U, 500U, 501U, 503U, 599U}) {
    SessionLine line;
    line.pair_and_log_in();
    refuse_next_login(line, {reason, {}});
    line.open();
    EXPECT_FALSE(hold(line)) << reason;
    EXPECT_TRUE(line.account()) << reason;
  }
}

TEST(Hold, IsForgottenWithTheDevice) {
  SessionLine line;
  line.pair_and_log_in();
  refuse_next_login(line, {402, {}});
  line.open();
  refuse_next_login(line, {401, {}});
  line.open();
  EXPECT_FALSE(line.account());
  EXPECT_FALSE(hold(line));
}

TEST(Hold, AnUnlinkedDeviceIsRefusedButNotHeld) {
  SessionLine line;
  refuse_next_login(line, {402, {{"expire", "60"}}});
  line.open();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kTemporarilyBanned);
  EXPECT_FALSE(hold(line));
}

// ---- presence ---------------------------------------------------------------------------------------

const simulator::Companion& companion(SessionLine& line) {
  return line.server_.world().accounts.all().begin()->second->companions.begin()->second;
}

TEST(Presence, IsAnnouncedAtLoginAndWhenItChanges) {
  SessionLine line;
  line.phone_.business_name = "Padaria";
  line.options_.presence = protocol::Presence::kAvailable;
  line.pair_and_log_in();
  EXPECT_TRUE(companion(line).available);
  EXPECT_EQ(companion(line).push_name, "Padaria");
  line.run(command::SetPresence{protocol::Presence::kUnavailable});
  EXPECT_FALSE(companion(line).available);
  line.run(command::SetPresence{protocol::Presence::kAvailable});
  EXPECT_TRUE(companion(line).available);
  EXPECT_EQ(line.violations(), "");
}

TEST(Presence, NothingIsSaidByADeviceThatWasNeverAvailable) {
  SessionLine line;
  line.phone_.business_name = "Padaria";
  line.pair_and_log_in();
  const std::size_t sent = line.outputs_.size();
  line.run(command::SetPresence{protocol::Presence::kUnavailable});
  EXPECT_EQ(line.outputs_.size(), sent);
}

TEST(Presence, WaitsForANameThatOthersCouldBeShown) {
  SessionLine line;
  line.options_.presence = protocol::Presence::kAvailable;
  line.pair_and_log_in();
  EXPECT_FALSE(companion(line).available);
  line.run(command::SetPresence{protocol::Presence::kUnavailable});
  line.run(command::SetPresence{protocol::Presence::kAvailable});
  EXPECT_FALSE(companion(line).available);
}

TEST(Presence, IsRememberedWhereNotLoggedIn) {
  SessionLine line;
  line.phone_.business_name = "Padaria";
  line.run(command::SetPresence{protocol::Presence::kAvailable});
  EXPECT_TRUE(line.outputs_.empty());
}

// ---- the server's clock -----------------------------------------------------------------------------

TEST(ServerTime, ATimeThatIsNoDateIsIgnored) {
  SessionLine line;
  line.pair_and_log_in();
  for (const char* t : {"18446744073709551615", "9223372036854775807", "253402300800"}) {
    line.server_.send_stanza({}, wire::Node("success").with("t", t), line.now());
    line.settle();
  }
  EXPECT_EQ(line.session_->phase(), Phase::kOnline);
}

}  // namespace
}  // namespace ponte::protocol
