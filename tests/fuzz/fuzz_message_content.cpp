// What a message says: protobuf that a stranger made, behind a Signal session or not.
#include <cstdlib>

#include "base/utf8.h"
#include "e2e.pb.h"
#include "protocol/messages/content.h"
#include "protocol/messages/unwrap.h"

namespace {

using namespace ponte;
using namespace ponte::protocol::messages;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Every text is one that can be stored and sent on; bytes of all of them, before what was no text was replaced.
class Texts {
 public:
  void add(const std::string& text) {
    require(clean_utf8(text) == text);
    ++count_;
  }
  void add(const Choice& choice) {
    add(choice.id);
    add(choice.title);
    add(choice.description);
    ++entries_;
  }
  std::size_t entries() const { return entries_; }

 private:
  std::size_t count_ = 0;
  std::size_t entries_ = 0;
};

void check(const Content& content) {
  Texts texts;
  for (const std::string* text : {&content.text, &content.title, &content.footer, &content.button}) texts.add(*text);
  for (const Choice& option : content.options) texts.add(option);
  for (const Section& section : content.sections) {
    texts.add(section.title);
    for (const Choice& row : section.rows) texts.add(row);
  }
  for (const ContactCard& card : content.contacts) {
    texts.add(card.display_name);
    texts.add(card.vcard);
    require(card.phone_number.find_first_not_of("0123456789") == std::string::npos);
  }
  for (const std::string& jid : content.mentions) texts.add(jid);
  require(texts.entries() <= kMostEntries && content.contacts.size() <= kMostEntries &&
          content.mentions.size() <= kMostEntries);
  if (content.media) texts.add(content.media->file_name);
  if (content.reply) texts.add(content.reply->text);
  if (content.target) texts.add(content.target->id);
  if (content.chosen) texts.add(content.chosen->flow_params);
  require(!kind_name(content.kind).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto content = read_content({data, size});
  if (content.ok()) check(*content);

  proto::Message message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  require(content.ok() || size > 2 * 1024 * 1024);
  take_device_sent(message);
  const std::string within = innermost(message).SerializeAsString();
  unwrap(message);
  // What is left says the same, whether it was taken out or looked at within.
  message.clear_message_context_info();
  proto::Message looked_at;
  require(looked_at.ParseFromString(within));
  looked_at.clear_message_context_info();
  require(message.SerializeAsString() == looked_at.SerializeAsString());
  return 0;
}
