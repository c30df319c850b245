#include "protocol/appstate/push.h"

#include "unit/protocol/appstate/sync_fixture.h"

namespace ponte::protocol::appstate {
namespace {

struct AppStatePush : SyncFixture {
  static TimedAction pin(const std::string& chat, bool on = true) {
    return {action::Pin{wire::Jid{chat, "g.us"}, on}, Wall(Milliseconds(5))};
  }
  void write(const std::vector<TimedAction>& actions) {
    ok(bench.run([&](Step& step) {
      return push(step, actions, [this](Step&, const Status& outcome) {
        outcomes.push_back(outcome.ok() ? "ok" : std::string(cause_name(outcome.error().cause)));
        return Status::Ok();
      });
    }));
  }
  /// The patch that was sent, as the server hands it on to others: with its version.
  proto::SyncdPatch pushed(const std::string& upon) {
    request = bench.take_sent();
    const wire::Node* sync = request.find("sync");
    EXPECT_NE(sync, nullptr) << request.to_xml(true);
    if (sync == nullptr) return {};
    const wire::Node& node = sync->children().front();
    EXPECT_EQ(node.attribute("version"), upon);
    EXPECT_EQ(node.attribute("return_snapshot"), "false");
    proto::SyncdPatch patch;
    const wire::Node* sealed = node.find("patch");
    EXPECT_TRUE(sealed != nullptr && patch.ParseFromString(to_text(*sealed->leaf())));
    EXPECT_FALSE(patch.has_version());
    patch.mutable_version()->set_version(std::stoull(upon) + 1);
    return patch;
  }
  /// Another device of the account takes it.
  void check_at_the_phone(const proto::SyncdPatch& patch) {
    const auto applied = apply_patch(Collection::kRegularLow, low.state, low.macs, patch, low.ring);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
    low.state = applied->state;
    low.macs.take(*applied);
  }

  std::vector<std::string> outcomes;
};

TEST_F(AppStatePush, FetchesThenWritesAndKeepsWhatTheServerHasTaken) {
  low.patch({pinned("1")});
  settle();
  write({pin("2"), pin("1", false)});
  EXPECT_EQ(requested(), (Requested{{"regular_low", "1"}}));
  answer({collection("regular_low", {low.patch({pinned("3")})})});
  check_at_the_phone(pushed("2"));
  EXPECT_TRUE(outcomes.empty());
  EXPECT_EQ(pins(), std::vector<std::string>{"3 on"});
  answer({collection("regular_low")});
  EXPECT_EQ(outcomes, std::vector<std::string>{"ok"});
  EXPECT_EQ(pins(), (std::vector<std::string>{"3 on", "2 on", "1 off"}));
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  EXPECT_FALSE(record("regular_low").pending);
  // What the server tells of it is no news.
  notify("regular_low", "3");
  EXPECT_EQ(requested(), Requested());
}

TEST_F(AppStatePush, SealsWithTheKeyThatThePhoneMadeLast) {
  settle();
  share(key_share(kOtherKeyId, kOtherKeyData, 9));
  low.ring.add(kOtherKeyId, kOtherKeyData);
  write({pin("1")});
  ASSERT_EQ(requested().size(), 1u);
  answer({});
  const proto::SyncdPatch patch = pushed("0");
  EXPECT_EQ(patch.key_id().id(), to_text(kOtherKeyId));
  check_at_the_phone(patch);
}

TEST_F(AppStatePush, WritesAnewUponWhatAnotherDeviceWroteFirst) {
  settle();
  write({pin("1")});
  ASSERT_EQ(requested().size(), 1u);
  answer({});
  (void)pushed("0");
  wire::Node conflict = collection("regular_low", {low.patch({pinned("2")})});
  conflict.with("type", "error").child(wire::Node("error").with("code", "409"));
  answer({conflict});
  EXPECT_EQ(pins(), std::vector<std::string>{"2 on"});
  check_at_the_phone(pushed("1"));
  answer({collection("regular_low")});
  EXPECT_EQ(outcomes, std::vector<std::string>{"ok"});
  EXPECT_EQ(pins(), (std::vector<std::string>{"2 on", "1 on"}));
}

TEST_F(AppStatePush, FetchesWhereTheConflictSaysNothingOfIt) {
  settle();
  write({pin("1")});
  ASSERT_EQ(requested().size(), 1u);
  answer({});
  (void)pushed("0");
  answer({with_error("regular_low", "409")});
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({collection("regular_low", {low.patch({pinned("2")})})});
  check_at_the_phone(pushed("1"));
  // Twice is enough.
  answer({with_error("regular_low", "409")});
  EXPECT_EQ(outcomes, std::vector<std::string>{"IQ_REJECTED"});
  EXPECT_EQ(pins(), std::vector<std::string>{"2 on"});
}

TEST_F(AppStatePush, SaysWhatTheServerRefuses) {
  settle();
  write({pin("1")});
  write({pin("2")});
  ASSERT_EQ(requested().size(), 1u);
  answer({});
  (void)pushed("0");
  answer({with_error("regular_low", "400")});
  EXPECT_EQ(outcomes, std::vector<std::string>{"IQ_REJECTED"});
  ASSERT_EQ(requested().size(), 1u);
  answer({});
  (void)pushed("0");
  ok(bench.refuse(request, "500"));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"IQ_REJECTED", "IQ_REJECTED"}));
  EXPECT_TRUE(applied.empty());
}

TEST_F(AppStatePush, FindsOutWhatBecameOfItWhereTheServerIsSilent) {
  settle();
  write({pin("1")});
  ASSERT_EQ(requested().size(), 1u);
  answer({});
  const proto::SyncdPatch patch = pushed("0");
  ok(bench.advance(IqTracker::kTimeout));
  EXPECT_EQ(outcomes, std::vector<std::string>{"IQ_TIMEOUT"});
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({collection("regular_low", {patch})});
  EXPECT_EQ(pins(), std::vector<std::string>{"1 on"});
}

TEST_F(AppStatePush, GoesOnWithTheNextConnection) {
  settle();
  write({pin("1")});
  ASSERT_EQ(requested().size(), 1u);
  answer({});
  (void)pushed("0");
  reconnect();
  ASSERT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({});
  check_at_the_phone(pushed("0"));
  answer({collection("regular_low")});
  EXPECT_EQ(outcomes, std::vector<std::string>{"ok"});
}

TEST_F(AppStatePush, DoesNotWaitForWhatCannotBeFollowed) {
  go_online();
  write({pin("1")});
  EXPECT_EQ(outcomes.size(), 1u);
  outcomes.clear();
  settle();
  // Without an answer nobody knows what it would build upon.
  write({pin("1")});
  ASSERT_EQ(requested().size(), 1u);
  ok(bench.refuse(request, "503"));
  EXPECT_EQ(outcomes, std::vector<std::string>{"APP_STATE_MISMATCH"});
  write({pin("1")});
  EXPECT_EQ(outcomes.size(), 2u);
  wait(SyncTimes::kFirstBackoff);
  // A key is missing.
  low.change_key(kOtherKeyId, kOtherKeyData);
  notify("regular_low", "1");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {low.patch({pinned("1")})})});
  write({pin("1")});
  EXPECT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(requested(), Requested());
}

}  // namespace
}  // namespace ponte::protocol::appstate
