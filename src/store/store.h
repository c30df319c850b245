// The store as the rest of the program sees it: records by key within an instance, committed in batches.
//
// Nothing outside rocksdb_store.cpp names the engine. Commit is asynchronous on purpose: a batch may
// one day also travel over a network before it counts, so every batch names its instance.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"

namespace ponte::store {

/// Owner of a record. The id of an instance (a UUID in text), or kSystem for the service's own records.
using Owner = std::string;
inline const Owner kSystem;  // the empty owner

/// What a committed batch survives.
enum class Durability {
  kProcessCrash,  ///< in the write-ahead log, not synced
  kPowerLoss,     ///< synced before the commit counts
};

/// One change: a new value, or erased where `value` is empty.
struct Write {
  std::string key;
  std::optional<Bytes> value;
};

/// Changes of one owner's records.
struct OwnedWrites {
  Owner owner;
  std::vector<Write> writes;
};

/// All changes of one step. Applied whole or not at all.
struct WriteBatch {
  Owner owner;
  Durability durability = Durability::kProcessCrash;
  std::vector<Write> writes;
  std::vector<OwnedWrites> beside = {};  ///< of further owners, in the same moment

  bool empty() const;
  /// Puts what `other` changes beside, and raises what the batch must survive.
  void join(WriteBatch other);
  /// Calls `visit(owner, writes)` for each owner that the batch names.
  template <typename Visit>
  void each(Visit visit) const {
    visit(owner, writes);
    for (const OwnedWrites& part : beside) visit(part.owner, part.writes);
  }
};

using Record = std::pair<std::string, Bytes>;

/// Synchronous local reads. Thread-safe.
class StoreReader {
 public:
  virtual ~StoreReader() = default;
  /// nullopt where there is no such record. kStorage/kStoreCorrupt where it is damaged: never taken for absent.
  virtual Result<std::optional<Bytes>> get(const Owner& owner, std::string_view key) const = 0;
  /// Records whose key starts with `prefix`, in key order.
  virtual Result<std::vector<Record>> scan(const Owner& owner, std::string_view prefix) const = 0;
  /// The same of those whose key is greater than `after`, at most `limit`.
  virtual Result<std::vector<Record>> scan_after(const Owner& owner, std::string_view prefix, std::string_view after,
                                                 std::size_t limit) const = 0;
  /// Those whose key starts with `prefix` and is less than `before`, from the greatest down, at most `limit`. Reads no
  /// others. An empty `before` is behind all of them.
  virtual Result<std::vector<Record>> scan_before(const Owner& owner, std::string_view prefix, std::string_view before,
                                                  std::size_t limit) const = 0;
  /// The one with the greatest key that starts with `prefix`.
  Result<std::optional<Record>> last(const Owner& owner, std::string_view prefix) const;
};

/// A store of records. Thread-safe.
class Store : public StoreReader {
 public:
  using Committed = UniqueFunction<void(Status)>;

  /// Applies the batch. `done` is called exactly once: inline for kProcessCrash (unless synced batches
  /// of an owner that it names still wait: then after them), from the committer thread for kPowerLoss
  /// (batches of all callers are synced together). Batches that name the same owner, be it beside, are
  /// applied in the order of their commit calls. An empty batch is no write: `done` is called inline.
  /// Errors: kStorage/kStoreUnavailable (nothing was applied, see health), kUnavailable/kOverloaded
  /// (too many batches wait), kUnavailable/kShuttingDown.
  virtual void commit(WriteBatch batch, Committed done) = 0;

  /// Removes every record of the owner and the key that sealed them; synced before `done`, which
  /// comes like that of a kPowerLoss batch. The records of kSystem cannot be removed this way.
  virtual void erase_owner(const Owner& owner, Committed done) = 0;

  /// The error of the write that failed, kStorage/kStoreUnavailable: every commit is refused with it
  /// until try_resume succeeds. Reads go on.
  virtual Status health() const { return {}; }
  /// Writes that failed since the start. Those refused while it takes none are not among them.
  virtual std::uint64_t write_failures() const { return 0; }
  /// Tries to make writing possible again (the disk has space again, say). Blocks for a few writes.
  virtual Status try_resume() { return {}; }
};

/// The reads and writes of one step, over a store. Reads see the step's own writes.
/// Lives on one thread, for one step; nothing is applied until its batch is committed.
class Transaction {
 public:
  Transaction(const StoreReader& store, Owner owner) : store_(store) { batch_.owner = std::move(owner); }

  Result<std::optional<Bytes>> get(std::string_view key) const;
  Result<std::vector<Record>> scan(std::string_view prefix) const;
  Result<std::vector<Record>> scan_after(std::string_view prefix, std::string_view after, std::size_t limit) const;
  Result<std::vector<Record>> scan_before(std::string_view prefix, std::string_view before, std::size_t limit) const;
  void put(std::string_view key, Bytes value);
  void erase(std::string_view key);
  /// Raises what the batch must survive; never lowers it.
  void require(Durability durability);

  const Owner& owner() const { return batch_.owner; }
  bool empty() const { return pending_.empty(); }
  /// The changes, each key once. The transaction is spent afterwards.
  WriteBatch take();

 private:
  using Pending = std::map<std::string, std::optional<Bytes>, std::less<>>;
  using Merged = std::map<std::string, Bytes, std::less<>>;
  /// What is stored, with what the step makes of the keys from `own` to `end`.
  static Merged merge(std::vector<Record> stored, Pending::const_iterator own, Pending::const_iterator end);
  /// The step's own keys behind `from` that start with `prefix`: where they begin and end.
  std::pair<Pending::const_iterator, Pending::const_iterator> own(std::string_view prefix, std::string_view from) const;

  const StoreReader& store_;
  WriteBatch batch_;
  Pending pending_;
};

}  // namespace ponte::store
