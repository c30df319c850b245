#include "store/store.h"

namespace ponte::store {

Result<std::optional<Bytes>> Transaction::get(std::string_view key) const {
  if (auto own = pending_.find(key); own != pending_.end()) return own->second;
  return store_.get(batch_.owner, key);
}

Result<std::vector<Record>> Transaction::scan(std::string_view prefix) const {
  PONTE_ASSIGN(std::vector<Record> stored, store_.scan(batch_.owner, prefix));
  std::map<std::string, Bytes, std::less<>> merged;
  for (Record& record : stored) merged.insert(std::move(record));
  for (auto own = pending_.lower_bound(prefix); own != pending_.end() && own->first.starts_with(prefix); ++own) {
    if (own->second)
      merged.insert_or_assign(own->first, *own->second);
    else
      merged.erase(own->first);
  }
  std::vector<Record> records;
  records.reserve(merged.size());
  for (auto& [key, value] : merged) records.emplace_back(key, std::move(value));
  return records;
}

void Transaction::put(std::string_view key, Bytes value) {
  pending_.insert_or_assign(std::string(key), std::move(value));
}

void Transaction::erase(std::string_view key) {
  pending_.insert_or_assign(std::string(key), std::nullopt);
}

void Transaction::require(Durability durability) {
  if (durability == Durability::kPowerLoss) batch_.durability = durability;
}

WriteBatch Transaction::take() {
  batch_.writes.reserve(pending_.size());
  for (auto& [key, value] : pending_) batch_.writes.push_back({key, std::move(value)});
  pending_.clear();
  return std::move(batch_);
}

}  // namespace ponte::store
