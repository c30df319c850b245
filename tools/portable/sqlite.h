// A SQLite database that is read without a trace: its files are taken into memory, and SQLite works on those, so that a
// write-ahead log counts as it should and nothing beside the source is made or changed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/task.h"

struct sqlite3_stmt;

namespace ponte::portable {

/// One row of a query; valid while it is looked at. Columns count from 0.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}

  /// Empty where it is null.
  std::string text(int column) const;
  SecretBytes bytes(int column) const;
  /// nullopt where it is no integer.
  std::optional<std::int64_t> number(int column) const;

 private:
  sqlite3_stmt* statement_;
};

/// The database of a file and its log. One thread.
class Database {
 public:
  /// kUnavailable/kStoreInUse where another program has it open, as far as its locks say so; kUnsupported/kInvalidField
  /// where it is too large or changed meanwhile; kMalformed/kInvalidField where it is no database, or a damaged one.
  static Result<Database> open(const std::string& path);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  Result<bool> has_table(std::string_view table) const;
  Result<bool> has_column(std::string_view table, std::string_view column) const;
  /// Hands over each row. `?1` is `argument`. kMalformed/kInvalidField where the query fails; errors of `take`.
  Status each(const std::string& query, std::string_view argument, UniqueFunction<Status(const Row&)> take) const;

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::portable
