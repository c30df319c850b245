#include "protocol/appstate/push.h"

#include <cassert>

#include "protocol/appstate/ledger.h"
#include "protocol/appstate/round.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::appstate {
namespace {

constexpr std::uint64_t kConflict = 409;

/// What was sent is in doubt, or behind what others wrote: the next round says.
Status fetch_again(Step& step, Collection collection) {
  PONTE_ASSIGN(store::AppStateCollection record, load(step.store, collection));
  record.pending = true;
  save(step.store, collection, record);
  return Status::Ok();
}

Status taken(Step& step, Collection collection, const Applied& applied) {
  PONTE_ASSIGN(store::AppStateCollection record, load(step.store, collection));
  take_over(step.store, collection, applied, record);
  save(step.store, collection, record);
  PONTE_TRY(apply_changes(step, collection, Changes::Source::kPatch, applied));
  return finish_push(step, Status::Ok());
}

/// Somebody was first. His patches come with the refusal, mostly; the push is made anew upon them, once.
Status on_conflict(Step& step, CollectionAnswer answer) {
  SyncPush& first = step.link.app_state->pushes.front();
  first.conflicted = true;
  PONTE_TRY(fetch_again(step, first.collection));
  answer.error_code = 0;
  if (answer.patches.empty()) return begin_due(step);
  std::vector<CollectionAnswer> answers;
  answers.push_back(std::move(answer));
  return take_answers(step, std::move(answers));
}

Status on_answer(Step& step, const Applied& applied, const IqAnswer& iq) {
  SyncState& sync = *step.link.app_state;
  sync.running = false;
  const Collection collection = sync.pushes.front().collection;
  if (!iq.ok()) {
    PONTE_TRY(fetch_again(step, collection));
    PONTE_TRY(finish_push(step, iq.error()));
    return begin_due(step);
  }
  std::vector<CollectionAnswer> answers = read_answer(*iq);
  std::erase_if(answers, [collection](const CollectionAnswer& one) { return one.collection != collection; });
  const std::uint64_t code = answers.empty() ? 0 : answers.front().error_code;
  if (code == kConflict && !sync.pushes.front().conflicted) return on_conflict(step, std::move(answers.front()));
  if (!answers.empty() && code == 0) {
    PONTE_TRY(taken(step, collection, applied));
  } else {
    PONTE_TRY(finish_push(step, Error{Errc::kRejected, Cause::kIqRejected,
                                      "app state " + std::string(collection_name(collection)) +
                                          ": the server refused what we wrote: " + std::to_string(code)}));
  }
  return begin_due(step);
}

}  // namespace

Status push(Step& step, const std::vector<TimedAction>& actions, SyncPush::Done done) {
  SyncPush waiting;
  for (const TimedAction& action : actions) {
    WrittenAction written = write_action(action);
    assert(waiting.mutations.empty() || waiting.collection == written.collection);
    waiting.collection = written.collection;
    waiting.mutations.push_back(std::move(written.mutation));
  }
  waiting.done = std::move(done);
  step.link.app_state->pushes.push_back(std::move(waiting));
  return begin_due(step);
}

Status send_push(Step& step) {
  SyncState& sync = *step.link.app_state;
  const SyncPush& first = sync.pushes.front();
  PONTE_ASSIGN(const store::AppStateCollection record, load(step.store, first.collection));
  PONTE_ASSIGN(const std::optional<Bytes> key_id, latest_key(step.store));
  if (!key_id) {
    return finish_push(
        step, Error{Errc::kNotFound, Cause::kAppStateKeyMissing, "app state: the phone has shared no key with us yet"});
  }
  if (record.pending) {
    return finish_push(step, Error{Errc::kUnavailable, Cause::kAppStateMismatch,
                                   "app state " + std::string(collection_name(first.collection)) +
                                       ": cannot be followed at present, and so not be written"});
  }
  PONTE_ASSIGN(const KeyRing ring, load_keys(step.store));
  const StoredMacs macs(step.store, first.collection);
  PONTE_ASSIGN(BuiltPatch built,
               build_patch(first.collection, state_of(record), macs, first.mutations, *key_id, ring, step.random));
  sync.running = true;
  ++sync.round;
  return step.send_iq(
      wire::server_iq("w:sync:app:state", "set")
          .child(wire::Node("sync").child(
              wire::Node("collection")
                  .with("name", collection_name(first.collection))
                  .with("version", std::to_string(record.version))
                  .with("return_snapshot", "false")
                  .child(wire::Node("patch").bytes(as_bytes(built.patch.SerializeAsString()))))),
      [round = sync.round, applied = std::move(built.applied)](Step& later, const IqAnswer& answer) -> Status {
        const SyncState& running = *later.link.app_state;
        if (!running.running || running.round != round) return Status::Ok();
        return on_answer(later, applied, answer);
      });
}

Status finish_push(Step& step, const Status& outcome) {
  std::deque<SyncPush>& pushes = step.link.app_state->pushes;
  SyncPush::Done done = std::move(pushes.front().done);
  pushes.pop_front();
  return done ? done(step, outcome) : Status::Ok();
}

}  // namespace ponte::protocol::appstate
