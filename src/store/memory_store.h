// A store in memory, for tests, replay and the simulator.
#pragma once

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
  void commit(WriteBatch batch, Committed done) override;
  void erase_owner(const Owner& owner, Committed done) override;

  /// A store with the same records: what a process would find after a restart.
  std::unique_ptr<MemoryStore> clone() const;

 private:
  mutable std::mutex mutex_;
  std::map<Owner, std::map<std::string, Bytes, std::less<>>> records_;
};

}  // namespace ponte::store
