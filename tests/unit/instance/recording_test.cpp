#include "instance/recording.h"

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>

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

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

/// What is written down of a command is what a replay runs.
TEST(RecordedCommand, IsReadAsItWasWritten) {
  namespace command = protocol::command;
  const auto chat = *protocol::wire::Jid::parse("120363000000000001@g.us");
  command::SendText text{1, {}};
  text.text.to = *protocol::wire::Jid::parse("1001@lid");
  text.text.text = "a b=\n";
  text.text.id = "3EB0";
  text.text.reply_to = "old";
  text.text.reply_chat = chat;
  text.text.mentions = {*protocol::wire::Jid::parse("1002@lid")};
  text.text.mention_all = true;
  for (const protocol::Command& each :
       {protocol::Command(text), protocol::Command(command::MarkRead{2, chat, {"a", "b c"}}),
        protocol::Command(command::SendChatState{3, chat, protocol::messages::ChatState::kRecording}),
        protocol::Command(command::FetchMedia{4, {chat.to_string(), "1001@lid", "a b"}}),
        protocol::Command(command::RequestOlder{5, chat, 77})}) {
    const std::string line = recording::render_command(each);
    const auto read = recording::parse_command(words_of(line));
    ASSERT_TRUE(read.ok()) << line << ": " << read.error().message;
    EXPECT_EQ(recording::render_command(*read), line);
    auto words = words_of(line);
    words.push_back("more");
    EXPECT_FALSE(recording::parse_command(words).ok()) << line;
    words.resize(3);
    EXPECT_FALSE(recording::parse_command(words).ok()) << line;
  }
}

}  // namespace
}  // namespace ponte::instance
