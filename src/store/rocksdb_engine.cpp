#include "store/rocksdb_engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/log.h"

namespace ponte::store {
namespace {

constexpr const char* kDataKeyFamily = "data_keys";

bool says_locked(const std::string& text) {
  return text.find("/LOCK: Resource temporarily unavailable") != std::string::npos ||
         text.find("/LOCK: No locks available") != std::string::npos;
}

/// What the engine has to say, in our log. It would keep a file of its own, LOG, and once a line of that could not be
/// written, on a full disk, Debian's build ends the process with an assertion at the next.
class EngineLog final : public rocksdb::Logger {
 public:
  EngineLog() : rocksdb::Logger(rocksdb::WARN_LEVEL) {}
  using rocksdb::Logger::Logv;
  void LogHeader(const char*, va_list) override {}
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < rocksdb::WARN_LEVEL || level >= rocksdb::HEADER_LEVEL) return;
    std::array<char, 512> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    level == rocksdb::WARN_LEVEL ? log::warn("rocksdb", line.data()) : log::error("rocksdb", line.data());
  }
};

/// Tuned for a small resident size; values are sealed, so nothing would compress. History is what writes much: each new
/// message is looked for first, nearly always in vain, so that filters stand in front of every table that is asked, and
/// what is written is merged less often than RocksDB would by itself.
rocksdb::Options engine_options(bool create) {
  rocksdb::Options options;
  options.create_if_missing = create;
  options.create_missing_column_families = create;
  options.error_if_exists = create;
  // The default would silently drop all that follows damage in the middle of the log.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  options.write_buffer_size = 2 << 20;
  options.db_write_buffer_size = 4 << 20;
  options.max_write_buffer_number = 3;
  options.memtable_prefix_bloom_size_ratio = 0.03;
  options.memtable_whole_key_filtering = true;
  options.level0_file_num_compaction_trigger = 8;
  options.max_total_wal_size = 8 << 20;
  options.arena_block_size = 64 << 10;
  options.writable_file_max_buffer_size = 64 << 10;
  options.max_open_files = 64;
  options.max_background_jobs = 2;
  options.max_file_opening_threads = 1;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.compression = rocksdb::kNoCompression;
  options.info_log = std::make_shared<EngineLog>();
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(4 << 20, 2);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

Error corrupt(std::string message) {
  return {Errc::kStorage, Cause::kStoreCorrupt, std::move(message) + ". Restore the data directory from a backup"};
}

Error engine_error(const std::string& what, const rocksdb::Status& status) {
  const std::string message = what + ": " + status.ToString();
  if (says_locked(message)) return {Errc::kUnavailable, Cause::kStoreInUse, message};  // a tool that skips our lock
  const bool may_pass = status.IsIOError() || status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() ||
                        status.IsAborted() || status.IsShutdownInProgress();
  if (may_pass && !status.IsPathNotFound()) return {Errc::kStorage, Cause::kStoreUnavailable, message};
  return corrupt(message);
}

Result<std::unique_ptr<Engine>> Engine::open(const std::string& path, bool create) {
  const rocksdb::Options options = engine_options(create);
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, options},
                                                              {kDataKeyFamily, options}};
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status status = rocksdb::DB::Open(options, path, families, &handles, &db);
  if (!status.ok()) return engine_error("the database " + path + " does not open", status);
  return std::unique_ptr<Engine>(new Engine(db, handles));
}

Engine::~Engine() {
  if (const rocksdb::Status status = db->Flush({}, {records, data_keys}); !status.ok())
    log::warn("store", "flush at the end: " + status.ToString());
  for (rocksdb::ColumnFamilyHandle* handle : {records, data_keys}) db->DestroyColumnFamilyHandle(handle);
  if (const rocksdb::Status status = db->Close(); !status.ok()) log::warn("store", "close: " + status.ToString());
}

Result<std::optional<std::string>> Engine::get(rocksdb::ColumnFamilyHandle* family, const std::string& key) const {
  std::string value;
  const rocksdb::Status status = db->Get({}, family, key, &value);
  if (status.ok()) return std::optional(std::move(value));
  // IsPathNotFound: a table file that is gone, not a key that is.
  if (status.IsNotFound() && !status.IsPathNotFound()) return std::optional<std::string>();
  return engine_error("key " + key, status);
}

}  // namespace ponte::store
