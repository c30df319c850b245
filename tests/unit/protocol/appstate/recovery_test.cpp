#include "protocol/appstate/recovery.h"

#include "base/hex.h"
#include "unit/protocol/appstate/sync_fixture.h"

namespace ponte::protocol::appstate {
namespace {

struct AppStateRecovery : SyncFixture {
  /// The collection fits nowhere, and the phone was asked for it.
  void let_it_fail() {
    settle();
    low.patch({pinned("1")});
    low.patch({pinned("2")});
    proto::SyncdSnapshot damaged = low.snapshot();
    damaged.set_mac("");
    notify("regular_low", "2");
    for (int round = 0; round < 2; ++round) {
      ASSERT_EQ(requested().size(), 1u);
      answer({with_snapshot(collection("regular_low"))});
      deliver(damaged);
    }
    ASSERT_EQ(recoveries, std::vector<std::string>{"regular_low"});
    bench.events.clear();
  }

  proto::SyncdSnapshotRecovery as_the_phone_has_it() const {
    const auto opened = apply_snapshot(Collection::kRegularLow, low.snapshot(), low.ring);
    proto::SyncdSnapshotRecovery out;
    out.mutable_version()->set_version(low.state.version);
    out.set_collection_name("regular_low");
    out.set_collection_lthash(to_text(low.state.hash.bytes()));
    for (const Mutation& mutation : opened->mutations) {
      proto::SyncdPlainTextRecord& record = *out.add_mutation_records();
      *record.mutable_value() = mutation.data;
      record.set_key_id(to_text(kKeyId));
      const Mac index = index_mac(*low.ring.find(kKeyId), as_bytes(mutation.data.index()));
      record.set_mac(to_text(low.macs.macs.at(index)));
    }
    return out;
  }
  void recover(ByteView bytes, Compression compression = Compression::kNone) {
    ok(bench.run([&](Step& step) { return on_recovery(step, bytes, compression); }));
  }
  void recover(const proto::SyncdSnapshotRecovery& recovery) { recover(as_bytes(recovery.SerializeAsString())); }
  bool refused() {
    const bool told = bench.all<event::Refused>().size() == 1;
    bench.events.clear();
    return told && record("regular_low").failed_at.has_value() && applied.empty();
  }
};

TEST_F(AppStateRecovery, TakesTheCollectionAsThePhoneHasIt) {
  let_it_fail();
  recover(as_the_phone_has_it());
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  ASSERT_EQ(applied.size(), 1u);
  EXPECT_EQ(applied[0].source, Changes::Source::kSnapshot);
  EXPECT_EQ(pins().size(), 2u);
  // Patches go on from there.
  EXPECT_EQ(requested(), (Requested{{"regular_low", "2"}}));
  answer({collection("regular_low", {low.patch({pinned("1", false)})})});
  EXPECT_EQ(pins().back(), "1 off");
  EXPECT_EQ(state_of(record("regular_low")), low.state);
  EXPECT_EQ(bench.link.next_deadline(), std::nullopt);
}

/// A snapshot of the server would only fail again.
TEST_F(AppStateRecovery, DoesNotBeginAnewWhereWhatThePhoneGaveDoesNotFitLater) {
  let_it_fail();
  recover(as_the_phone_has_it());
  ASSERT_EQ(requested().size(), 1u);
  proto::SyncdPatch damaged = low.patch({pinned("3")});
  damaged.set_patch_mac("");
  bench.events.clear();
  answer({collection("regular_low", {damaged})});
  EXPECT_EQ(stages(), std::vector<std::string>{"regular_low failed"});
  // Not asked twice in a day.
  EXPECT_EQ(recoveries.size(), 1u);
}

TEST_F(AppStateRecovery, InflatesWhatThePhoneCompressed) {
  let_it_fail();
  // gzip of nothing, and what is no gzip.
  recover(from_hex("1f8b080000000000000303000000000000000000").value(), Compression::kGzip);
  EXPECT_TRUE(refused());
  recover(as_bytes(as_the_phone_has_it().SerializeAsString()), Compression::kGzip);
  EXPECT_TRUE(refused());
}

TEST_F(AppStateRecovery, RefusesWhatItDidNotAskFor) {
  settle();
  recover(as_the_phone_has_it());
  EXPECT_EQ(bench.all<event::Refused>().size(), 1u);
  EXPECT_TRUE(applied.empty());
}

TEST_F(AppStateRecovery, RefusesWhatDoesNotFitTogether) {
  let_it_fail();
  const proto::SyncdSnapshotRecovery good = as_the_phone_has_it();
  proto::SyncdSnapshotRecovery other = good;
  other.set_collection_name("regular_lower");
  recover(other);
  EXPECT_TRUE(refused());
  other = good;
  other.mutable_collection_lthash()->pop_back();
  recover(other);
  EXPECT_TRUE(refused());
  other = good;
  other.mutable_mutation_records(0)->mutable_mac()->pop_back();
  recover(other);
  EXPECT_TRUE(refused());
  other = good;
  other.mutable_mutation_records(1)->set_key_id("another");
  recover(other);
  EXPECT_TRUE(refused());
  recover(Bytes{0xFF});
  EXPECT_TRUE(refused());
  recover(good);
  EXPECT_EQ(state_of(record("regular_low")), low.state);
}

}  // namespace
}  // namespace ponte::protocol::appstate
