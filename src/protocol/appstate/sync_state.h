// What the flow of app state remembers between steps, and what it has others do.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "app_state.pb.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "protocol/appstate/actions.h"
#include "protocol/appstate/answer.h"
#include "protocol/appstate/collection.h"

namespace ponte::protocol {
struct Step;
}

namespace ponte::protocol::appstate {

/// What one snapshot or patch says, in order. A large one comes in several steps.
struct Changes {
  enum class Source {
    kSnapshot,  ///< all that there is of the collection
    kPatch,
  };
  enum class Part { kMore, kLast };
  Collection collection = Collection::kRegular;
  Source source = Source::kPatch;
  std::vector<TimedAction> actions;
  std::size_t first = 0;  ///< of those that are new with this part; the ones before came with earlier parts
  Part part = Part::kLast;
};

/// What the flow has others do. Those that are empty are not done.
struct SyncHooks {
  using BlobHandler = UniqueFunction<Status(Step&, Result<Bytes>)>;
  /// Fetches and opens a file of type `md-app-state`. The handler is called in a later step of the same connection,
  /// once; never where the connection ends before.
  UniqueFunction<Status(Step&, const proto::ExternalBlobReference&, BlobHandler)> fetch_blob;
  /// Asks the phone for keys, by their ids (wire: messages.md 5.1).
  UniqueFunction<Status(Step&, const std::vector<Bytes>&)> request_keys;
  /// Asks the phone for a collection in plain (wire: messages.md 5.6).
  UniqueFunction<Status(Step&, Collection)> request_recovery;
  /// Writes down what changed; the last part in the same step as the collection's new version. What was interrupted
  /// comes again from the beginning.
  UniqueFunction<Status(Step&, const Changes&)> apply;
};

/// Waits that are not the wire's.
struct SyncTimes {
  static constexpr Milliseconds kKeysWithin{120'000};        ///< for the keys that a phone shares after pairing
  static constexpr Milliseconds kFirstBackoff{30'000};       ///< doubled with each round that fails ...
  static constexpr Milliseconds kLongestBackoff{3'600'000};  ///< ... up to this
  static constexpr Milliseconds kAskAgain{86'400'000};       ///< for a key, or a collection that has failed
};

/// One collection of an answer, while it is worked off.
struct SyncJob {
  CollectionAnswer answer;
  bool progressed = false;         ///< it has brought its collection a version further
  bool ended = false;              ///< nothing more of it can be taken
  std::unique_ptr<Taking> taking;  ///< the snapshot or patch that is being taken; null: none
  Changes changes;                 ///< what it has said so far
  std::size_t unreadable = 0;      ///< records of it that say nothing to us as they should
};

/// Actions of ours that the server is to take.
struct SyncPush {
  using Done = UniqueFunction<Status(Step&, const Status&)>;
  Collection collection = Collection::kRegular;
  std::vector<Mutation> mutations;
  Done done;
  bool fetched = false;     ///< its collection was, on this connection and for it
  bool conflicted = false;  ///< another device was first, once
};

/// A version that the server has told of on this connection; it may take a while to have it itself.
struct Announced {
  std::uint64_t version = 0;
  unsigned looks = 0;  ///< in vain
  Mono next_look{};
};

/// Lives as long as the session.
struct SyncState {
  SyncHooks hooks;

  bool running = false;               ///< one round at a time
  std::uint64_t round = 0;            ///< answers to an earlier one are late
  std::deque<SyncJob> jobs;           ///< of this round; the first is being worked on
  std::set<Collection> wanted_again;  ///< the server told of something newer since the round began
  unsigned failures = 0;              ///< rounds in a row that failed
  std::map<Collection, Announced> announced;
  std::deque<SyncPush> pushes;  ///< the first is being made
  bool busy = false;            ///< the first job goes on with the next step
  bool erasing = false;         ///< messages are still to be erased, a part in each step
  std::optional<Mono> keys_awaited_until;
  std::optional<Mono> backoff_until;
  std::optional<Mono> look_again;  ///< when what waits is due

  std::optional<Mono> next_deadline() const;
  /// The connection is over.
  void stop();
};

}  // namespace ponte::protocol::appstate
