// The state that an account's devices share, as the server keeps it and the phone writes it (wire: messages.md 5).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "e2e.pb.h"
#include "protocol/appstate/collection.h"
#include "protocol/wire/node.h"
#include "simulator/accounts.h"
#include "simulator/messaging_blobs.h"

namespace ponte::simulator {

/// What is wrong with what the server hands out of a collection.
enum class AppStateDefect {
  kNone,
  kSnapshotMac,      ///< of the snapshot
  kPatchMac,         ///< of each patch
  kStateMac,         ///< what each patch says of the state after it
  kValueMac,         ///< one record's value, whose MAC and the hash fit each other
  kGap,              ///< the first patch that is asked for is left out
  kSnapshotMissing,  ///< the media host has no snapshot: 404
  kNoProtobuf,       ///< snapshots and patches are no protobufs
};
std::optional<AppStateDefect> app_state_defect_from_name(std::string_view name);

struct AppStateOptions {
  bool snapshots = true;           ///< who has nothing gets a file; else all patches
  unsigned patches_at_once = 100;  ///< more of them need another question
  bool external = false;           ///< mutations of patches are files, too
  AppStateDefect defect = AppStateDefect::kNone;
};

/// The shared state of one account. One thread.
class AppState {
 public:
  using Collection = protocol::appstate::Collection;
  using Mutation = protocol::appstate::Mutation;

  AppState(const Seed& seed, const Account& account);

  /// All keys that may be shared.
  proto::AppStateSyncKeyShare share() const;
  /// A new key, which the phone seals with from now on; a withheld one is in no share.
  enum class Sharing { kShared, kWithheld };
  void add_key(Sharing sharing, const Now& now);

  /// The phone changes something: one more patch. kInternal where it cannot be built.
  Status write(Collection collection, const std::vector<Mutation>& mutations, const Now& now);
  /// Answers one `<collection>` of a question, with or without a patch. `changed`: the client's patch was taken.
  protocol::wire::Node answer(const protocol::wire::Node& asked, Blobs& blobs, bool& changed,
                              std::vector<std::string>& violations);

  /// What stands in a collection, by index.
  std::map<std::string, proto::SyncActionData> records(Collection collection) const;
  std::uint64_t version(Collection collection) const;
  bool empty() const { return collections_.empty(); }

  AppStateOptions options;
  unsigned conflicts = 0;  ///< so many patches of clients are still refused with 409

 private:
  class Macs;
  struct Key {
    Bytes id;
    Bytes data;
    Wall made{};
    Sharing sharing = Sharing::kShared;
  };
  struct State {
    protocol::appstate::CollectionState state;
    std::map<protocol::appstate::Mac, protocol::appstate::Mac> macs;
    std::map<std::string, proto::SyncdRecord> sealed;  ///< by index MAC
    std::map<std::string, proto::SyncActionData> open;
    std::vector<proto::SyncdPatch> patches;  ///< of versions 1, 2, ...
  };

  void take(State& state, proto::SyncdPatch patch, const protocol::appstate::Applied& applied);
  Status take_client_patch(State& state, Collection collection, ByteView bytes);
  protocol::wire::Node snapshot_node(State& state, Collection collection, Blobs& blobs);
  protocol::wire::Node patches_node(const State& state, Collection collection, std::uint64_t from, std::uint64_t to,
                                    Blobs& blobs);
  std::string put(Blobs& blobs, std::string_view name, const std::string& content, unsigned status);

  std::string number_;
  Seed seed_;
  std::uint32_t raw_id_;
  DerivedRandom random_;
  std::vector<Key> keys_;
  protocol::appstate::KeyRing ring_;
  std::map<Collection, State> collections_;
};

/// That of all accounts; an account has one from the first time it is asked for. One thread.
class AppStates {
 public:
  explicit AppStates(const Seed& seed) : seed_(seed) {}

  AppState& of(const Account& account);
  /// Null where nothing was ever done to it.
  AppState* find(const std::string& number);
  void clear() { states_.clear(); }

 private:
  Seed seed_;
  std::map<std::string, AppState> states_;
};

}  // namespace ponte::simulator
