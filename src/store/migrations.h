// Versions of the layout on disk, and the steps from one to the next.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace ponte::store {

/// The layout that this program reads and writes (keys.h, records.proto).
///   1: first release.
inline constexpr std::uint32_t kSchemaVersion = 1;

/// One step: what to write so that records of version `from` become those of `from + 1`.
/// The engine applies the batches and the new version in one synced write.
struct Migration {
  std::uint32_t from;
  std::string_view what;  ///< for the log
  Result<std::vector<WriteBatch>> (*plan)(const StoreReader& store);
};

/// All steps, by version.
std::span<const Migration> all_migrations();

/// The steps of `table` that lead from version `found` to `wanted`.
/// kStorage/kStoreCorrupt where `found` is newer than `wanted`, is no version, or no step leads on.
Result<std::vector<Migration>> migrations_between(std::span<const Migration> table, std::uint32_t found,
                                                  std::uint32_t wanted);

}  // namespace ponte::store
