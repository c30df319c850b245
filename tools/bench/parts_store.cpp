// Commits to a store on disk, in a directory that is gone afterwards.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "bench/parts.h"
#include "crypto/system_random.h"
#include "protocol/pairing/registration.h"
#include "store/rocksdb_store.h"
#include "store/service_records.h"

namespace ponte::bench {
namespace {

class TemporaryStore {
 public:
  TemporaryStore() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ponte-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) return;
    directory_ = pattern;
    auto opened = store::open_rocksdb({directory_, directory_ + "/master.key"}, random_);
    if (opened.ok()) store_ = std::move(opened).value();
  }
  ~TemporaryStore() {
    store_.reset();
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }

  store::Store* get() { return store_.get(); }

 private:
  crypto::SystemRandom random_;
  std::string directory_;
  std::unique_ptr<store::Store> store_;
};

const store::Owner kOwner = "6a1f1c5e-1111-4222-8333-444444444444";

bool commit_and_wait(store::Store& store, store::WriteBatch batch) {
  std::promise<bool> done;
  auto result = done.get_future();
  store.commit(std::move(batch), [&done](const Status& status) { done.set_value(status.ok()); });
  return result.get();
}

/// The routing info of a login: small, and merely slower if lost.
void commit_unsynced(benchmark::State& state) {
  TemporaryStore store;
  if (store.get() == nullptr) return state.SkipWithError("no store");
  for (auto _ : state) {
    store::Transaction transaction(*store.get(), kOwner);
    store::put_routing_info(transaction, Bytes(60, 1));
    if (!commit_and_wait(*store.get(), transaction.take())) return state.SkipWithError("not committed");
  }
}

/// The keys of a new device: what a connect call waits for before anything is sent.
void commit_synced(benchmark::State& state) {
  TemporaryStore store;
  if (store.get() == nullptr) return state.SkipWithError("no store");
  crypto::SystemRandom random;
  const store::Credentials credentials = protocol::pairing::generate_credentials(random);
  for (auto _ : state) {
    store::Transaction transaction(*store.get(), kOwner);
    store::put_credentials(transaction, credentials);
    if (!commit_and_wait(*store.get(), transaction.take())) return state.SkipWithError("not committed");
  }
}

}  // namespace

void register_store_parts() {
  benchmark::RegisterBenchmark("commit, unsynced", commit_unsynced)->UseRealTime();
  benchmark::RegisterBenchmark("commit, synced", commit_synced)->UseRealTime();
}

}  // namespace ponte::bench
