// The file with the key that seals all data keys.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace ponte::store {

/// Reads the key: a regular file of exactly 32 bytes that only its owner can read. kStorage/kMasterKeyMissing
/// with what to do otherwise, whatever is wrong: there is no usable key, and none is made here.
Result<Secret<32>> load_master_key(const std::string& path);

/// For a new database only: draws 32 bytes and writes them (0600), or takes the key that the operator put
/// there. Errors of load_master_key where that is not usable, kStorage/kStoreUnavailable where none can be written.
Result<Secret<32>> load_or_make_master_key(const std::string& path, RandomSource& random);

}  // namespace ponte::store
