#include "protocol/messages/content.h"

#include <gtest/gtest.h>

#include <map>

#include "base/hex.h"
#include "e2e.pb.h"
#include "protocol/messages/unwrap.h"
#include "support/vector_cases.h"

namespace ponte::protocol::messages {
namespace {

using Lines = std::map<std::string, std::string>;

Bytes serialized(const proto::Message& message) {
  return to_bytes(as_bytes(message.SerializeAsString()));
}
Content read(const proto::Message& message) {
  auto content = read_content(serialized(message));
  EXPECT_TRUE(content.ok());
  return content.ok() ? *content : Content{};
}

std::string number(double value) {
  std::string out = std::to_string(value);
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

template <typename List, typename Text>
std::string joined(const List& list, char between, Text text) {
  std::string out;
  for (const auto& each : list) out += (&each == &list.front() ? "" : std::string(1, between)) + text(each);
  return out;
}

/// All that a content says, as the vectors have it; what is empty or 0 is left out.
class Description {
 public:
  Lines of(const Content& content) {
    lines_ = {{"kind", std::string(kind_name(content.kind))}, {"text", content.text}};
    if (content.media) media(*content.media);
    if (content.place) place(*content.place);
    if (content.chosen) chosen(*content.chosen);
    if (content.target) target(content);
    if (content.reply) {
      const Quote& quote = *content.reply;
      say("reply", quote.id + "|" + quote.participant + "|" + std::string(kind_name(quote.kind)) + "|" + quote.text);
    }
    invitations(content);
    say("title", content.title);
    say("footer", content.footer);
    say("button", content.button);
    say("phones", joined(content.contacts, ',', [](const ContactCard& card) { return card.phone_number; }));
    say("options", joined(content.options, ',', [](const Choice& choice) { return choice.title; }));
    say("rows", joined(content.sections, ';', [](const Section& section) {
          return section.title + ":" + joined(section.rows, ';', [](const Choice& row) {
                   return row.id + "|" + row.title + "|" + row.description;
                 });
        }));
    say("mentions", joined(content.mentions, ',', [](const std::string& jid) { return jid; }));
    say("selectable", content.selectable);
    say("mentions_all", content.mentions_all);
    say("forwarded", content.forwarded);
    say("forwarding_score", content.forwarding_score);
    say("view_once", content.view_once);
    say("expiration", content.expiration);
    say("encrypted", content.encrypted);
    say("removes", content.removes);
    say("truncated", content.truncated);
    return lines_;
  }

 private:
  void say(const std::string& key, const std::string& value) {
    if (!value.empty()) lines_[key] = value;
  }
  void say(const std::string& key, std::uint64_t value) {
    if (value != 0) lines_[key] = std::to_string(value);
  }
  void media(const Media& media) {
    say("mimetype", media.mimetype);
    say("file_name", media.file_name);
    say("size", media.size);
    say("seconds", media.seconds);
    say("width", media.width);
    say("height", media.height);
    say("pages", media.pages);
    say("gif", media.gif);
    say("animated", media.animated);
    say("sha256", to_hex(media.sha256));
    EXPECT_EQ(media.retrievable, !media.sha256.empty());
  }
  void place(const Place& place) {
    lines_["latitude"] = number(place.latitude);
    lines_["longitude"] = number(place.longitude);
    if (!place.name.empty()) say("place", place.name + "|" + place.address + "|" + place.url);
  }
  void chosen(const Chosen& chosen) {
    say("chosen", chosen.id + "|" + chosen.title + "|" + chosen.description);
    if (!chosen.flow_name.empty()) say("flow", chosen.flow_name + "|" + chosen.flow_params);
  }
  void target(const Content& content) {
    say("target", content.target->id);
    say("participant", content.target->participant);
    say("from_sender", content.target->from_sender);
    if (content.kind == Kind::kEdit) say("edited", std::string(kind_name(content.edited_kind)));
  }
  void invitations(const Content& content) {
    const auto seconds = [](const std::optional<Wall>& at) { return at ? std::to_string(unix_seconds(*at)) : ""; };
    if (content.invite) {
      say("invite", content.invite->group_jid + "|" + content.invite->code + "|" + content.invite->group_name + "|" +
                        seconds(content.invite->expires_at));
    }
    if (content.event) {
      say("event", content.event->name + "|" + content.event->description + "|" + seconds(content.event->starts_at) +
                       "|" + seconds(content.event->ends_at) + "|" +
                       (content.event->place ? content.event->place->name : ""));
    }
  }
  Lines lines_;
};

TEST(MessageContent, IsReadAsAnotherClientWroteIt) {
  for (const test::VectorCase& each : test::load_cases("messages/contents.vec")) {
    Lines wanted;
    for (const VecLine& line : each.lines.lines()) wanted[line.key] = line.value;
    const Bytes bytes = each.bytes("message");
    for (const char* key : {"case", "message", "destination"}) wanted.erase(key);
    if (each.has("destination")) {
      proto::Message message;
      ASSERT_TRUE(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      EXPECT_EQ(take_device_sent(message), each.text("destination"));
      EXPECT_EQ(Description().of(read(message)), wanted) << each.title;
      continue;
    }
    const auto content = read_content(bytes);
    ASSERT_TRUE(content.ok()) << each.title;
    EXPECT_EQ(Description().of(*content), wanted) << each.title;
  }
}

/// Damaged in every way: an answer, whatever it is, and nothing that is no text.
TEST(MessageContent, TakesNoHarmFromDamage) {
  for (const test::VectorCase& each : test::load_cases("messages/contents.vec")) {
    const Bytes whole = each.bytes("message");
    for (std::size_t size = 0; size < whole.size(); ++size) (void)read_content(ByteView(whole).first(size));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const std::uint8_t flip : {0x01, 0x08, 0x80, 0xFF}) {
        Bytes damaged = whole;
        damaged[at] ^= flip;
        const auto content = read_content(damaged);
        EXPECT_TRUE(content.ok() || content.error().cause == Cause::kProtobufMalformed);
      }
    }
  }
}

TEST(MessageContent, RefusesWhatIsNoMessage) {
  EXPECT_EQ(read_content(to_bytes("\x0a\x05"
                                  "abc"))
                .error()
                .code,
            Errc::kMalformed)
      << "longer than what is there";
  EXPECT_EQ(read_content(to_bytes("\x0c")).error().cause, Cause::kProtobufMalformed) << "a group that ends";
  EXPECT_EQ(read_content(Bytes(2 * 1024 * 1024 + 1)).error().cause, Cause::kProtobufMalformed);
}

TEST(MessageContent, RefusesWhatIsNestedTooDeep) {
  proto::Message message;
  message.set_conversation("deep");
  for (int depth = 0; depth < 200; ++depth) {
    proto::Message outer;
    outer.mutable_ephemeral_message()->mutable_message()->Swap(&message);
    message.Swap(&outer);
    const auto content = read_content(serialized(message));
    if (depth < 40) {
      EXPECT_EQ(content.ok() ? content->text : "", "deep") << depth;
    } else if (depth > 50) {
      EXPECT_FALSE(content.ok()) << depth;
    }
  }
}

TEST(MessageContent, AQuoteWithinAQuoteIsNotRead) {
  proto::Message message;
  auto* context = message.mutable_extended_text_message()->mutable_context_info();
  context->set_stanza_id("outer");
  auto* quoted = context->mutable_quoted_message()->mutable_extended_text_message();
  quoted->set_text("quoted");
  quoted->mutable_context_info()->set_stanza_id("inner");
  quoted->mutable_context_info()->mutable_quoted_message()->set_conversation("deeper");
  const Content content = read(message);
  EXPECT_EQ(content.reply->id, "outer");
  EXPECT_EQ(content.reply->text, "quoted");
  EXPECT_EQ(content.text, "");
}

TEST(MessageContent, AnEditOfAnEditSaysNothing) {
  proto::Message message;
  auto* outer = message.mutable_protocol_message();
  outer->set_type(proto::ProtocolMessage::MESSAGE_EDIT);
  outer->mutable_key()->set_id("1");
  auto* inner = outer->mutable_edited_message()->mutable_protocol_message();
  inner->set_type(proto::ProtocolMessage::MESSAGE_EDIT);
  inner->mutable_key()->set_id("2");
  inner->mutable_edited_message()->set_conversation("text");
  const Content content = read(message);
  EXPECT_EQ(content.kind, Kind::kEdit);
  EXPECT_EQ(content.target->id, "1");
  EXPECT_EQ(content.text, "");
}

TEST(MessageContent, AProtocolMessageOfANewerTypeIsNoRevocation) {
  // {12: {1: {3: "id"}, 2: 99}}: the type is not among those known, whose default is REVOKE.
  const auto content = read_content(*from_hex("62080a041a0269641063"));
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(content->kind, Kind::kInternal);
}

TEST(MessageContent, TextsAreUtf8WithoutNul) {
  proto::Message message;
  auto* image = message.mutable_image_message();
  image->set_caption(std::string("a\0b\xff", 4));
  image->set_mimetype("image/\xc3");
  image->mutable_context_info()->add_mentioned_jid("\xf0\x9f");
  const Content content = read(message);
  EXPECT_EQ(content.text,
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(content.media->mimetype, "image/\xEF\xBF\xBD");
  EXPECT_EQ(content.mentions.at(0), "\xEF\xBF\xBD");
}

TEST(MessageContent, WhatIsTooMuchIsCut) {
  proto::Message message;
  auto* text = message.mutable_extended_text_message();
  text->set_text(std::string(kMostText - 4, 'x'));
  auto* context = text->mutable_context_info();
  context->set_stanza_id("id");
  context->mutable_quoted_message()->set_conversation(std::string(1000, 'q'));
  for (int i = 0; i < 5000; ++i) context->add_mentioned_jid("");
  const Content content = read(message);
  EXPECT_TRUE(content.truncated);
  EXPECT_EQ(content.text.size(), kMostText - 4);
  EXPECT_EQ(content.mentions.size(), kMostEntries);
  EXPECT_EQ(content.reply->text, "qq");
}

TEST(MessageContent, EntriesOfListsWithinListsCountTogether) {
  proto::Message message;
  for (int i = 0; i < 100; ++i) {
    auto* section = message.mutable_list_message()->add_sections();
    for (int row = 0; row < 100; ++row) section->add_rows();
  }
  const Content content = read(message);
  std::size_t rows = 0;
  for (const Section& section : content.sections) rows += section.rows.size();
  EXPECT_EQ(content.sections.size() + rows, kMostEntries);
  EXPECT_TRUE(content.truncated);
}

TEST(MessageContent, TimesBeyondTheCalendarAreNone) {
  proto::Message message;
  message.mutable_event_message()->set_start_time(INT64_MAX);
  message.mutable_event_message()->set_end_time(-5);
  const Content content = read(message);
  EXPECT_FALSE(content.event->starts_at);
  EXPECT_FALSE(content.event->ends_at);
}

TEST(MessageContent, EveryKindHasANameOfItsOwn) {
  std::map<std::string_view, int> names;
  for (int kind = 0; kind <= static_cast<int>(Kind::kExpiry); ++kind) ++names[kind_name(static_cast<Kind>(kind))];
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Kind::kExpiry) + 1);
}

}  // namespace
}  // namespace ponte::protocol::messages
