#include "protocol/appstate/collection.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/hex.h"
#include "base/writer.h"
#include "crypto/compare.h"
#include "crypto/digest.h"

namespace ponte::protocol::appstate {
namespace {

constexpr std::string_view kNames[] = {"critical_block", "critical_unblock_low", "regular_high", "regular_low",
                                       "regular"};

Error mismatch(Collection collection, const std::string& what) {
  return {Errc::kUntrusted, Cause::kAppStateMismatch,
          "app state " + std::string(collection_name(collection)) + ": " + what};
}

Error key_missing(Collection collection, ByteView id) {
  return {Errc::kNotFound, Cause::kAppStateKeyMissing,
          "app state " + std::string(collection_name(collection)) + ": no key with id " + to_hex(id)};
}

/// No records at all: what a snapshot begins with.
class NoMacs final : public MacSource {
 public:
  Result<std::optional<Mac>> find(const Mac&) const override { return std::optional<Mac>(); }
};

/// What can be no id of a key is not missing: nobody can share it.
void note_missing(std::vector<Bytes>& missing, const std::string& id, const KeyRing& ring) {
  if (id.empty() || id.size() > kLongestKeyId || ring.find(as_bytes(id)) != nullptr) return;
  Bytes bytes = to_bytes(id);
  if (std::find(missing.begin(), missing.end(), bytes) == missing.end()) missing.push_back(std::move(bytes));
}

Mac patch_mac(Collection collection, ByteView snapshot_mac, const std::vector<SealedRecord>& records,
              std::uint64_t version, const MutationKeys& keys) {
  Bytes input = to_bytes(snapshot_mac);
  for (const SealedRecord& record : records) append(input, record.value_mac);
  append(input, big_endian_array<8>(version));
  append(input, as_bytes(collection_name(collection)));
  return crypto::hmac_sha256(keys.patch_mac.view(), input);
}

/// Counts records in the hash, then reads them.
class Application {
 public:
  explicit Application(const CollectionState& before) {
    applied_.state = before;
    ++applied_.state.version;
  }

  Status count(const SealedRecord& record, const MacSource& macs) {
    PONTE_ASSIGN(const std::optional<Mac> previous, standing(record.index_mac, macs));
    if (previous) applied_.state.hash.subtract(*previous);
    if (record.operation == Operation::kSet) {
      applied_.state.hash.add(record.value_mac);
      applied_.macs[record.index_mac] = record.value_mac;
    } else {
      if (!previous) ++applied_.removed_unknown;
      applied_.macs[record.index_mac] = std::nullopt;
    }
    return Status::Ok();
  }

  Status open(Collection collection, const SealedRecord& record, const KeyRing& ring, const MacSource& macs) {
    const MutationKeys* keys = ring.find(record.key_id);
    if (keys == nullptr) return key_missing(collection, record.key_id);
    auto data = open_record(record, *keys);
    if (!data.ok()) {
      ++applied_.skipped;
      return Status::Ok();
    }
    if (record.operation == Operation::kRemove) {
      PONTE_ASSIGN(const bool moved, lives_on(as_bytes(data->index()), ring, macs));
      if (moved) return Status::Ok();
    }
    applied_.mutations.push_back({record.operation, std::move(*data)});
    return Status::Ok();
  }

  Applied& applied() { return applied_; }

 private:
  /// As of the records counted so far: the latest of a patch wins (wire: messages.md 5.3).
  Result<std::optional<Mac>> standing(const Mac& index_mac, const MacSource& macs) const {
    if (const auto changed = applied_.macs.find(index_mac); changed != applied_.macs.end()) return changed->second;
    return macs.find(index_mac);
  }

  /// Whether a record with that index is there, under whichever key: with a new key come new index MACs.
  Result<bool> lives_on(ByteView index, const KeyRing& ring, const MacSource& macs) const {
    for (const auto& [id, keys] : ring.all()) {
      PONTE_ASSIGN(const std::optional<Mac> found, standing(index_mac(keys, index), macs));
      if (found) return true;
    }
    return false;
  }

  Applied applied_;
};

template <typename Sealed>
Result<std::vector<SealedRecord>> read_all(const Sealed& sealed) {
  std::vector<SealedRecord> out;
  out.reserve(static_cast<std::size_t>(sealed.size()));
  for (const auto& one : sealed) {
    PONTE_ASSIGN(SealedRecord record, [&one] {
      if constexpr (std::is_same_v<std::decay_t<decltype(one)>, proto::SyncdRecord>) {
        return SealedRecord::read(Operation::kSet, one);
      } else {
        return SealedRecord::read(one);
      }
    }());
    out.push_back(record);
  }
  return out;
}

}  // namespace

std::string_view collection_name(Collection collection) {
  return kNames[static_cast<std::size_t>(collection)];
}

std::optional<Collection> collection_from_name(std::string_view name) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Collection>(found - std::begin(kNames));
}

std::vector<Bytes> missing_keys(const proto::SyncdSnapshot& snapshot, const KeyRing& ring) {
  std::vector<Bytes> missing;
  note_missing(missing, snapshot.key_id().id(), ring);
  for (const proto::SyncdRecord& record : snapshot.records()) note_missing(missing, record.key_id().id(), ring);
  return missing;
}

std::vector<Bytes> missing_keys(const proto::SyncdPatch& patch, const KeyRing& ring) {
  std::vector<Bytes> missing;
  note_missing(missing, patch.key_id().id(), ring);
  for (const proto::SyncdMutation& mutation : patch.mutations()) {
    note_missing(missing, mutation.record().key_id().id(), ring);
  }
  return missing;
}

/// All of it is read, then counted, then its MACs are checked, then it is opened.
struct Taking::Work {
  enum class Stage { kReading, kCounting, kOpening };
  struct Snapshot {
    proto::SyncdSnapshot sealed;
  };
  struct Patch {
    proto::SyncdPatch sealed;
    std::uint64_t next;
  };

  Collection collection;
  std::variant<Snapshot, Patch> source;
  Application application;
  std::vector<SealedRecord> records;  ///< refer to `source`
  Stage stage = Stage::kReading;
  std::size_t at = 0;  ///< the next of `records` to be counted, or opened

  Status read(const KeyRing& ring) {
    if (const auto* patch = std::get_if<Patch>(&source)) {
      const bool fits = !patch->sealed.has_version() || patch->sealed.version().version() == patch->next;
      if (!fits) {
        return mismatch(collection, "expected a patch to version " + std::to_string(patch->next) + ", got one to " +
                                        std::to_string(patch->sealed.version().version()));
      }
      PONTE_ASSIGN(records, read_all(patch->sealed.mutations()));
      return check_patch_mac(*patch, ring);
    }
    PONTE_ASSIGN(records, read_all(std::get<Snapshot>(source).sealed.records()));
    return Status::Ok();
  }

  Result<const MutationKeys*> keys_of(const std::string& id, const KeyRing& ring) const {
    const MutationKeys* keys = ring.find(as_bytes(id));
    if (keys == nullptr) return key_missing(collection, as_bytes(id));
    return keys;
  }

  Status check_patch_mac(const Patch& patch, const KeyRing& ring) const {
    PONTE_ASSIGN(const MutationKeys* keys, keys_of(patch.sealed.key_id().id(), ring));
    const Mac expected = patch_mac(collection, as_bytes(patch.sealed.snapshot_mac()), records, patch.next, *keys);
    if (crypto::equal_constant_time(expected, as_bytes(patch.sealed.patch_mac()))) return Status::Ok();
    return mismatch(collection, "the MAC of the patch to version " + std::to_string(patch.next) + " does not fit");
  }

  /// The hash is whole: does it fit what its writer says of it?
  Status check_hash(const KeyRing& ring) {
    CollectionState& state = application.applied().state;
    const auto* patch = std::get_if<Patch>(&source);
    const auto* snapshot = std::get_if<Snapshot>(&source);
    if (snapshot != nullptr) state.version = snapshot->sealed.version().version();
    const std::string& id = patch ? patch->sealed.key_id().id() : snapshot->sealed.key_id().id();
    const std::string& told = patch ? patch->sealed.snapshot_mac() : snapshot->sealed.mac();
    PONTE_ASSIGN(const MutationKeys* keys, keys_of(id, ring));
    if (crypto::equal_constant_time(snapshot_mac(collection, state, *keys), as_bytes(told))) return Status::Ok();
    return mismatch(collection, std::string("the hash ") + (patch ? "after the patch to" : "of the snapshot of") +
                                    " version " + std::to_string(state.version) + " does not fit");
  }

  Result<bool> advance(const KeyRing& ring, const MacSource& macs) {
    std::size_t left = kAtOnce;
    if (stage == Stage::kReading) {
      PONTE_TRY(read(ring));
      stage = Stage::kCounting;
    }
    if (stage == Stage::kCounting) {
      for (; at < records.size() && left > 0; ++at, --left) PONTE_TRY(application.count(records[at], macs));
      if (at < records.size()) return false;
      PONTE_TRY(check_hash(ring));
      stage = Stage::kOpening;
      at = 0;
    }
    for (; at < records.size() && left > 0; ++at, --left) {
      PONTE_TRY(application.open(collection, records[at], ring, macs));
    }
    return at == records.size();
  }
};

Taking::Taking(Collection collection, proto::SyncdSnapshot snapshot)
    : work_(new Work{collection, Work::Snapshot{std::move(snapshot)}, Application(CollectionState{})}) {}

Taking::Taking(Collection collection, const CollectionState& state, proto::SyncdPatch patch)
    : work_(new Work{collection, Work::Patch{std::move(patch), state.version + 1}, Application(state)}) {}

Taking::~Taking() = default;

Result<bool> Taking::advance(const KeyRing& ring, const MacSource& macs) {
  static const NoMacs nothing;
  const bool from_nothing = std::holds_alternative<Work::Snapshot>(work_->source);
  return work_->advance(ring, from_nothing ? nothing : macs);
}

std::vector<Mutation> Taking::take_mutations() {
  return std::exchange(work_->application.applied().mutations, {});
}

Applied Taking::take() {
  return std::move(work_->application.applied());
}

namespace {

Result<Applied> take_all(Taking& taking, const KeyRing& ring, const MacSource& macs) {
  for (bool done = false; !done;) {
    PONTE_ASSIGN(done, taking.advance(ring, macs));
  }
  return taking.take();
}

}  // namespace

Result<Applied> apply_snapshot(Collection collection, const proto::SyncdSnapshot& snapshot, const KeyRing& ring) {
  Taking taking(collection, snapshot);
  return take_all(taking, ring, NoMacs());
}

Result<Applied> apply_patch(Collection collection, const CollectionState& state, const MacSource& macs,
                            const proto::SyncdPatch& patch, const KeyRing& ring) {
  Taking taking(collection, state, patch);
  return take_all(taking, ring, macs);
}

Result<BuiltPatch> build_patch(Collection collection, const CollectionState& state, const MacSource& macs,
                               const std::vector<Mutation>& mutations, ByteView key_id, const KeyRing& ring,
                               RandomSource& random) {
  const MutationKeys* keys = ring.find(key_id);
  if (keys == nullptr) return key_missing(collection, key_id);
  BuiltPatch out;
  for (const Mutation& mutation : mutations) {
    *out.patch.add_mutations() = seal_record(mutation.operation, mutation.data, key_id, *keys, random);
  }
  PONTE_ASSIGN(const std::vector<SealedRecord> records, read_all(out.patch.mutations()));
  Application application(state);
  for (const SealedRecord& record : records) PONTE_TRY(application.count(record, macs));
  for (const SealedRecord& record : records) PONTE_TRY(application.open(collection, record, ring, macs));
  out.applied = std::move(application.applied());
  const Mac after = snapshot_mac(collection, out.applied.state, *keys);
  out.patch.set_snapshot_mac(to_text(after));
  out.patch.set_patch_mac(to_text(patch_mac(collection, after, records, out.applied.state.version, *keys)));
  out.patch.mutable_key_id()->set_id(to_text(key_id));
  return out;
}

Mac snapshot_mac(Collection collection, const CollectionState& state, const MutationKeys& keys) {
  return crypto::hmac_sha256(keys.snapshot_mac.view(), concat({state.hash.bytes(), big_endian_array<8>(state.version),
                                                               as_bytes(collection_name(collection))}));
}

}  // namespace ponte::protocol::appstate
