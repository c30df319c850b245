// The data directory: who holds it, and whether a database was ever made in it.
//
//   <directory>/lock          locked by the process that holds the store
//   <directory>/db/           the database; exists only when complete
//   <directory>/db.new/       a database being made; left over where that was interrupted
//   <directory>/initialized   written once the first database was complete: from then on an absent
//                             db/ is a loss, never a reason to begin anew
#pragma once

#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::store {

/// Holds the directory against other processes for as long as it lives.
class DataDirectory {
 public:
  /// Makes the directory (0700) where missing. kUnavailable/kStoreInUse where another process, or another
  /// store of this one, holds it; kStorage/kStoreUnavailable where it cannot be made or written.
  static Result<DataDirectory> open(const std::string& path);

  DataDirectory(DataDirectory&& other) noexcept
      : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
  DataDirectory& operator=(DataDirectory&&) = delete;
  ~DataDirectory();

  /// True: a database is there and must open. False: none was ever completed here, one may be made.
  /// kStorage/kStoreCorrupt where there was one and it is gone.
  Result<bool> has_database() const;

  /// An empty place for a database being made; leftovers are removed.
  Result<std::string> prepare_new_database() const;
  /// The database made there becomes the database.
  Status adopt_new_database() const;
  /// Writes `initialized` where missing.
  Status mark_initialized() const;

  /// Whether the disk takes a file of 256 KiB, synced. kStorage/kStoreUnavailable where not.
  Status probe() const;

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/db"; }

 private:
  DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_ = -1;
};

/// Writes a new file (mode 0600) that is either whole and on disk, or absent: written beside, synced,
/// renamed without replacing, directory synced. kStorage/kStoreUnavailable; also where the file exists.
Status write_new_file(const std::string& path, ByteView content);

/// kStorage/kStoreUnavailable with the reason in `errno` words: "<what>: <reason>".
Error file_error(const std::string& what, int error_number);

}  // namespace ponte::store
