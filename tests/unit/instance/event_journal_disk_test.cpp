// The journal over the store on disk, whose answers come from two threads.
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "crypto/system_random.h"
#include "instance/event_journal.h"
#include "store/rocksdb_store.h"
#include "support/virtual_clock.h"

namespace ponte::instance {
namespace {

const std::string kSales = "0190aaaa-0000-7000-8000-000000000001";
constexpr std::uint64_t kRounds = 200;

struct Listener final : EventListener {
  void on_event(const std::string&, const JournalEvent& event) override {
    in_order = in_order && event.sequence == ++told;
    if (event.data == "last") last.set_value();
  }
  bool in_order = true;
  std::uint64_t told = 0;
  std::promise<void> last;
};

TEST(JournalOnDisk, TellsInOrderWhateverIsSyncedAndWhateverIsNot) {
  std::string pattern = (std::filesystem::temp_directory_path() / "ponte-journal-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  test::VirtualClock clock;
  crypto::SystemRandom random;
  {
    const auto store = store::open_rocksdb({pattern, pattern + "/master.key"}, random);
    ASSERT_TRUE(store.ok()) << store.error().message;
    Listener listener;
    EventJournal journal(**store, clock);
    journal.add_listener(listener);
    for (std::uint64_t i = 0; i < kRounds; ++i) {
      store::WriteBatch batch{kSales, store::Durability::kPowerLoss, {{"message", to_bytes(std::to_string(i))}}};
      std::vector<EventJournal::Entry> entries(1 + i % 3, {"message.exchange", "x"});
      auto staged = journal.stage(kSales, std::move(entries), batch);
      ASSERT_TRUE(staged.ok());
      (*store)->commit(std::move(batch),
                       [staged = std::move(*staged)](const Status& committed) mutable { staged.settle(committed); });
      // Some of these wait behind the batch, others find it synced and overtake its answer.
      for (std::uint64_t n = 0; n < i % 5; ++n) journal.append(kSales, "instance.state", "y");
    }
    journal.append(kSales, "instance.state", "last");
    listener.last.get_future().wait();
    EXPECT_TRUE(listener.in_order);
    EXPECT_EQ(journal.last_sequence(kSales), listener.told);
    EXPECT_EQ(journal.events_after(kSales, 0, 10'000)->size(), listener.told);
  }
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace ponte::instance
