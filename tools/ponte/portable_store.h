// What `ponte export` and `ponte import` share: the store of a data directory that nobody else uses, and their ends.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "store/store.h"

namespace ponte::tool {

struct StorePlace {
  std::string directory;
  std::string master_key_file;  ///< empty: master.key in the directory
};

/// Whether there is a store, be it damaged.
bool holds_store(const StorePlace& place);

enum class MissingStore { kRefused, kMade };

/// Opens the store. Errors of open_rocksdb; kNotFound/kInvalidField where there is none and none is to be made.
Result<std::unique_ptr<store::Store>> open_store(const StorePlace& place, MissingStore missing, RandomSource& random);

/// Says what went wrong, and gives the exit code for it.
int fail(const std::string& command, const Error& error);

/// `3 sessions`, `1 session`.
std::string counted(std::uint64_t number, const std::string& one);

}  // namespace ponte::tool
