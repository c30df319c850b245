// What the server can hand to app state: patches, snapshots and answers of any bytes; and what another device of the
// account could write, sealed as it should be around whatever the input holds.
#include <cstdlib>

#include "base/writer.h"
#include "crypto/cbc.h"
#include "crypto/digest.h"
#include "protocol/appstate/actions.h"
#include "protocol/appstate/answer.h"
#include "protocol/appstate/collection.h"
#include "protocol/appstate/index.h"
#include "protocol/wire/node_codec.h"
#include "support/app_state_writer.h"

namespace {

using namespace ponte;
using namespace ponte::protocol;
using namespace ponte::protocol::appstate;

constexpr Collection kCollection = Collection::kRegularLow;
const Bytes kKeyId = {0, 0, 0, 0, 1, 2};

void require(bool condition) {
  if (!condition) std::abort();
}

struct Fixture {
  Fixture() { good = writer.patch({test::setting("[\"a\"]"), test::setting("[\"b\"]")}); }

  test::AppStateWriter writer{kCollection, kKeyId, Bytes(32, 0x21)};
  proto::SyncdPatch good;
};

const MutationKeys& keys(const Fixture& fixture) {
  return *fixture.writer.ring.find(kKeyId);
}

LtHash sum(const test::MemoryMacs& macs) {
  LtHash hash;
  for (const auto& [index, value] : macs.macs) hash.add(value);
  return hash;
}

template <typename T>
void check_refusal(const Result<T>& result) {
  require(result.ok() || result.error().cause == Cause::kAppStateMismatch ||
          result.error().cause == Cause::kAppStateKeyMissing || result.error().cause == Cause::kProtobufMalformed);
}

/// What is read of an action is written to what reads the same.
void check_action(const Mutation& mutation) {
  const auto read = read_action(mutation);
  check_refusal(read);
  if (!read.ok() || !*read) return;
  const WrittenAction written = write_action(**read);
  // A JID in its new form may be longer than the old one.
  if (!parse_index(written.mutation.data.index()).ok()) return;
  const auto again = read_action(written.mutation);
  require(again.ok() && *again);
  require(write_action(**again).mutation.data.SerializeAsString() == written.mutation.data.SerializeAsString());
}

/// The hash that is kept is the sum of what is kept, whatever was taken.
void check_applied(const Result<Applied>& applied, test::MemoryMacs macs) {
  check_refusal(applied);
  if (!applied.ok()) return;
  macs.take(*applied);
  require(sum(macs) == applied->state.hash);
  for (const Mutation& mutation : applied->mutations) check_action(mutation);
}

void patch_of_any_bytes(const Fixture& fixture, ByteView input) {
  proto::SyncdPatch patch;
  if (!patch.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
  (void)missing_keys(patch, fixture.writer.ring);
  check_applied(apply_patch(kCollection, fixture.writer.state, fixture.writer.macs, patch, fixture.writer.ring),
                fixture.writer.macs);
}

void snapshot_of_any_bytes(const Fixture& fixture, ByteView input) {
  proto::SyncdSnapshot snapshot;
  if (!snapshot.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
  (void)missing_keys(snapshot, fixture.writer.ring);
  check_applied(apply_snapshot(kCollection, snapshot, fixture.writer.ring), {});
}

/// Mutations of any bytes, in a patch whose MACs were made over them without the code that is under test.
void patch_with_its_macs(const Fixture& fixture, ByteView input) {
  proto::SyncdMutations mutations;
  if (!mutations.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
  test::MemoryMacs after = fixture.writer.macs;
  Bytes value_macs;
  for (proto::SyncdMutation& mutation : *mutations.mutable_mutations()) {
    mutation.mutable_record()->mutable_key_id()->set_id(to_text(kKeyId));
    std::string& index = *mutation.mutable_record()->mutable_index()->mutable_blob();
    std::string& value = *mutation.mutable_record()->mutable_value()->mutable_blob();
    index.resize(32);
    if (value.size() < 32) value.resize(32);
    const auto index_mac = to_array<32>(as_bytes(index));
    const auto value_mac = to_array<32>(as_bytes(value).last(32));
    append(value_macs, value_mac);
    if (mutation.operation() == proto::SyncdMutation::REMOVE) {
      after.macs.erase(index_mac);
    } else {
      after.macs[index_mac] = value_mac;
    }
  }
  const std::uint64_t version = fixture.writer.state.version + 1;
  const Mac snapshot = snapshot_mac(kCollection, {version, sum(after)}, keys(fixture));
  proto::SyncdPatch patch;
  patch.mutable_mutations()->Swap(mutations.mutable_mutations());
  patch.mutable_key_id()->set_id(to_text(kKeyId));
  patch.set_snapshot_mac(to_text(snapshot));
  patch.set_patch_mac(to_text(crypto::hmac_sha256(
      keys(fixture).patch_mac.view(),
      concat({snapshot, value_macs, big_endian_array<8>(version), as_bytes(collection_name(kCollection))}))));
  const auto applied = apply_patch(kCollection, fixture.writer.state, fixture.writer.macs, patch, fixture.writer.ring);
  require(applied.ok() && applied->state.hash == sum(after));
  check_applied(applied, fixture.writer.macs);
}

/// A plaintext of any bytes, sealed.
void record_of_any_plaintext(const Fixture& fixture, ByteView input) {
  if (input.empty()) return;
  const Operation operation = (input[0] & 1) != 0 ? Operation::kRemove : Operation::kSet;
  const ByteView plaintext = input.subspan(1);
  const ByteArray<16> iv{};
  const Bytes ciphertext = concat({iv, crypto::aes256_cbc_encrypt(keys(fixture).value_encryption, iv, plaintext)});
  proto::SyncActionData data;
  const bool parses = data.ParseFromArray(plaintext.data(), static_cast<int>(plaintext.size()));
  SealedRecord record;
  record.operation = operation;
  record.index_mac = index_mac(keys(fixture), as_bytes(data.index()));
  record.ciphertext = ciphertext;
  record.key_id = kKeyId;
  record.value_mac = value_mac(keys(fixture), operation, kKeyId, ciphertext);
  const auto opened = open_record(record, keys(fixture));
  require(opened.ok() == parses);
  if (opened.ok()) check_action({operation, *opened});
}

void index_of_any_text(ByteView input) {
  const auto parts = parse_index(as_text(input));
  check_refusal(parts);
  if (!parts.ok()) return;
  const std::string written = write_index(*parts);
  // Without blanks it may only be longer where something had to be escaped.
  const auto again = parse_index(written);
  require(written.size() > 4096 || (again.ok() && *again == *parts));
}

void answer_of_any_node(ByteView input) {
  const auto node = wire::decode_node(input);
  if (!node.ok()) return;
  for (const CollectionAnswer& answer : read_answer(*node)) require(answer.patches.size() <= input.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const Fixture fixture;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 6) {
    case 0: patch_of_any_bytes(fixture, input); break;
    case 1: snapshot_of_any_bytes(fixture, input); break;
    case 2: patch_with_its_macs(fixture, input); break;
    case 3: record_of_any_plaintext(fixture, input); break;
    case 4: index_of_any_text(input); break;
    case 5: answer_of_any_node(input); break;
  }
  return 0;
}
