#include "store/memory_store.h"

#include <algorithm>

#include "store/keys.h"

namespace ponte::store {

Result<std::optional<Bytes>> MemoryStore::get(const Owner& owner, std::string_view key) const {
  std::lock_guard lock(mutex_);
  auto records = records_.find(owner);
  if (records == records_.end()) return std::optional<Bytes>();
  auto record = records->second.find(key);
  if (record == records->second.end()) return std::optional<Bytes>();
  return std::optional<Bytes>(record->second);
}

void MemoryStore::visit(const Owner& owner, std::string_view prefix, std::string_view from,
                        const std::function<bool(const std::string&, const Bytes&)>& take) const {
  std::lock_guard lock(mutex_);
  auto records = records_.find(owner);
  if (records == records_.end()) return;
  auto it = records->second.lower_bound(std::max(prefix, from));
  while (it != records->second.end() && it->first.starts_with(prefix) && take(it->first, it->second)) ++it;
}

Result<std::vector<Record>> MemoryStore::scan(const Owner& owner, std::string_view prefix) const {
  std::vector<Record> found;
  visit(owner, prefix, prefix, [&found](const std::string& key, const Bytes& value) {
    found.emplace_back(key, value);
    return true;
  });
  return found;
}

Result<std::vector<Record>> MemoryStore::scan_after(const Owner& owner, std::string_view prefix, std::string_view after,
                                                    std::size_t limit) const {
  std::vector<Record> found;
  if (limit == 0) return found;
  visit(owner, prefix, after, [&](const std::string& key, const Bytes& value) {
    if (key != after) found.emplace_back(key, value);
    return found.size() < limit;
  });
  return found;
}

Result<std::vector<Record>> MemoryStore::scan_before(const Owner& owner, std::string_view prefix,
                                                     std::string_view before, std::size_t limit) const {
  std::vector<Record> found;
  std::lock_guard lock(mutex_);
  const auto records = records_.find(owner);
  if (records == records_.end()) return found;
  std::string end = prefix.empty() ? "" : keys::after_prefix(std::string(prefix));
  if (!before.empty() && (end.empty() || before < end)) end = before;
  auto it = end.empty() ? records->second.end() : records->second.lower_bound(end);
  while (it != records->second.begin() && found.size() < limit && (--it)->first.starts_with(prefix))
    found.emplace_back(it->first, it->second);
  return found;
}

void MemoryStore::apply(const Owner& owner, std::vector<Write> writes) {
  if (writes.empty()) return;
  auto& records = records_[owner];
  for (Write& write : writes) {
    if (write.value)
      records[write.key] = std::move(*write.value);
    else
      records.erase(write.key);
  }
}

void MemoryStore::commit(WriteBatch batch, Committed done) {
  {
    std::lock_guard lock(mutex_);
    apply(batch.owner, std::move(batch.writes));
    for (OwnedWrites& part : batch.beside) apply(part.owner, std::move(part.writes));
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
