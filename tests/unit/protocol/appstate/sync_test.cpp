#include "protocol/appstate/sync.h"

#include "unit/protocol/appstate/sync_fixture.h"

namespace ponte::protocol::appstate {
namespace {

constexpr Milliseconds kDay = SyncTimes::kAskAgain;

const SyncFixture::Requested kEverything = {
    {"critical_block", ""}, {"critical_unblock_low", ""}, {"regular", ""}, {"regular_high", ""}, {"regular_low", ""}};

using AppStateSync = SyncFixture;

TEST_F(AppStateSync, FetchesEverythingOnceThePhoneHasSharedItsKeys) {
  go_online();
  EXPECT_EQ(requested(), Requested());
  share(key_share(kKeyId, kKeyData));
  EXPECT_EQ(requested(), kEverything);
  low.patch({pinned("1"), pinned("2")});
  low.patch({pinned("2", false)});
  answer({with_snapshot(collection("regular_low"))});
  ASSERT_EQ(fetches.size(), 1u);
  EXPECT_EQ(fetches[0].reference.direct_path(), "/snapshot of regular_low");
  EXPECT_TRUE(record("regular_low").pending);
  deliver(low.snapshot());
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  EXPECT_FALSE(record("regular_low").pending);
  ASSERT_EQ(applied.size(), 1u);
  EXPECT_EQ(applied[0].source, Changes::Source::kSnapshot);
  std::vector<std::string> sorted = pins();
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, (std::vector<std::string>{"1 on", "2 off"}));
  EXPECT_EQ(stages(), std::vector<std::string>{"regular_low updated"});
  EXPECT_EQ(requested(), Requested());
  EXPECT_TRUE(asked_for.empty());
}

TEST_F(AppStateSync, AsksForWhatItLacksWhereNoKeysCome) {
  go_online();
  wait(SyncTimes::kKeysWithin - Milliseconds(1));
  EXPECT_EQ(requested(), Requested());
  EXPECT_EQ(bench.link.next_deadline(), bench.clock.now().mono + Milliseconds(1));
  wait(Milliseconds(1));
  EXPECT_EQ(requested(), kEverything);
  low.patch({pinned("1")});
  answer({with_snapshot(collection("regular_low"))});
  deliver(low.snapshot());
  EXPECT_EQ(asked_for, std::vector<std::vector<Bytes>>{{kKeyId}});
  EXPECT_EQ(stages(), std::vector<std::string>{"regular_low blocked"});
}

TEST_F(AppStateSync, TakesPatchesUponWhatItHolds) {
  low.patch({pinned("1")});
  settle();
  notify("regular_low", "3");
  EXPECT_EQ(requested(), (Requested{{"regular_low", "1"}}));
  const auto second = low.patch({pinned("2")});
  const auto third = low.patch({pinned("1", false), pinned("3")});
  answer({collection("regular_low", {second, third})});
  EXPECT_EQ(pins(), (std::vector<std::string>{"2 on", "1 off", "3 on"}));
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  EXPECT_EQ(applied.at(1).source, Changes::Source::kPatch);
  const auto told = bench.all<event::AppStateSync>();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].version, 3u);
  EXPECT_EQ(told[1].changes, 2u);
}

TEST_F(AppStateSync, AsksAgainWhileTheServerHoldsMore) {
  settle();
  notify("regular_low", "2");
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({collection("regular_low", {low.patch({pinned("1")})}).with("has_more_patches", "true")});
  EXPECT_EQ(requested(), (Requested{{"regular_low", "1"}}));
  answer({collection("regular_low", {low.patch({pinned("2")})})});
  EXPECT_EQ(requested(), Requested());
  EXPECT_EQ(pins(), (std::vector<std::string>{"1 on", "2 on"}));
}

TEST_F(AppStateSync, DoesNotAskForEverWhereTheServerBringsNothing) {
  settle();
  notify("regular_low", "2");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low").with("has_more_patches", "true")});
  EXPECT_EQ(requested(), Requested());
  EXPECT_TRUE(record("regular_low").pending);
  wait(SyncTimes::kFirstBackoff);
  EXPECT_EQ(requested().size(), 1u);
}

TEST_F(AppStateSync, AsksAgainForAVersionThatTheServerToldOfAndDoesNotHaveYet) {
  settle();
  notify("regular_low", "2");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {low.patch({pinned("1")})})});
  EXPECT_EQ(requested(), Requested()) << "not at once";
  EXPECT_TRUE(record("regular_low").pending);
  wait(SyncTimes::kFirstBackoff);
  EXPECT_EQ(requested(), (Requested{{"regular_low", "1"}}));
  answer({collection("regular_low", {low.patch({pinned("2")})})});
  EXPECT_EQ(pins(), (std::vector<std::string>{"1 on", "2 on"}));
  EXPECT_FALSE(record("regular_low").pending);
  EXPECT_EQ(bench.link.next_deadline(), std::nullopt);
}

TEST_F(AppStateSync, GivesUpOnAVersionThatNeverComes) {
  settle();
  notify("regular_low", "9");
  int looks = 0;
  while (!requested().empty()) {
    ++looks;
    answer({collection("regular_low", {})});
    if (const auto next = bench.link.next_deadline()) wait(*next - bench.clock.now().mono);
  }
  EXPECT_EQ(looks, 7);
  EXPECT_FALSE(record("regular_low").pending);
}

TEST_F(AppStateSync, TakesMutationsFromAFileInPlaceOfThePatchs) {
  settle();
  notify("regular_low", "2");
  ASSERT_EQ(requested().size(), 1u);
  proto::SyncdPatch first = low.patch({pinned("1"), pinned("2")});
  proto::SyncdMutations mutations;
  *mutations.mutable_mutations() = first.mutations();
  first.mutable_mutations()->RemoveLast();
  first.mutable_external_mutations()->set_direct_path("/mutations");
  answer({collection("regular_low", {first, low.patch({pinned("3")})})});
  ASSERT_EQ(fetches.size(), 1u);
  EXPECT_EQ(fetches[0].reference.direct_path(), "/mutations");
  EXPECT_TRUE(pins().empty());
  deliver(mutations);
  EXPECT_EQ(pins(), (std::vector<std::string>{"1 on", "2 on", "3 on"}));
  EXPECT_EQ(state_of(record("regular_low")), low.state);
}

TEST_F(AppStateSync, TakesALargeSnapshotOverSeveralSteps) {
  std::vector<Mutation> many;
  for (std::size_t i = 0; i < 2 * Taking::kAtOnce + 10; ++i) many.push_back(pinned(std::to_string(i)));
  low.patch(many);
  go_online();
  share(key_share(kKeyId, kKeyData));
  ASSERT_EQ(requested().size(), 5u);
  answer({with_snapshot(collection("regular_low"))});
  deliver(low.snapshot());
  EXPECT_EQ(bench.link.next_deadline(), Mono());
  int steps = 1;
  for (; bench.link.app_state->busy; ++steps) {
    // Nothing of it holds yet, and nothing is lost where the connection ends now.
    EXPECT_EQ(record("regular_low").hash, std::nullopt);
    EXPECT_TRUE(record("regular_low").pending);
    ok(bench.run(on_deadline));
  }
  EXPECT_EQ(steps, 5);
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  ASSERT_EQ(applied.size(), 3u);
  EXPECT_EQ(applied[0].part, Changes::Part::kMore);
  EXPECT_EQ(applied[1].first, 3 * Taking::kAtOnce - many.size()) << "the step that has counted the last opens some";
  EXPECT_EQ(applied[2].part, Changes::Part::kLast);
  EXPECT_EQ(applied[2].actions.size(), many.size());
  EXPECT_EQ(stages(), std::vector<std::string>{"regular_low updated"});
  EXPECT_EQ(requested(), Requested());
}

TEST_F(AppStateSync, BeginsALargeSnapshotAgainWhereTheConnectionEndsInBetween) {
  std::vector<Mutation> many;
  for (std::size_t i = 0; i < 2 * Taking::kAtOnce; ++i) many.push_back(pinned(std::to_string(i)));
  low.patch(many);
  go_online();
  share(key_share(kKeyId, kKeyData));
  ASSERT_EQ(requested().size(), 5u);
  answer({with_snapshot(collection("regular_low"))});
  deliver(low.snapshot());
  ok(bench.run(on_deadline));
  ASSERT_TRUE(bench.link.app_state->busy);
  reconnect();
  EXPECT_FALSE(bench.link.app_state->busy);
  EXPECT_EQ(requested(), (Requested{{"regular", ""}, {"regular_low", ""}}));
  answer({with_snapshot(collection("regular_low"))});
  deliver(low.snapshot());
  while (bench.link.app_state->busy) ok(bench.run(on_deadline));
  EXPECT_EQ(state_of(record("regular_low")), low.state);
}

TEST_F(AppStateSync, TakesManyPatchesOverSeveralSteps) {
  settle();
  std::vector<proto::SyncdPatch> patches;
  for (int i = 0; i < 100; ++i) patches.push_back(low.patch({pinned(std::to_string(i))}));
  notify("regular_low", "100");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", patches)});
  EXPECT_LT(pins().size(), 100u);
  while (bench.link.app_state->busy) ok(bench.run(on_deadline));
  EXPECT_EQ(pins().size(), 100u);
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  EXPECT_FALSE(record("regular_low").pending);
}

TEST_F(AppStateSync, LeavesAloneWhatIsNotNewer) {
  low.patch({pinned("1")});
  settle();
  notify("regular_low", "1");
  notify("regular_low", "0");
  notify("a collection of tomorrow", "9");
  EXPECT_EQ(requested(), Requested());
  notify("regular_low", "");
  EXPECT_EQ(requested(), (Requested{{"regular_low", "1"}}));
}

TEST_F(AppStateSync, NotesWhatTheServerTellsAsDurablyAsItIsAcknowledged) {
  settle();
  bench.durabilities.clear();
  notify("regular_low", "1");
  EXPECT_EQ(bench.durabilities, std::vector<std::optional<store::Durability>>{store::Durability::kPowerLoss});
  // The connection ends before the answer comes: the next one asks.
  reconnect();
  (void)bench.take_sent();
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
}

TEST_F(AppStateSync, RunsOneRoundAtATime) {
  settle();
  notify("regular_low", "1");
  EXPECT_EQ(requested().size(), 1u);
  const wire::Node first = request;
  notify("regular", "");
  notify("regular_low", "2");
  EXPECT_EQ(requested(), Requested());
  request = first;
  answer({collection("regular_low", {low.patch({pinned("1")})})});
  // What came up meanwhile follows, the same collection too.
  EXPECT_EQ(requested(), (Requested{{"regular", ""}, {"regular_low", "1"}}));
  answer({collection("regular_low", {low.patch({pinned("2")})})});
  EXPECT_EQ(requested(), Requested());
  EXPECT_FALSE(record("regular_low").pending);
}

TEST_F(AppStateSync, WaitsForAKeyAndGoesOnWhenItIsShared) {
  settle();
  low.change_key(kOtherKeyId, kOtherKeyData);
  notify("regular_low", "1");
  ASSERT_EQ(requested().size(), 1u);
  const proto::SyncdPatch patch = low.patch({pinned("1")});
  answer({collection("regular_low", {patch})});
  EXPECT_EQ(asked_for, std::vector<std::vector<Bytes>>{{kOtherKeyId}});
  EXPECT_EQ(stages(), std::vector<std::string>{"regular_low blocked"});
  EXPECT_EQ(record("regular_low").missing_keys, std::vector<Bytes>{kOtherKeyId});
  // Others go on; this one is not fetched in vain.
  notify("regular_low", "2");
  notify("regular", "");
  EXPECT_EQ(requested(), (Requested{{"regular", ""}}));
  answer({});
  share(key_share(kOtherKeyId, kOtherKeyData));
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({collection("regular_low", {patch})});
  EXPECT_EQ(pins(), std::vector<std::string>{"1 on"});
  EXPECT_TRUE(record("regular_low").missing_keys.empty());
}

TEST_F(AppStateSync, AsksForAKeyOnceADay) {
  settle();
  low.change_key(kOtherKeyId, kOtherKeyData);
  notify("regular_low", "1");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {low.patch({pinned("1")})})});
  reconnect();
  reconnect();
  wait(kDay - Milliseconds(1));
  EXPECT_EQ(asked_for.size(), 1u);
  wait(Milliseconds(1));
  EXPECT_EQ(asked_for, (std::vector<std::vector<Bytes>>{{kOtherKeyId}, {kOtherKeyId}}));
  wait(kDay);
  EXPECT_EQ(asked_for.size(), 3u);
}

TEST_F(AppStateSync, FailsWhereThePhoneHasNotTheKeyEither) {
  settle();
  low.change_key(kOtherKeyId, kOtherKeyData);
  notify("regular_low", "1");
  ASSERT_EQ(requested().size(), 1u);
  const proto::SyncdPatch patch = low.patch({pinned("1")});
  answer({collection("regular_low", {patch})});
  share(key_share(kOtherKeyId, {}));
  EXPECT_EQ(stages(), (std::vector<std::string>{"regular_low blocked", "regular_low failed"}));
  EXPECT_EQ(recoveries, std::vector<std::string>{"regular_low"});
  EXPECT_EQ(requested(), Requested());
  // It found it after all.
  share(key_share(kOtherKeyId, kOtherKeyData));
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({collection("regular_low", {patch})});
  EXPECT_EQ(pins(), std::vector<std::string>{"1 on"});
  EXPECT_EQ(record("regular_low").failed_at, std::nullopt);
}

TEST_F(AppStateSync, KeepsAKeyThatThePhoneHasLost) {
  settle();
  share(key_share(kKeyId, {}));
  notify("regular_low", "1");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {low.patch({pinned("1")})})});
  EXPECT_EQ(pins(), std::vector<std::string>{"1 on"});
}

TEST_F(AppStateSync, RefusesKeysThatAreNone) {
  settle();
  const auto refused = [this](const Bytes& id, const Bytes& data) {
    bench.events.clear();
    share(key_share(id, data));
    return bench.all<event::Refused>().size() == 1;
  };
  EXPECT_TRUE(refused({}, Bytes(32)));
  EXPECT_TRUE(refused(Bytes(65), Bytes(32)));
  EXPECT_TRUE(refused(kOtherKeyId, Bytes(31)));
  EXPECT_TRUE(refused(kOtherKeyId, Bytes(33)));
  EXPECT_EQ(store::get_app_state_keys({bench.store, test::StepBench::kOwner}).value().size(), 1u);
}

TEST_F(AppStateSync, BeginsAnewWhereWhatItHoldsDoesNotFit) {
  low.patch({pinned("1")});
  settle();
  proto::SyncdPatch damaged = low.patch({pinned("2")});
  (*damaged.mutable_patch_mac())[0] ^= 1;
  notify("regular_low", "2");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {damaged})});
  EXPECT_EQ(stages(), std::vector<std::string>{"regular_low begun anew"});
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({with_snapshot(collection("regular_low"))});
  deliver(low.snapshot());
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  EXPECT_FALSE(record("regular_low").begun_anew);
  EXPECT_EQ(bench.store.scan(test::StepBench::kOwner, "app_state_mac/regular_low/")->size(), 2u);
}

TEST_F(AppStateSync, FailsWhereTheSnapshotDoesNotFitEither) {
  low.patch({pinned("1")});
  settle();
  proto::SyncdPatch damaged = low.patch({pinned("2")});
  damaged.set_snapshot_mac("");
  proto::SyncdSnapshot snapshot = low.snapshot();
  snapshot.set_mac("");
  notify("regular_low", "2");
  notify("regular", "");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {damaged})});
  EXPECT_EQ(requested(), (Requested{{"regular", ""}, {"regular_low", ""}}));
  answer({with_snapshot(collection("regular_low"))});
  deliver(snapshot);
  EXPECT_EQ(stages(), (std::vector<std::string>{"regular_low begun anew", "regular_low failed"}));
  EXPECT_EQ(bench.all<event::AppStateSync>().back().why->cause, Cause::kAppStateMismatch);
  EXPECT_EQ(recoveries, std::vector<std::string>{"regular_low"});
  EXPECT_EQ(bench.store.scan(test::StepBench::kOwner, "app_state_mac/regular_low/")->size(), 0u);
  EXPECT_FALSE(record("regular").pending);
  // Neither what the server tells nor another connection makes it try before a day has passed.
  notify("regular_low", "3");
  reconnect();
  (void)requested();
  wait(kDay - Milliseconds(1));
  EXPECT_EQ(requested(), Requested());
  wait(Milliseconds(1));
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({with_snapshot(collection("regular_low"))});
  deliver(low.snapshot());
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  EXPECT_EQ(record("regular_low").failed_at, std::nullopt);
  notify("regular_low", "3");
  EXPECT_EQ(requested(), (Requested{{"regular_low", "2"}}));
}

TEST_F(AppStateSync, TakesPatchesUpToTheOneThatDoesNotFit) {
  settle();
  const auto first = low.patch({pinned("1")});
  proto::SyncdPatch second = low.patch({pinned("2")});
  second.mutable_version()->set_version(3);
  notify("regular_low", "2");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {first, second})});
  EXPECT_EQ(pins(), std::vector<std::string>{"1 on"});
  EXPECT_EQ(stages(), (std::vector<std::string>{"regular_low updated", "regular_low begun anew"}));
}

TEST_F(AppStateSync, TakesBytesThatAreNoMessageForAMismatch) {
  const Bytes no_message = {0xFF};
  const wire::Node no_patch =
      wire::Node("collection").with("name", "regular_low").child(wire::Node("patch").bytes(no_message));
  const wire::Node no_reference =
      wire::Node("collection").with("name", "regular_low").child(wire::Node("snapshot").bytes(no_message));
  settle();
  for (const wire::Node& node : {no_patch, no_reference}) {
    bench.events.clear();
    notify("regular_low", "1");
    ASSERT_EQ(requested().size(), 1u);
    answer({node});
    EXPECT_EQ(stages(), std::vector<std::string>{"regular_low begun anew"});
    ASSERT_EQ(requested().size(), 1u);
    answer({collection("regular_low", {})});
  }
  notify("regular_low", "1");
  ASSERT_EQ(requested().size(), 1u);
  answer({with_snapshot(collection("regular_low"))});
  deliver(no_message);
  ASSERT_EQ(requested().size(), 1u);
  proto::SyncdPatch patch = low.patch({pinned("1")});
  patch.mutable_external_mutations()->set_direct_path("/mutations");
  answer({collection("regular_low", {patch})});
  deliver(no_message);
  EXPECT_EQ(stages().back(), "regular_low failed");
}

TEST_F(AppStateSync, TakesTheServersErrorsForWhatTheyAre) {
  low.patch({pinned("1")});
  settle();
  // There is no such collection: nothing to fetch.
  notify("regular", "");
  ASSERT_EQ(requested().size(), 1u);
  answer({with_error("regular", "404")});
  EXPECT_FALSE(record("regular").pending);
  EXPECT_EQ(requested(), Requested());
  // The version that we name is not one that the server knows.
  for (const std::string code : {"400", "409"}) {
    bench.events.clear();
    notify("regular_low", "2");
    EXPECT_EQ(requested(), (Requested{{"regular_low", "1"}}));
    answer({with_error("regular_low", code)});
    EXPECT_EQ(stages(), std::vector<std::string>{"regular_low begun anew"});
    ASSERT_EQ(requested(), (Requested{{"regular_low", ""}}));
    answer({with_snapshot(collection("regular_low"))});
    deliver(low.snapshot());
  }
  // Whatever else it has.
  for (const std::string code : {"500", "", "0", "x"}) {
    notify("regular_low", "2");
    ASSERT_EQ(requested().size(), 1u) << code;
    answer({with_error("regular_low", code)});
    EXPECT_EQ(requested(), Requested());
    EXPECT_TRUE(record("regular_low").pending);
    wait(SyncTimes::kLongestBackoff);
    ASSERT_EQ(requested().size(), 1u) << code;
    answer({});
  }
}

TEST_F(AppStateSync, WaitsLongerEachTimeThatARoundFails) {
  settle();
  notify("regular_low", "1");
  Milliseconds expected = SyncTimes::kFirstBackoff;
  for (int round = 0; round < 12; ++round) {
    ASSERT_EQ(requested().size(), 1u) << round;
    if (round % 3 == 0) {
      ok(bench.refuse(request, "503"));
    } else if (round % 3 == 1) {
      ok(bench.advance(IqTracker::kTimeout));
    } else {
      ok(bench.answer(request, wire::Node("sync")));
    }
    EXPECT_EQ(bench.link.next_deadline(), bench.clock.now().mono + expected) << round;
    // Nothing makes it hurry.
    notify("regular_low", "1");
    wait(expected - Milliseconds(1));
    EXPECT_EQ(requested(), Requested()) << round;
    wait(Milliseconds(1));
    expected = std::min(expected * 2, SyncTimes::kLongestBackoff);
  }
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {low.patch({pinned("1")})})});
  EXPECT_EQ(bench.link.next_deadline(), std::nullopt);
  EXPECT_EQ(pins(), std::vector<std::string>{"1 on"});
}

TEST_F(AppStateSync, TriesAgainWhereAFileCannotBeHad) {
  go_online();
  share(key_share(kKeyId, kKeyData));
  ASSERT_EQ(requested().size(), 5u);
  low.patch({pinned("1")});
  answer({with_snapshot(collection("regular_low"))});
  deliver(Error{Errc::kUnavailable, Cause::kHttpFailed, "gone"});
  EXPECT_EQ(bench.all<event::Refused>().size(), 1u);
  EXPECT_EQ(requested(), Requested());
  wait(SyncTimes::kFirstBackoff);
  EXPECT_EQ(requested(), (Requested{{"regular_low", ""}}));
  answer({with_snapshot(collection("regular_low"))});
  deliver(low.snapshot());
  EXPECT_EQ(pins(), std::vector<std::string>{"1 on"});
}

TEST_F(AppStateSync, DoesNotTakeAFileOfAnEarlierRound) {
  go_online();
  share(key_share(kKeyId, kKeyData));
  ASSERT_EQ(requested().size(), 5u);
  low.patch({pinned("1")});
  answer({with_snapshot(collection("regular_low"))});
  Fetch late = std::move(fetches.front());
  reconnect();
  // What came behind it in the answer was not looked at either.
  ASSERT_EQ(requested(), (Requested{{"regular", ""}, {"regular_low", ""}}));
  ok(bench.run([&](Step& step) { return late.handler(step, to_bytes(low.snapshot().SerializeAsString())); }));
  EXPECT_TRUE(applied.empty());
  answer({with_snapshot(collection("regular_low"))});
  deliver(low.snapshot());
  EXPECT_EQ(applied.size(), 1u);
}

TEST_F(AppStateSync, FetchesEverythingWhereTheServerSaysThatItIsDirty) {
  settle();
  const auto dirty = wire::Node("dirty").with("type", "syncd_app_state").with("timestamp", "1748736000");
  ok(bench.run([&](Step& step) { return on_dirty(step, dirty); }));
  EXPECT_EQ(requested(), kEverything);
  const wire::Node clean = bench.take_sent();
  EXPECT_EQ(clean.attribute("xmlns"), "urn:xmpp:whatsapp:dirty");
  ASSERT_NE(clean.find("clean"), nullptr);
  EXPECT_EQ(clean.find("clean")->attribute("type"), "syncd_app_state");
  EXPECT_EQ(clean.find("clean")->attribute("timestamp"), "1748736000");
  ok(bench.refuse(clean, "400"));
}

TEST_F(AppStateSync, CountsRecordsThatSayNothingToIt) {
  settle();
  proto::SyncdPatch patch =
      low.patch({pinned("1"), pinned("2"), test::setting("no index"), test::setting("[\"pin_v1\"]")});
  (*patch.mutable_mutations(0)->mutable_record()->mutable_value()->mutable_blob())[17] ^= 1;
  notify("regular_low", "1");
  ASSERT_EQ(requested().size(), 1u);
  answer({collection("regular_low", {patch})});
  const auto told = bench.all<event::AppStateSync>();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].changes, 1u);
  EXPECT_EQ(told[0].skipped, 3u);
  EXPECT_EQ(state_of(record("regular_low")), low.state);
}

TEST_F(AppStateSync, EndsTheConnectionOnARecordThatIsDamaged) {
  settle();
  store::Transaction transaction(bench.store, test::StepBench::kOwner);
  transaction.put("app_state/regular_low", Bytes{0x12, 0x01, 0x00});
  bench.store.commit(transaction.take(), [](const Status&) {});
  const Status status = bench.run([](Step& step) { return on_online(step); });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().cause, Cause::kStoreCorrupt);
}

TEST_F(AppStateSync, DoesNothingWhereNobodyFollowsIt) {
  bench.link.app_state.reset();
  go_online();
  share(key_share(kKeyId, kKeyData));
  notify("regular_low", "1");
  wait(kDay);
  EXPECT_TRUE(bench.sent.empty());
  EXPECT_TRUE(bench.store.scan(test::StepBench::kOwner, "")->empty());
}

}  // namespace
}  // namespace ponte::protocol::appstate
