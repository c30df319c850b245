#include "portable/sqlite.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "portable/content.h"
#include "portable/files.h"
#include "portable/sqlite_memory.h"
#include "store/data_directory.h"

namespace ponte::portable {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t{2} << 30;
constexpr std::string_view kName = "store";

struct Finalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalizer>;

struct Closer {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
using Connection = std::unique_ptr<sqlite3, Closer>;

Error no_database(std::string_view what) {
  return malformed("it is no whole SQLite database: " + std::string(what));
}

/// Bytes that other programs hold locks on while they have the database open.
struct LockRange {
  off_t start;
  off_t length;
};
constexpr LockRange kOfDatabase{0x40000000, 512};  // pending, reserved, shared
constexpr LockRange kOfIndex{120, 9};              // of the -shm file: the log's locks, and one for being there

Status check_unlocked(const InputFile& file, const LockRange& range, const std::string& path) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = range.start;
  lock.l_len = range.length;
  if (::fcntl(file.descriptor(), F_GETLK, &lock) != 0) return Status::Ok();  // a file system without locks says nothing
  if (lock.l_type == F_UNLCK) return Status::Ok();
  return Error{Errc::kUnavailable, Cause::kStoreInUse,
               path + " is in use by another program. Stop that one first, for good"};
}

struct Fingerprint {
  off_t size = 0;
  timespec changed{};

  bool operator==(const Fingerprint& other) const {
    return size == other.size && changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
  }
};

Fingerprint fingerprint(const InputFile& file) {
  struct stat facts {};
  if (::fstat(file.descriptor(), &facts) != 0) return {};
  return {facts.st_size, facts.st_mtim};
}

/// Takes the file into memory, where there is such a file.
Status add_file(MemoryFiles& files, const std::string& path, const std::string& name) {
  PONTE_ASSIGN(const InputFile file, InputFile::open(path));
  if (file.size() > kLargest) {
    return Error{Errc::kUnsupported, Cause::kInvalidField,
                 path + " is too large: expected at most " + std::to_string(kLargest) + " bytes, it has " +
                     std::to_string(file.size())};
  }
  const Fingerprint before = fingerprint(file);
  PONTE_ASSIGN(Bytes content, file.read(0, static_cast<std::size_t>(file.size())));
  if (!(fingerprint(file) == before)) {
    wipe(content);
    return Error{Errc::kUnavailable, Cause::kStoreInUse,
                 path + " changed while it was read. Stop the program that uses it, for good"};
  }
  files.add(name, std::move(content));
  return Status::Ok();
}

}  // namespace

// ---- rows -------------------------------------------------------------------------------------------

std::string Row::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? "" : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

SecretBytes Row::bytes(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return SecretBytes(Bytes(bytes, bytes + sqlite3_column_bytes(statement_, column)));
}

std::optional<std::int64_t> Row::number(int column) const {
  if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(statement_, column);
}

// ---- the database -----------------------------------------------------------------------------------

struct Database::Impl {
  MemoryFiles files;
  Connection connection;

  Status run(const char* statement) const {
    if (sqlite3_exec(connection.get(), statement, nullptr, nullptr, nullptr) == SQLITE_OK) return Status::Ok();
    return no_database(sqlite3_errmsg(connection.get()));
  }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  {
    PONTE_ASSIGN(const InputFile file, InputFile::open(path));
    PONTE_TRY(check_unlocked(file, kOfDatabase, path));
  }
  if (exists(path + "-shm")) {
    PONTE_ASSIGN(const InputFile index, InputFile::open(path + "-shm"));
    PONTE_TRY(check_unlocked(index, kOfIndex, path));
  }
  PONTE_TRY(add_file(impl->files, path, std::string(kName)));
  for (const std::string_view ending : {"-wal", "-journal"}) {
    const std::string beside = path + std::string(ending);
    if (exists(beside)) PONTE_TRY(add_file(impl->files, beside, std::string(kName) + std::string(ending)));
  }

  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(kName.data(), &raw, SQLITE_OPEN_READWRITE, impl->files.name());
  impl->connection.reset(raw);
  if (code != SQLITE_OK) return no_database(raw == nullptr ? "there is no memory" : sqlite3_errmsg(raw));
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // Alone, a log needs no memory that is shared with others.
  PONTE_TRY(impl->run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON"));
  Database database(std::move(impl));
  PONTE_TRY(database.each("PRAGMA quick_check(1)", "", [](const Row& row) -> Status {
    const std::string found = row.text(0);
    return found == "ok" ? Status::Ok() : Status(no_database(found));
  }));
  return database;
}

Status Database::each(const std::string& query, std::string_view argument,
                      UniqueFunction<Status(const Row&)> take) const {
  sqlite3* connection = impl_->connection.get();
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(connection, query.c_str(), -1, &raw, nullptr) != SQLITE_OK)
    return no_database(sqlite3_errmsg(connection));
  const Statement statement(raw);
  if (sqlite3_bind_parameter_count(raw) > 0)
    sqlite3_bind_text(raw, 1, argument.data(), static_cast<int>(argument.size()), SQLITE_TRANSIENT);
  const Row row(raw);
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(raw)) == SQLITE_ROW) PONTE_TRY(take(row));
  return code == SQLITE_DONE ? Status::Ok() : Status(no_database(sqlite3_errmsg(connection)));
}

Result<bool> Database::has_table(std::string_view table) const {
  bool found = false;
  PONTE_TRY(each("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", table, [&found](const Row&) {
    found = true;
    return Status::Ok();
  }));
  return found;
}

Result<bool> Database::has_column(std::string_view table, std::string_view column) const {
  bool found = false;
  PONTE_TRY(each("SELECT name FROM pragma_table_info(?1)", table, [&](const Row& row) {
    found = found || row.text(0) == column;
    return Status::Ok();
  }));
  return found;
}

}  // namespace ponte::portable
