#include "store/rocksdb_store.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <limits>
#include <shared_mutex>

#include "base/log.h"
#include "base/metrics.h"
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/sealing.h"
#include "store/committer.h"
#include "store/data_directory.h"
#include "store/key_cache.h"
#include "store/keys.h"
#include "store/log_check.h"
#include "store/master_key.h"
#include "store/migrations.h"
#include "store/rocksdb_engine.h"

namespace ponte::store {
namespace {

constexpr std::string_view kKeyCheckText = "this master key fits";

rocksdb::Slice slice(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

rocksdb::WriteOptions synced(bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  return options;
}

/// What is drawn for the values of one batch, all at once: each draw by itself is a call of the kernel.
class DrawnAhead final : public RandomSource {
 public:
  DrawnAhead(RandomSource& source, std::size_t bytes) : source_(source), drawn_(bytes) { source.fill(drawn_); }
  void fill(MutableByteView out) override {
    if (drawn_.size() - used_ < out.size()) return source_.fill(out);
    std::copy_n(drawn_.begin() + static_cast<std::ptrdiff_t>(used_), out.size(), out.begin());
    used_ += out.size();
  }

 private:
  RandomSource& source_;
  Bytes drawn_;
  std::size_t used_ = 0;
};

/// The writes of a batch to one owner.
struct Part {
  const Owner& owner;
  std::vector<Write>& writes;
};

/// Of an owner that is only named there is nothing: it needs no data key.
std::vector<Part> parts_of(WriteBatch& batch) {
  std::vector<Part> parts;
  if (!batch.writes.empty()) parts.push_back({batch.owner, batch.writes});
  for (OwnedWrites& beside : batch.beside) {
    if (!beside.writes.empty()) parts.push_back({beside.owner, beside.writes});
  }
  return parts;
}

class RocksDbStore final : public Store {
 public:
  RocksDbStore(DataDirectory directory, Secret<32> master_key, std::unique_ptr<Engine> engine, RandomSource& random)
      : directory_(std::move(directory)),
        master_key_(std::move(master_key)),
        random_(random),
        engine_(std::move(engine)),
        committer_([this](std::span<Committer::Operation> group) { return apply(group); }) {}

  /// Brings the records to kSchemaVersion. Before anyone else uses the store.
  Status migrate();

  Result<std::optional<Bytes>> get(const Owner& owner, std::string_view key) const override;
  Result<std::vector<Record>> scan(const Owner& owner, std::string_view prefix) const override;
  Result<std::vector<Record>> scan_after(const Owner& owner, std::string_view prefix, std::string_view after,
                                         std::size_t limit) const override;
  Result<std::vector<Record>> scan_before(const Owner& owner, std::string_view prefix, std::string_view before,
                                          std::size_t limit) const override;
  void commit(WriteBatch batch, Committed done) override;
  void erase_owner(const Owner& owner, Committed done) override;
  Status health() const override;
  std::uint64_t write_failures() const override { return write_failures_.value(); }
  Status try_resume() override;

 private:
  using SharedLock = std::shared_lock<std::shared_mutex>;

  Status ready() const;  // mutex_ held, shared or not: is there an engine
  Result<std::optional<Secret<32>>> find_data_key(const Owner& owner) const;  // mutex_ held, shared
  Status check_no_records(const Owner& owner) const;                          // mutex_ held
  Status make_data_key(const Owner& owner);                                   // takes mutex_
  Result<Bytes> unseal_value(const Owner& owner, std::string_view key, const std::string& disk_key,
                             ByteView sealed) const;

  Result<Record> record_at(const Owner& owner, const rocksdb::Iterator& it) const;

  Result<std::vector<Secret<32>>> lock_data_keys(const std::vector<Part>& parts, SharedLock& lock);
  Status seal_into(rocksdb::WriteBatch& to, WriteBatch& batch, SharedLock& lock);
  Status commit_inline(WriteBatch& batch);
  Status apply(std::span<Committer::Operation> group);
  Status erase_records(const Owner& owner);
  void purge_erased_keys();
  // mutex_ held, shared; a failure refuses all later writes. Not inlined: tests/tsan.supp knows it by its name.
  [[gnu::noinline]] Status write_to_database(rocksdb::WriteBatch& batch, bool sync);
  Status fail(Error error);
  Status reopen();

  const DataDirectory directory_;
  const Secret<32> master_key_;
  RandomSource& random_;

  // Shared: any use of the engine. Alone: making or erasing a data key, so that no value is sealed by a key
  // that is not, or no longer, there; and exchanging the engine.
  mutable std::shared_mutex mutex_;
  std::unique_ptr<Engine> engine_;  // null only where reopening failed
  mutable KeyCache data_keys_;

  std::mutex resume_mutex_;
  mutable std::mutex health_mutex_;
  Counter write_failures_;
  std::atomic<bool> failed_ = false;
  Status health_;

  Committer committer_;  // last: applies what waits while the rest still stands
};

Status RocksDbStore::ready() const {
  if (engine_) return {};
  return Error{Errc::kStorage, Cause::kStoreUnavailable, "the database is closed after a failed write"};
}

// --- Reading -----------------------------------------------------------------------------------

Result<std::optional<Secret<32>>> RocksDbStore::find_data_key(const Owner& owner) const {
  if (auto cached = data_keys_.find(owner)) return std::optional(std::move(*cached));
  const std::string disk_key = keys::disk_data_key(owner);
  PONTE_ASSIGN(const auto sealed, engine_->get(engine_->data_keys, disk_key));
  if (!sealed) return std::optional<Secret<32>>();
  Result<Bytes> opened = crypto::unseal(master_key_, as_bytes(*sealed), as_bytes(disk_key));
  if (!opened.ok() || opened->size() != 32) return corrupt("data key " + disk_key + " does not open");
  Secret<32> key = Secret<32>::from(*opened);
  wipe(*opened);
  data_keys_.put(owner, key);
  return std::optional(std::move(key));
}

Result<Bytes> RocksDbStore::unseal_value(const Owner& owner, std::string_view key, const std::string& disk_key,
                                         ByteView sealed) const {
  PONTE_ASSIGN(const auto data_key, find_data_key(owner));
  if (!data_key) return corrupt(keys::describe(owner, key) + ": the key that sealed it is missing");
  Result<Bytes> value = crypto::unseal(*data_key, sealed, as_bytes(disk_key));
  if (!value.ok()) return corrupt(keys::describe(owner, key) + " is damaged: " + value.error().message);
  return value;
}

Result<std::optional<Bytes>> RocksDbStore::get(const Owner& owner, std::string_view key) const {
  PONTE_TRY(keys::check_owner(owner));
  const std::string disk_key = keys::disk_key(owner, key);
  SharedLock lock(mutex_);
  PONTE_TRY(ready());
  PONTE_ASSIGN(const auto sealed, engine_->get(engine_->records, disk_key));
  if (!sealed) return std::optional<Bytes>();
  PONTE_ASSIGN(Bytes value, unseal_value(owner, key, disk_key, as_bytes(*sealed)));
  return std::optional(std::move(value));
}

Result<Record> RocksDbStore::record_at(const Owner& owner, const rocksdb::Iterator& it) const {
  const std::string disk_key = it.key().ToString();
  std::string key = disk_key.substr(keys::disk_key(owner, "").size());
  PONTE_ASSIGN(Bytes value, unseal_value(owner, key, disk_key, as_bytes(it.value().ToStringView())));
  return Record(std::move(key), std::move(value));
}

Result<std::vector<Record>> RocksDbStore::scan(const Owner& owner, std::string_view prefix) const {
  return scan_after(owner, prefix, "", std::numeric_limits<std::size_t>::max());
}

Result<std::vector<Record>> RocksDbStore::scan_after(const Owner& owner, std::string_view prefix,
                                                     std::string_view after, std::size_t limit) const {
  PONTE_TRY(keys::check_owner(owner));
  const std::string start = keys::disk_key(owner, std::max(prefix, after));
  const std::string end = keys::after_prefix(keys::disk_key(owner, prefix));
  const std::string passed = keys::disk_key(owner, after);
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  SharedLock lock(mutex_);
  PONTE_TRY(ready());
  std::vector<Record> records;
  const std::unique_ptr<rocksdb::Iterator> it(engine_->db->NewIterator(options, engine_->records));
  for (it->Seek(start); it->Valid() && records.size() < limit; it->Next()) {
    if (!after.empty() && it->key() == passed) continue;
    PONTE_ASSIGN(Record record, record_at(owner, *it));
    records.push_back(std::move(record));
  }
  if (!it->status().ok()) return engine_error("keys " + start, it->status());
  return records;
}

Result<std::vector<Record>> RocksDbStore::scan_before(const Owner& owner, std::string_view prefix,
                                                      std::string_view before, std::size_t limit) const {
  PONTE_TRY(keys::check_owner(owner));
  const std::string start = keys::disk_key(owner, prefix);
  std::string end = keys::after_prefix(start);
  if (!before.empty()) end = std::min(end, keys::disk_key(owner, before));
  std::vector<Record> records;
  if (end <= start) return records;
  const rocksdb::Slice lower(start);
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  SharedLock lock(mutex_);
  PONTE_TRY(ready());
  const std::unique_ptr<rocksdb::Iterator> it(engine_->db->NewIterator(options, engine_->records));
  for (it->SeekToLast(); it->Valid() && records.size() < limit; it->Prev()) {
    PONTE_ASSIGN(Record record, record_at(owner, *it));
    records.push_back(std::move(record));
  }
  if (!it->status().ok()) return engine_error("keys " + start, it->status());
  return records;
}

// --- Writing -----------------------------------------------------------------------------------

/// Records without their data key are damage: a new key would hide it.
Status RocksDbStore::check_no_records(const Owner& owner) const {
  const std::string start = keys::disk_key(owner, "");
  const std::unique_ptr<rocksdb::Iterator> it(engine_->db->NewIterator({}, engine_->records));
  it->Seek(start);
  if (!it->status().ok()) return engine_error("keys " + start, it->status());
  if (!it->Valid() || !it->key().starts_with(start)) return {};
  return corrupt("data key " + keys::disk_data_key(owner) + " is missing, but there are records that it sealed");
}

Status RocksDbStore::make_data_key(const Owner& owner) {
  std::unique_lock lock(mutex_);
  PONTE_TRY(ready());
  PONTE_ASSIGN(const auto found, find_data_key(owner));
  if (found) return {};
  PONTE_TRY(check_no_records(owner));
  Secret<32> key;
  random_.fill(key.mutable_view());
  const std::string disk_key = keys::disk_data_key(owner);
  const Bytes sealed = crypto::seal(master_key_, key.view(), as_bytes(disk_key), random_);
  // Not synced: it stands in the log before the first batch that it seals, so it is on disk when that one is.
  rocksdb::WriteBatch batch;
  batch.Put(engine_->data_keys, disk_key, slice(sealed));
  PONTE_TRY(write_to_database(batch, false));
  data_keys_.put(owner, key);
  return {};
}

/// The data key of each part. On success the lock is held: all of them were there in one moment, and none can go.
Result<std::vector<Secret<32>>> RocksDbStore::lock_data_keys(const std::vector<Part>& parts, SharedLock& lock) {
  for (;;) {
    if (!lock.owns_lock()) lock.lock();
    PONTE_TRY(ready());
    std::vector<Secret<32>> data_keys;
    for (const Part& part : parts) {
      PONTE_ASSIGN(auto data_key, find_data_key(part.owner));
      if (!data_key) break;
      data_keys.push_back(std::move(*data_key));
    }
    if (data_keys.size() == parts.size()) return data_keys;
    lock.unlock();
    PONTE_TRY(make_data_key(parts[data_keys.size()].owner));
  }
}

/// On success the lock is held, and stays so until the batch is written: no data key can go meanwhile.
/// On failure nothing was added.
Status RocksDbStore::seal_into(rocksdb::WriteBatch& to, WriteBatch& batch, SharedLock& lock) {
  const std::vector<Part> parts = parts_of(batch);
  PONTE_ASSIGN(const std::vector<Secret<32>> data_keys, lock_data_keys(parts, lock));
  std::size_t writes = 0;
  for (const Part& part : parts) writes += part.writes.size();
  DrawnAhead random(random_, writes * crypto::kSealRandom);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (Write& write : parts[i].writes) {
      const std::string disk_key = keys::disk_key(parts[i].owner, write.key);
      if (!write.value) {
        to.Delete(engine_->records, disk_key);
        continue;
      }
      to.Put(engine_->records, disk_key, slice(crypto::seal(data_keys[i], *write.value, as_bytes(disk_key), random)));
      wipe(*write.value);
    }
  }
  return {};
}

Status RocksDbStore::write_to_database(rocksdb::WriteBatch& batch, bool sync) {
  const rocksdb::Status status = engine_->db->Write(synced(sync), &batch);
  if (status.ok()) return {};
  return fail({Errc::kStorage, Cause::kStoreUnavailable,
               "a write to the database " + directory_.database() + " failed: " + status.ToString()});
}

Status RocksDbStore::commit_inline(WriteBatch& batch) {
  try {
    PONTE_TRY(health());
    SharedLock lock(mutex_, std::defer_lock);
    rocksdb::WriteBatch sealed;
    PONTE_TRY(seal_into(sealed, batch, lock));
    return write_to_database(sealed, false);
  } catch (const std::exception& exception) {
    return fail({Errc::kStorage, Cause::kStoreUnavailable, std::string("the write failed: ") + exception.what()});
  }
}

void RocksDbStore::commit(WriteBatch batch, Committed done) {
  Status owners;
  batch.each([&owners](const Owner& owner, const auto&) {
    if (owners.ok()) owners = keys::check_owner(owner);
  });
  if (!owners.ok() || batch.empty()) return done(std::move(owners));
  if (batch.durability == Durability::kPowerLoss || committer_.has_pending(batch))
    return committer_.submit({Committer::Operation::Kind::kBatch, std::move(batch), std::move(done), {}});
  done(commit_inline(batch));
}

void RocksDbStore::erase_owner(const Owner& owner, Committed done) {
  Status status = keys::check_owner(owner);
  if (status.ok() && owner == kSystem)
    status = Error{Errc::kInternal, Cause::kInternal, "the service's own records are not erased as a whole"};
  if (!status.ok()) return done(std::move(status));
  committer_.submit(
      {Committer::Operation::Kind::kEraseOwner, {owner, Durability::kPowerLoss, {}}, std::move(done), {}});
}

/// The committer's thread: runs of batches become one write each, the end of the group is one sync.
Status RocksDbStore::apply(std::span<Committer::Operation> group) {
  PONTE_TRY(health());
  bool erased = false;
  {
    SharedLock lock(mutex_, std::defer_lock);
    rocksdb::WriteBatch run;
    for (Committer::Operation& operation : group) {
      if (operation.kind == Committer::Operation::Kind::kBatch) {
        operation.refused = seal_into(run, operation.batch, lock);
        continue;
      }
      if (run.Count() > 0) PONTE_TRY(write_to_database(run, false));
      run.Clear();
      if (lock.owns_lock()) lock.unlock();
      PONTE_TRY(erase_records(operation.batch.owner));
      erased = true;
    }
    if (!lock.owns_lock()) lock.lock();
    PONTE_TRY(ready());
    if (run.Count() == 0) run.Put(engine_->records, slice(keys::kDiskOpened), "");  // something to sync with
    PONTE_TRY(write_to_database(run, true));
  }
  if (erased) purge_erased_keys();
  return {};
}

Status RocksDbStore::erase_records(const Owner& owner) {
  std::unique_lock lock(mutex_);
  PONTE_TRY(ready());
  const std::string start = keys::disk_key(owner, "");
  rocksdb::WriteBatch batch;
  batch.Delete(engine_->data_keys, keys::disk_data_key(owner));
  batch.DeleteRange(engine_->records, start, keys::after_prefix(start));
  PONTE_TRY(write_to_database(batch, false));
  data_keys_.erase(owner);
  return {};
}

/// The erased keys are still in the log and in tables below their tombstones: takes them off the disk.
void RocksDbStore::purge_erased_keys() {
  SharedLock lock(mutex_);
  if (!engine_) return;
  rocksdb::Status status = engine_->db->Flush({}, {engine_->records, engine_->data_keys});
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  if (status.ok()) status = engine_->db->CompactRange(options, engine_->data_keys, nullptr, nullptr);
  // The erasure itself stands: it was synced before.
  if (!status.ok()) log::warn("store", "an erased key is still in the files of the database: " + status.ToString());
}

// --- Failing and going on ----------------------------------------------------------------------

Status RocksDbStore::fail(Error error) {
  write_failures_.add();
  std::lock_guard lock(health_mutex_);
  if (health_.ok()) {
    log::error("store", error.message + "; no more is written until the store resumes");
    health_ = error;
    failed_ = true;
  }
  return error;
}

Status RocksDbStore::health() const {
  if (!failed_) return {};
  std::lock_guard lock(health_mutex_);
  return health_;
}

Status RocksDbStore::try_resume() {
  std::lock_guard one_at_a_time(resume_mutex_);
  if (!failed_) return {};
  bool resumed = false;
  {
    SharedLock lock(mutex_);
    resumed = engine_ && engine_->db->Resume().ok() &&
              engine_->db->Put(synced(true), engine_->records, slice(keys::kDiskOpened), "").ok();
  }
  if (!resumed) PONTE_TRY(reopen());
  std::lock_guard lock(health_mutex_);
  health_ = Status::Ok();
  failed_ = false;
  log::info("store", "the store takes writes again");
  return {};
}

/// Resume does not lift what the engine calls a fatal error, as any I/O error but a full disk is.
Status RocksDbStore::reopen() {
  PONTE_TRY(directory_.probe());  // on a disk that still fails, reads had better go on with what is open
  std::unique_lock lock(mutex_);
  engine_.reset();
  data_keys_.clear();
  PONTE_ASSIGN(engine_, Engine::open(directory_.database(), false));
  const rocksdb::Status status = engine_->db->Put(synced(true), engine_->records, slice(keys::kDiskOpened), "");
  if (!status.ok()) return engine_error("the database " + directory_.database() + " takes no writes", status);
  return {};
}

// --- Opening -----------------------------------------------------------------------------------

Result<std::uint32_t> read_schema(const Engine& engine) {
  PONTE_ASSIGN(const auto value, engine.get(engine.records, std::string(keys::kDiskSchema)));
  if (!value) return corrupt("key m/schema is missing");
  Reader reader(as_bytes(*value));
  const auto version = reader.big_endian(4);
  if (!version || !reader.at_end())
    return corrupt("key m/schema: expected 4 bytes, got " + std::to_string(value->size()));
  return static_cast<std::uint32_t>(*version);
}

Status check_master_key(const Engine& engine, const Secret<32>& master_key, const RocksDbOptions& options) {
  const std::string key(keys::kDiskKeyCheck);
  PONTE_ASSIGN(const auto sealed, engine.get(engine.records, key));
  if (!sealed) return corrupt("key m/key_check is missing");
  const Result<Bytes> text = crypto::unseal(master_key, as_bytes(*sealed), as_bytes(key));
  if (text.ok() && as_text(*text) == kKeyCheckText) return {};
  return Error{Errc::kStorage, Cause::kStoreCorrupt,
               "the master key " + options.master_key_file + " does not open the database in " + options.directory +
                   ". Put back the key that was made with this database, or restore both from one backup"};
}

/// The engine would begin anew, or forget, where one of these is missing.
Status check_files(const std::string& database) {
  std::error_code error;
  bool has_log = false;
  bool has_current = false;
  for (const auto& entry : std::filesystem::directory_iterator(database, error)) {
    has_log = has_log || entry.path().extension() == ".log";
    has_current = has_current || entry.path().filename() == "CURRENT";
  }
  if (error) return file_error("cannot read " + database, error.value());
  if (!has_current) return corrupt("file " + database + "/CURRENT is missing");
  if (!has_log) return corrupt("the write-ahead log of " + database + " is missing (no .log file)");
  return check_logs(database);
}

/// Made beside and then renamed: a directory `db` is always complete, whenever this is interrupted.
Status make_database(const DataDirectory& directory, const Secret<32>& master_key, RandomSource& random) {
  PONTE_ASSIGN(const std::string place, directory.prepare_new_database());
  {
    PONTE_ASSIGN(const auto engine, Engine::open(place, true));
    const std::string check(keys::kDiskKeyCheck);
    rocksdb::WriteBatch batch;
    batch.Put(engine->records, slice(keys::kDiskSchema), slice(big_endian_array<4>(kSchemaVersion)));
    batch.Put(engine->records, check,
              slice(crypto::seal(master_key, as_bytes(kKeyCheckText), as_bytes(check), random)));
    rocksdb::Status status = engine->db->Write(synced(true), &batch);
    // In a table, not only in the log: who loses the log is told so, not offered an empty store.
    if (status.ok()) status = engine->db->Flush({}, engine->records);
    if (!status.ok()) return engine_error("the new database " + place, status);
  }
  return directory.adopt_new_database();
}

Status RocksDbStore::migrate() {
  PONTE_ASSIGN(const std::uint32_t found, read_schema(*engine_));
  PONTE_ASSIGN(const auto steps, migrations_between(all_migrations(), found, kSchemaVersion));
  for (const Migration& step : steps) {
    log::info("store", "migrating from version " + std::to_string(step.from) + ": " + std::string(step.what));
    PONTE_ASSIGN(auto batches, step.plan(*this));
    SharedLock lock(mutex_, std::defer_lock);
    rocksdb::WriteBatch all;
    for (WriteBatch& batch : batches) PONTE_TRY(seal_into(all, batch, lock));
    all.Put(engine_->records, slice(keys::kDiskSchema), slice(big_endian_array<4>(step.from + 1)));
    if (!lock.owns_lock()) lock.lock();
    PONTE_TRY(write_to_database(all, true));
  }
  return {};
}

Result<std::unique_ptr<Store>> open_checked(const RocksDbOptions& options, RandomSource& random) {
  PONTE_ASSIGN(DataDirectory directory, DataDirectory::open(options.directory));
  PONTE_ASSIGN(const bool exists, directory.has_database());
  Secret<32> master_key;
  if (exists) {
    PONTE_TRY(check_files(directory.database()));
    PONTE_ASSIGN(master_key, load_master_key(options.master_key_file));
  } else {
    PONTE_ASSIGN(master_key, load_or_make_master_key(options.master_key_file, random));
    PONTE_TRY(make_database(directory, master_key, random));
    log::info("store", "a new, empty store was made in " + options.directory);
  }
  PONTE_ASSIGN(auto engine, Engine::open(directory.database(), false));
  PONTE_ASSIGN(const std::uint32_t version, read_schema(*engine));
  PONTE_ASSIGN(const auto steps, migrations_between(all_migrations(), version, kSchemaVersion));
  PONTE_TRY(check_master_key(*engine, master_key, options));
  // Synced, so that the log's name is on disk too: its absence will be a loss, never a matter of timing.
  const rocksdb::Status status = engine->db->Put(synced(true), engine->records, slice(keys::kDiskOpened), "");
  if (!status.ok()) return engine_error("the database " + directory.database() + " takes no writes", status);
  PONTE_TRY(directory.mark_initialized());
  auto store = std::make_unique<RocksDbStore>(std::move(directory), std::move(master_key), std::move(engine), random);
  if (!steps.empty()) PONTE_TRY(store->migrate());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocksdb(const RocksDbOptions& options, RandomSource& random) {
  try {
    return open_checked(options, random);
  } catch (const std::exception& exception) {
    return Error{Errc::kStorage, Cause::kStoreUnavailable,
                 "the store in " + options.directory + " does not open: " + exception.what()};
  }
}

}  // namespace ponte::store
