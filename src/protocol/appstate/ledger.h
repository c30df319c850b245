// What a device keeps of app state, in the terms of this folder.
#pragma once

#include "protocol/appstate/collection.h"
#include "store/app_state_records.h"

namespace ponte::protocol::appstate {

/// The value MACs of a collection as a transaction sees them.
class StoredMacs final : public MacSource {
 public:
  StoredMacs(const store::Transaction& transaction, Collection collection)
      : transaction_(transaction), collection_(collection) {}
  Result<std::optional<Mac>> find(const Mac& index_mac) const override;

 private:
  const store::Transaction& transaction_;
  Collection collection_;
};

/// All keys that the phone has shared.
Result<KeyRing> load_keys(const store::Transaction& transaction);
/// The id of the key that seals what we write: the one made last. nullopt where there is none.
Result<std::optional<Bytes>> latest_key(const store::Transaction& transaction);

/// A default record where there is none yet.
Result<store::AppStateCollection> load(const store::Transaction& transaction, Collection collection);
void save(store::Transaction& transaction, Collection collection, const store::AppStateCollection& record);
/// The state that a record holds; from nothing where it holds none.
CollectionState state_of(const store::AppStateCollection& record);

/// Writes down hash, version and MACs. `record` is not saved.
void take_over(store::Transaction& transaction, Collection collection, const Applied& applied,
               store::AppStateCollection& record);
/// Forgets what is held. `record` is not saved.
Status drop(store::Transaction& transaction, Collection collection, store::AppStateCollection& record);

}  // namespace ponte::protocol::appstate
