#include "portable/wiped.h"

#include <algorithm>

namespace ponte::portable {

RecordsReader::RecordsReader(const WipedRecords& records) {
  for (const auto& [key, value] : records.all()) by_key_.emplace(key, &value);
}

Result<std::optional<Bytes>> RecordsReader::get(const store::Owner&, std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? std::optional<Bytes>() : std::optional(*found->second);
}

Result<std::vector<store::Record>> RecordsReader::scan(const store::Owner& owner, std::string_view prefix) const {
  return scan_after(owner, prefix, "", by_key_.size());
}

Result<std::vector<store::Record>> RecordsReader::scan_after(const store::Owner&, std::string_view prefix,
                                                             std::string_view after, std::size_t limit) const {
  std::vector<store::Record> out;
  auto at = after < prefix ? by_key_.lower_bound(prefix) : by_key_.upper_bound(after);
  for (; at != by_key_.end() && at->first.starts_with(prefix) && out.size() < limit; ++at) {
    out.emplace_back(at->first, *at->second);
  }
  return out;
}

Result<std::vector<store::Record>> RecordsReader::scan_before(const store::Owner&, std::string_view prefix,
                                                              std::string_view before, std::size_t limit) const {
  std::vector<store::Record> out;
  for (auto at = by_key_.rbegin(); at != by_key_.rend() && out.size() < limit; ++at) {
    if (at->first.starts_with(prefix) && (before.empty() || at->first < before))
      out.emplace_back(at->first, *at->second);
  }
  return out;
}

}  // namespace ponte::portable
