#include "protocol/appstate/mutation.h"

#include "base/hex.h"
#include "support/scripted_random.h"
#include "support/vectors.h"

namespace ponte::protocol::appstate {
namespace {

struct SealedRecordTest : testing::Test {
  VecFile file = test::load_vectors("appstate/collection.vec");
  Bytes key_id = test::vector_bytes(file, "key_id");
  MutationKeys keys = MutationKeys::derive(test::vector_bytes(file, "key_data"));

  proto::SyncdMutation vector_mutation() const {
    proto::SyncdPatch patch;
    EXPECT_TRUE(patch.ParseFromString(to_text(test::vector_bytes(file, "patch_1"))));
    return patch.mutations(0);
  }
  Error refusal(const proto::SyncdMutation& mutation) const {
    const auto record = SealedRecord::read(mutation);
    if (!record.ok()) return record.error();
    const auto opened = open_record(*record, keys);
    return opened.ok() ? Error{Errc::kInternal, Cause::kInternal, "it was taken"} : opened.error();
  }
};

TEST_F(SealedRecordTest, OpensTheVector) {
  const proto::SyncdMutation mutation = vector_mutation();
  const auto record = SealedRecord::read(mutation);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(to_hex(record->index_mac), test::vector_text(file, "index_mac"));
  EXPECT_EQ(to_hex(record->value_mac), test::vector_text(file, "value_mac_1"));
  const auto data = open_record(*record, keys);
  ASSERT_TRUE(data.ok()) << data.error().message;
  EXPECT_EQ(data->index(), R"(["setting_pushName"])");
  EXPECT_EQ(data->value().push_name_setting().name(), "Alice");
  EXPECT_EQ(data->value().timestamp(), 1'700'000'000'000);
  EXPECT_EQ(to_hex(as_bytes(data->SerializeAsString())), test::vector_text(file, "action_data"));
}

TEST_F(SealedRecordTest, SealsTheVector) {
  proto::SyncActionData data;
  ASSERT_TRUE(data.ParseFromString(to_text(test::vector_bytes(file, "action_data"))));
  const Bytes value = test::vector_bytes(file, "value_1");
  test::ScriptedRandom random(ByteView(value).first(16));
  const proto::SyncdMutation sealed = seal_record(Operation::kSet, data, key_id, keys, random);
  EXPECT_EQ(to_hex(as_bytes(sealed.SerializeAsString())), to_hex(as_bytes(vector_mutation().SerializeAsString())));
}

TEST_F(SealedRecordTest, RefusesEveryFlippedBit) {
  const proto::SyncdMutation good = vector_mutation();
  const auto expect_mismatch = [this](const proto::SyncdMutation& damaged) {
    EXPECT_EQ(refusal(damaged).cause, Cause::kAppStateMismatch);
  };
  for (const Bytes& value : test::bit_flips(as_bytes(good.record().value().blob()))) {
    proto::SyncdMutation damaged = good;
    damaged.mutable_record()->mutable_value()->set_blob(to_text(value));
    expect_mismatch(damaged);
  }
  for (const Bytes& index : test::bit_flips(as_bytes(good.record().index().blob()))) {
    proto::SyncdMutation damaged = good;
    damaged.mutable_record()->mutable_index()->set_blob(to_text(index));
    expect_mismatch(damaged);
  }
  for (const Bytes& id : test::bit_flips(key_id)) {
    proto::SyncdMutation damaged = good;
    damaged.mutable_record()->mutable_key_id()->set_id(to_text(id));
    expect_mismatch(damaged);
  }
  proto::SyncdMutation removal = good;
  removal.set_operation(proto::SyncdMutation::REMOVE);
  expect_mismatch(removal);
}

TEST_F(SealedRecordTest, RefusesWhatIsCutOff) {
  const proto::SyncdMutation good = vector_mutation();
  for (const Bytes& value : test::truncations(as_bytes(good.record().value().blob()))) {
    proto::SyncdMutation damaged = good;
    damaged.mutable_record()->mutable_value()->set_blob(to_text(value));
    EXPECT_EQ(refusal(damaged).cause, value.size() < 32 ? Cause::kProtobufMalformed : Cause::kAppStateMismatch);
  }
  for (const Bytes& index : test::truncations(as_bytes(good.record().index().blob()))) {
    proto::SyncdMutation damaged = good;
    damaged.mutable_record()->mutable_index()->set_blob(to_text(index));
    EXPECT_EQ(refusal(damaged).cause, Cause::kProtobufMalformed);
  }
  EXPECT_EQ(refusal({}).cause, Cause::kProtobufMalformed);
}

/// A value that its writer sealed as it should be, around bytes that are no plaintext of a record.
TEST_F(SealedRecordTest, RefusesWhatIsSealedButNoRecord) {
  for (const std::size_t size : {0, 15, 16, 17, 31, 33}) {
    const Bytes ciphertext(size, 0x5A);
    proto::SyncdMutation mutation = vector_mutation();
    mutation.mutable_record()->mutable_value()->set_blob(
        to_text(concat({ciphertext, value_mac(keys, Operation::kSet, key_id, ciphertext)})));
    EXPECT_EQ(refusal(mutation).cause, Cause::kAppStateMismatch) << size;
  }
}

TEST_F(SealedRecordTest, KeepsWhatItDoesNotKnowOfARecord) {
  proto::SyncActionData data;
  data.set_index("[\"x\"]");
  data.mutable_value()->set_timestamp(5);
  ASSERT_TRUE(
      data.MergeFromString(std::string("\xF2\x01\x03"
                                       "abc")));  // field 30
  test::SeededRandom random(1);
  const auto sealed = seal_record(Operation::kRemove, data, Bytes{9}, keys, random);
  const auto record = SealedRecord::read(sealed);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->operation, Operation::kRemove);
  const auto opened = open_record(*record, keys);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->SerializeAsString(), data.SerializeAsString());
}

}  // namespace
}  // namespace ponte::protocol::appstate
