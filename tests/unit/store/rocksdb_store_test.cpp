#include "store/rocksdb_store.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "disk_fixture.h"
#include "store/keys.h"
#include "store/records.h"
#include "store/service_records.h"

namespace ponte::store {
namespace {

using RocksDbStore = DiskFixture;

TEST_F(RocksDbStore, WhatWasCommittedIsThereAfterReopening) {
  open();
  EXPECT_TRUE(put("one", "a", "1").ok());
  EXPECT_TRUE(put("one", "b", "2", Durability::kPowerLoss).ok());
  EXPECT_TRUE(put("one", "empty", "").ok());
  EXPECT_TRUE(put(kSystem, "a", "system").ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(text("one", "a"), "1");
    EXPECT_EQ(text("one", "b"), "2");
    EXPECT_EQ(text("one", "empty"), "");
    EXPECT_EQ(text(kSystem, "a"), "system");
    EXPECT_EQ(text("one", "c"), "absent");
    EXPECT_EQ(text("two", "a"), "absent");
    reopen();
  }
}

TEST_F(RocksDbStore, ScanGivesOneOwnersRecordsInKeyOrder) {
  open();
  EXPECT_TRUE(
      commit({"one", Durability::kProcessCrash, {{"p/2", to_bytes("b")}, {"p/1", to_bytes("a")}, {"q", Bytes()}}})
          .ok());
  EXPECT_TRUE(put("one1", "p/3", "other").ok());
  EXPECT_TRUE(put(kSystem, "p/4", "system").ok());
  EXPECT_EQ(listed("one", "p/"), "p/1=a p/2=b ");
  EXPECT_EQ(listed("one", ""), "p/1=a p/2=b q= ");
  EXPECT_EQ(listed(kSystem, ""), "p/4=system ");
  EXPECT_EQ(listed("none", ""), "");
}

TEST_F(RocksDbStore, ScanAfterGoesOnWhereItWasToldTo) {
  open();
  EXPECT_TRUE(put("one", "o", "x").ok());
  for (const char* key : {"p/1", "p/2", "p/3", "p/4"}) EXPECT_TRUE(put("one", key, key).ok());
  EXPECT_TRUE(put("one", "q", "x").ok());
  EXPECT_TRUE(put("one1", "p/9", "other").ok());
  const auto keys_after = [this](std::string_view after, std::size_t limit) {
    const auto records = store_->scan_after("one", "p/", after, limit);
    std::string out;
    for (const auto& [key, value] : *records) out += key.substr(2);
    return out;
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(keys_after("", 10), "1234");
    EXPECT_EQ(keys_after("p/", 2), "12");
    EXPECT_EQ(keys_after("p/2", 10), "34");
    EXPECT_EQ(keys_after("p/25", 1), "3");
    EXPECT_EQ(keys_after("p/4", 10), "");
    EXPECT_EQ(keys_after("p/2", 0), "");
    EXPECT_EQ(keys_after("zzz", 10), "");
    reopen();
  }
}

TEST_F(RocksDbStore, LastGivesTheGreatestKeyOfAPrefix) {
  open();
  for (const char* key : {"o", "p/1", "p/3", "p/2", "q"}) EXPECT_TRUE(put("one", key, key).ok());
  EXPECT_TRUE(put("one1", "p/9", "other").ok());
  EXPECT_EQ((*store_->last("one", "p/"))->first, "p/3");
  EXPECT_EQ((*store_->last("one", ""))->first, "q");
  EXPECT_FALSE(*store_->last("one", "pp"));
  EXPECT_FALSE(*store_->last("none", ""));
  EXPECT_EQ(store_->last("a b", "").error().code, Errc::kInternal);
}

TEST_F(RocksDbStore, ABatchErasesAndWritesTogether) {
  open();
  EXPECT_TRUE(put("one", "a", "1").ok());
  EXPECT_TRUE(commit({"one", Durability::kPowerLoss, {{"a", std::nullopt}, {"b", to_bytes("2")}}}).ok());
  EXPECT_EQ(listed("one", ""), "b=2 ");
}

TEST_F(RocksDbStore, EraseRemovesTheOwnerAndNothingElse) {
  open();
  for (const char* owner : {"one", "one1", "two"}) {
    EXPECT_TRUE(put(owner, "a", "1").ok());
    EXPECT_TRUE(put(owner, "b/1", "2", Durability::kPowerLoss).ok());
  }
  EXPECT_TRUE(erase_owner("one").ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(listed("one", ""), "");
    EXPECT_EQ(listed("one1", ""), "a=1 b/1=2 ");
    EXPECT_EQ(listed("two", ""), "a=1 b/1=2 ");
    reopen();
  }
}

TEST_F(RocksDbStore, AnErasedOwnerCanBeginAnewUnderAnotherKey) {
  open();
  EXPECT_TRUE(put("one", "a", "old", Durability::kPowerLoss).ok());
  store_.reset();
  const std::string old_key = RawDatabase(database()).get("k/one", 1);
  open();
  EXPECT_TRUE(erase_owner("one").ok());
  EXPECT_TRUE(put("one", "b", "new").ok());
  EXPECT_EQ(listed("one", ""), "b=new ");
  reopen();
  EXPECT_EQ(listed("one", ""), "b=new ");
  store_.reset();
  EXPECT_NE(RawDatabase(database()).get("k/one", 1), old_key);
}

TEST_F(RocksDbStore, AnErasedDataKeyLeavesTheDisk) {
  open();
  EXPECT_TRUE(put("one", "a", "1", Durability::kPowerLoss).ok());
  EXPECT_TRUE(put("two", "a", "1", Durability::kPowerLoss).ok());
  store_.reset();
  const std::string erased = RawDatabase(database()).get("k/one", 1);
  const std::string kept = RawDatabase(database()).get("k/two", 1);
  open();
  ASSERT_TRUE(on_disk(erased));
  EXPECT_TRUE(erase_owner("one").ok());
  store_.reset();  // the engine removes files it no longer needs in its own time, at the latest now
  EXPECT_FALSE(on_disk(erased));
  EXPECT_TRUE(on_disk(kept));
}

TEST_F(RocksDbStore, OrderHoldsBetweenSyncedUnsyncedAndErasures) {
  open();
  std::atomic<int> answered = 0;
  auto count = [&](Status status) {
    EXPECT_TRUE(status.ok());
    ++answered;
  };
  auto batch = [](Durability durability, const std::string& value) {
    return WriteBatch{"one", durability, {{"a", to_bytes(value)}, {"b", to_bytes(value)}}};
  };
  std::promise<void> last;
  for (int i = 0; i < 200; ++i) {
    store_->commit(batch(Durability::kPowerLoss, "x" + std::to_string(i)), count);
    store_->commit(batch(Durability::kProcessCrash, "y" + std::to_string(i)), count);
    if (i % 50 == 49) store_->erase_owner("one", count);
    store_->commit(batch(Durability::kProcessCrash, "z" + std::to_string(i)), count);
  }
  store_->commit({"one", Durability::kPowerLoss, {{"b", to_bytes("last")}}}, [&](Status) { last.set_value(); });
  last.get_future().wait();
  EXPECT_EQ(answered, 604);
  EXPECT_EQ(listed("one", ""), "a=z199 b=last ");
}

TEST_F(RocksDbStore, PagesBackwardsFromTheGreatestKeyDown) {
  open();
  for (const char* key : {"o", "p/1", "p/2", "p/3", "p/4", "q"}) ASSERT_TRUE(put("one", key, "1").ok());
  ASSERT_TRUE(put("two", "p/9", "2").ok());
  const auto page = [this](std::string_view before, std::size_t limit) {
    std::string out;
    const auto records = store_->scan_before("one", "p/", before, limit);
    for (const auto& [key, value] : *records) out += key + " ";
    return out;
  };
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(page("", 9), "p/4 p/3 p/2 p/1 ");
    EXPECT_EQ(page("", 2), "p/4 p/3 ");
    EXPECT_EQ(page("p/3", 2), "p/2 p/1 ");
    EXPECT_EQ(page("p/1", 2), "");
    EXPECT_EQ(page("zzz", 1), "p/4 ") << "of the prefix only";
    EXPECT_EQ(page("a", 1), "");
    EXPECT_EQ(store_->last("one", "p/").value()->first, "p/4");
    EXPECT_FALSE(store_->last("one", "r").value().has_value());
    reopen();
  }
  EXPECT_EQ(store_->scan_before("a/b", "", "", 1).error().code, Errc::kInternal);
}

/// A batch of `first` with the same record for `second` beside.
WriteBatch of_both(const Owner& first, const Owner& second, Durability durability, const std::string& value) {
  return {first, durability, {{"a", to_bytes(value)}}, {{second, {{"a", to_bytes(value)}}}}};
}

TEST_F(RocksDbStore, ABatchOfSeveralOwnersIsSealedForEach) {
  open();
  for (const Durability durability : {Durability::kProcessCrash, Durability::kPowerLoss}) {
    ASSERT_TRUE(commit(of_both("one", "two", durability, "value")).ok());
    EXPECT_EQ(text("one", "a"), "value");
    EXPECT_EQ(text("two", "a"), "value");
  }
  ASSERT_TRUE(commit({"one", Durability::kPowerLoss, {}, {{"three", {{"a", to_bytes("x")}}}, {"four", {}}}}).ok());
  store_.reset();
  {
    RawDatabase raw(database());
    EXPECT_NE(raw.get("k/one", 1), "absent");
    EXPECT_NE(raw.get("k/two", 1), "absent");
    EXPECT_NE(raw.get("k/three", 1), "absent");
    EXPECT_EQ(raw.get("k/four", 1), "absent") << "nothing was written of it";
    // What one owner's key has sealed is nobody else's.
    raw.put("i/two/a", raw.get("i/one/a"));
  }
  open();
  EXPECT_EQ(text("one", "a"), "value");
  EXPECT_NE(text("two", "a").find("error"), std::string::npos);
  ASSERT_TRUE(erase_owner("one").ok());
  EXPECT_EQ(text("three", "a"), "x");
}

TEST_F(RocksDbStore, OrderHoldsOverAllOwnersThatABatchNames) {
  open();
  std::atomic<int> answered = 0;
  auto count = [&](Status status) {
    EXPECT_TRUE(status.ok());
    ++answered;
  };
  std::promise<void> last;
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    store_->commit(of_both("one", "two", Durability::kPowerLoss, "x" + n), count);
    store_->commit({"two", Durability::kProcessCrash, {{"a", to_bytes("y" + n)}, {"b", to_bytes(n)}}}, count);
    store_->commit(of_both("three", "two", Durability::kProcessCrash, "z" + n), count);
    store_->commit({"three", Durability::kProcessCrash, {{"a", to_bytes("last" + n)}}}, count);
    if (i == 49) store_->erase_owner("two", count);
  }
  store_->commit({"two", Durability::kPowerLoss, {{"end", Bytes()}}}, [&](Status) { last.set_value(); });
  last.get_future().wait();
  EXPECT_EQ(answered, 401);
  EXPECT_EQ(listed("one", ""), "a=x99 ");
  EXPECT_EQ(listed("two", ""), "a=z99 b=99 end= ");
  EXPECT_EQ(listed("three", ""), "a=last99 ");
}

TEST_F(RocksDbStore, AnErasureTakesWhatAPendingBatchPutBeside) {
  open();
  std::promise<void> erased;
  store_->commit(of_both("one", "two", Durability::kPowerLoss, "1"), [](Status status) { EXPECT_TRUE(status.ok()); });
  store_->erase_owner("two", [&](Status status) {
    EXPECT_TRUE(status.ok());
    erased.set_value();
  });
  store_->commit(of_both("one", "three", Durability::kProcessCrash, "2"), [](Status) {});
  erased.get_future().wait();
  EXPECT_EQ(text("two", "a"), "absent");
  ASSERT_TRUE(commit(of_both("one", "two", Durability::kPowerLoss, "3")).ok()) << "with another data key";
  EXPECT_EQ(text("two", "a"), "3");
  EXPECT_EQ(text("three", "a"), "2");
}

TEST_F(RocksDbStore, ABatchIsRefusedWholeWhereOneOfItsOwnersCannotBeSealed) {
  open();
  ASSERT_TRUE(put("lost", "a", "1").ok());
  store_.reset();
  RawDatabase(database()).erase("k/lost", 1);
  open();
  for (const Durability durability : {Durability::kProcessCrash, Durability::kPowerLoss}) {
    EXPECT_EQ(commit(of_both("one", "lost", durability, "x")).error().cause, Cause::kStoreCorrupt);
    EXPECT_EQ(text("one", "a"), "absent");
  }
  EXPECT_EQ(commit(of_both("one", "a/b", Durability::kPowerLoss, "x")).error().code, Errc::kInternal);
  EXPECT_TRUE(store_->health().ok());
}

TEST_F(RocksDbStore, UnsyncedCommitsAreAnsweredInline) {
  open();
  const std::thread::id self = std::this_thread::get_id();
  std::thread::id answered;
  store_->commit({"one", Durability::kProcessCrash, {{"a", Bytes(1)}}},
                 [&](Status) { answered = std::this_thread::get_id(); });
  EXPECT_EQ(answered, self);
  answered = {};
  store_->commit({"one", Durability::kPowerLoss, {}}, [&](Status) { answered = std::this_thread::get_id(); });
  EXPECT_EQ(answered, self) << "an empty batch is no write";
}

TEST_F(RocksDbStore, DestructionDrainsWhatWaits) {
  open();
  int answered = 0;
  for (int i = 0; i < 100; ++i)
    store_->commit({"one", Durability::kPowerLoss, {{"a", to_bytes(std::to_string(i))}}},
                   [&](Status status) { answered += status.ok(); });
  store_.reset();
  EXPECT_EQ(answered, 100);
  open();
  EXPECT_EQ(text("one", "a"), "99");
}

TEST_F(RocksDbStore, ThreadsReadAndWriteAtOnceWhileOwnersComeAndGo) {
  open();
  constexpr int kThreads = 4;
  std::atomic<int> waiting = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const Owner own = "own" + std::to_string(t);
      for (int i = 0; i < 150; ++i) {
        const Owner& owner = i % 3 == 0 ? Owner("shared") : own;
        ++waiting;
        store_->commit({owner,
                        i % 4 == 0 ? Durability::kPowerLoss : Durability::kProcessCrash,
                        {{"a", to_bytes(std::to_string(i))}, {"b/" + std::to_string(t), to_bytes(std::to_string(i))}}},
                       [&](Status status) {
                         EXPECT_TRUE(status.ok());
                         --waiting;
                       });
        if (i % 40 == 39) {
          ++waiting;
          store_->erase_owner("shared", [&](Status status) {
            EXPECT_TRUE(status.ok());
            --waiting;
          });
        }
        EXPECT_TRUE(store_->get("shared", "a").ok());
        EXPECT_TRUE(store_->scan("shared", "").ok());
        EXPECT_TRUE(store_->get(own, "a").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  store_.reset();
  EXPECT_EQ(waiting, 0);
  open();
  for (int t = 0; t < kThreads; ++t) EXPECT_EQ(text("own" + std::to_string(t), "a"), "149");
}

TEST_F(RocksDbStore, RefusesOwnersThatAreNone) {
  open();
  EXPECT_EQ(put("a/b", "key", "value").error().code, Errc::kInternal);
  EXPECT_EQ(store_->get("../x", "key").error().code, Errc::kInternal);
  EXPECT_EQ(store_->scan("a b", "").error().code, Errc::kInternal);
  EXPECT_EQ(erase_owner("a/b").error().code, Errc::kInternal);
  EXPECT_EQ(erase_owner(kSystem).error().code, Errc::kInternal);
}

TEST_F(RocksDbStore, NothingSecretIsReadableOnDisk) {
  open();
  const std::string token = "token-that-must-not-be-found-4711";
  Transaction system(*store_, kSystem);
  const Secret<32> hash_key = get_or_make_token_hash_key(system, random_).value();
  InstanceRecord instance;
  instance.id = "one";
  instance.name = "sales";
  instance.token = token;
  put_instance(system, instance, hash_token(hash_key, token));
  EXPECT_TRUE(commit(system.take()).ok());

  Transaction transaction(*store_, "one");
  Credentials credentials;
  credentials.noise = crypto::generate_key_pair(random_);
  credentials.identity = crypto::generate_key_pair(random_);
  credentials.signed_prekey.pair = crypto::generate_key_pair(random_);
  random_.fill(credentials.adv_secret.mutable_view());
  put_credentials(transaction, credentials);
  put_prekey(transaction, 1, credentials.identity);
  EXPECT_TRUE(commit(transaction.take()).ok());

  const auto expect_hidden = [&] {
    EXPECT_FALSE(on_disk(token));
    EXPECT_FALSE(on_disk(as_text(hash_key.view())));
    EXPECT_FALSE(on_disk(as_text(credentials.noise.private_key.view())));
    EXPECT_FALSE(on_disk(as_text(credentials.identity.private_key.view())));
    EXPECT_FALSE(on_disk(as_text(credentials.signed_prekey.pair.private_key.view())));
    EXPECT_FALSE(on_disk(as_text(credentials.adv_secret.view())));
    EXPECT_TRUE(on_disk("i/one/credentials")) << "the search itself works";
  };
  expect_hidden();  // in the log
  store_.reset();
  RawDatabase(database()).flush();
  expect_hidden();  // in tables
  open();
  EXPECT_TRUE(get_credentials({*store_, "one"}).value().has_value());
}

TEST_F(RocksDbStore, FilesAreForTheServiceAlone) {
  open();
  struct stat info {};
  ASSERT_EQ(::stat(options_.directory.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(options_.master_key_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_size, 32);
}

/// No file of this process can grow beyond `bytes`, as if the disk failed there.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(RocksDbStore, AFailedWriteStopsAllWritesUntilTheStoreResumes) {
  open();
  ASSERT_TRUE(put("one", "before", "1", Durability::kPowerLoss).ok());
  EXPECT_TRUE(store_->health().ok());
  const std::string large(64 << 10, 'x');
  {
    FileSizeLimit limit(256 << 10);
    Status status;
    for (int i = 0; i < 100 && status.ok(); ++i) status = put("one", "fill", large, Durability::kPowerLoss);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Errc::kStorage);
    EXPECT_EQ(status.error().cause, Cause::kStoreUnavailable);
    EXPECT_EQ(store_->health().error().cause, Cause::kStoreUnavailable);
    EXPECT_EQ(put("two", "a", "inline").error().cause, Cause::kStoreUnavailable);
    EXPECT_EQ(put("two", "a", "synced", Durability::kPowerLoss).error().cause, Cause::kStoreUnavailable);
    EXPECT_EQ(erase_owner("one").error().cause, Cause::kStoreUnavailable);
    EXPECT_EQ(text("one", "before"), "1") << "reads go on";
  }
  ASSERT_TRUE(store_->try_resume().ok());
  EXPECT_TRUE(store_->health().ok());
  EXPECT_TRUE(put("one", "after", "2", Durability::kPowerLoss).ok());
  EXPECT_EQ(text("one", "before"), "1");
  EXPECT_EQ(text("two", "a"), "absent");
  reopen();
  EXPECT_EQ(text("one", "before"), "1");
  EXPECT_EQ(text("one", "after"), "2");
}

TEST_F(RocksDbStore, ResumingFailsWhileTheDiskDoes) {
  open();
  ASSERT_TRUE(put("one", "before", "1").ok());
  {
    FileSizeLimit limit(1 << 10);
    Status status;
    for (int i = 0; i < 100 && status.ok(); ++i) status = put("one", "fill", std::string(4096, 'x'));
    ASSERT_FALSE(status.ok());
    EXPECT_FALSE(store_->try_resume().ok());
    EXPECT_FALSE(store_->health().ok());
    EXPECT_FALSE(put("one", "more", "x").ok());
    EXPECT_EQ(text("one", "before"), "1") << "reads go on";
  }
  ASSERT_TRUE(store_->try_resume().ok());
  EXPECT_TRUE(put("one", "after", "2").ok());
  EXPECT_EQ(text("one", "before"), "1");
}

}  // namespace
}  // namespace ponte::store
