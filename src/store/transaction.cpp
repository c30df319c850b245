#include <algorithm>
#include <iterator>

#include "store/store.h"

namespace ponte::store {

bool WriteBatch::empty() const {
  return writes.empty() &&
         std::all_of(beside.begin(), beside.end(), [](const OwnedWrites& part) { return part.writes.empty(); });
}

void WriteBatch::join(WriteBatch other) {
  durability = std::max(durability, other.durability);
  if (!other.writes.empty()) beside.push_back({std::move(other.owner), std::move(other.writes)});
  for (OwnedWrites& part : other.beside) beside.push_back(std::move(part));
}

Result<std::optional<Record>> StoreReader::last(const Owner& owner, std::string_view prefix) const {
  PONTE_ASSIGN(std::vector<Record> records, scan_before(owner, prefix, "", 1));
  return records.empty() ? std::nullopt : std::optional(std::move(records.front()));
}

Result<std::optional<Bytes>> Transaction::get(std::string_view key) const {
  if (auto own = pending_.find(key); own != pending_.end()) return own->second;
  return store_.get(batch_.owner, key);
}

std::pair<Transaction::Pending::const_iterator, Transaction::Pending::const_iterator> Transaction::own(
    std::string_view prefix, std::string_view from) const {
  const auto begin = pending_.lower_bound(std::max(prefix, from));
  auto end = begin;
  while (end != pending_.end() && end->first.starts_with(prefix)) ++end;
  return {begin, end};
}

Transaction::Merged Transaction::merge(std::vector<Record> stored, Pending::const_iterator own,
                                       Pending::const_iterator end) {
  Merged merged;
  for (Record& record : stored) merged.insert(std::move(record));
  for (; own != end; ++own) {
    if (own->second)
      merged.insert_or_assign(own->first, *own->second);
    else
      merged.erase(own->first);
  }
  return merged;
}

Result<std::vector<Record>> Transaction::scan(std::string_view prefix) const {
  PONTE_ASSIGN(std::vector<Record> stored, store_.scan(batch_.owner, prefix));
  const auto [begin, end] = own(prefix, prefix);
  Merged merged = merge(std::move(stored), begin, end);
  return std::vector<Record>(std::move_iterator(merged.begin()), std::move_iterator(merged.end()));
}

/// Each of the step's own keys may stand for a stored one, so that many more are read.
Result<std::vector<Record>> Transaction::scan_after(std::string_view prefix, std::string_view after,
                                                    std::size_t limit) const {
  auto [begin, end] = own(prefix, after);
  if (begin != end && !after.empty() && begin->first == after) ++begin;
  const std::size_t more = static_cast<std::size_t>(std::distance(begin, end));
  PONTE_ASSIGN(std::vector<Record> stored, store_.scan_after(batch_.owner, prefix, after, limit + more));
  Merged merged = merge(std::move(stored), begin, end);
  std::vector<Record> records;
  for (auto it = merged.begin(); it != merged.end() && records.size() < limit; ++it)
    records.emplace_back(it->first, std::move(it->second));
  return records;
}

Result<std::vector<Record>> Transaction::scan_before(std::string_view prefix, std::string_view before,
                                                     std::size_t limit) const {
  auto [begin, end] = own(prefix, prefix);
  if (!before.empty()) end = std::find_if(begin, end, [before](const auto& change) { return change.first >= before; });
  const std::size_t more = static_cast<std::size_t>(std::distance(begin, end));
  PONTE_ASSIGN(std::vector<Record> stored, store_.scan_before(batch_.owner, prefix, before, limit + more));
  Merged merged = merge(std::move(stored), begin, end);
  std::vector<Record> records;
  for (auto it = merged.rbegin(); it != merged.rend() && records.size() < limit; ++it)
    records.emplace_back(it->first, std::move(it->second));
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
