#include "store/migrations.h"

#include <algorithm>
#include <string>

namespace ponte::store {
namespace {

Error refusal(std::string message) {
  return {Errc::kStorage, Cause::kStoreCorrupt, std::move(message)};
}

}  // namespace

std::span<const Migration> all_migrations() {
  return {};
}  // version 1 has no predecessor

Result<std::vector<Migration>> migrations_between(std::span<const Migration> table, std::uint32_t found,
                                                  std::uint32_t wanted) {
  if (found == 0) return refusal("the store's schema version is 0: expected 1 to " + std::to_string(wanted));
  if (found > wanted)
    return refusal("the store was written by a newer version of this program: its schema version is " +
                   std::to_string(found) + ", this program knows up to " + std::to_string(wanted) +
                   ". Start the newer program, or restore a backup from before the upgrade");
  std::vector<Migration> steps;
  for (std::uint32_t version = found; version < wanted; ++version) {
    const auto step = std::find_if(table.begin(), table.end(), [&](const Migration& m) { return m.from == version; });
    if (step == table.end())
      return refusal("the store's schema version is " + std::to_string(found) + ", and no step leads on from version " +
                     std::to_string(version));
    steps.push_back(*step);
  }
  return steps;
}

}  // namespace ponte::store
