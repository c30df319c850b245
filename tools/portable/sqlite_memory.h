// Private to sqlite.cpp: SQLite's files, held in memory.
#pragma once

#include <sqlite3.h>

#include <map>
#include <string>

#include "base/bytes.h"
#include "base/secret.h"

namespace ponte::portable {

/// Files by name, and a place that SQLite is told to find them in. Outlives each connection that was opened in it.
class MemoryFiles {
 public:
  MemoryFiles();
  MemoryFiles(const MemoryFiles&) = delete;
  MemoryFiles& operator=(const MemoryFiles&) = delete;
  ~MemoryFiles();

  void add(const std::string& name, Bytes content) { files_[name] = std::move(content); }
  /// What sqlite3_open_v2 is told.
  const char* name() const { return name_.c_str(); }

 private:
  struct Callbacks;

  std::map<std::string, Bytes> files_;
  std::string name_;
  sqlite3_vfs place_{};
};

}  // namespace ponte::portable
