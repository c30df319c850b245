#include "ponte/portable_store.h"

#include <cstdio>

#include "base/log.h"
#include "ponte/commands.h"
#include "portable/files.h"
#include "store/rocksdb_store.h"

namespace ponte::tool {

bool holds_store(const StorePlace& place) {
  return portable::exists(place.directory + "/db") || portable::exists(place.directory + "/initialized");
}

Result<std::unique_ptr<store::Store>> open_store(const StorePlace& place, MissingStore missing, RandomSource& random) {
  const std::string& directory = place.directory;
  if (!holds_store(place) && missing == MissingStore::kRefused)
    return Error{Errc::kNotFound, Cause::kInvalidField, "there is no store of Ponte in " + directory};
  const std::string key_file = place.master_key_file.empty() ? directory + "/master.key" : place.master_key_file;
  log::set_level(log::Level::kOff);  // what goes wrong is told by the command, once
  auto store = store::open_rocksdb({directory, key_file}, random);
  if (!store.ok() && store.error().cause == Cause::kStoreInUse) {
    return Error{Errc::kUnavailable, Cause::kStoreInUse,
                 "the data directory " + directory + " is in use: stop the ponted that runs on it first"};
  }
  return store;
}

int fail(const std::string& command, const Error& error) {
  std::fprintf(stderr, "ponte %s: %s\n", command.c_str(), error.message.c_str());
  switch (error.cause) {
    case Cause::kStoreInUse: return kDataDirectoryInUse;
    case Cause::kStoreCorrupt:
    case Cause::kMasterKeyMissing: return kStoreCorrupt;
    default: return error.code == Errc::kInvalidArgument ? kUsage : kFailed;
  }
}

std::string counted(std::uint64_t number, const std::string& one) {
  const bool is_one = number == 1;
  const bool has_y = one.ends_with("y") && !one.ends_with("ey");
  if (is_one || !has_y) return std::to_string(number) + " " + one + (is_one ? "" : "s");
  return std::to_string(number) + " " + one.substr(0, one.size() - 1) + "ies";
}

}  // namespace ponte::tool
