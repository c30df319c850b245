// What the store says of a data directory that something has damaged. The rule: damage is reported as
// damage, never taken for an empty or a new store, and no key is ever made in place of a lost one.
#include <sys/stat.h>

#include "disk_fixture.h"
#include "store/keys.h"
#include "store/log_check.h"

namespace ponte::store {
namespace {

namespace fs = std::filesystem;

class RocksDbDamage : public DiskFixture {
 protected:
  static constexpr int kRecords = 40;
  static std::string key_of(int i) { return "record/" + std::to_string(i); }
  static std::string value_of(int i) { return "value " + std::to_string(i) + std::string(200, 'v'); }

  /// Records in tables, as after an orderly end.
  void make_tables() {
    open();
    write_records();
    store_.reset();
  }
  /// Records in the log alone, as after a crash.
  void make_log() {
    open();
    write_records();
    const fs::path copy = root_ / "copy";
    fs::copy(options_.directory, copy, fs::copy_options::recursive);
    store_.reset();
    fs::remove_all(options_.directory);
    fs::rename(copy, options_.directory);
    fs::permissions(options_.directory, fs::perms::owner_all);
    ::chmod(options_.master_key_file.c_str(), 0600);
  }
  void write_records() {
    for (int i = 0; i < kRecords; ++i)
      ASSERT_TRUE(put("one", key_of(i), value_of(i), i == 0 ? Durability::kPowerLoss : Durability::kProcessCrash).ok());
  }

  /// Opens what was damaged. `lost`: how many records are silently absent; values are right or reported.
  struct Finding {
    bool refused = false;
    int lost = 0;
    int reported = 0;
  };
  Finding look() {
    Finding finding;
    auto opened = open_rocksdb(options_, random_);
    if (!opened.ok()) {
      EXPECT_EQ(opened.error().cause, Cause::kStoreCorrupt) << opened.error().message;
      finding.refused = true;
      return finding;
    }
    for (int i = 0; i < kRecords; ++i) {
      const auto value = (*opened)->get("one", key_of(i));
      if (!value.ok()) {
        EXPECT_EQ(value.error().code, Errc::kStorage);
        EXPECT_EQ(value.error().cause, Cause::kStoreCorrupt) << value.error().message;
        EXPECT_NE(value.error().message.find(key_of(i)), std::string::npos) << value.error().message;
        ++finding.reported;
      } else if (!*value) {
        ++finding.lost;
      } else {
        EXPECT_EQ(to_text(**value), value_of(i));
      }
    }
    return finding;
  }

  /// A pristine copy to begin each damage from.
  void keep() {
    fs::remove_all(root_ / "kept");
    fs::copy(options_.directory, root_ / "kept", fs::copy_options::recursive);
  }
  void restore() {
    fs::remove_all(options_.directory);
    fs::copy(root_ / "kept", options_.directory, fs::copy_options::recursive);
    ::chmod(options_.master_key_file.c_str(), 0600);
  }

  void expect_refused(Cause cause, std::string_view says) {
    const Error error = open_error();
    EXPECT_EQ(error.code, Errc::kStorage);
    EXPECT_EQ(error.cause, cause) << error.message;
    EXPECT_NE(error.message.find(says), std::string::npos) << error.message;
  }
  fs::path largest_table() const {
    fs::path largest;
    for (const auto& entry : fs::directory_iterator(database())) {
      if (entry.path().extension() == ".sst" && (largest.empty() || entry.file_size() > fs::file_size(largest)))
        largest = entry.path();
    }
    return largest;
  }
};

TEST_F(RocksDbDamage, FlippedBytesInATableAreReportedNeverReadAsAbsent) {
  make_tables();
  keep();
  const fs::path table = largest_table();
  const Bytes good = read_whole(table);
  ASSERT_GT(good.size(), 8000u);
  int noticed = 0;
  for (std::size_t at = 0; at < good.size(); at += good.size() / 24) {
    restore();
    Bytes bad = good;
    bad[at] ^= 0x10;
    write_whole(table, bad);
    const Finding finding = look();
    EXPECT_EQ(finding.lost, 0) << "byte " << at;
    noticed += finding.refused || finding.reported > 0;
  }
  EXPECT_GT(noticed, 15) << "most of a table is records";
}

TEST_F(RocksDbDamage, ATruncatedTableIsRefused) {
  make_tables();
  const fs::path table = largest_table();
  fs::resize_file(table, fs::file_size(table) / 2);
  expect_refused(Cause::kStoreCorrupt, "Restore the data directory");
}

TEST_F(RocksDbDamage, DamageInTheMiddleOfTheLogIsRefused) {
  make_log();
  keep();
  const fs::path log = only_file(".log");
  const Bytes good = read_whole(log);
  ASSERT_GT(good.size(), 10000u);
  for (std::size_t at = 100; at < good.size() - 1000; at += good.size() / 16) {
    restore();
    Bytes bad = good;
    bad[at] ^= 0x10;
    write_whole(log, bad);
    const Finding finding = look();
    EXPECT_TRUE(finding.refused) << "byte " << at << ", lost " << finding.lost;
  }
}

/// Where the records of a log of one block begin.
std::vector<std::size_t> record_starts(const Bytes& log) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at + 7 <= log.size(); at += 7 + log[at + 4] + 256u * log[at + 5]) starts.push_back(at);
  return starts;
}

TEST_F(RocksDbDamage, ALengthThatMakesARecordSeemTornIsRefused) {
  make_log();
  keep();
  const fs::path log = only_file(".log");
  fs::path manifest;
  for (const auto& entry : fs::directory_iterator(database()))
    if (entry.path().filename().string().starts_with("MANIFEST")) manifest = entry.path();
  for (const fs::path& file : {log, manifest}) {
    const Bytes good = read_whole(file);
    ASSERT_LT(good.size(), 32768u);
    EXPECT_FALSE(has_record_behind_tear(good));
    std::vector<std::size_t> starts = record_starts(good);
    ASSERT_GE(starts.size(), 3u);
    starts.pop_back();  // of the last record nothing tells a flipped length from a torn write
    for (std::size_t at : starts) {
      Bytes bad = good;
      bad[at + 5] ^= 0x80;
      EXPECT_TRUE(has_record_behind_tear(bad)) << at;
      restore();
      write_whole(file, bad);
      EXPECT_TRUE(look().refused) << file << " byte " << at;
    }
  }
}

TEST_F(RocksDbDamage, NoTornLogSeemsDamaged) {
  make_log();
  const Bytes good = read_whole(only_file(".log"));
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(has_record_behind_tear(ByteView(good).first(size))) << size;
}

TEST_F(RocksDbDamage, DamageInALogOfSeveralBlocksIsRefused) {
  open();
  write_records();
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(put("two", std::to_string(i), std::string(1500, 'x')).ok());
  fs::copy(options_.directory, root_ / "kept", fs::copy_options::recursive);
  store_.reset();
  restore();
  const fs::path log = only_file(".log");
  const Bytes good = read_whole(log);
  ASSERT_GT(good.size(), 3 * 32768u);
  const std::vector<std::size_t> starts = record_starts(Bytes(good.begin(), good.begin() + 32768));
  for (std::size_t at :
       {starts.front() + 5, starts[starts.size() / 2] + 5, std::size_t{32768 + 5}, std::size_t{40000}}) {
    restore();
    Bytes bad = good;
    bad[at] ^= 0x80;
    write_whole(log, bad);
    EXPECT_TRUE(look().refused) << "byte " << at;
  }
}

TEST_F(RocksDbDamage, ATornTailOfTheLogIsAcceptedAndLosesOnlyTheLastBatch) {
  make_log();
  keep();
  const fs::path log = only_file(".log");
  for (std::uintmax_t cut : {1, 50, 200}) {
    restore();
    fs::resize_file(log, fs::file_size(log) - cut);
    const Finding finding = look();
    EXPECT_FALSE(finding.refused) << cut;
    EXPECT_EQ(finding.reported, 0);
    EXPECT_EQ(finding.lost, 1) << cut;
  }
}

TEST_F(RocksDbDamage, MissingFilesAreRefusedAndNotMadeAnew) {
  make_tables();
  keep();
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(database())) {
    const std::string name = entry.path().filename();
    if (name == "CURRENT" || name.starts_with("MANIFEST") || name.ends_with(".sst") || name.ends_with(".log"))
      files.push_back(entry.path());
  }
  ASSERT_GE(files.size(), 4u);
  for (const fs::path& file : files) {
    restore();
    fs::remove(file);
    const Error error = open_error();
    EXPECT_EQ(error.code, Errc::kStorage) << file;
    EXPECT_EQ(error.cause, Cause::kStoreCorrupt) << error.message;
    EXPECT_NE(error.message.find("data/db"), std::string::npos) << error.message;
    EXPECT_FALSE(fs::exists(file)) << file;
  }
}

TEST_F(RocksDbDamage, OverwrittenFilesOfTheEngineAreRefused) {
  make_tables();
  keep();
  for (const auto& entry : fs::directory_iterator(root_ / "kept" / "db")) {
    const std::string name = entry.path().filename();
    if (name != "CURRENT" && !name.starts_with("MANIFEST")) continue;
    for (const Bytes& content : {Bytes(), to_bytes("garbage\n")}) {
      restore();
      write_whole(database() / name, content);
      const Error error = open_error();
      EXPECT_EQ(error.cause, Cause::kStoreCorrupt) << name << ": " << error.message;
    }
  }
}

TEST_F(RocksDbDamage, ALostDatabaseIsNotReplacedByAnEmptyOne) {
  make_tables();
  fs::remove_all(database());
  expect_refused(Cause::kStoreCorrupt, "is gone");
  fs::create_directory(database());
  expect_refused(Cause::kStoreCorrupt, "is gone");
  fs::remove(options_.directory + "/initialized");  // the operator's decision, as the message says
  open();
  EXPECT_EQ(text("one", key_of(0)), "absent");
}

TEST_F(RocksDbDamage, AMissingMasterKeyIsNeverMadeAnew) {
  make_tables();
  fs::remove(options_.master_key_file);
  expect_refused(Cause::kMasterKeyMissing, "the file is missing");
  EXPECT_FALSE(fs::exists(options_.master_key_file));
}

TEST_F(RocksDbDamage, AnUnusableMasterKeyIsRefused) {
  make_tables();
  const Bytes good = read_whole(options_.master_key_file);
  for (const Bytes& key : {Bytes(), Bytes(good.begin(), good.end() - 1), concat({good, as_bytes("\n")})}) {
    write_whole(options_.master_key_file, key);
    expect_refused(Cause::kMasterKeyMissing, "expected 32 bytes, got " + std::to_string(key.size()));
  }
  write_whole(options_.master_key_file, good);
  for (mode_t mode : {0640, 0604, 0660, 0620}) {
    ::chmod(options_.master_key_file.c_str(), mode);
    expect_refused(Cause::kMasterKeyMissing, "chmod 600");
  }
  fs::remove(options_.master_key_file);
  fs::create_directory(options_.master_key_file);
  expect_refused(Cause::kMasterKeyMissing, "regular file");
  fs::remove(options_.master_key_file);
  ASSERT_EQ(::mkfifo(options_.master_key_file.c_str(), 0600), 0);
  expect_refused(Cause::kMasterKeyMissing, "regular file");
  fs::remove(options_.master_key_file);
  write_whole(options_.master_key_file, good);
  ::chmod(options_.master_key_file.c_str(), 0600);
  EXPECT_EQ(look().lost, 0) << "nothing of this changed the store";
}

TEST_F(RocksDbDamage, AMasterKeyOfAnotherDatabaseIsRefused) {
  make_tables();
  Bytes key = read_whole(options_.master_key_file);
  for (std::size_t bit : {0, 100, 255}) {
    Bytes other = key;
    other[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    write_whole(options_.master_key_file, other);
    expect_refused(Cause::kStoreCorrupt, "does not open the database");
  }
}

TEST_F(RocksDbDamage, AValueMovedToAnotherKeyIsRefused) {
  open();
  ASSERT_TRUE(put("one", "a", "of one a").ok());
  ASSERT_TRUE(put("one", "b", "of one b").ok());
  ASSERT_TRUE(put("two", "a", "of two a").ok());
  store_.reset();
  {
    RawDatabase raw(database());
    raw.put("i/one/b", raw.get("i/one/a"));
    raw.put("i/two/a", raw.get("i/one/a"));
  }
  open();
  EXPECT_EQ(text("one", "a"), "of one a");
  for (const auto& [owner, key] : {std::pair<Owner, std::string>{"one", "b"}, {"two", "a"}}) {
    const auto value = store_->get(owner, key);
    ASSERT_FALSE(value.ok());
    EXPECT_EQ(value.error().cause, Cause::kStoreCorrupt);
    EXPECT_NE(value.error().message.find("record " + key + " of instance " + owner), std::string::npos);
    EXPECT_EQ(store_->scan(owner, key).error().cause, Cause::kStoreCorrupt);
  }
}

TEST_F(RocksDbDamage, ADataKeyOfAnotherOwnerOrALostOneIsRefusedAndNotReplaced) {
  open();
  ASSERT_TRUE(put("one", "a", "1").ok());
  ASSERT_TRUE(put("two", "a", "2").ok());
  ASSERT_TRUE(put("three", "a", "3").ok());
  store_.reset();
  std::string original;
  {
    RawDatabase raw(database());
    original = raw.get("k/one", 1);
    raw.put("k/one", raw.get("k/two", 1), 1);
    raw.erase("k/three", 1);
  }
  open();
  EXPECT_EQ(text("two", "a"), "2");
  for (const Owner& owner : {Owner("one"), Owner("three")}) {
    EXPECT_EQ(store_->get(owner, "a").error().cause, Cause::kStoreCorrupt);
    EXPECT_EQ(put(owner, "b", "x").error().cause, Cause::kStoreCorrupt);
    EXPECT_EQ(put(owner, "b", "x", Durability::kPowerLoss).error().cause, Cause::kStoreCorrupt);
  }
  EXPECT_TRUE(store_->health().ok()) << "one damaged owner does not stop the others";
  EXPECT_TRUE(put("two", "b", "x", Durability::kPowerLoss).ok());
  EXPECT_TRUE(erase_owner("three").ok()) << "deleting is the way out";
  EXPECT_TRUE(put("three", "b", "x").ok());
  store_.reset();
  RawDatabase(database()).put("k/one", original, 1);
  open();
  EXPECT_EQ(text("one", "a"), "1");
}

TEST_F(RocksDbDamage, TruncatedAndFlippedValuesAreRefused) {
  open();
  ASSERT_TRUE(put("one", "a", "abc").ok());
  store_.reset();
  const std::string sealed = RawDatabase(database()).get("i/one/a");
  for (std::size_t cut : {std::size_t{0}, std::size_t{39}, sealed.size() - 1}) {
    RawDatabase(database()).put("i/one/a", sealed.substr(0, cut));
    open();
    EXPECT_EQ(store_->get("one", "a").error().cause, Cause::kStoreCorrupt) << cut;
    store_.reset();
  }
  for (std::size_t at : {std::size_t{0}, std::size_t{24}, sealed.size() - 1}) {
    std::string bad = sealed;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    RawDatabase(database()).put("i/one/a", bad);
    open();
    EXPECT_EQ(store_->get("one", "a").error().cause, Cause::kStoreCorrupt) << at;
    store_.reset();
  }
}

TEST_F(RocksDbDamage, SchemaAndKeyCheckMustBeThereAndKnown) {
  make_tables();
  keep();
  const auto damaged = [&](auto&& damage, std::string_view says) {
    restore();
    {
      RawDatabase raw(database());
      damage(raw);
    }
    expect_refused(Cause::kStoreCorrupt, says);
  };
  damaged([](RawDatabase& raw) { raw.put("m/schema", std::string("\0\0\0\2", 4)); }, "newer version");
  damaged([](RawDatabase& raw) { raw.put("m/schema", std::string("\0\0\0\0", 4)); }, "schema version is 0");
  damaged([](RawDatabase& raw) { raw.put("m/schema", "1"); }, "expected 4 bytes");
  damaged([](RawDatabase& raw) { raw.erase("m/schema"); }, "m/schema is missing");
  damaged([](RawDatabase& raw) { raw.erase("m/key_check"); }, "m/key_check is missing");
  damaged([](RawDatabase& raw) { raw.put("m/key_check", raw.get("k/one", 1)); }, "does not open the database");
}

TEST_F(RocksDbDamage, AnInterruptedFirstStartBeginsAgain) {
  fs::create_directories(options_.directory + "/db.new");
  write_whole(options_.directory + "/db.new/CURRENT", as_bytes("half"));
  write_whole(options_.master_key_file + ".new", as_bytes("half"));
  open();
  EXPECT_TRUE(put("one", "a", "1").ok());
  EXPECT_FALSE(fs::exists(options_.directory + "/db.new"));
  EXPECT_FALSE(fs::exists(options_.master_key_file + ".new"));
  store_.reset();
  fs::remove(options_.directory + "/initialized");  // interrupted after the database, before the mark
  open();
  EXPECT_EQ(text("one", "a"), "1");
  EXPECT_TRUE(fs::exists(options_.directory + "/initialized"));
}

TEST_F(RocksDbDamage, AKeyOfTheOperatorIsUsedForANewDatabaseAndNeverReplaced) {
  fs::create_directories(options_.directory);
  write_whole(options_.master_key_file, Bytes(31, 'k'));
  ::chmod(options_.master_key_file.c_str(), 0600);
  expect_refused(Cause::kMasterKeyMissing, "expected 32 bytes");
  EXPECT_FALSE(fs::exists(database()));
  write_whole(options_.master_key_file, Bytes(32, 'k'));
  open();
  EXPECT_EQ(read_whole(options_.master_key_file), Bytes(32, 'k'));
}

TEST_F(RocksDbDamage, ADirectoryThatCannotBeMadeIsUnavailableNotCorrupt) {
  write_whole(root_ / "file", as_bytes("in the way"));
  options_.directory = root_ / "file" / "data";
  EXPECT_EQ(open_error().cause, Cause::kStoreUnavailable);
  options_.directory = root_ / "data";
  options_.master_key_file = root_ / "nowhere" / "master.key";
  EXPECT_EQ(open_error().cause, Cause::kStoreUnavailable);
  EXPECT_FALSE(fs::exists(options_.directory + "/db"));
}

}  // namespace
}  // namespace ponte::store
