#include "protocol/appstate/sync.h"

#include <algorithm>
#include <utility>

#include "protocol/appstate/domain.h"
#include "protocol/appstate/ledger.h"
#include "protocol/appstate/push.h"
#include "protocol/appstate/round.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::appstate {
namespace {

constexpr std::size_t kKeySize = 32;

/// What the server tells once is noted as durably as the acknowledgement promises.
Status note_pending(Step& step, Collection collection, store::AppStateCollection record) {
  if (step.link.app_state->running) step.link.app_state->wanted_again.insert(collection);
  if (record.pending) return Status::Ok();
  record.pending = true;
  save(step.store, collection, record);
  step.store.require(store::Durability::kPowerLoss);
  return Status::Ok();
}

/// The phone has told of a key. What it holds already is kept where the phone has none now.
Status take_key(Step& step, const proto::AppStateSyncKey& shared) {
  const ByteView id = as_bytes(shared.key_id().key_id());
  const ByteView data = as_bytes(shared.key_data().key_data());
  if (id.empty() || id.size() > kLongestKeyId || (!data.empty() && data.size() != kKeySize)) {
    step.emit(event::Refused{Error{Errc::kMalformed, Cause::kProtobufMalformed,
                                   "a key of app state with an id of " + std::to_string(id.size()) + " bytes and " +
                                       std::to_string(data.size()) + " bytes of key, expected 1 to 64 and 32"}});
    return Status::Ok();
  }
  PONTE_ASSIGN(auto known, store::get_app_state_key(step.store, id));
  store::AppStateKey key = std::move(known).value_or(store::AppStateKey{});
  key.id = to_bytes(id);
  if (!data.empty()) {
    key.data = Secret<kKeySize>::from(data);
    key.timestamp = shared.key_data().timestamp();
  }
  key.unknown_to_phone = !key.data;
  store::put_app_state_key(step.store, key);
  return Status::Ok();
}

/// What keys that came, or that there are none, mean for a collection that waits for some.
Status settle_waiting(Step& step, Collection collection, const KeyRing& ring) {
  PONTE_ASSIGN(store::AppStateCollection record, load(step.store, collection));
  if (record.missing_keys.empty()) return Status::Ok();
  std::erase_if(record.missing_keys, [&ring](const Bytes& id) { return ring.find(id) != nullptr; });
  if (record.missing_keys.empty()) record.failed_at.reset();
  save(step.store, collection, record);
  if (record.failed_at) return Status::Ok();
  for (const Bytes& id : record.missing_keys) {
    PONTE_ASSIGN(const auto key, store::get_app_state_key(step.store, id));
    if (key && key->unknown_to_phone)
      return fail(step, collection, std::move(record), key_unknown_to_phone(collection));
  }
  return Status::Ok();
}

/// Who has something to write does not wait for an hour.
Status give_up_pushes(Step& step) {
  while (!step.link.app_state->pushes.empty()) {
    PONTE_TRY(finish_push(step, Error{Errc::kUnavailable, Cause::kAppStateMismatch,
                                      "app state: cannot be fetched at present, and so not be written"}));
  }
  return Status::Ok();
}

}  // namespace

std::optional<Mono> SyncState::next_deadline() const {
  if (erasing || busy) return Mono();  // at once, but not in this step
  if (running) return std::nullopt;
  if (backoff_until) return backoff_until;
  return look_again;
}

void SyncState::stop() {
  running = false;
  ++round;
  jobs.clear();
  wanted_again.clear();
  announced.clear();
  failures = 0;
  busy = false;
  erasing = false;
  for (SyncPush& push : pushes) push.fetched = false;
  keys_awaited_until.reset();
  backoff_until.reset();
  look_again.reset();
}

Status on_online(Step& step) {
  SyncState* sync = step.link.app_state.get();
  if (sync == nullptr) return Status::Ok();
  sync->stop();
  for (const Collection collection : kCollections) {
    PONTE_ASSIGN(const auto known, store::get_app_state(step.store, collection_name(collection)));
    if (!known) PONTE_TRY(note_pending(step, collection, {}));
  }
  sync->keys_awaited_until = step.now.mono + SyncTimes::kKeysWithin;
  PONTE_ASSIGN(const auto erasure, store::next_chat_erasure(step.store));
  sync->erasing = erasure.has_value();
  return begin_due(step);
}

Status on_key_share(Step& step, const proto::AppStateSyncKeyShare& share) {
  if (step.link.app_state == nullptr) return Status::Ok();
  for (const proto::AppStateSyncKey& key : share.keys()) PONTE_TRY(take_key(step, key));
  PONTE_ASSIGN(const KeyRing ring, load_keys(step.store));
  for (const Collection collection : kCollections) PONTE_TRY(settle_waiting(step, collection, ring));
  return begin_due(step);
}

Status on_server_sync(Step& step, const wire::Node& notification) {
  if (step.link.app_state == nullptr) return Status::Ok();
  for (const wire::Node& child : notification.children()) {
    const auto collection = collection_from_name(child.attribute("name").value_or(""));
    if (child.tag != "collection" || !collection) continue;
    PONTE_ASSIGN(store::AppStateCollection record, load(step.store, *collection));
    const auto version = child.number("version");
    if (record.hash && version && *version <= record.version) continue;
    if (version) {
      Announced& told = step.link.app_state->announced[*collection];
      if (*version > told.version) told = {*version};
      told.next_look = {};
    }
    PONTE_TRY(note_pending(step, *collection, std::move(record)));
  }
  return begin_due(step);
}

Status on_dirty(Step& step, const wire::Node& dirty) {
  if (step.link.app_state == nullptr) return Status::Ok();
  for (const Collection collection : kCollections) {
    PONTE_ASSIGN(store::AppStateCollection record, load(step.store, collection));
    PONTE_TRY(note_pending(step, collection, std::move(record)));
  }
  PONTE_TRY(begin_due(step));
  // Whether the server takes it or not, it says so again where it must.
  return step.send_iq(wire::server_iq("urn:xmpp:whatsapp:dirty", "set")
                          .child(wire::Node("clean")
                                     .with("type", dirty.attribute("type").value_or(""))
                                     .with("timestamp", dirty.attribute("timestamp").value_or(""))),
                      [](Step&, const IqAnswer&) { return Status::Ok(); });
}

Status on_deadline(Step& step) {
  SyncState* sync = step.link.app_state.get();
  if (sync == nullptr) return Status::Ok();
  if (sync->erasing) {
    PONTE_ASSIGN(sync->erasing, erase_some(step));
  }
  if (sync->busy) return go_on(step);
  const auto deadline = sync->next_deadline();
  if (!deadline || *deadline > step.now.mono) return Status::Ok();
  return begin_due(step);
}

Status begin_due(Step& step) {
  SyncState& sync = *step.link.app_state;
  if (sync.running || step.link.phase != Phase::kOnline) return Status::Ok();
  if (sync.backoff_until && step.now.mono < *sync.backoff_until) return give_up_pushes(step);
  sync.backoff_until.reset();
  sync.look_again.reset();
  PONTE_ASSIGN(const KeyRing ring, load_keys(step.store));
  // After pairing the phone shares its keys by itself; to ask for them would only cross with that.
  if (ring.all().empty() && sync.keys_awaited_until && step.now.mono < *sync.keys_awaited_until) {
    sync.look_again = sync.keys_awaited_until;
    return give_up_pushes(step);
  }
  std::vector<Collection> now;
  const auto come_back_at = [&sync](Mono at) { sync.look_again = std::min(sync.look_again.value_or(at), at); };
  const auto come_back = [&](Wall at) { come_back_at(step.now.mono + (at - step.now.wall)); };
  for (const Collection collection : kCollections) {
    PONTE_ASSIGN(const store::AppStateCollection record, load(step.store, collection));
    if (!record.pending) continue;
    if (record.failed_at && *record.failed_at + SyncTimes::kAskAgain > step.now.wall) {
      come_back(*record.failed_at + SyncTimes::kAskAgain);
    } else if (!record.failed_at && !record.missing_keys.empty()) {
      PONTE_ASSIGN(const Wall at, request_keys(step, record.missing_keys));
      come_back(at);
    } else if (const auto told = sync.announced.find(collection);
               told != sync.announced.end() && told->second.next_look > step.now.mono) {
      come_back_at(told->second.next_look);
    } else {
      now.push_back(collection);
    }
  }
  if (!sync.pushes.empty() && !std::exchange(sync.pushes.front().fetched, true)) {
    PONTE_ASSIGN(const store::AppStateCollection record, load(step.store, sync.pushes.front().collection));
    if (!record.pending) now.push_back(sync.pushes.front().collection);
  }
  if (!now.empty()) return begin_round(step, now);
  if (sync.pushes.empty()) return Status::Ok();
  PONTE_TRY(send_push(step));
  return begin_due(step);
}

}  // namespace ponte::protocol::appstate
