// Fills a Content from a Message: what content.cpp, content_files.cpp and content_choices.cpp share, and nobody else.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "e2e.pb.h"
#include "protocol/messages/content.h"

namespace ponte::protocol::messages {

/// What is left of what a content may hold.
struct Budget {
  std::size_t text = kMostText;
  int entries = kMostEntries;
};

/// What a message is read for that is part of another one, quoted or edited: not for such parts of its own.
enum class Depth { kWhole, kPart };

/// Of one Message without wrappers.
class ContentReader {
 public:
  /// References outlive it.
  ContentReader(Content& out, Budget& budget, Depth depth) : out_(out), budget_(budget), depth_(depth) {}

  void read(const proto::Message& message);

 private:
  using Message = proto::Message;
  /// Of a field of Message.
  struct Row {
    bool (Message::*has)() const;
    void (ContentReader::*read)(const Message&);
  };
  static const std::array<Row, 36> kRows;

  std::string text(std::string_view raw);
  /// So many of a list are read.
  int count(int all);
  void context_info(const proto::ContextInfo& info);
  template <typename Part>
  void context(const Part& part) {
    if (part.has_context_info()) context_info(part.context_info());
  }
  void quote(const proto::ContextInfo& info);
  void target(Kind kind, const proto::MessageKey& key);
  void edit(const Message& edited);
  Choice choice(std::string_view id, std::string_view title, std::string_view description = {});

  // content_files.cpp
  template <typename File>
  Media& file(Kind kind, const File& from);
  template <typename Picture>
  void picture_size(const Picture& from);
  void video(Kind kind, const proto::VideoMessage& from);
  void contact(const proto::ContactMessage& from);
  Place place(const proto::LocationMessage& from);
  void read_image(const Message& message);
  void read_video(const Message& message) { video(Kind::kVideo, message.video_message()); }
  void read_ptv(const Message& message) { video(Kind::kPtv, message.ptv_message()); }
  void read_audio(const Message& message);
  void read_document(const Message& message);
  void read_sticker(const Message& message);
  void read_album(const Message& message);
  void read_contact(const Message& message);
  void read_contacts(const Message& message);
  void read_location(const Message& message);
  void read_live_location(const Message& message);

  // content_choices.cpp
  void poll(const proto::PollCreationMessage& from);
  void interactive(const proto::InteractiveMessage& from);
  void read_poll(const Message& message) { poll(message.poll_creation_message()); }
  void read_poll_v2(const Message& message) { poll(message.poll_creation_message_v2()); }
  void read_poll_v3(const Message& message) { poll(message.poll_creation_message_v3()); }
  void read_poll_v5(const Message& message) { poll(message.poll_creation_message_v5()); }
  void read_poll_v6(const Message& message) { poll(message.poll_creation_message_v6()); }
  void read_buttons(const Message& message);
  void read_buttons_response(const Message& message);
  void read_list(const Message& message);
  void read_list_response(const Message& message);
  void read_template(const Message& message);
  void read_template_reply(const Message& message);
  void read_interactive(const Message& message);
  void read_interactive_response(const Message& message);
  void read_group_invite(const Message& message);
  void read_event(const Message& message);

  // content.cpp
  void read_conversation(const Message& message);
  void read_extended_text(const Message& message);
  void read_protocol(const Message& message);
  void read_reaction(const Message& message);
  void read_enc_reaction(const Message& message);
  void read_poll_vote(const Message& message);
  void read_event_response(const Message& message);
  void read_pin(const Message& message);
  void read_keep(const Message& message);
  void read_secret_edit(const Message& message);

  Content& out_;
  Budget& budget_;
  const Depth depth_;
};

}  // namespace ponte::protocol::messages
