// Records on their way from one store to another: they hold keys.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "store/store.h"

namespace ponte::portable {

/// Records of one owner, wiped when they go.
class WipedRecords {
 public:
  WipedRecords() = default;
  explicit WipedRecords(std::vector<store::Record> records) : records_(std::move(records)) {}
  WipedRecords(WipedRecords&&) noexcept = default;
  WipedRecords& operator=(WipedRecords&& other) noexcept {
    std::swap(records_, other.records_);
    return *this;
  }
  ~WipedRecords() {
    for (auto& [key, value] : records_) wipe(value);
  }

  void add(std::string key, Bytes value) { records_.emplace_back(std::move(key), std::move(value)); }
  const std::vector<store::Record>& all() const { return records_; }
  std::size_t size() const { return records_.size(); }

  /// The records as writes. None are left here.
  std::vector<store::Write> take() {
    std::vector<store::Write> writes;
    writes.reserve(records_.size());
    for (auto& [key, value] : records_) writes.push_back({std::move(key), std::move(value)});
    records_.clear();
    return writes;
  }

 private:
  std::vector<store::Record> records_;
};

/// Reads such records typed, as those of any owner. They outlive it.
class RecordsReader final : public store::StoreReader {
 public:
  explicit RecordsReader(const WipedRecords& records);

  Result<std::optional<Bytes>> get(const store::Owner& owner, std::string_view key) const override;
  Result<std::vector<store::Record>> scan(const store::Owner& owner, std::string_view prefix) const override;
  Result<std::vector<store::Record>> scan_after(const store::Owner& owner, std::string_view prefix,
                                                std::string_view after, std::size_t limit) const override;
  Result<std::vector<store::Record>> scan_before(const store::Owner& owner, std::string_view prefix,
                                                 std::string_view before, std::size_t limit) const override;

 private:
  std::map<std::string_view, const Bytes*> by_key_;
};

}  // namespace ponte::portable
