#include "store/memory_store.h"

namespace ponte::store {

Result<std::optional<Bytes>> MemoryStore::get(const Owner& owner, std::string_view key) const {
  std::lock_guard lock(mutex_);
  auto records = records_.find(owner);
  if (records == records_.end()) return std::optional<Bytes>();
  auto record = records->second.find(key);
  if (record == records->second.end()) return std::optional<Bytes>();
  return std::optional<Bytes>(record->second);
}

Result<std::vector<Record>> MemoryStore::scan(const Owner& owner, std::string_view prefix) const {
  std::lock_guard lock(mutex_);
  std::vector<Record> found;
  auto records = records_.find(owner);
  if (records == records_.end()) return found;
  for (auto it = records->second.lower_bound(prefix); it != records->second.end() && it->first.starts_with(prefix);
       ++it)
    found.emplace_back(it->first, it->second);
  return found;
}

void MemoryStore::commit(WriteBatch batch, Committed done) {
  {
    std::lock_guard lock(mutex_);
    auto& records = records_[batch.owner];
    for (Write& write : batch.writes) {
      if (write.value)
        records[write.key] = std::move(*write.value);
      else
        records.erase(write.key);
    }
  }
  done(Status::Ok());
}

void MemoryStore::erase_owner(const Owner& owner, Committed done) {
  {
    std::lock_guard lock(mutex_);
    records_.erase(owner);
  }
  done(Status::Ok());
}

std::unique_ptr<MemoryStore> MemoryStore::clone() const {
  auto copy = std::make_unique<MemoryStore>();
  std::lock_guard lock(mutex_);
  copy->records_ = records_;
  return copy;
}

}  // namespace ponte::store
