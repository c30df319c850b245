// A store on disk in a directory of its own, and a way to look at it from below.
#pragma once

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>

#include "crypto/system_random.h"
#include "store/rocksdb_store.h"

namespace ponte::store {

inline Bytes read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

inline void write_whole(const std::filesystem::path& path, ByteView content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}

/// The database opened without the store: what an intruder, or a bad disk, could do.
class RawDatabase {
 public:
  explicit RawDatabase(const std::string& path) {
    std::vector<rocksdb::ColumnFamilyDescriptor> families{{"default", {}}, {"data_keys", {}}};
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open({}, path, families, &handles_, &db);
    EXPECT_TRUE(status.ok()) << status.ToString();
    db_.reset(db);
  }
  ~RawDatabase() {
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
    EXPECT_TRUE(db_->Close().ok());
  }
  std::string get(const std::string& key, int family = 0) {
    std::string value;
    const rocksdb::Status status = db_->Get({}, handles_[family], key, &value);
    return status.ok() ? value : "absent";
  }
  void put(const std::string& key, const std::string& value, int family = 0) {
    EXPECT_TRUE(db_->Put({}, handles_[family], key, value).ok());
  }
  void erase(const std::string& key, int family = 0) { EXPECT_TRUE(db_->Delete({}, handles_[family], key).ok()); }
  void flush() { EXPECT_TRUE(db_->Flush({}, handles_).ok()); }

 private:
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::unique_ptr<rocksdb::DB> db_;
};

class DiskFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ponte-store-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    options_ = {pattern + "/data", pattern + "/data/master.key"};
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(root_);
  }

  std::filesystem::path database() const { return options_.directory + "/db"; }
  std::filesystem::path only_file(const std::string& extension) const {
    std::filesystem::path found;
    for (const auto& entry : std::filesystem::directory_iterator(database())) {
      if (entry.path().extension() == extension && entry.file_size() > 0) found = entry.path();
    }
    EXPECT_FALSE(found.empty()) << extension;
    return found;
  }

  void open() {
    auto opened = open_rocksdb(options_, random_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }
  void reopen() {
    store_.reset();
    open();
  }
  Error open_error() {
    auto opened = open_rocksdb(options_, random_);
    EXPECT_FALSE(opened.ok()) << "it opened";
    return opened.ok() ? Error{} : opened.error();
  }

  Status commit(WriteBatch batch) {
    std::promise<Status> committed;
    store_->commit(std::move(batch), [&](Status status) { committed.set_value(std::move(status)); });
    return committed.get_future().get();
  }
  Status put(const Owner& owner, std::string key, std::string_view value,
             Durability durability = Durability::kProcessCrash) {
    return commit({owner, durability, {{std::move(key), to_bytes(value)}}});
  }
  Status erase_owner(const Owner& owner) {
    std::promise<Status> erased;
    store_->erase_owner(owner, [&](Status status) { erased.set_value(std::move(status)); });
    return erased.get_future().get();
  }
  std::string text(const Owner& owner, std::string_view key) {
    const auto value = store_->get(owner, key);
    if (!value.ok()) return "error: " + value.error().message;
    return *value ? to_text(**value) : "absent";
  }
  std::string listed(const Owner& owner, std::string_view prefix) {
    const auto records = store_->scan(owner, prefix);
    if (!records.ok()) return "error: " + records.error().message;
    std::string out;
    for (const auto& [key, value] : *records) out += key + "=" + to_text(value) + " ";
    return out;
  }
  /// Whether any file below the data directory holds these bytes.
  bool on_disk(std::string_view needle) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.directory)) {
      if (entry.is_regular_file() && as_text(read_whole(entry.path())).find(needle) != std::string_view::npos)
        return true;
    }
    return false;
  }

  std::filesystem::path root_;
  RocksDbOptions options_;
  crypto::SystemRandom random_;
  std::unique_ptr<Store> store_;
};

}  // namespace ponte::store
