#include "protocol/appstate/collection.h"

#include <set>

#include "base/hex.h"
#include "support/app_state_writer.h"
#include "support/vectors.h"

namespace ponte::protocol::appstate {
namespace {

using test::AppStateWriter;
using test::MemoryMacs;
using test::removal;
using test::setting;

const Bytes kRingKeyId = {0, 0, 0, 0, 1, 2};
const Bytes kRingKeyData(32, 0x21);

/// What a device knows of a collection that another one writes.
struct Reader {
  explicit Reader(const AppStateWriter& writer, Collection which = Collection::kRegularLow) : collection(which) {
    (void)writer;
    ring.add(kRingKeyId, kRingKeyData);
  }
  Result<Applied> take(const proto::SyncdPatch& patch) {
    auto applied = apply_patch(collection, state, macs, patch, ring);
    if (applied.ok()) keep(*applied);
    return applied;
  }
  void keep(const Applied& applied) {
    state = applied.state;
    macs.take(applied);
  }

  Collection collection;
  KeyRing ring;
  CollectionState state;
  MemoryMacs macs;
};

AppStateWriter new_writer(Collection collection = Collection::kRegularLow) {
  return {collection, kRingKeyId, kRingKeyData};
}

Cause cause_of(const Result<Applied>& result) {
  return result.ok() ? Cause::kInternal : result.error().cause;
}

LtHash recomputed(const MemoryMacs& macs) {
  LtHash hash;
  for (const auto& [index, value] : macs.macs) hash.add(value);
  return hash;
}

TEST(CollectionNames, AreThoseOfTheWire) {
  std::set<std::string_view> names;
  for (const Collection collection : kCollections) {
    names.insert(collection_name(collection));
    EXPECT_EQ(collection_from_name(collection_name(collection)), collection);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"critical_block", "critical_unblock_low", "regular", "regular_high",
                                               "regular_low"}));
  EXPECT_EQ(collection_from_name("regular_lo"), std::nullopt);
}

TEST(Collection, TakesThePatchesOfTheVectors) {
  const VecFile file = test::load_vectors("appstate/collection.vec");
  KeyRing ring;
  ring.add(test::vector_bytes(file, "key_id"), test::vector_bytes(file, "key_data"));
  CollectionState state;
  MemoryMacs macs;
  const std::pair<const char*, const char*> versions[] = {{"1", "Alice"}, {"2", "Bob"}};
  for (const auto& [number, name] : versions) {
    proto::SyncdPatch patch;
    ASSERT_TRUE(patch.ParseFromString(to_text(test::vector_bytes(file, std::string("patch_") + number))));
    const auto applied = apply_patch(Collection::kCriticalBlock, state, macs, patch, ring);
    ASSERT_TRUE(applied.ok()) << applied.error().message;
    EXPECT_EQ(to_hex(applied->state.hash.bytes()), test::vector_text(file, std::string("hash_") + number));
    ASSERT_EQ(applied->mutations.size(), 1u);
    EXPECT_EQ(applied->mutations[0].data.value().push_name_setting().name(), name);
    EXPECT_EQ(applied->skipped, 0u);
    state = applied->state;
    macs.take(*applied);
  }
  EXPECT_EQ(state.version, 2u);
  EXPECT_EQ(macs.macs.size(), 1u);
}

TEST(Collection, BuildsThePatchesOfTheVectors) {
  const VecFile file = test::load_vectors("appstate/collection.vec");
  KeyRing ring;
  ring.add(test::vector_bytes(file, "key_id"), test::vector_bytes(file, "key_data"));
  CollectionState state;
  MemoryMacs macs;
  for (const std::string number : {"1", "2"}) {
    proto::SyncdPatch expected;
    ASSERT_TRUE(expected.ParseFromString(to_text(test::vector_bytes(file, "patch_" + number))));
    const auto read = apply_patch(Collection::kCriticalBlock, state, macs, expected, ring);
    ASSERT_TRUE(read.ok());
    expected.clear_version();
    test::ScriptedRandom random(ByteView(test::vector_bytes(file, "value_" + number)).first(16));
    const auto built = build_patch(Collection::kCriticalBlock, state, macs, read->mutations,
                                   test::vector_bytes(file, "key_id"), ring, random);
    ASSERT_TRUE(built.ok());
    EXPECT_EQ(to_hex(as_bytes(built->patch.SerializeAsString())), to_hex(as_bytes(expected.SerializeAsString())));
    EXPECT_EQ(to_hex(as_bytes(built->patch.patch_mac())), test::vector_text(file, "patch_mac_" + number));
    EXPECT_EQ(to_hex(as_bytes(built->patch.snapshot_mac())), test::vector_text(file, "snapshot_mac_" + number));
    EXPECT_EQ(built->applied.state, read->state);
    state = read->state;
    macs.take(*read);
  }
}

TEST(Collection, RefusesAPatchWithAnyMacDamaged) {
  AppStateWriter writer = new_writer();
  const Reader reader(writer);
  const proto::SyncdPatch good = writer.patch({setting("[\"a\"]"), setting("[\"b\"]")});
  const auto refused = [&reader](const proto::SyncdPatch& patch) {
    return cause_of(apply_patch(reader.collection, reader.state, reader.macs, patch, reader.ring)) ==
           Cause::kAppStateMismatch;
  };
  for (const Bytes& mac : test::bit_flips(as_bytes(good.snapshot_mac()))) {
    proto::SyncdPatch damaged = good;
    damaged.set_snapshot_mac(to_text(mac));
    EXPECT_TRUE(refused(damaged));
  }
  for (const Bytes& mac : test::bit_flips(as_bytes(good.patch_mac()))) {
    proto::SyncdPatch damaged = good;
    damaged.set_patch_mac(to_text(mac));
    EXPECT_TRUE(refused(damaged));
  }
  for (const Bytes& mac : test::truncations(as_bytes(good.patch_mac()))) {
    proto::SyncdPatch damaged = good;
    damaged.set_patch_mac(to_text(mac));
    EXPECT_TRUE(refused(damaged));
  }
  proto::SyncdPatch of_another = good;
  of_another.mutable_mutations()->SwapElements(0, 1);
  EXPECT_TRUE(refused(of_another));
  of_another = good;
  of_another.mutable_mutations()->RemoveLast();
  EXPECT_TRUE(refused(of_another));
  EXPECT_EQ(cause_of(apply_patch(Collection::kRegular, reader.state, reader.macs, good, reader.ring)),
            Cause::kAppStateMismatch);
}

/// The patch MAC fits, its snapshot MAC does too, but not to what this device holds.
TEST(Collection, RefusesAPatchThatDoesNotFitTheHash) {
  AppStateWriter writer = new_writer();
  const proto::SyncdPatch first = writer.patch({setting("[\"a\"]")});
  const proto::SyncdPatch second = writer.patch({setting("[\"b\"]")});
  Reader reader(writer);
  ASSERT_TRUE(reader.take(first).ok());
  ByteArray<LtHash::kSize> damaged = reader.state.hash.bytes();
  damaged[0] ^= 1;
  const CollectionState other{1, LtHash(damaged)};
  const auto refused = apply_patch(reader.collection, other, reader.macs, second, reader.ring);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kAppStateMismatch);
  EXPECT_EQ(refused.error().message, "app state regular_low: the hash after the patch to version 2 does not fit");
}

TEST(Collection, RefusesAVersionThatIsNotTheNext) {
  AppStateWriter writer = new_writer();
  const proto::SyncdPatch first = writer.patch({setting("[\"a\"]")});
  const proto::SyncdPatch second = writer.patch({setting("[\"b\"]")});
  Reader reader(writer);
  EXPECT_EQ(cause_of(reader.take(second)), Cause::kAppStateMismatch);
  ASSERT_TRUE(reader.take(first).ok());
  EXPECT_EQ(cause_of(reader.take(first)), Cause::kAppStateMismatch);
  proto::SyncdPatch unnumbered = second;
  unnumbered.clear_version();
  EXPECT_TRUE(reader.take(unnumbered).ok());
  EXPECT_EQ(reader.state, writer.state);
}

TEST(Collection, NamesTheKeysThatAreMissing) {
  AppStateWriter writer = new_writer();
  proto::SyncdPatch patch = writer.patch({setting("[\"a\"]"), setting("[\"b\"]")});
  patch.mutable_mutations(0)->mutable_record()->mutable_key_id()->set_id("other");
  patch.mutable_mutations(1)->mutable_record()->mutable_key_id()->set_id("other");
  Reader reader(writer);
  EXPECT_EQ(missing_keys(patch, reader.ring), std::vector<Bytes>{to_bytes("other")});
  EXPECT_EQ(missing_keys(patch, KeyRing()), (std::vector<Bytes>{kRingKeyId, to_bytes("other")}));
  EXPECT_EQ(cause_of(reader.take(patch)), Cause::kAppStateKeyMissing);
  EXPECT_EQ(reader.state, CollectionState());
  proto::SyncdSnapshot snapshot = writer.snapshot();
  EXPECT_EQ(missing_keys(snapshot, KeyRing()), std::vector<Bytes>{kRingKeyId});
  EXPECT_TRUE(missing_keys(snapshot, reader.ring).empty());
  EXPECT_EQ(cause_of(apply_snapshot(reader.collection, snapshot, KeyRing())), Cause::kAppStateKeyMissing);
}

TEST(Collection, TakesASnapshot) {
  AppStateWriter writer = new_writer();
  writer.patch({setting("[\"a\"]", 1), setting("[\"b\"]", 2)});
  writer.patch({setting("[\"a\"]", 3), removal("[\"b\"]"), setting("[\"c\"]", 4)});
  const Reader reader(writer);
  const auto applied = apply_snapshot(reader.collection, writer.snapshot(), reader.ring);
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_EQ(applied->state, writer.state);
  std::map<std::string, std::int64_t> values;
  for (const Mutation& mutation : applied->mutations) {
    EXPECT_EQ(mutation.operation, Operation::kSet);
    values[mutation.data.index()] = mutation.data.value().timestamp();
  }
  EXPECT_EQ(values, (std::map<std::string, std::int64_t>{{"[\"a\"]", 3}, {"[\"c\"]", 4}}));
  EXPECT_EQ(applied->macs.size(), 2u);
}

TEST(Collection, TakesAnEmptySnapshot) {
  const AppStateWriter writer = new_writer();
  const Reader reader(writer);
  const auto applied = apply_snapshot(reader.collection, writer.snapshot(), reader.ring);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied->state, CollectionState());
}

TEST(Collection, RefusesADamagedSnapshot) {
  AppStateWriter writer = new_writer();
  writer.patch({setting("[\"a\"]"), setting("[\"b\"]")});
  const Reader reader(writer);
  const proto::SyncdSnapshot good = writer.snapshot();
  const auto refusal = [&reader](const proto::SyncdSnapshot& snapshot) {
    return cause_of(apply_snapshot(reader.collection, snapshot, reader.ring));
  };
  for (const Bytes& mac : test::bit_flips(as_bytes(good.mac()))) {
    proto::SyncdSnapshot damaged = good;
    damaged.set_mac(to_text(mac));
    EXPECT_EQ(refusal(damaged), Cause::kAppStateMismatch);
  }
  proto::SyncdSnapshot damaged = good;
  damaged.mutable_version()->set_version(2);
  EXPECT_EQ(refusal(damaged), Cause::kAppStateMismatch);
  damaged = good;
  damaged.mutable_records()->RemoveLast();
  EXPECT_EQ(refusal(damaged), Cause::kAppStateMismatch);
  damaged = good;
  std::string& value = *damaged.mutable_records(0)->mutable_value()->mutable_blob();
  value.back() ^= 1;
  EXPECT_EQ(refusal(damaged), Cause::kAppStateMismatch);
  damaged = good;
  damaged.mutable_records(0)->mutable_index()->mutable_blob()->pop_back();
  EXPECT_EQ(refusal(damaged), Cause::kProtobufMalformed);
}

/// What the phone wrote is in the hash whatever it is: only the record is left out (wire: messages.md 5.6).
TEST(Collection, LeavesOutRecordsThatCannotBeRead) {
  AppStateWriter writer = new_writer();
  proto::SyncdPatch patch = writer.patch({setting("[\"a\"]"), setting("[\"b\"]")});
  // The ciphertext is not covered by the MACs of the patch, only by the value MAC.
  (*patch.mutable_mutations(0)->mutable_record()->mutable_value()->mutable_blob())[20] ^= 1;
  Reader reader(writer);
  const auto applied = reader.take(patch);
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_EQ(applied->skipped, 1u);
  ASSERT_EQ(applied->mutations.size(), 1u);
  EXPECT_EQ(applied->mutations[0].data.index(), "[\"b\"]");
  EXPECT_EQ(reader.state, writer.state);
  EXPECT_EQ(reader.macs.macs, writer.macs.macs);
  EXPECT_TRUE(reader.take(writer.patch({setting("[\"a\"]", 2)})).ok());
}

TEST(Collection, LeavesOutRecordsUnderAnotherIndex) {
  AppStateWriter writer = new_writer();
  proto::SyncdPatch patch = writer.patch({setting("[\"a\"]"), setting("[\"b\"]")});
  patch.mutable_mutations(0)->mutable_record()->mutable_index()->Swap(
      patch.mutable_mutations(1)->mutable_record()->mutable_index());
  Reader reader(writer);
  const auto applied = reader.take(patch);
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied->skipped, 2u);
  EXPECT_TRUE(applied->mutations.empty());
}

TEST(Collection, RemovesWhatIsNotThereWithoutAWord) {
  AppStateWriter writer = new_writer();
  Reader reader(writer);
  const auto applied = reader.take(writer.patch({removal("[\"a\"]"), setting("[\"b\"]")}));
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied->removed_unknown, 1u);
  EXPECT_EQ(applied->mutations.size(), 2u);
  EXPECT_EQ(reader.state.hash, recomputed(reader.macs));
}

TEST(Collection, CountsTheLatestOfAPatch) {
  AppStateWriter writer = new_writer();
  Reader reader(writer);
  ASSERT_TRUE(reader.take(writer.patch({setting("[\"a\"]", 1), setting("[\"a\"]", 2), removal("[\"b\"]")})).ok());
  EXPECT_EQ(reader.state.hash, recomputed(reader.macs));
  const auto applied =
      reader.take(writer.patch({removal("[\"a\"]"), removal("[\"a\"]"), setting("[\"a\"]", 3), removal("[\"a\"]")}));
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied->removed_unknown, 1u);
  EXPECT_TRUE(reader.macs.macs.empty());
  EXPECT_EQ(reader.state.hash, LtHash());
}

/// With another key the same index has another MAC: the phone sets the record anew and removes the old one.
TEST(Collection, TakesARecordThatMovesToAnotherKeyForNoRemoval) {
  AppStateWriter writer = new_writer();
  Reader reader(writer);
  ASSERT_TRUE(reader.take(writer.patch({setting("[\"a\"]", 1), setting("[\"b\"]", 1)})).ok());
  const Bytes other_id = {0, 0, 0, 0, 1, 3};
  reader.ring.add(other_id, Bytes(32, 0x22));
  writer.change_key(other_id, Bytes(32, 0x22));
  ASSERT_TRUE(reader.take(writer.patch({setting("[\"a\"]", 1)})).ok());
  EXPECT_EQ(reader.macs.macs.size(), 3u);
  // Back to the old key, to remove what was under it.
  writer.change_key(kRingKeyId, kRingKeyData);
  const auto applied = reader.take(writer.patch({removal("[\"a\"]"), removal("[\"b\"]")}));
  ASSERT_TRUE(applied.ok());
  ASSERT_EQ(applied->mutations.size(), 1u);
  EXPECT_EQ(applied->mutations[0].data.index(), "[\"b\"]");
  EXPECT_EQ(reader.macs.macs.size(), 1u);
  EXPECT_EQ(reader.state, writer.state);
}

TEST(Collection, TakesALargePatchInParts) {
  AppStateWriter writer = new_writer();
  const Reader reader(writer);
  std::vector<Mutation> many;
  for (std::size_t i = 0; i < 2 * Taking::kAtOnce; ++i) many.push_back(setting("[\"" + std::to_string(i) + "\"]"));
  Taking taking(reader.collection, reader.state, writer.patch(many));
  std::vector<std::size_t> parts;
  for (bool done = false; !done;) {
    const auto advanced = taking.advance(reader.ring, reader.macs);
    ASSERT_TRUE(advanced.ok());
    done = *advanced;
    parts.push_back(taking.take_mutations().size());
  }
  EXPECT_EQ(parts, (std::vector<std::size_t>{0, 0, Taking::kAtOnce, Taking::kAtOnce}));
  const Applied applied = taking.take();
  EXPECT_EQ(applied.state, writer.state);
  EXPECT_EQ(applied.macs.size(), many.size());
}

TEST(Collection, GivesNothingOfALargeOneBeforeItsMacsAreRight) {
  AppStateWriter writer = new_writer();
  const Reader reader(writer);
  std::vector<Mutation> many;
  for (std::size_t i = 0; i < 2 * Taking::kAtOnce; ++i) many.push_back(setting("[\"" + std::to_string(i) + "\"]"));
  writer.patch(many);
  proto::SyncdSnapshot damaged = writer.snapshot();
  damaged.mutable_mac()->back() ^= 1;
  Taking taking(reader.collection, damaged);
  for (;;) {
    const auto advanced = taking.advance(reader.ring, reader.macs);
    EXPECT_TRUE(taking.take_mutations().empty());
    if (!advanced.ok()) {
      EXPECT_EQ(advanced.error().cause, Cause::kAppStateMismatch);
      break;
    }
    ASSERT_FALSE(*advanced);
  }
}

TEST(Collection, KeepsItsHashEqualToOneFromScratch) {
  test::SeededRandom random(5);
  for (int run = 0; run < 20; ++run) {
    AppStateWriter writer = new_writer();
    Reader reader(writer);
    for (int version = 1; version <= 12; ++version) {
      std::vector<Mutation> mutations;
      for (std::uint64_t count = random.next() % 6; count > 0; --count) {
        const std::string index = "[\"" + std::to_string(random.next() % 8) + "\"]";
        mutations.push_back(random.next() % 3 == 0 ? removal(index)
                                                   : setting(index, static_cast<std::int64_t>(random.next() % 4)));
      }
      const auto applied = reader.take(writer.patch(mutations));
      ASSERT_TRUE(applied.ok()) << applied.error().message;
      ASSERT_EQ(reader.state.hash, recomputed(reader.macs));
      ASSERT_EQ(reader.state, writer.state);
      const auto at_once = apply_snapshot(reader.collection, writer.snapshot(), reader.ring);
      ASSERT_TRUE(at_once.ok()) << at_once.error().message;
      ASSERT_EQ(at_once->state, reader.state);
    }
  }
}

}  // namespace
}  // namespace ponte::protocol::appstate
