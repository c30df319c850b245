// The five sets of records that make up app state, and how they change (wire: messages.md 5.1, 5.3).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "app_state.pb.h"
#include "base/random.h"
#include "base/result.h"
#include "protocol/appstate/keys.h"
#include "protocol/appstate/lthash.h"
#include "protocol/appstate/mutation.h"

namespace ponte::protocol::appstate {

/// In the order in which they are fetched: without a name the account cannot be announced.
enum class Collection { kCriticalBlock, kCriticalUnblockLow, kRegularHigh, kRegularLow, kRegular };
inline constexpr Collection kCollections[] = {Collection::kCriticalBlock, Collection::kCriticalUnblockLow,
                                              Collection::kRegularHigh, Collection::kRegularLow, Collection::kRegular};

std::string_view collection_name(Collection collection);
std::optional<Collection> collection_from_name(std::string_view name);

struct CollectionState {
  std::uint64_t version = 0;
  LtHash hash;

  bool operator==(const CollectionState&) const = default;
};

/// The value MACs of a collection by their index MACs, as they stand.
class MacSource {
 public:
  virtual ~MacSource() = default;
  /// nullopt where there is no such record.
  virtual Result<std::optional<Mac>> find(const Mac& index_mac) const = 0;
};

/// A change that is verified and decrypted.
struct Mutation {
  Operation operation = Operation::kSet;
  proto::SyncActionData data;
};

/// What a snapshot or patch makes of a collection. Nothing of it is real before its receiver writes it down.
struct Applied {
  CollectionState state;
  std::map<Mac, std::optional<Mac>> macs;  ///< index MACs that changed, with their value MAC; nullopt: gone
  /// In order. A removal of what lives on under another key is not among them: it moved.
  std::vector<Mutation> mutations;
  std::size_t skipped = 0;          ///< records that are in the hash but could not be read
  std::size_t removed_unknown = 0;  ///< removals of what was not there
};

/// Ids of keys that it takes and `ring` lacks, each once.
std::vector<Bytes> missing_keys(const proto::SyncdSnapshot& snapshot, const KeyRing& ring);
std::vector<Bytes> missing_keys(const proto::SyncdPatch& patch, const KeyRing& ring);

/// A snapshot or a patch while it is taken: a part with each call, since a large one would hold up a loop that serves
/// many. One thread.
class Taking {
 public:
  static constexpr std::size_t kAtOnce = 256;  ///< records that one call of advance looks at

  /// A collection from nothing.
  Taking(Collection collection, proto::SyncdSnapshot snapshot);
  /// The next version of `state`. A patch without a version is that; its mutations are in place.
  Taking(Collection collection, const CollectionState& state, proto::SyncdPatch patch);
  ~Taking();
  Taking(const Taking&) = delete;
  Taking& operator=(const Taking&) = delete;

  /// True once all of it is taken. `macs`: of the collection, unchanged in between; a snapshot does not look there.
  /// kNotFound/kAppStateKeyMissing where a key is not there, kUntrusted/kAppStateMismatch where a MAC or a version does
  /// not fit, kMalformed/kProtobufMalformed for what cannot be counted in the hash. It is spent then.
  Result<bool> advance(const KeyRing& ring, const MacSource& macs);
  /// Those that were read since the last call, in order. All MACs were right when the first comes.
  std::vector<Mutation> take_mutations();
  /// What it makes of the collection, with those mutations that were not taken yet. Precondition: all of it is taken.
  Applied take();

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

// Both at once; errors of Taking::advance.
Result<Applied> apply_snapshot(Collection collection, const proto::SyncdSnapshot& snapshot, const KeyRing& ring);
Result<Applied> apply_patch(Collection collection, const CollectionState& state, const MacSource& macs,
                            const proto::SyncdPatch& patch, const KeyRing& ring);

struct BuiltPatch {
  proto::SyncdPatch patch;
  Applied applied;  ///< what holds once the server has taken the patch
};

/// A patch of ours upon `state`, sealed with the key of that id (wire: messages.md 5.5). Draws 16 bytes for each
/// mutation. kNotFound/kAppStateKeyMissing where the ring has no such key.
Result<BuiltPatch> build_patch(Collection collection, const CollectionState& state, const MacSource& macs,
                               const std::vector<Mutation>& mutations, ByteView key_id, const KeyRing& ring,
                               RandomSource& random);

Mac snapshot_mac(Collection collection, const CollectionState& state, const MutationKeys& keys);

}  // namespace ponte::protocol::appstate
