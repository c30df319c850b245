// The store on disk: one RocksDB for the whole process, every value sealed.
//
// What counts as a new store (and nothing else does):
//   directory/db holds files          -> it is opened, never made anew; the master key must be there and fit
//   no db, but directory/initialized  -> refused: the database was lost
//   neither                           -> a database is made, and the master key with it. A key that lies
//                                        there already is the operator's and is used, never replaced.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "base/secret.h"
#include "store/store.h"

namespace ponte::store {

struct RocksDbOptions {
  std::string directory;        ///< created 0700 where missing; see data_directory.h
  std::string master_key_file;  ///< 32 bytes, 0600; made only together with a new database
};

/// Opens or creates. `random` is thread-safe and outlives the store. Errors:
/// kUnavailable/kStoreInUse (another process holds it: exit 3), kStorage/kStoreCorrupt and
/// kStorage/kMasterKeyMissing (exit 4; the message names the key or file and what to do),
/// kStorage/kStoreUnavailable (cannot create, disk full, no permission).
/// A database is never taken for empty because it is damaged or its key is missing.
/// The store's destructor applies what waits and closes; no other thread may use it then.
Result<std::unique_ptr<Store>> open_rocksdb(const RocksDbOptions& options, RandomSource& random);

}  // namespace ponte::store
