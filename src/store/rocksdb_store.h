// The store on disk: one RocksDB for the whole process, every value sealed.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "base/secret.h"
#include "store/store.h"

namespace ponte::store {

struct RocksDbOptions {
  std::string directory;        ///< created 0700 where missing
  std::string master_key_file;  ///< 32 bytes, 0600; made only together with a new database
};

/// Opens or creates. Errors:
/// kUnavailable/kStoreInUse (another process holds it: exit 3), kStorage/kStoreCorrupt and
/// kStorage/kMasterKeyMissing (exit 4; the message names the key or file and what to do),
/// kStorage/kStoreUnavailable (cannot create, disk full, no permission).
/// A database is never taken for empty because it is damaged or its key is missing.
Result<std::unique_ptr<Store>> open_rocksdb(const RocksDbOptions& options, RandomSource& random);

}  // namespace ponte::store
