#include "protocol/appstate/round.h"

#include <algorithm>
#include <utility>

#include "protocol/appstate/ledger.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::appstate {
namespace {

constexpr unsigned kPatchesAtOnce = 32;  ///< in one step: most have one record

constexpr unsigned kMostLooks = 6;  ///< for a version that was told of: the last one half an hour after the first

constexpr std::uint64_t kBadRequest = 400;
constexpr std::uint64_t kNoSuchCollection = 404;
constexpr std::uint64_t kConflict = 409;

Error mismatch(Collection collection, const std::string& what) {
  return {Errc::kUntrusted, Cause::kAppStateMismatch,
          "app state " + std::string(collection_name(collection)) + ": " + what};
}

void tell(Step& step, Collection collection, event::AppStateSync::Stage stage, std::optional<Error> why = {}) {
  step.emit(event::AppStateSync{stage, std::string(collection_name(collection)), 0, 0, 0, std::move(why)});
}

/// The network's fault or the server's: what was to be fetched stays so, and the next round waits.
void back_off(Step& step) {
  SyncState& sync = *step.link.app_state;
  const Milliseconds doubled = SyncTimes::kFirstBackoff * (1 << std::min(sync.failures, 10u));
  sync.backoff_until = step.now.mono + std::min(doubled, SyncTimes::kLongestBackoff);
  ++sync.failures;
}

void tell_updated(Step& step, Collection collection, const Applied& applied, std::size_t changes, std::size_t skipped) {
  step.emit(event::AppStateSync{event::AppStateSync::Stage::kUpdated, std::string(collection_name(collection)),
                                applied.state.version, changes, skipped, std::nullopt});
}

/// How many of them are no action, though they have the name of one.
std::size_t read_actions(const std::vector<Mutation>& mutations, std::vector<TimedAction>& out) {
  std::size_t unreadable = 0;
  for (const Mutation& mutation : mutations) {
    auto action = read_action(mutation);
    if (!action.ok()) {
      ++unreadable;
    } else if (*action) {
      out.push_back(std::move(**action));
    }
  }
  return unreadable;
}

/// The running round, during one step.
class Round {
 public:
  explicit Round(Step& step) : step_(step), sync_(*step.link.app_state) {}

  /// Works jobs off until one waits, or none is left.
  Status work_off() {
    while (!sync_.jobs.empty()) {
      PONTE_ASSIGN(const Progress progress, advance());
      sync_.busy = progress == Progress::kPart;
      if (progress != Progress::kDone) return Status::Ok();
      sync_.jobs.pop_front();
    }
    sync_.running = false;
    return begin_due(step_);
  }

  /// The file that the first job waited for.
  Status on_file(const Result<Bytes>& file) {
    if (!file.ok()) {
      step_.emit(event::Refused{file.error()});
      back_off(step_);
      job().ended = true;
      return Status::Ok();
    }
    if (job().answer.snapshot) {
      job().answer.snapshot.reset();
      return begin_snapshot(*file);
    }
    proto::SyncdPatch& patch = job().answer.patches.front();
    patch.clear_external_mutations();
    proto::SyncdMutations mutations;
    if (!mutations.ParseFromArray(file->data(), static_cast<int>(file->size()))) {
      return on_mismatch(mismatch(collection(), "the mutations of a patch do not parse"));
    }
    patch.mutable_mutations()->Swap(mutations.mutable_mutations());
    return Status::Ok();
  }

 private:
  enum class Progress {
    kDone,
    kPart,   ///< more of it with the next step
    kWaits,  ///< for a file
  };

  SyncJob& job() { return sync_.jobs.front(); }
  Collection collection() { return job().answer.collection; }
  Result<store::AppStateCollection> record() { return load(step_.store, collection()); }

  /// Takes the first job as far as it gets.
  Result<Progress> advance() {
    CollectionAnswer& answer = job().answer;
    if (answer.error_code != 0) {
      PONTE_TRY(on_error());
      return Progress::kDone;
    }
    if (answer.malformed) {
      PONTE_TRY(on_mismatch(*answer.malformed));
      return Progress::kDone;
    }
    while (!job().ended) {
      if (job().taking) {
        PONTE_ASSIGN(const bool taken, take_part());
        if (!taken) return Progress::kPart;
      } else if (answer.snapshot) {
        return fetch(*answer.snapshot);
      } else if (answer.patches.empty()) {
        PONTE_TRY(finish());
        return Progress::kDone;
      } else if (++patches_ > kPatchesAtOnce) {
        return Progress::kPart;
      } else if (answer.patches.front().has_external_mutations()) {
        return fetch(answer.patches.front().external_mutations());
      } else {
        PONTE_TRY(begin_patch());
      }
    }
    return Progress::kDone;
  }

  Result<Progress> fetch(const proto::ExternalBlobReference& reference) {
    if (!sync_.hooks.fetch_blob) {
      back_off(step_);
      return Progress::kDone;
    }
    PONTE_TRY(
        sync_.hooks.fetch_blob(step_, reference, [round = sync_.round](Step& later, Result<Bytes> file) -> Status {
          const SyncState& sync = *later.link.app_state;
          if (!sync.running || sync.round != round) return Status::Ok();
          Round running(later);
          PONTE_TRY(running.on_file(file));
          return running.work_off();
        }));
    return Progress::kWaits;
  }

  Status begin_snapshot(ByteView bytes) {
    proto::SyncdSnapshot snapshot;
    if (!snapshot.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return on_mismatch(mismatch(collection(), "a snapshot does not parse"));
    }
    PONTE_ASSIGN(const KeyRing ring, load_keys(step_.store));
    if (auto missing = missing_keys(snapshot, ring); !missing.empty()) return wait_for_keys(std::move(missing));
    PONTE_ASSIGN(const store::AppStateCollection held, record());
    if (held.hash && snapshot.version().version() < held.version) {
      return on_mismatch(mismatch(collection(), "a snapshot is older than what is held"));
    }
    job().taking = std::make_unique<Taking>(collection(), std::move(snapshot));
    job().changes = {collection(), Changes::Source::kSnapshot, {}, 0, Changes::Part::kMore};
    return Status::Ok();
  }

  Status begin_patch() {
    PONTE_ASSIGN(const KeyRing ring, load_keys(step_.store));
    proto::SyncdPatch& patch = job().answer.patches.front();
    if (auto missing = missing_keys(patch, ring); !missing.empty()) return wait_for_keys(std::move(missing));
    PONTE_ASSIGN(const store::AppStateCollection held, record());
    job().taking = std::make_unique<Taking>(collection(), state_of(held), std::move(patch));
    job().changes = {collection(), Changes::Source::kPatch, {}, 0, Changes::Part::kMore};
    job().answer.patches.pop_front();
    return Status::Ok();
  }

  /// Whether all of it is taken, or nothing more of the job can be.
  Result<bool> take_part() {
    PONTE_ASSIGN(const KeyRing ring, load_keys(step_.store));
    const auto taken = job().taking->advance(ring, StoredMacs(step_.store, collection()));
    if (!taken.ok()) {
      if (taken.error().code == Errc::kStorage) return taken.error();
      PONTE_TRY(on_mismatch(taken.error()));
      return true;
    }
    Changes& changes = job().changes;
    changes.first = changes.actions.size();
    job().unreadable += read_actions(job().taking->take_mutations(), changes.actions);
    if (*taken) {
      changes.part = Changes::Part::kLast;
      PONTE_TRY(take_over_all());
    }
    const bool anything = *taken || changes.actions.size() > changes.first;
    if (sync_.hooks.apply && anything) PONTE_TRY(sync_.hooks.apply(step_, changes));
    return *taken;
  }

  /// Writes down what the snapshot or patch made of the collection.
  Status take_over_all() {
    const Applied applied = std::exchange(job().taking, nullptr)->take();
    PONTE_ASSIGN(store::AppStateCollection held, record());
    if (job().changes.source == Changes::Source::kSnapshot) {
      PONTE_TRY(drop(step_.store, collection(), held));
      held.recovered = false;
    }
    take_over(step_.store, collection(), applied, held);
    save(step_.store, collection(), held);
    job().progressed = true;
    const std::size_t skipped = applied.skipped + std::exchange(job().unreadable, 0);
    tell_updated(step_, collection(), applied, job().changes.actions.size(), skipped);
    return Status::Ok();
  }

  /// What is held does not fit what the server says: once it is fetched anew from nothing, then it has failed.
  Status on_mismatch(const Error& why) {
    job().ended = true;
    job().taking.reset();
    PONTE_ASSIGN(store::AppStateCollection held, record());
    if (held.begun_anew || held.recovered) return fail(step_, collection(), std::move(held), why);
    PONTE_TRY(drop(step_.store, collection(), held));
    held.begun_anew = true;
    save(step_.store, collection(), held);
    tell(step_, collection(), event::AppStateSync::Stage::kBegunAnew, why);
    return Status::Ok();
  }

  Status wait_for_keys(std::vector<Bytes> missing) {
    job().ended = true;
    PONTE_ASSIGN(store::AppStateCollection held, record());
    held.missing_keys = std::move(missing);
    held.failed_at.reset();
    save(step_.store, collection(), held);
    for (const Bytes& id : held.missing_keys) {
      PONTE_ASSIGN(const auto key, store::get_app_state_key(step_.store, id));
      if (key && key->unknown_to_phone) {
        return fail(step_, collection(), std::move(held), key_unknown_to_phone(collection()));
      }
    }
    tell(step_, collection(), event::AppStateSync::Stage::kBlocked);
    PONTE_TRY(request_keys(step_, held.missing_keys));
    return Status::Ok();
  }

  /// The collection is as far as this answer brings it.
  Status finish() {
    if (job().answer.more) {
      // Asked again at once, a server that brought nothing would bring nothing again.
      job().progressed ? void(sync_.failures = 0) : back_off(step_);
      return Status::Ok();
    }
    PONTE_ASSIGN(store::AppStateCollection held, record());
    sync_.failures = 0;
    const bool again = sync_.wanted_again.erase(collection()) > 0;
    held.pending = again || is_behind(held);
    held.begun_anew = false;
    held.failed_at.reset();
    save(step_.store, collection(), held);
    return Status::Ok();
  }

  /// The server has told of a version that it does not have yet: later it has, or never.
  bool is_behind(const store::AppStateCollection& held) {
    const auto announced = sync_.announced.find(collection());
    if (announced == sync_.announced.end()) return false;
    Announced& told = announced->second;
    if (held.version < told.version && told.looks < kMostLooks) {
      told.next_look = step_.now.mono + SyncTimes::kFirstBackoff * (1 << told.looks++);
      return true;
    }
    sync_.announced.erase(announced);
    return false;
  }

  Status on_error() {
    const std::uint64_t code = job().answer.error_code;
    if (code == kNoSuchCollection) {
      sync_.announced.erase(collection());
      return finish();
    }
    const Error why = mismatch(collection(), "the server answers error " + std::to_string(code));
    // The version that we name is not one that it can start from.
    if (code == kBadRequest || code == kConflict) return on_mismatch(why);
    step_.emit(event::Refused{why});
    back_off(step_);
    return Status::Ok();
  }

  Step& step_;
  SyncState& sync_;
  unsigned patches_ = 0;  ///< begun in this step
};

wire::Node request_of(Collection collection, const store::AppStateCollection& record) {
  wire::Node node("collection");
  node.with("name", collection_name(collection));
  const bool from_nothing = !record.hash || record.version == 0;
  if (!from_nothing) node.with("version", std::to_string(record.version));
  node.with("return_snapshot", from_nothing ? "true" : "false");
  return node;
}

/// Those of the request that the answer does not have are asked for again, later.
Status on_answer(Step& step, const std::vector<Collection>& asked, const IqAnswer& answer) {
  std::vector<CollectionAnswer> answers;
  if (answer.ok()) answers = read_answer(*answer);
  std::erase_if(answers, [&asked](const CollectionAnswer& one) {
    return std::find(asked.begin(), asked.end(), one.collection) == asked.end();
  });
  if (answers.size() < asked.size()) {
    step.emit(event::Refused{answer.ok() ? Error{Errc::kMalformed, Cause::kStanzaUnexpected,
                                                 "app state: the answer lacks a collection that was asked for"}
                                         : answer.error()});
    back_off(step);
  }
  return take_answers(step, std::move(answers));
}

}  // namespace

Status take_answers(Step& step, std::vector<CollectionAnswer> answers) {
  SyncState& sync = *step.link.app_state;
  sync.running = true;
  for (CollectionAnswer& one : answers) sync.jobs.push_back({std::move(one)});
  return Round(step).work_off();
}

Status begin_round(Step& step, const std::vector<Collection>& collections) {
  SyncState& sync = *step.link.app_state;
  wire::Node list("sync");
  for (const Collection collection : collections) {
    PONTE_ASSIGN(store::AppStateCollection record, load(step.store, collection));
    list.child(request_of(collection, record));
    // It stays so until the round has brought it up to date.
    if (!std::exchange(record.pending, true)) save(step.store, collection, record);
  }
  sync.running = true;
  ++sync.round;
  sync.wanted_again.clear();
  return step.send_iq(wire::server_iq("w:sync:app:state", "set").child(std::move(list)),
                      [round = sync.round, collections](Step& later, const IqAnswer& answer) -> Status {
                        const SyncState& running = *later.link.app_state;
                        if (!running.running || running.round != round) return Status::Ok();
                        return on_answer(later, collections, answer);
                      });
}

Status fail(Step& step, Collection collection, store::AppStateCollection record, const Error& why) {
  PONTE_TRY(drop(step.store, collection, record));
  record.begun_anew = true;
  record.recovered = false;
  record.pending = true;
  record.failed_at = step.now.wall;
  const bool ask = step.link.app_state->hooks.request_recovery &&
                   (!record.recovery_asked_at || *record.recovery_asked_at + SyncTimes::kAskAgain <= step.now.wall);
  if (ask) record.recovery_asked_at = step.now.wall;
  save(step.store, collection, record);
  tell(step, collection, event::AppStateSync::Stage::kFailed, why);
  return ask ? step.link.app_state->hooks.request_recovery(step, collection) : Status::Ok();
}

Error key_unknown_to_phone(Collection collection) {
  return {Errc::kNotFound, Cause::kAppStateKeyMissing,
          "app state " + std::string(collection_name(collection)) + ": the phone has not the key either"};
}

Result<Wall> request_keys(Step& step, const std::vector<Bytes>& ids) {
  Wall next = step.now.wall + SyncTimes::kAskAgain;
  std::vector<Bytes> wanted;
  for (const Bytes& id : ids) {
    PONTE_ASSIGN(auto known, store::get_app_state_key(step.store, id));
    store::AppStateKey key = std::move(known).value_or(store::AppStateKey{});
    if (key.data) continue;
    if (key.requested_at && *key.requested_at + SyncTimes::kAskAgain > step.now.wall) {
      next = std::min(next, *key.requested_at + SyncTimes::kAskAgain);
      continue;
    }
    key.id = id;
    key.requested_at = step.now.wall;
    store::put_app_state_key(step.store, key);
    wanted.push_back(id);
  }
  auto& hook = step.link.app_state->hooks.request_keys;
  if (!wanted.empty() && hook) PONTE_TRY(hook(step, wanted));
  return next;
}

Status go_on(Step& step) {
  step.link.app_state->busy = false;
  return Round(step).work_off();
}

Status apply_changes(Step& step, Collection collection, Changes::Source source, const Applied& applied) {
  Changes changes{collection, source, {}, 0, Changes::Part::kLast};
  const std::size_t unreadable = read_actions(applied.mutations, changes.actions);
  tell_updated(step, collection, applied, changes.actions.size(), applied.skipped + unreadable);
  return step.link.app_state->hooks.apply ? step.link.app_state->hooks.apply(step, changes) : Status::Ok();
}

}  // namespace ponte::protocol::appstate
