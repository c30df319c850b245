#include "protocol/history/web_message.h"

#include "protocol/messages/lid_map.h"
#include "support/history_chunks.h"
#include "support/step_line.h"

namespace ponte::protocol::history {
namespace {

using Outcome = WebMessageReader::Outcome;

constexpr std::uint64_t kAt = 1'748'000'000;

class WebMessage : public test::StepLine {
 protected:
  Outcome read(const proto::WebMessageInfo& info, const std::string& chat, std::optional<Wall> oldest = std::nullopt) {
    return read_bytes(as_bytes(info.SerializeAsString()), chat, oldest);
  }
  Outcome read_bytes(ByteView info, const std::string& chat, std::optional<Wall> oldest = std::nullopt) {
    Outcome out = Outcome::kUnreadable;
    EXPECT_TRUE(run([&](Step& step) -> Status {
                  PONTE_ASSIGN(auto reader, WebMessageReader::make(step));
                  PONTE_ASSIGN(out, reader.read(step, info, chat, oldest));
                  record_ = reader.record();
                  return Status::Ok();
                }).ok());
    return out;
  }
  static proto::WebMessageInfo text(const std::string& id = "3EB0A", const std::string& words = "hello") {
    proto::WebMessageInfo info;
    info.mutable_key()->set_id(id);
    info.mutable_message()->set_conversation(words);
    info.set_message_timestamp(kAt);
    return info;
  }

  store::MessageRecord record_;
};

TEST_F(WebMessage, BecomesARecordOfTheOtherSide) {
  proto::WebMessageInfo info = text();
  info.set_push_name("Alice");
  info.set_starred(true);
  ASSERT_EQ(read(info, "111222333@s.whatsapp.net"), Outcome::kMessage);
  EXPECT_EQ(record_.chat, "111222333@s.whatsapp.net");
  EXPECT_EQ(record_.id, "3EB0A");
  EXPECT_EQ(record_.sender_pn, "111222333@s.whatsapp.net");
  EXPECT_EQ(record_.sender_lid, "");
  EXPECT_FALSE(record_.from_me);
  EXPECT_EQ(unix_seconds(record_.at), static_cast<std::int64_t>(kAt));
  EXPECT_EQ(record_.push_name, "Alice");
  EXPECT_EQ(to_text(record_.content), info.message().SerializeAsString());
  EXPECT_EQ(record_.type, "text");
  EXPECT_EQ(record_.state, 3);
  EXPECT_TRUE(record_.starred);
  EXPECT_TRUE(record_.from_history);
}

TEST_F(WebMessage, IsKeptUnderTheLidOfItsChat) {
  ASSERT_TRUE(run([](Step& step) {
                return messages::learn_mapping(step, *wire::Jid::parse("111222333@s.whatsapp.net"),
                                               *wire::Jid::parse("999@lid"));
              }).ok());
  for (const char* chat : {"111222333@s.whatsapp.net", "111222333@c.us", "999@lid", "999:0@lid"}) {
    ASSERT_EQ(read(text(), chat), Outcome::kMessage) << chat;
    EXPECT_EQ(record_.chat, "999@lid");
    EXPECT_EQ(record_.chat_alt, "111222333@s.whatsapp.net");
    EXPECT_EQ(record_.sender_pn, "111222333@s.whatsapp.net");
    EXPECT_EQ(record_.sender_lid, "999@lid");
  }
}

TEST_F(WebMessage, OfOursSaysHowFarItGot) {
  proto::WebMessageInfo info = text();
  info.mutable_key()->set_from_me(true);
  info.set_push_name("us");
  ASSERT_EQ(read(info, "999@lid"), Outcome::kMessage);
  EXPECT_TRUE(record_.from_me);
  EXPECT_EQ(record_.sender_pn, "551199887766@s.whatsapp.net");
  EXPECT_EQ(record_.sender_lid, "777000111222@lid");
  EXPECT_EQ(record_.state, 2) << "it is history, so the server has it";
  EXPECT_EQ(record_.push_name, "");

  info.set_status(proto::WebMessageInfo::READ);
  auto* receipt = info.add_user_receipt();
  receipt->set_receipt_timestamp(kAt + 1);
  receipt->set_read_timestamp(kAt + 2);
  ASSERT_EQ(read(info, "999@lid"), Outcome::kMessage);
  EXPECT_EQ(record_.state, 4);
  EXPECT_EQ(record_.delivered_at, Wall(Seconds(kAt + 1)));
  EXPECT_EQ(record_.read_at, Wall(Seconds(kAt + 2)));
  EXPECT_FALSE(record_.played_at);
}

TEST_F(WebMessage, OfAGroupNamesItsAuthor) {
  proto::WebMessageInfo info = text();
  EXPECT_EQ(read(info, "120363@g.us"), Outcome::kUnreadable) << "nobody has written it";
  info.set_participant("111222333:4@s.whatsapp.net");
  ASSERT_EQ(read(info, "120363@g.us"), Outcome::kMessage);
  EXPECT_EQ(record_.sender_pn, "111222333@s.whatsapp.net");
  info.mutable_key()->set_participant("999@lid");
  ASSERT_EQ(read(info, "120363@g.us"), Outcome::kMessage);
  EXPECT_EQ(record_.sender_lid, "999@lid");
  EXPECT_EQ(record_.chat, "120363@g.us");
  info.mutable_key()->set_participant("120363@g.us");
  EXPECT_EQ(read(info, "120363@g.us"), Outcome::kUnreadable);
}

TEST_F(WebMessage, KeepsTheBytesOfItsContent) {
  proto::WebMessageInfo info = text();
  // A field that this program does not know.
  const std::string content = info.message().SerializeAsString() + "\xf2\x3e\x03new";
  info.clear_message();
  const std::string bytes = info.SerializeAsString() + "\x12" + static_cast<char>(content.size()) + content;
  ASSERT_EQ(read_bytes(as_bytes(bytes), "999@lid"), Outcome::kMessage);
  EXPECT_EQ(to_text(record_.content), content);

  // In two parts, which are one message.
  proto::Message first;
  first.set_conversation("one");
  proto::Message second;
  second.mutable_message_context_info()->set_message_secret(std::string(32, 's'));
  const auto part = [](const proto::Message& message) {
    return "\x12" + std::string(1, static_cast<char>(message.ByteSizeLong())) + message.SerializeAsString();
  };
  ASSERT_EQ(read_bytes(as_bytes(info.SerializeAsString() + part(first) + part(second)), "999@lid"), Outcome::kMessage);
  first.MergeFrom(second);
  EXPECT_EQ(to_text(record_.content), first.SerializeAsString());
}

TEST_F(WebMessage, TakesItsSecretIntoItsContent) {
  proto::WebMessageInfo info = text();
  info.set_message_secret(std::string(32, 's'));
  ASSERT_EQ(read(info, "999@lid"), Outcome::kMessage);
  proto::Message content;
  ASSERT_TRUE(content.ParseFromArray(record_.content.data(), static_cast<int>(record_.content.size())));
  EXPECT_EQ(content.message_context_info().message_secret(), std::string(32, 's'));
  EXPECT_EQ(content.conversation(), "hello");

  info.mutable_message()->mutable_message_context_info()->set_message_secret(std::string(32, 'o'));
  ASSERT_EQ(read(info, "999@lid"), Outcome::kMessage);
  EXPECT_EQ(to_text(record_.content), info.message().SerializeAsString()) << "the message's own counts";
  info.set_message_secret("short");
  info.mutable_message()->clear_message_context_info();
  ASSERT_EQ(read(info, "999@lid"), Outcome::kMessage);
  EXPECT_EQ(to_text(record_.content), info.message().SerializeAsString());
}

TEST_F(WebMessage, ThatWasEditedIsTheOneThatItEdits) {
  proto::WebMessageInfo info = text("3EB0EDIT");
  info.clear_message();
  auto* edit = info.mutable_message()->mutable_edited_message()->mutable_message()->mutable_protocol_message();
  edit->set_type(proto::ProtocolMessage::MESSAGE_EDIT);
  edit->mutable_key()->set_id("3EB0FIRST");
  edit->mutable_edited_message()->set_conversation("better");
  ASSERT_EQ(read(info, "999@lid"), Outcome::kMessage);
  EXPECT_EQ(record_.id, "3EB0FIRST");
  EXPECT_EQ(record_.type, "text");
  EXPECT_EQ(to_text(record_.content), edit->edited_message().SerializeAsString());
  EXPECT_EQ(record_.edited_at, record_.at);
}

TEST_F(WebMessage, WithoutContentIsAnEvent) {
  proto::WebMessageInfo info = text();
  info.clear_message();
  info.set_message_stub_type(27);
  EXPECT_EQ(read(info, "999@lid"), Outcome::kEvent);
  info.mutable_message()->mutable_protocol_message()->set_type(proto::ProtocolMessage::HISTORY_SYNC_NOTIFICATION);
  EXPECT_EQ(read(info, "999@lid"), Outcome::kEvent);
}

TEST_F(WebMessage, FromBeforeTheLimitIsLeftOut) {
  EXPECT_EQ(read(text(), "999@lid", Wall(Seconds(kAt))), Outcome::kMessage);
  EXPECT_EQ(read(text(), "999@lid", Wall(Seconds(kAt + 1))), Outcome::kTooOld);
}

TEST_F(WebMessage, IsUnreadableWithoutWhatNamesIt) {
  EXPECT_EQ(read(text(""), "999@lid"), Outcome::kUnreadable);
  EXPECT_EQ(read(text("with blank"), "999@lid"), Outcome::kUnreadable);
  EXPECT_EQ(read(text(std::string(129, 'a')), "999@lid"), Outcome::kUnreadable);
  for (const char* chat : {"nobody", "@lid", "a/b@lid", "a b@lid", "@"})
    EXPECT_EQ(read(text(), chat), Outcome::kUnreadable) << chat;
  proto::WebMessageInfo timeless = text();
  timeless.clear_message_timestamp();
  EXPECT_EQ(read(timeless, "999@lid"), Outcome::kUnreadable);
  timeless.set_message_timestamp(~std::uint64_t{0});
  EXPECT_EQ(read(timeless, "999@lid"), Outcome::kUnreadable);

  proto::WebMessageInfo own_chat = text();
  EXPECT_EQ(read(own_chat, ""), Outcome::kUnreadable);
  own_chat.mutable_key()->set_remote_jid("999@lid");
  EXPECT_EQ(read(own_chat, ""), Outcome::kMessage) << "what the message says where its chat does not";
}

TEST_F(WebMessage, ThatIsCutOffIsUnreadableOrShorter) {
  const std::string whole = text().SerializeAsString();
  for (const Bytes& damaged : test::truncations(as_bytes(whole)))
    EXPECT_NE(read_bytes(damaged, "999@lid"), Outcome::kMessage);
}

}  // namespace
}  // namespace ponte::protocol::history
