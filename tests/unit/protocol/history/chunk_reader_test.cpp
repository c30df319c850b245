#include "protocol/history/chunk_reader.h"

#include "base/hex.h"
#include "history.pb.h"
#include "support/deflate.h"
#include "support/vectors.h"

namespace ponte::protocol::history {
namespace {

using Found = ChunkReader::Found;
using Pass = ChunkReader::Pass;

/// What a pass shows, as lines.
Result<std::vector<std::string>> read_all(ByteView compressed, Pass pass, const ChunkReader::Limits& limits = {},
                                          std::uint64_t* left_out = nullptr) {
  ChunkReader reader(compressed, pass, limits);
  std::vector<std::string> out;
  for (;;) {
    PONTE_ASSIGN(const Found found, reader.next());
    switch (found) {
      case Found::kPause: continue;
      case Found::kField:
        out.push_back(std::to_string(reader.header().number) + " " +
                      (reader.header().type == WireType::kVarint ? std::to_string(reader.header().value)
                                                                 : to_hex(reader.bytes())));
        continue;
      case Found::kConversation: {
        proto::Conversation conversation;
        const bool parsed = conversation.ParseFromArray(reader.bytes().data(), static_cast<int>(reader.bytes().size()));
        EXPECT_EQ(conversation.messages_size(), 0);
        out.push_back("conversation " + (parsed ? conversation.id() + " " + conversation.name() : "?"));
        continue;
      }
      case Found::kMessage:
      case Found::kStatus: {
        proto::WebMessageInfo info;
        const bool parsed = info.ParseFromArray(reader.bytes().data(), static_cast<int>(reader.bytes().size()));
        out.push_back((found == Found::kStatus ? "status " : reader.chat() + " ") +
                      (parsed ? info.key().id() + " " + info.message().conversation() : "?"));
        continue;
      }
      case Found::kEnd:
        if (left_out != nullptr) *left_out = reader.left_out();
        return out;
    }
  }
}

Bytes compressed(const proto::HistorySync& sync) {
  return test::deflate(as_bytes(sync.SerializeAsString()));
}

void add_message(proto::Conversation& conversation, const std::string& id, const std::string& text) {
  auto* info = conversation.add_messages()->mutable_message();
  info->mutable_key()->set_id(id);
  info->mutable_message()->set_conversation(text);
}

proto::HistorySync two_chats() {
  proto::HistorySync sync;
  sync.set_sync_type(proto::RECENT);
  auto* group = sync.add_conversations();
  group->set_id("1@g.us");
  add_message(*group, "A", "newest");
  add_message(*group, "B", "older");
  group->set_name("subject");
  auto* empty = sync.add_conversations();
  empty->set_id("2@lid");
  auto* status = sync.add_status_v3_messages();
  status->mutable_key()->set_id("S");
  sync.add_pushnames()->set_pushname("Alice");
  sync.set_progress(100);
  return sync;
}

const std::vector<std::string> kFactsOfTwoChats = {"1 3", "conversation 1@g.us subject", "conversation 2@lid ", "6 100",
                                                   "7 1205" + to_hex(as_bytes("Alice"))};
const std::vector<std::string> kMessagesOfTwoChats = {"1@g.us A newest", "1@g.us B older", "status S "};

TEST(ChunkReader, ReadsTheVector) {
  const Bytes chunk = test::vector_bytes(test::load_vectors("media/envelope.vec"), "history_zlib");
  const auto facts = read_all(chunk, Pass::kFacts);
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  ASSERT_EQ(facts->size(), 5U) << testing::PrintToString(*facts);
  EXPECT_EQ((*facts)[0], "1 0");
  EXPECT_EQ((*facts)[1], "conversation 111000000000000@lid ");
  EXPECT_EQ((*facts)[2], "5 1");
  EXPECT_EQ((*facts)[3], "6 100");
}

TEST(ChunkReader, ShowsFactsFirstAndMessagesThen) {
  const Bytes chunk = compressed(two_chats());
  EXPECT_EQ(read_all(chunk, Pass::kFacts).value(), kFactsOfTwoChats);
  EXPECT_EQ(read_all(chunk, Pass::kMessages).value(), kMessagesOfTwoChats);
}

TEST(ChunkReader, ReadsAnOrderOfFieldsThatNobodyWrites) {
  proto::HistorySync head;
  head.set_progress(7);
  proto::Conversation conversation;
  add_message(conversation, "A", "text");
  // The id comes behind the message.
  const std::string tail =
      "\x0a\x05"
      "2@lid";
  const std::string body = conversation.SerializeAsString() + tail;
  const std::string bytes = head.SerializeAsString() + "\x12" + static_cast<char>(body.size()) + body;
  const Bytes chunk = test::deflate(as_bytes(bytes));
  EXPECT_EQ(read_all(chunk, Pass::kMessages).value(), std::vector<std::string>{" A text"});
  EXPECT_EQ(read_all(chunk, Pass::kFacts).value(), (std::vector<std::string>{"6 7", "conversation 2@lid "}));
}

TEST(ChunkReader, LeavesOutWhatIsTooLargeAndWhatIsBroken) {
  ChunkReader::Limits limits;
  limits.largest_item = 1000;
  proto::HistorySync sync = two_chats();
  add_message(*sync.mutable_conversations(0), "C", std::string(5000, 'c'));
  add_message(*sync.mutable_conversations(0), "D", "last");
  sync.mutable_conversations(0)->set_display_name(std::string(2000, 'n'));
  sync.add_pushnames()->set_pushname(std::string(200'000, 'p'));
  sync.mutable_conversations(1)->add_messages();  // holds no message
  const Bytes chunk = compressed(sync);

  std::uint64_t left_out = 0;
  auto messages = kMessagesOfTwoChats;
  messages.insert(messages.begin() + 2, "1@g.us D last");
  EXPECT_EQ(read_all(chunk, Pass::kMessages, limits, &left_out).value(), messages);
  EXPECT_EQ(left_out, 2U);
  EXPECT_EQ(read_all(chunk, Pass::kFacts, limits, &left_out).value(), kFactsOfTwoChats);
  EXPECT_EQ(left_out, 2U);
}

TEST(ChunkReader, PausesWhileItSkips) {
  proto::HistorySync sync = two_chats();
  for (int i = 0; i < 200; ++i) add_message(*sync.mutable_conversations(0), "M", std::string(10'000, 'm'));
  const Bytes chunk = compressed(sync);
  ChunkReader::Limits limits;
  limits.turn = 100'000;
  ChunkReader reader(chunk, Pass::kFacts, limits);
  std::size_t pauses = 0;
  for (Found found = Found::kPause; found != Found::kEnd;) {
    const auto next = reader.next();
    ASSERT_TRUE(next.ok());
    found = *next;
    pauses += found == Found::kPause ? 1 : 0;
  }
  EXPECT_GE(pauses, 15U);
  EXPECT_LE(pauses, 25U);
}

TEST(ChunkReader, RefusesEveryTruncationOfThePlaintext) {
  const std::string bytes = two_chats().SerializeAsString();
  std::size_t whole = 0;
  for (const Bytes& damaged : test::truncations(as_bytes(bytes))) {
    const Bytes chunk = test::deflate(damaged);
    for (const Pass pass : {Pass::kFacts, Pass::kMessages}) {
      const auto out = read_all(chunk, pass);
      if (out.ok()) {
        // It ends between two fields.
        proto::HistorySync sync;
        EXPECT_TRUE(sync.ParseFromArray(damaged.data(), static_cast<int>(damaged.size())));
        ++whole;
      } else {
        EXPECT_EQ(out.error().cause, Cause::kHistoryMalformed);
      }
    }
  }
  EXPECT_LT(whole, bytes.size() / 2);
}

TEST(ChunkReader, RefusesFieldsThatReachBeyondTheirConversation) {
  // A conversation of 4 bytes with a name of 100.
  const Bytes beyond = from_hex(
                           "1204"
                           "6a647878"
                           "3001")
                           .value();
  EXPECT_EQ(read_all(test::deflate(beyond), Pass::kFacts).error().cause, Cause::kHistoryMalformed);
  EXPECT_EQ(read_all(test::deflate(beyond), Pass::kMessages).error().cause, Cause::kHistoryMalformed);
  // A group, as old protobuf had them.
  EXPECT_EQ(read_all(test::deflate(from_hex("0b0c").value()), Pass::kFacts).error().cause, Cause::kHistoryMalformed);
}

TEST(ChunkReader, TakesAKnownFieldOfAnotherTypeForAnUnknownOne) {
  // Field 2 as a number, a conversation whose field 2 is one too.
  const Bytes odd = from_hex(
                        "1005"
                        "1202"
                        "1007")
                        .value();
  EXPECT_EQ(read_all(test::deflate(odd), Pass::kFacts).value(), (std::vector<std::string>{"2 5", "conversation  "}));
  EXPECT_TRUE(read_all(test::deflate(odd), Pass::kMessages).value().empty());
}

TEST(ChunkReader, HoldsNoMoreThanItsLargestItem) {
  proto::HistorySync sync;
  auto* conversation = sync.add_conversations();
  conversation->set_id("1@g.us");
  for (int i = 0; i < 3000; ++i) add_message(*conversation, std::to_string(i), "message number " + std::to_string(i));
  const Bytes chunk = compressed(sync);
  ChunkReader reader(chunk, Pass::kMessages);
  std::size_t count = 0;
  for (;;) {
    const Found found = reader.next().value();
    if (found == Found::kEnd) break;
    if (found == Found::kMessage) ++count;
  }
  EXPECT_EQ(count, 3000U);
}

}  // namespace
}  // namespace ponte::protocol::history
