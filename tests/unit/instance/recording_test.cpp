#include "instance/recording.h"

#include <gtest/gtest.h>

namespace ponte::instance {
namespace {

using protocol::Commit;

store::WriteBatch batch_of(const store::Owner& device, const std::string& message) {
  return {device,
          store::Durability::kPowerLoss,
          {{"a", to_bytes("1")}},
          {{device + "-chats", {{"message", to_bytes(message)}}}}};
}

std::string rendered(store::WriteBatch batch, std::vector<protocol::Told> told = {}) {
  return recording::render(Commit{std::move(batch), std::move(told)});
}

TEST(RecordedCommit, IsTheSameForEveryNameOfTheDevice) {
  EXPECT_EQ(rendered(batch_of("one", "x")), rendered(batch_of("replay", "x")));
}

TEST(RecordedCommit, TellsWhatIsBesideAndOfWhom) {
  const std::string both = rendered(batch_of("one", "x"));
  EXPECT_NE(both, rendered(batch_of("one", "y")));
  store::WriteBatch alone = batch_of("one", "x");
  alone.beside.clear();
  EXPECT_NE(both, rendered(alone));
  store::WriteBatch moved = batch_of("one", "x");
  moved.beside.front().owner = "one-others";
  EXPECT_NE(both, rendered(moved));
  store::WriteBatch own = batch_of("one", "x");
  own.writes.push_back(own.beside.front().writes.front());
  own.beside.clear();
  EXPECT_NE(both, rendered(own));
}

TEST(RecordedCommit, NamesTheKindsOfEventsThatAreCommittedWithIt) {
  const std::string plain = rendered(batch_of("one", "x"));
  EXPECT_EQ(rendered(batch_of("one", "x"), {protocol::event::MessageExchanged{}, protocol::event::StatusChanged{},
                                            protocol::event::MessageLost{}}),
            plain + " exchanged status lost");
}

}  // namespace
}  // namespace ponte::instance
