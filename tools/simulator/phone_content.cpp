#include "simulator/phone_content.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ponte::simulator {

using proto::Message;

const Message& unwrapped(const Message& message) {
  if (message.has_ephemeral_message()) return unwrapped(message.ephemeral_message().message());
  if (message.has_view_once_message()) return unwrapped(message.view_once_message().message());
  if (message.has_view_once_message_v2()) return unwrapped(message.view_once_message_v2().message());
  if (message.has_document_with_caption_message()) return unwrapped(message.document_with_caption_message().message());
  if (message.has_edited_message()) return unwrapped(message.edited_message().message());
  return message;
}

std::string text_of(const Message& message) {
  if (message.has_conversation()) return message.conversation();
  if (message.has_extended_text_message()) return message.extended_text_message().text();
  if (message.has_image_message()) return message.image_message().caption();
  if (message.has_video_message()) return message.video_message().caption();
  if (message.has_document_message()) return message.document_message().caption();
  if (message.has_reaction_message()) return message.reaction_message().text();
  if (message.protocol_message().has_edited_message()) return text_of(message.protocol_message().edited_message());
  return {};
}

std::string_view kind_of(const Message& message) {
  using Has = bool (*)(const Message&);
  static constexpr std::array<std::pair<std::string_view, Has>, 14> kKinds = {
      {{"conversation", [](const Message& one) { return one.has_conversation(); }},
       {"extended_text_message", [](const Message& one) { return one.has_extended_text_message(); }},
       {"image_message", [](const Message& one) { return one.has_image_message(); }},
       {"video_message", [](const Message& one) { return one.has_video_message(); }},
       {"audio_message", [](const Message& one) { return one.has_audio_message(); }},
       {"document_message", [](const Message& one) { return one.has_document_message(); }},
       {"sticker_message", [](const Message& one) { return one.has_sticker_message(); }},
       {"contact_message", [](const Message& one) { return one.has_contact_message(); }},
       {"location_message", [](const Message& one) { return one.has_location_message(); }},
       {"reaction_message", [](const Message& one) { return one.has_reaction_message(); }},
       {"poll_creation_message", [](const Message& one) { return one.has_poll_creation_message(); }},
       {"poll_update_message", [](const Message& one) { return one.has_poll_update_message(); }},
       {"protocol_message", [](const Message& one) { return one.has_protocol_message(); }},
       {"device_sent_message", [](const Message& one) { return one.has_device_sent_message(); }}}};
  for (const auto& [name, has] : kKinds) {
    if (has(message)) return name;
  }
  Message rest = message;
  rest.clear_sender_key_distribution_message();
  rest.clear_message_context_info();
  return rest.ByteSizeLong() == 0 ? "" : "other";
}

Bytes text_message(std::string_view text) {
  Message message;
  message.set_conversation(std::string(text));
  return to_bytes(message.SerializeAsString());
}

}  // namespace ponte::simulator
