#include "protocol/appstate/ledger.h"

namespace ponte::protocol::appstate {

static_assert(kLongestKeyId == store::kLongestAppStateKeyId);

Result<std::optional<Mac>> StoredMacs::find(const Mac& index_mac) const {
  return store::get_app_state_mac(transaction_, collection_name(collection_), index_mac);
}

Result<KeyRing> load_keys(const store::Transaction& transaction) {
  PONTE_ASSIGN(const std::vector<store::AppStateKey> keys, store::get_app_state_keys(transaction));
  KeyRing ring;
  for (const store::AppStateKey& key : keys) {
    if (key.data) ring.add(key.id, key.data->view());
  }
  return ring;
}

Result<std::optional<Bytes>> latest_key(const store::Transaction& transaction) {
  PONTE_ASSIGN(const std::vector<store::AppStateKey> keys, store::get_app_state_keys(transaction));
  const store::AppStateKey* latest = nullptr;
  for (const store::AppStateKey& key : keys) {
    if (key.data && (latest == nullptr || key.timestamp > latest->timestamp)) latest = &key;
  }
  return latest ? std::optional(latest->id) : std::nullopt;
}

Result<store::AppStateCollection> load(const store::Transaction& transaction, Collection collection) {
  PONTE_ASSIGN(auto record, store::get_app_state(transaction, collection_name(collection)));
  return std::move(record).value_or(store::AppStateCollection{});
}

void save(store::Transaction& transaction, Collection collection, const store::AppStateCollection& record) {
  store::put_app_state(transaction, collection_name(collection), record);
}

CollectionState state_of(const store::AppStateCollection& record) {
  return record.hash ? CollectionState{record.version, LtHash(*record.hash)} : CollectionState{};
}

void take_over(store::Transaction& transaction, Collection collection, const Applied& applied,
               store::AppStateCollection& record) {
  record.version = applied.state.version;
  record.hash = applied.state.hash.bytes();
  for (const auto& [index, value] : applied.macs) {
    store::put_app_state_mac(transaction, collection_name(collection), index, value);
  }
}

Status drop(store::Transaction& transaction, Collection collection, store::AppStateCollection& record) {
  record.version = 0;
  record.hash.reset();
  return store::erase_app_state_macs(transaction, collection_name(collection));
}

}  // namespace ponte::protocol::appstate
