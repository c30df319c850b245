#include "protocol/messages/unwrap.h"

#include <gtest/gtest.h>

#include "e2e.pb.h"

namespace ponte::protocol::messages {
namespace {

TEST(Unwrap, ACopyForAnotherDeviceKeepsTheOuterContext) {
  proto::Message message;
  message.mutable_device_sent_message()->set_destination_jid("1@lid");
  message.mutable_device_sent_message()->mutable_message()->set_conversation("text");
  message.mutable_message_context_info()->set_message_secret("outer");
  EXPECT_EQ(take_device_sent(message), "1@lid");
  EXPECT_EQ(message.conversation(), "text");
  EXPECT_EQ(message.message_context_info().message_secret(), "outer");
  EXPECT_FALSE(message.has_device_sent_message());
  EXPECT_EQ(take_device_sent(message), std::nullopt);
  EXPECT_EQ(message.conversation(), "text") << "nothing changed";
}

TEST(Unwrap, TheInnerContextCountsWhereThereIsOne) {
  proto::Message message;
  message.mutable_message_context_info()->set_message_secret("outer");
  auto* inner = message.mutable_ephemeral_message()->mutable_message();
  inner->set_conversation("text");
  inner->mutable_message_context_info()->set_message_secret("inner");
  unwrap(message);
  EXPECT_EQ(message.message_context_info().message_secret(), "inner");
}

TEST(Unwrap, EveryWrapperIsTakenOffWhateverTheirOrder) {
  proto::Message message;
  message.set_conversation("text");
  const auto wrap = [&message](proto::FutureProofMessage* (proto::Message::*field)()) {
    proto::Message outer;
    (outer.*field)()->mutable_message()->Swap(&message);
    message.Swap(&outer);
  };
  for (const auto field :
       {&proto::Message::mutable_edited_message, &proto::Message::mutable_bot_invoke_message,
        &proto::Message::mutable_view_once_message, &proto::Message::mutable_view_once_message_v2,
        &proto::Message::mutable_view_once_message_v2_extension, &proto::Message::mutable_document_with_caption_message,
        &proto::Message::mutable_lottie_sticker_message, &proto::Message::mutable_spoiler_message,
        &proto::Message::mutable_associated_child_message, &proto::Message::mutable_ephemeral_message}) {
    wrap(field);
    EXPECT_EQ(innermost(message).conversation(), "text");
  }
  unwrap(message);
  EXPECT_EQ(message.conversation(), "text");
  EXPECT_EQ(message.SerializeAsString(), "\x0a\x04text");
}

TEST(Unwrap, AnEmptyWrapperIsNone) {
  proto::Message message;
  message.mutable_ephemeral_message();
  message.mutable_device_sent_message();
  EXPECT_EQ(take_device_sent(message), std::nullopt);
  unwrap(message);
  EXPECT_TRUE(message.has_ephemeral_message());
  EXPECT_EQ(&innermost(message), &message);
}

TEST(Unwrap, AThousandWrappersAreNoRecursion) {
  proto::Message message;
  message.set_conversation("text");
  for (int i = 0; i < 1000; ++i) {
    proto::Message outer;
    outer.mutable_view_once_message()->mutable_message()->Swap(&message);
    message.Swap(&outer);
  }
  EXPECT_EQ(innermost(message).conversation(), "text");
  unwrap(message);
  EXPECT_EQ(message.conversation(), "text");
}

}  // namespace
}  // namespace ponte::protocol::messages
