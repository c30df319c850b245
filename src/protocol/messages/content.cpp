#include "protocol/messages/content.h"

#include "protocol/messages/content_reader.h"
#include "protocol/messages/unwrap.h"

namespace ponte::protocol::messages {
namespace {

using proto::Message;

/// What no client sends, and what costs many times as much memory once it is parsed.
constexpr std::size_t kLargestMessage = 2 * 1024 * 1024;

struct Name {
  Kind kind;
  std::string_view name;
};
constexpr std::array kNames{
    Name{Kind::kUnknown, "unknown"},
    Name{Kind::kInternal, "internal"},
    Name{Kind::kText, "text"},
    Name{Kind::kImage, "image"},
    Name{Kind::kVideo, "video"},
    Name{Kind::kPtv, "ptv"},
    Name{Kind::kAudio, "audio"},
    Name{Kind::kPtt, "ptt"},
    Name{Kind::kDocument, "document"},
    Name{Kind::kSticker, "sticker"},
    Name{Kind::kAlbum, "album"},
    Name{Kind::kContact, "contact"},
    Name{Kind::kContacts, "contacts"},
    Name{Kind::kLocation, "location"},
    Name{Kind::kLiveLocation, "live_location"},
    Name{Kind::kReaction, "reaction"},
    Name{Kind::kPoll, "poll"},
    Name{Kind::kPollVote, "poll_vote"},
    Name{Kind::kButtons, "buttons"},
    Name{Kind::kButtonsResponse, "buttons_response"},
    Name{Kind::kList, "list"},
    Name{Kind::kListResponse, "list_response"},
    Name{Kind::kTemplate, "template"},
    Name{Kind::kTemplateReply, "template_button_reply"},
    Name{Kind::kInteractive, "interactive"},
    Name{Kind::kInteractiveResponse, "interactive_response"},
    Name{Kind::kGroupInvite, "group_invite"},
    Name{Kind::kEvent, "event"},
    Name{Kind::kEventResponse, "event_response"},
    Name{Kind::kEdit, "message_edit"},
    Name{Kind::kRevoke, "message_revoke"},
    Name{Kind::kPin, "pin"},
    Name{Kind::kKeep, "keep"},
    Name{Kind::kExpiry, "expiry"},
};

}  // namespace

std::string_view kind_name(Kind kind) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [kind](const Name& name) { return name.kind == kind; });
  return found == kNames.end() ? "unknown" : found->name;
}

Result<Content> read_content(ByteView message) {
  Message parsed;
  if (message.size() > kLargestMessage || !parsed.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return Error{Errc::kMalformed, Cause::kProtobufMalformed,
                 "message content: expected a protobuf Message, got " + std::to_string(message.size()) +
                     " bytes that are none, too many, or nested too deep"};
  }
  Content out;
  Budget budget;
  ContentReader(out, budget, Depth::kWhole).read(innermost(parsed));
  return out;
}

Kind read_kind(const Message& message) {
  Content out;
  Budget budget{0, 0};
  ContentReader(out, budget, Depth::kPart).read(innermost(message));
  return out.kind;
}

// ---- of every kind ----------------------------------------------------------------------------------

std::string ContentReader::text(std::string_view raw) {
  const std::string_view taken = utf8_prefix(raw, budget_.text);
  if (taken.size() < raw.size()) out_.truncated = true;
  budget_.text -= taken.size();
  return clean_utf8(taken);
}

int ContentReader::count(int all) {
  const int taken = std::min(all, budget_.entries);
  if (taken < all) out_.truncated = true;
  budget_.entries -= taken;
  return taken;
}

Choice ContentReader::choice(std::string_view id, std::string_view title, std::string_view description) {
  return {text(id), text(title), text(description)};
}

void ContentReader::context_info(const proto::ContextInfo& info) {
  for (int i = 0, all = count(info.mentioned_jid_size()); i < all; ++i)
    out_.mentions.push_back(text(info.mentioned_jid(i)));
  out_.mentions_all = info.non_jid_mentions() != 0;
  out_.forwarded = info.is_forwarded();
  out_.forwarding_score = info.forwarding_score();
  out_.expiration = info.expiration();
  if (depth_ == Depth::kWhole && info.has_stanza_id()) quote(info);
}

void ContentReader::quote(const proto::ContextInfo& info) {
  Quote quote;
  quote.id = text(info.stanza_id());
  quote.participant = text(info.participant());
  if (info.has_quoted_message()) {
    Content quoted;
    ContentReader(quoted, budget_, Depth::kPart).read(innermost(info.quoted_message()));
    quote.kind = quoted.kind;
    quote.text = std::move(quoted.text);
    out_.truncated |= quoted.truncated;
  }
  out_.reply = std::move(quote);
}

/// In a received key `from_me` is the sender's view of it (wire: messages.md 7.2).
void ContentReader::target(Kind kind, const proto::MessageKey& key) {
  out_.kind = kind;
  out_.target = Target{text(key.id()), key.from_me(), text(key.participant())};
}

void ContentReader::read_conversation(const Message& message) {
  out_.kind = Kind::kText;
  out_.text = text(message.conversation());
}

void ContentReader::read_extended_text(const Message& message) {
  out_.kind = Kind::kText;
  out_.text = text(message.extended_text_message().text());
  context(message.extended_text_message());
}

// ---- about another message --------------------------------------------------------------------------

void ContentReader::read_reaction(const Message& message) {
  target(Kind::kReaction, message.reaction_message().key());
  out_.text = text(message.reaction_message().text());
  out_.removes = out_.text.empty();
}

void ContentReader::read_enc_reaction(const Message& message) {
  target(Kind::kReaction, message.enc_reaction_message().target_message_key());
  out_.encrypted = true;
}

void ContentReader::read_poll_vote(const Message& message) {
  target(Kind::kPollVote, message.poll_update_message().poll_creation_message_key());
  out_.encrypted = true;
}

void ContentReader::read_event_response(const Message& message) {
  target(Kind::kEventResponse, message.enc_event_response_message().event_creation_message_key());
  out_.encrypted = true;
}

void ContentReader::read_pin(const Message& message) {
  target(Kind::kPin, message.pin_in_chat_message().key());
  out_.removes = message.pin_in_chat_message().type() == proto::PinInChatMessage::UNPIN_FOR_ALL;
}

void ContentReader::read_keep(const Message& message) {
  target(Kind::kKeep, message.keep_in_chat_message().key());
  out_.removes = message.keep_in_chat_message().keep_type() == proto::KeepInChatMessage::UNDO_KEEP_FOR_ALL;
}

void ContentReader::read_secret_edit(const Message& message) {
  using Secret = proto::SecretEncryptedMessage;
  const Secret& secret = message.secret_encrypted_message();
  switch (secret.secret_enc_type()) {
    case Secret::MESSAGE_EDIT: break;
    case Secret::EVENT_EDIT: out_.edited_kind = Kind::kEvent; break;
    case Secret::POLL_EDIT:
    case Secret::POLL_ADD_OPTION: out_.edited_kind = Kind::kPoll; break;
    default: return;
  }
  target(Kind::kEdit, secret.target_message_key());
  out_.encrypted = true;
}

void ContentReader::edit(const Message& edited) {
  if (depth_ == Depth::kPart) return;
  Target edited_one = std::move(*out_.target);
  out_ = Content{};
  ContentReader(out_, budget_, Depth::kPart).read(innermost(edited));
  out_.edited_kind = out_.kind;
  out_.kind = Kind::kEdit;
  out_.target = std::move(edited_one);
}

void ContentReader::read_protocol(const Message& message) {
  using Protocol = proto::ProtocolMessage;
  const Protocol& protocol = message.protocol_message();
  out_.kind = Kind::kInternal;
  // A type that is newer than this program is kept among the unknown fields, and must not be read as the default.
  if (!protocol.has_type() && !protocol.unknown_fields().empty()) return;
  if (protocol.type() == Protocol::REVOKE && protocol.has_key()) target(Kind::kRevoke, protocol.key());
  if (protocol.type() == Protocol::MESSAGE_EDIT && protocol.has_key()) {
    target(Kind::kEdit, protocol.key());
    edit(protocol.edited_message());
  }
  if (protocol.type() == Protocol::EPHEMERAL_SETTING) {
    out_.kind = Kind::kExpiry;
    out_.expiration = protocol.ephemeral_expiration();
  }
}

const std::array<ContentReader::Row, 36> ContentReader::kRows{{
    // A message that is about another one says nothing of its own.
    {&Message::has_protocol_message, &ContentReader::read_protocol},
    {&Message::has_reaction_message, &ContentReader::read_reaction},
    {&Message::has_enc_reaction_message, &ContentReader::read_enc_reaction},
    {&Message::has_poll_update_message, &ContentReader::read_poll_vote},
    {&Message::has_enc_event_response_message, &ContentReader::read_event_response},
    {&Message::has_pin_in_chat_message, &ContentReader::read_pin},
    {&Message::has_keep_in_chat_message, &ContentReader::read_keep},
    {&Message::has_secret_encrypted_message, &ContentReader::read_secret_edit},
    {&Message::has_extended_text_message, &ContentReader::read_extended_text},
    {&Message::has_image_message, &ContentReader::read_image},
    {&Message::has_video_message, &ContentReader::read_video},
    {&Message::has_ptv_message, &ContentReader::read_ptv},
    {&Message::has_audio_message, &ContentReader::read_audio},
    {&Message::has_document_message, &ContentReader::read_document},
    {&Message::has_sticker_message, &ContentReader::read_sticker},
    {&Message::has_album_message, &ContentReader::read_album},
    {&Message::has_contact_message, &ContentReader::read_contact},
    {&Message::has_contacts_array_message, &ContentReader::read_contacts},
    {&Message::has_location_message, &ContentReader::read_location},
    {&Message::has_live_location_message, &ContentReader::read_live_location},
    {&Message::has_poll_creation_message, &ContentReader::read_poll},
    {&Message::has_poll_creation_message_v2, &ContentReader::read_poll_v2},
    {&Message::has_poll_creation_message_v3, &ContentReader::read_poll_v3},
    {&Message::has_poll_creation_message_v5, &ContentReader::read_poll_v5},
    {&Message::has_poll_creation_message_v6, &ContentReader::read_poll_v6},
    {&Message::has_group_invite_message, &ContentReader::read_group_invite},
    {&Message::has_event_message, &ContentReader::read_event},
    {&Message::has_template_button_reply_message, &ContentReader::read_template_reply},
    {&Message::has_buttons_response_message, &ContentReader::read_buttons_response},
    {&Message::has_list_response_message, &ContentReader::read_list_response},
    {&Message::has_interactive_response_message, &ContentReader::read_interactive_response},
    // These come beside others that say the same better.
    {&Message::has_buttons_message, &ContentReader::read_buttons},
    {&Message::has_list_message, &ContentReader::read_list},
    {&Message::has_template_message, &ContentReader::read_template},
    {&Message::has_interactive_message, &ContentReader::read_interactive},
    {&Message::has_conversation, &ContentReader::read_conversation},
}};

void ContentReader::read(const Message& message) {
  for (const Row& row : kRows) {
    if ((message.*row.has)()) return (this->*row.read)(message);
  }
  // Keys and what belongs to a message besides its content are for the devices; another field is one that is not known.
  out_.kind = message.unknown_fields().empty() ? Kind::kInternal : Kind::kUnknown;
}

}  // namespace ponte::protocol::messages
