#include "protocol/messages/unwrap.h"

#include <array>
#include <memory>

#include "e2e.pb.h"

namespace ponte::protocol::messages {
namespace {

using proto::FutureProofMessage;
using proto::Message;

/// A field of Message that wraps another one.
struct Wrapper {
  bool (Message::*has)() const;
  const FutureProofMessage& (Message::*get)() const;
  FutureProofMessage* (Message::*mutate)();
};

#define PONTE_WRAPPER(field)                                          \
  Wrapper {                                                           \
    &Message::has_##field, &Message::field, &Message::mutable_##field \
  }

/// In the order in which they are looked for (wire: messages.md 2.3).
constexpr std::array kWrappers{
    PONTE_WRAPPER(bot_invoke_message),
    PONTE_WRAPPER(ephemeral_message),
    PONTE_WRAPPER(view_once_message),
    PONTE_WRAPPER(view_once_message_v2),
    PONTE_WRAPPER(view_once_message_v2_extension),
    PONTE_WRAPPER(lottie_sticker_message),
    PONTE_WRAPPER(document_with_caption_message),
    PONTE_WRAPPER(edited_message),
    PONTE_WRAPPER(group_mentioned_message),
    PONTE_WRAPPER(event_cover_image),
    PONTE_WRAPPER(status_mention_message),
    PONTE_WRAPPER(poll_creation_option_image_message),
    PONTE_WRAPPER(associated_child_message),
    PONTE_WRAPPER(group_status_mention_message),
    PONTE_WRAPPER(poll_creation_message_v4),
    PONTE_WRAPPER(status_add_yours),
    PONTE_WRAPPER(group_status_message),
    PONTE_WRAPPER(limit_sharing_message),
    PONTE_WRAPPER(bot_task_message),
    PONTE_WRAPPER(question_message),
    PONTE_WRAPPER(group_status_message_v2),
    PONTE_WRAPPER(bot_forwarded_message),
    PONTE_WRAPPER(question_reply_message),
    PONTE_WRAPPER(newsletter_admin_profile_message),
    PONTE_WRAPPER(spoiler_message),
    PONTE_WRAPPER(newsletter_admin_profile_status_message),
    PONTE_WRAPPER(bot_platform_registration_success_message),
};

#undef PONTE_WRAPPER

/// The first wrapper that holds something.
const Wrapper* wrapper_of(const Message& message) {
  for (const Wrapper& wrapper : kWrappers) {
    if ((message.*wrapper.has)() && (message.*wrapper.get)().has_message()) return &wrapper;
  }
  return nullptr;
}

/// `message` becomes what it holds.
void replace_by(Message& message, std::unique_ptr<Message> inner) {
  if (!inner->has_message_context_info() && message.has_message_context_info()) {
    *inner->mutable_message_context_info() = message.message_context_info();
  }
  message.Swap(inner.get());
}

}  // namespace

std::optional<std::string> take_device_sent(Message& message) {
  if (!message.has_device_sent_message() || !message.device_sent_message().has_message()) return std::nullopt;
  std::string destination = message.device_sent_message().destination_jid();
  replace_by(message, std::unique_ptr<Message>(message.mutable_device_sent_message()->release_message()));
  return destination;
}

void unwrap(Message& message) {
  while (const Wrapper* wrapper = wrapper_of(message)) {
    replace_by(message, std::unique_ptr<Message>((message.*wrapper->mutate)()->release_message()));
  }
}

const Message& innermost(const Message& message) {
  const Message* inner = &message;
  while (const Wrapper* wrapper = wrapper_of(*inner)) inner = &(inner->*wrapper->get)().message();
  return *inner;
}

}  // namespace ponte::protocol::messages
