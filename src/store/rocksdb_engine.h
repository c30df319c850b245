// The database engine as rocksdb_store.cpp uses it: how it is opened and closed, and what its errors mean.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace ponte::store {

/// kStorage/kStoreCorrupt, with what to do about it.
Error corrupt(std::string message);
/// What the engine says, as one of ours. `what` names the key or directory.
Error engine_error(const std::string& what, const rocksdb::Status& status);

/// An open database and its two families: records (the default one) and data keys. The data keys live
/// apart, so that compacting them after an erasure, which takes the erased key off the disk, is cheap.
class Engine {
 public:
  /// `create`: there must be none yet; else there must be one.
  static Result<std::unique_ptr<Engine>> open(const std::string& path, bool create);
  /// Flushed, so that after an orderly end the log is never the only copy of anything.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// nullopt where there is no such key.
  Result<std::optional<std::string>> get(rocksdb::ColumnFamilyHandle* family, const std::string& key) const;

  const std::unique_ptr<rocksdb::DB> db;
  rocksdb::ColumnFamilyHandle* const records;
  rocksdb::ColumnFamilyHandle* const data_keys;

 private:
  Engine(rocksdb::DB* opened, const std::vector<rocksdb::ColumnFamilyHandle*>& handles)
      : db(opened), records(handles[0]), data_keys(handles[1]) {}
};

}  // namespace ponte::store
