// What a message says: files, contacts, places.
#include "protocol/messages/content_reader.h"

namespace ponte::protocol::messages {
namespace {

using proto::Message;

/// The digits of a vCard's first telephone: `waid=` says them where WhatsApp wrote it.
std::string phone_of(std::string_view vcard) {
  while (!vcard.empty()) {
    const auto end = std::min(vcard.find('\n'), vcard.size());
    const std::string_view line = vcard.substr(0, end);
    vcard.remove_prefix(std::min(end + 1, vcard.size()));
    const auto name = line.find("TEL");
    if (name == std::string_view::npos || (name != 0 && line[name - 1] != '.')) continue;
    const auto waid = line.find("waid=");
    const auto from = waid != std::string_view::npos ? waid + 5 : line.find(':');
    if (from == std::string_view::npos) continue;
    std::string digits;
    for (const char c : line.substr(from)) {
      if (c >= '0' && c <= '9') digits += c;
      if ((waid != std::string_view::npos && c == ':') || digits.size() > 20) break;
    }
    if (!digits.empty()) return digits;
  }
  return {};
}

}  // namespace

template <typename Picture>
void ContentReader::picture_size(const Picture& from) {
  out_.media->width = from.width();
  out_.media->height = from.height();
}

template <typename File>
Media& ContentReader::file(Kind kind, const File& from) {
  out_.kind = kind;
  Media& media = out_.media.emplace();
  media.mimetype = text(from.mimetype());
  media.size = from.file_length();
  if (from.file_sha256().size() == 32) media.sha256 = to_bytes(as_bytes(from.file_sha256()));
  media.retrievable = from.media_key().size() == 32 && (!from.direct_path().empty() || !from.url().empty());
  context(from);
  return media;
}

void ContentReader::read_image(const Message& message) {
  const auto& image = message.image_message();
  file(Kind::kImage, image);
  picture_size(image);
  out_.text = text(image.caption());
  out_.view_once = image.view_once();
}

void ContentReader::video(Kind kind, const proto::VideoMessage& from) {
  Media& media = file(kind, from);
  picture_size(from);
  media.seconds = from.seconds();
  media.gif = from.gif_playback();
  out_.text = text(from.caption());
  out_.view_once = from.view_once();
}

void ContentReader::read_audio(const Message& message) {
  const auto& audio = message.audio_message();
  file(audio.ptt() ? Kind::kPtt : Kind::kAudio, audio).seconds = audio.seconds();
  out_.view_once = audio.view_once();
}

void ContentReader::read_document(const Message& message) {
  const auto& document = message.document_message();
  Media& media = file(Kind::kDocument, document);
  media.file_name = text(document.file_name().empty() ? document.title() : document.file_name());
  media.pages = document.page_count();
  out_.text = text(document.caption());
}

void ContentReader::read_sticker(const Message& message) {
  const auto& sticker = message.sticker_message();
  file(Kind::kSticker, sticker).animated = sticker.is_animated();
  picture_size(sticker);
}

void ContentReader::read_album(const Message& message) {
  out_.kind = Kind::kAlbum;
  context(message.album_message());
}

void ContentReader::contact(const proto::ContactMessage& from) {
  ContactCard card;
  card.display_name = text(from.display_name());
  card.vcard = text(from.vcard());
  card.phone_number = phone_of(card.vcard);
  out_.contacts.push_back(std::move(card));
}

void ContentReader::read_contact(const Message& message) {
  out_.kind = Kind::kContact;
  contact(message.contact_message());
  out_.text = out_.contacts.front().display_name;
  context(message.contact_message());
}

void ContentReader::read_contacts(const Message& message) {
  const auto& array = message.contacts_array_message();
  out_.kind = Kind::kContacts;
  out_.text = text(array.display_name());
  for (int i = 0, all = count(array.contacts_size()); i < all; ++i) contact(array.contacts(i));
  context(array);
}

Place ContentReader::place(const proto::LocationMessage& from) {
  return {from.degrees_latitude(), from.degrees_longitude(), text(from.name()), text(from.address()), text(from.url())};
}

void ContentReader::read_location(const Message& message) {
  const auto& location = message.location_message();
  out_.kind = location.is_live() ? Kind::kLiveLocation : Kind::kLocation;
  out_.place = place(location);
  out_.text = text(location.comment());
  context(location);
}

void ContentReader::read_live_location(const Message& message) {
  const auto& location = message.live_location_message();
  out_.kind = Kind::kLiveLocation;
  out_.place = Place{location.degrees_latitude(), location.degrees_longitude(), {}, {}, {}};
  out_.text = text(location.caption());
  context(location);
}

}  // namespace ponte::protocol::messages
