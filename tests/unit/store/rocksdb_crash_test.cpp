// Processes that die or meet at one data directory. The children are this same program, run with one
// disabled test as their main: a forked copy would lack the engine's threads.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/reader.h"
#include "base/writer.h"
#include "disk_fixture.h"

extern char** environ;

namespace ponte::store {
namespace {

constexpr int kReportDescriptor = 9;
constexpr const char* kDirectoryVariable = "PONTE_TEST_STORE_DIRECTORY";

/// A child that runs one disabled test of this program and reports 4-byte numbers through a pipe.
class Child {
 public:
  Child(const std::string& test, const std::string& directory) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read_end_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], kReportDescriptor);
    const std::string filter = "--gtest_filter=" + test;
    const char* arguments[] = {"unit_store", filter.c_str(), "--gtest_also_run_disabled_tests", nullptr};
    ::setenv(kDirectoryVariable, directory.c_str(), 1);
    EXPECT_EQ(::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, const_cast<char**>(arguments), environ), 0);
    ::unsetenv(kDirectoryVariable);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  ~Child() {
    kill();
    ::close(read_end_);
  }
  /// The next number; nullopt once the child is gone and all were read.
  std::optional<std::uint32_t> report() {
    Bytes number(4);
    std::size_t have = 0;
    while (have < number.size()) {
      const ssize_t count = ::read(read_end_, number.data() + have, number.size() - have);
      if (count <= 0) return std::nullopt;
      have += static_cast<std::size_t>(count);
    }
    return static_cast<std::uint32_t>(*Reader(number).big_endian(4));
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  pid_t process_ = 0;
  int read_end_ = -1;
};

void report_number(std::uint32_t number) {
  const auto bytes = big_endian_array<4>(number);
  ASSERT_EQ(::write(kReportDescriptor, bytes.data(), bytes.size()), 4);
}

/// In a child: the store in the directory that the parent named.
std::unique_ptr<Store> open_as_child(RandomSource& random) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const char* directory = std::getenv(kDirectoryVariable);
  if (directory == nullptr) return nullptr;
  auto opened = open_rocksdb({directory, std::string(directory) + "/master.key"}, random);
  return opened.ok() ? std::move(*opened) : nullptr;
}

TEST(StoreChild, DISABLED_CommitsUntilKilled) {
  crypto::SystemRandom random;
  const auto store = open_as_child(random);
  ASSERT_NE(store, nullptr) << "only for RocksDbCrash";
  for (std::uint32_t i = 1;; ++i) {
    const Bytes value = to_bytes(std::to_string(i));
    WriteBatch batch{"one", i % 8 == 0 ? Durability::kPowerLoss : Durability::kProcessCrash, {}};
    for (const char* key : {"a", "b", "c"}) batch.writes.push_back({key, value});
    batch.writes.push_back({"n/" + std::to_string(i), Bytes(300)});
    store->commit(std::move(batch), [i](Status status) {
      if (status.ok()) report_number(i);
    });
  }
}

TEST(StoreChild, DISABLED_HoldsTheStore) {
  crypto::SystemRandom random;
  const auto store = open_as_child(random);
  ASSERT_NE(store, nullptr) << "only for RocksDbCrash";
  report_number(1);
  for (;;) ::pause();
}

using RocksDbCrash = DiskFixture;

TEST_F(RocksDbCrash, AfterKillEveryAcknowledgedBatchIsThereAndEachIsWhole) {
  std::uint32_t last_acknowledged = 0;
  for (int round = 1; round <= 3; ++round) {
    {
      Child child("StoreChild.DISABLED_CommitsUntilKilled", options_.directory);
      for (int i = 0; i < 1000 * round; ++i) {
        const auto number = child.report();
        ASSERT_TRUE(number.has_value());
        last_acknowledged = *number;
      }
      child.kill();
      while (const auto number = child.report()) last_acknowledged = *number;
    }
    open();
    const std::string value = text("one", "a");
    EXPECT_GE(std::stoul(value), last_acknowledged);
    EXPECT_EQ(text("one", "b"), value);
    EXPECT_EQ(text("one", "c"), value);
    for (std::uint32_t i = 1; i <= last_acknowledged; ++i)
      ASSERT_NE(text("one", "n/" + std::to_string(i)), "absent") << i;
    EXPECT_EQ(text("one", "n/" + std::to_string(std::stoul(value) + 1)), "absent");
    ASSERT_TRUE(erase_owner("one").ok());
    store_.reset();
  }
}

TEST_F(RocksDbCrash, AStoreHeldByAnotherProcessIsInUseUntilThatOneDies) {
  Child child("StoreChild.DISABLED_HoldsTheStore", options_.directory);
  ASSERT_TRUE(child.report().has_value());
  const Error error = open_error();
  EXPECT_EQ(error.code, Errc::kUnavailable);
  EXPECT_EQ(error.cause, Cause::kStoreInUse);
  EXPECT_NE(error.message.find("in use by another process"), std::string::npos) << error.message;
  child.kill();
  open();
}

TEST_F(RocksDbCrash, AStoreOpenInThisProcessIsInUseToo) {
  open();
  EXPECT_EQ(open_error().cause, Cause::kStoreInUse);
  reopen();
}

TEST_F(RocksDbCrash, ADatabaseHeldByAnotherToolIsInUse) {
  open();
  store_.reset();
  const RawDatabase raw(database());
  EXPECT_EQ(open_error().cause, Cause::kStoreInUse);
}

}  // namespace
}  // namespace ponte::store
