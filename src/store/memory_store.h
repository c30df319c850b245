// A store in memory, for tests, replay and the simulator.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "store/store.h"

namespace ponte::store {

/// Commits inline on the caller's thread, whatever the durability. Thread-safe.
class MemoryStore : public Store {
 public:
  Result<std::optional<Bytes>> get(const Owner& owner, std::string_view key) const override;
  Result<std::vector<Record>> scan(const Owner& owner, std::string_view prefix) const override;
  Result<std::vector<Record>> scan_after(const Owner& owner, std::string_view prefix, std::string_view after,
                                         std::size_t limit) const override;
  Result<std::vector<Record>> scan_before(const Owner& owner, std::string_view prefix, std::string_view before,
                                          std::size_t limit) const override;
  void commit(WriteBatch batch, Committed done) override;
  void erase_owner(const Owner& owner, Committed done) override;

  /// A store with the same records: what a process would find after a restart.
  std::unique_ptr<MemoryStore> clone() const;

 private:
  /// Calls `take` with each record whose key starts with `prefix` and is at least `from`, until it gives false.
  void visit(const Owner& owner, std::string_view prefix, std::string_view from,
             const std::function<bool(const std::string&, const Bytes&)>& take) const;
  void apply(const Owner& owner, std::vector<Write> writes);  // mutex_ held

  mutable std::mutex mutex_;
  std::map<Owner, std::map<std::string, Bytes, std::less<>>> records_;
};

}  // namespace ponte::store
