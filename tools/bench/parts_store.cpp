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
#include "store/keys.h"
#include "store/message_records.h"
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

/// A text as it is kept: of one of a hundred chats, with what belongs to the message.
store::MessageRecord message_number(std::uint64_t number) {
  store::MessageRecord message;
  message.chat = std::to_string(100'000'000'000'000 + number % 100) + "@lid";
  message.id = "3EB0" + std::to_string(1'000'000'000'000'000 + number);
  message.sender_lid = message.chat;
  message.sender_pn = "5511987654321@s.whatsapp.net";
  message.at = Wall(Milliseconds(1'750'000'000'000 + static_cast<std::int64_t>(number) * 60'000));
  message.push_name = "Ana";
  message.type = "text";
  message.content = Bytes(120, 7);
  return message;
}

/// Puts `count` messages from `first` on as one batch.
bool put_messages(store::Store& store, std::uint64_t first, std::uint64_t count, store::Origin origin) {
  store::Transaction transaction(store, store::keys::chats_owner(kOwner));
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!store::put_message(transaction, message_number(first + i), origin).ok()) return false;
  }
  return commit_and_wait(store, transaction.take());
}

constexpr std::uint64_t kMessagesInBatch = 100;

/// A part of the history: each message with its index, its chat and the counts.
void put_history(benchmark::State& state) {
  TemporaryStore store;
  if (store.get() == nullptr) return state.SkipWithError("no store");
  std::uint64_t number = 0;
  for (auto _ : state) {
    if (!put_messages(*store.get(), number, kMessagesInBatch, store::Origin::kHistory))
      return state.SkipWithError("not committed");
    number += kMessagesInBatch;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}

/// A message as it is received, on disk before the server hears of it.
void put_live(benchmark::State& state) {
  TemporaryStore store;
  if (store.get() == nullptr) return state.SkipWithError("no store");
  std::uint64_t number = 0;
  for (auto _ : state) {
    if (!put_messages(*store.get(), number++, 1, store::Origin::kLive)) return state.SkipWithError("not committed");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}

/// Fifty messages from anywhere in one chat of so many.
void read_page(benchmark::State& state) {
  TemporaryStore store;
  if (store.get() == nullptr) return state.SkipWithError("no store");
  const auto messages = static_cast<std::uint64_t>(state.range(0));
  for (std::uint64_t first = 0; first < messages; first += 1'000) {
    store::Transaction transaction(*store.get(), store::keys::chats_owner(kOwner));
    for (std::uint64_t i = first; i < first + 1'000; ++i) {
      store::MessageRecord message = message_number(i);
      message.chat = message.sender_lid = message_number(0).chat;
      if (!store::put_message(transaction, message, store::Origin::kHistory).ok())
        return state.SkipWithError("not put");
    }
    if (!commit_and_wait(*store.get(), transaction.take())) return state.SkipWithError("not committed");
  }
  store::MessageQuery query;
  query.chat = message_number(0).chat;
  std::uint64_t place = 0;
  for (auto _ : state) {
    place = (place + 7'919 * 50) % (messages - 50) + 50;
    query.to = message_number(place).at;
    const auto page = store::messages_before(*store.get(), store::keys::chats_owner(kOwner), query);
    if (!page.ok() || page->messages.size() != 50) return state.SkipWithError("no page of 50");
  }
}

}  // namespace

void register_store_parts() {
  benchmark::RegisterBenchmark("commit, unsynced", commit_unsynced)->UseRealTime();
  benchmark::RegisterBenchmark("commit, synced", commit_synced)->UseRealTime();
  benchmark::RegisterBenchmark("100 messages of history", put_history)->UseRealTime();
  benchmark::RegisterBenchmark("message received, synced", put_live)->UseRealTime();
  // So many each time, since there are many to be put before.
  benchmark::RegisterBenchmark("page of 50 messages", read_page)
      ->Arg(1'000)
      ->Arg(100'000)
      ->Iterations(1'000)
      ->UseRealTime();
}

}  // namespace ponte::bench
