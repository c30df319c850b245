#include "protocol/appstate/recovery.h"

#include "protocol/appstate/ledger.h"
#include "protocol/appstate/round.h"
#include "protocol/session/link_state.h"
#include "protocol/wire/inflate.h"

namespace ponte::protocol::appstate {
namespace {

constexpr std::size_t kLargest = 64u << 20;
constexpr std::size_t kMacSize = 32;

Error malformed(const std::string& what) {
  return {Errc::kMalformed, Cause::kProtobufMalformed, "app state from the phone: " + what};
}

Result<proto::SyncdSnapshotRecovery> parse(ByteView snapshot, Compression compression) {
  Bytes inflated;
  if (compression == Compression::kGzip) {
    PONTE_ASSIGN(inflated, wire::inflate_gzip(snapshot, kLargest));
    snapshot = inflated;
  }
  proto::SyncdSnapshotRecovery out;
  if (!out.ParseFromArray(snapshot.data(), static_cast<int>(snapshot.size()))) {
    return malformed(std::to_string(snapshot.size()) + " bytes do not parse");
  }
  return out;
}

/// The records in plain, with the hash as the phone has it: where the two do not fit is why it was asked.
Result<Applied> read(const proto::SyncdSnapshotRecovery& recovery, const KeyRing& ring) {
  const ByteView hash = as_bytes(recovery.collection_lthash());
  if (hash.size() != LtHash::kSize) return malformed("a hash of " + std::to_string(hash.size()) + " bytes");
  Applied out;
  out.state = {recovery.version().version(), LtHash(to_array<LtHash::kSize>(hash))};
  for (const proto::SyncdPlainTextRecord& record : recovery.mutation_records()) {
    const MutationKeys* keys = ring.find(as_bytes(record.key_id()));
    if (keys == nullptr || record.mac().size() != kMacSize) {
      return malformed("a record under a key that is not known, or without its MAC");
    }
    out.macs[index_mac(*keys, as_bytes(record.value().index()))] = to_array<kMacSize>(as_bytes(record.mac()));
    out.mutations.push_back({Operation::kSet, record.value()});
  }
  return out;
}

}  // namespace

Status on_recovery(Step& step, ByteView snapshot, Compression compression) {
  if (step.link.app_state == nullptr) return Status::Ok();
  const auto refuse = [&step](Error why) {
    step.emit(event::Refused{std::move(why)});
    return Status::Ok();
  };
  const auto recovery = parse(snapshot, compression);
  if (!recovery.ok()) return refuse(recovery.error());
  const auto collection = collection_from_name(recovery->collection_name());
  if (!collection) return refuse(malformed("a collection that nobody knows"));
  PONTE_ASSIGN(store::AppStateCollection record, load(step.store, *collection));
  if (!record.failed_at || !record.recovery_asked_at) return refuse(malformed("a collection that was not asked for"));
  PONTE_ASSIGN(const KeyRing ring, load_keys(step.store));
  const auto applied = read(*recovery, ring);
  if (!applied.ok()) return refuse(applied.error());

  PONTE_TRY(drop(step.store, *collection, record));
  take_over(step.store, *collection, *applied, record);
  record.recovered = true;
  record.begun_anew = false;
  record.failed_at.reset();
  record.missing_keys.clear();
  record.pending = true;  // what came after it
  save(step.store, *collection, record);
  PONTE_TRY(apply_changes(step, *collection, Changes::Source::kSnapshot, *applied));
  return begin_due(step);
}

}  // namespace ponte::protocol::appstate
