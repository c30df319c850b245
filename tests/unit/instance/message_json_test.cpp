#include "instance/message_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/vector_cases.h"

namespace ponte::instance {
namespace {

using nlohmann::json;
using namespace protocol::messages;
namespace event = protocol::event;
using protocol::wire::Jid;

const Telling kTelling{"sales", "https://ponte.example", "5511999999999@s.whatsapp.net", "Sales"};

/// The content of that case of the vectors, which Baileys made.
Bytes content_of(const std::string& title) {
  for (const test::VectorCase& each : test::load_cases("messages/contents.vec")) {
    if (each.title == title) return each.bytes("message");
  }
  ADD_FAILURE() << "no case is called " << title;
  return {};
}

ChatMessage from_ana(const std::string& title = "text, short form") {
  ChatMessage message;
  message.id = "3EB0AA";
  message.chat.other = {Jid::parse("5511888888888@s.whatsapp.net"), Jid::parse("222000000000000@lid")};
  message.chat.jid = *message.chat.other.lid;
  message.sender = {Jid::parse("5511888888888:3@s.whatsapp.net"), Jid::parse("222000000000000:3@lid")};
  message.at = Wall(Milliseconds(1'777'372'200'000));
  message.push_name = "Ana";
  message.content = content_of(title);
  return message;
}
ChatMessage in_group(const std::string& title = "text, short form") {
  ChatMessage message = from_ana(title);
  message.chat = {*Jid::parse("120363000000000001@g.us"), {}, "Team"};
  return message;
}
ChatMessage to_ana(const std::string& title = "text, short form") {
  ChatMessage message = from_ana(title);
  message.from_me = true;
  message.sender = {Jid::parse("5511999999999@s.whatsapp.net"), Jid::parse("111000000000000@lid")};
  message.push_name.clear();
  message.source = "api";
  message.state = MessageState::kServerAck;
  return message;
}

/// A field of a protobuf: its tag, the length, the bytes.
Bytes field(Bytes tag, const Bytes& content) {
  for (std::size_t size = content.size();; size >>= 7) {
    tag.push_back(static_cast<std::uint8_t>((size & 0x7F) | (size > 0x7F ? 0x80 : 0)));
    if (size <= 0x7F) break;
  }
  append(tag, content);
  return tag;
}

json told(const ChatMessage& message) {
  return json::parse(exchange_data(message, kTelling));
}
json shown(const ChatMessage& message) {
  return json::parse(message_json(message, kTelling));
}

/// What the catalogue has within `message` is beside it too, where live clients look for it.
TEST(MessageJson, AnExchangeHasBothShapes) {
  const json data = told(from_ana());
  const json& message = data["message"];
  EXPECT_EQ(data["id"], "3EB0AA");
  EXPECT_EQ(data["direction"], "incoming");
  EXPECT_EQ(data["timestamp"], "2026-04-28T10:30:00Z");
  EXPECT_EQ(data["chat"], json::parse(R"({"jid":"5511888888888@s.whatsapp.net","lid":"222000000000000@lid",
      "name":"Ana","type":"private"})"));
  EXPECT_EQ(data["sender"], json::parse(R"({"jid":"5511888888888@s.whatsapp.net","lid":"222000000000000@lid",
      "name":"Ana"})"));
  for (const char* key : {"id", "direction", "timestamp", "chat", "sender"}) EXPECT_EQ(message[key], data[key]) << key;
  EXPECT_EQ(data["recipient"], "5511999999999@s.whatsapp.net");
  EXPECT_EQ(message["type"], "text");
  EXPECT_EQ(message["content"], json::parse(R"({"text":"hello"})"));
  EXPECT_EQ(message["text"], "hello") << "for those who take no object for a text";
  for (const char* key : {"media", "edit", "source"}) EXPECT_TRUE(message.at(key).is_null()) << key;
  for (const char* key : {"isEdit", "fromOffline"}) EXPECT_EQ(message[key], false) << key;
  for (const char* key : {"reply", "mentions", "reaction", "poll", "location", "interactive", "revoke", "status"}) {
    EXPECT_FALSE(message.contains(key)) << key;
  }
}

TEST(MessageJson, OfUnknownPeopleItSaysWhatIsKnown) {
  ChatMessage message = from_ana();
  message.chat.other = {std::nullopt, Jid::parse("222000000000000@lid")};
  message.sender = message.chat.other;
  message.push_name.clear();
  const json data = told(message);
  EXPECT_EQ(data["chat"]["jid"], "222000000000000@lid");
  EXPECT_EQ(data["sender"]["jid"], "222000000000000@lid");
  EXPECT_TRUE(data["sender"]["name"].is_null());
  EXPECT_TRUE(json::parse(exchange_data(message, {"sales", "", std::nullopt, ""}))["recipient"].is_null());
}

TEST(MessageJson, OurOwnGoesOutAndCarriesItsLabel) {
  const json data = told(to_ana());
  EXPECT_EQ(data["direction"], "outgoing");
  EXPECT_EQ(data["recipient"], "5511888888888@s.whatsapp.net");
  EXPECT_EQ(data["sender"]["jid"], "5511999999999@s.whatsapp.net");
  EXPECT_EQ(data["sender"]["name"], "Sales");
  EXPECT_TRUE(data["chat"]["name"].is_null()) << "the name is ours, not that of whom we write to";
  EXPECT_EQ(data["message"]["source"], "api");
}

TEST(MessageJson, GroupsAndTheLikeHaveTheirType) {
  const json data = told(in_group());
  EXPECT_EQ(data["chat"], json::parse(R"({"jid":"120363000000000001@g.us","lid":null,"name":"Team","type":"group"})"));
  EXPECT_EQ(data["recipient"], "120363000000000001@g.us");
  EXPECT_EQ(data["sender"]["name"], "Ana");
  ChatMessage message = in_group();
  for (const auto& [jid, type] : {std::pair("status@broadcast", "status"), std::pair("1@broadcast", "broadcast"),
                                  std::pair("1@newsletter", "newsletter")}) {
    message.chat.jid = *Jid::parse(jid);
    EXPECT_EQ(told(message)["chat"]["type"], type);
  }
}

TEST(MessageJson, MediaHaveTheirMetadataAndAPlace) {
  const json image = told(from_ana("image"))["message"];
  EXPECT_EQ(image["type"], "image");
  EXPECT_EQ(image["media"], json::parse(R"({"type":"image",
      "url":"https://ponte.example/v1/instances/sales/messages/3EB0AA/media","s3Url":null,
      "mimetype":"image/png","mimeType":"image/png","caption":"a caption","size":70,"width":640,"height":480,
      "sha256":"6b7fa434f92a8b80aab02d9bf1a12e49ffcae424e4013a1c4f68b67e3d2bbcd0","isVoiceNote":false})"));
  EXPECT_EQ(image["content"]["text"], "a caption");
  const json voice = told(from_ana("voice note"))["message"];
  EXPECT_EQ(voice["type"], "ptt");
  EXPECT_EQ(voice["media"]["type"], "ptt");
  EXPECT_EQ(voice["media"]["isVoiceNote"], true);
  EXPECT_EQ(voice["media"]["duration"], 7);
  EXPECT_EQ(told(from_ana("document"))["message"]["media"]["fileName"], "Rechnung 7.pdf");
  EXPECT_EQ(told(from_ana("gif"))["message"]["media"]["isGif"], true);
  EXPECT_EQ(told(from_ana("image to be seen once"))["message"]["isViewOnce"], true);
  EXPECT_TRUE(told(from_ana("view once within ephemeral"))["message"]["media"]["url"].is_null()) << "no key, no place";
}

TEST(MessageJson, NoKeyOfAFileIsTold) {
  ChatMessage message = from_ana("image");
  for (const std::string& text : {exchange_data(message, kTelling), message_json(message, kTelling)}) {
    EXPECT_EQ(text.find("mediaKey"), std::string::npos);
    EXPECT_EQ(text.find("mmg.whatsapp.net"), std::string::npos);
    EXPECT_EQ(text.find("directPath"), std::string::npos);
  }
}

TEST(MessageJson, AnIdIsNoWayOutOfAPath) {
  EXPECT_EQ(media_path("sales", "../x?y#z 1\xC3\xA4"), "/v1/instances/sales/messages/..%2Fx%3Fy%23z%201%C3%A4/media");
}

TEST(MessageJson, WhatIsAnsweredAndWhoIsMentioned) {
  const json message = told(in_group("reply"))["message"];
  EXPECT_EQ(message["reply"], json::parse(R"({"message_id":"3EB011","text":"the question",
      "participant":"5511888888888@s.whatsapp.net","type":"text"})"));
  EXPECT_EQ(told(in_group("text with mentions"))["message"]["mentions"],
            json::parse(R"({"mentionedUsers":["5511888888888@s.whatsapp.net","222000000000000@lid"],"all":false})"));
  EXPECT_EQ(told(in_group("text for all"))["message"]["mentions"]["all"], true);
  EXPECT_EQ(told(in_group("forwarded many times"))["message"]["isForwarded"], true);
  EXPECT_EQ(told(in_group("message that vanishes"))["message"]["expiration"], 86400);
}

TEST(MessageJson, WhatIsAboutAnotherMessageNamesIt) {
  EXPECT_EQ(told(in_group("reaction"))["message"]["reaction"],
            json::parse("{\"message_id\":\"3EB0AA\",\"participant\":\"222000000000000@lid\",\"text\":\"\U0001F44D\","
                        "\"emoji\":\"\U0001F44D\"}"));
  EXPECT_EQ(told(in_group("reaction taken back"))["message"]["reaction"]["text"], "");
  const json edit = told(from_ana("edit"))["message"];
  EXPECT_EQ(edit["id"], "3EB0AA");
  EXPECT_EQ(edit["type"], "message_edit");
  EXPECT_EQ(edit["isEdit"], true);
  EXPECT_EQ(edit["edit"], json::parse(R"({"original_id":"3EB0CC","text":"better","type":"text"})"));
  EXPECT_EQ(edit["content"]["text"], "better");
  EXPECT_EQ(told(from_ana("edit that is sealed"))["message"]["isEncrypted"], true);
  EXPECT_EQ(told(from_ana("pin"))["message"]["pin"], json::parse(R"({"message_id":"3EB0EE","removed":false})"));
  EXPECT_EQ(told(from_ana("poll vote"))["message"]["target"]["message_id"], "3EB0BB");
}

TEST(MessageJson, ARevocationGoesByTheIdOfWhatItTakesBack) {
  const json data = told(in_group("revocation by an admin"));
  EXPECT_EQ(data["id"], "3EB0DD");
  EXPECT_EQ(data["message"]["id"], "3EB0DD");
  EXPECT_EQ(data["message"]["type"], "message_revoke");
  EXPECT_EQ(data["message"]["revoke"],
            json::parse(R"({"message_id":"3EB0DD","participant":"222000000000000@lid","id":"3EB0AA"})"));
}

TEST(MessageJson, WhatWasChosenIsToldInEveryKnownWay) {
  const json button = told(from_ana("button pressed"))["message"];
  EXPECT_EQ(button["type"], "buttons_response");
  EXPECT_EQ(button["interactive"], json::parse(R"({"title":"Yes please","selectedButtonId":"yes"})"));
  EXPECT_EQ(button["button_response"], json::parse(R"({"title":"Yes please","body":"","selected_button_id":"yes"})"));
  const json row = told(from_ana("row chosen"))["message"];
  EXPECT_EQ(row["interactive"],
            json::parse(R"({"title":"Row 2","selectedRowId":"r2","selectedReply":{"selectedRowID":"r2"}})"));
  EXPECT_EQ(row["list_response"],
            json::parse(R"({"title":"Row 2","body":"the second","single_select_reply":{"option_name":"r2"}})"));
  EXPECT_EQ(told(from_ana("flow answered"))["message"]["interactive"]["flow_token"], "t");
  EXPECT_EQ(told(from_ana("template button pressed"))["message"]["interactive"]["selectedButtonId"], "no");
}

TEST(MessageJson, TheOtherKinds) {
  EXPECT_EQ(told(from_ana("location"))["message"]["location"]["latitude"], -23.5505);
  EXPECT_EQ(told(from_ana("contact"))["message"]["contact"]["phone_number"], "5511977777777");
  EXPECT_EQ(told(from_ana("contacts"))["message"]["contacts"].size(), 2U);
  const json poll = told(from_ana("poll"))["message"]["poll"];
  EXPECT_EQ(poll["title"], "Lunch?");
  EXPECT_EQ(poll["options"], json::parse(R"([{"name":"Yes"},{"name":"No"},{"name":"Later"}])"));
  EXPECT_EQ(told(from_ana("list"))["message"]["list"]["sections"][0]["rows"][1]["description"], "two");
  EXPECT_EQ(told(from_ana("buttons"))["message"]["buttons"]["buttons"][1]["title"], "B");
  EXPECT_EQ(told(from_ana("template"))["message"]["template"]["body"], "C");
  EXPECT_EQ(told(from_ana("group invite"))["message"]["groupInvite"]["code"], "AbCd");
  EXPECT_EQ(told(from_ana("event"))["message"]["event"]["startAt"], "2027-01-15T08:00:00Z");
}

TEST(MessageJson, WhatCannotBeReadIsToldAllTheSame) {
  ChatMessage message = from_ana();
  message.content = {0xFF, 0xFF};
  EXPECT_EQ(told(message)["message"]["type"], "unknown");
  EXPECT_EQ(told(message)["id"], "3EB0AA");
}

TEST(MessageJson, WhatStrangersWriteNeverBreaksTheJson) {
  ChatMessage message = from_ana();
  message.id = std::string("a\0\xff\"", 4);
  message.push_name = "\xC3(\"\n";
  message.content = {0x0A, 3, '"', 0xFF, '\n'};
  const json data = told(message);
  EXPECT_EQ(data["id"], "a\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(data["sender"]["name"], "\xEF\xBF\xBD(\"\n");
  EXPECT_EQ(data["message"]["text"], "\"\xEF\xBF\xBD\n");
}

TEST(MessageJson, AFlowsParametersMayBeAnything) {
  // {48: {2: {2: params}}}
  const auto flow = [](const std::string& params) {
    ChatMessage message = from_ana();
    message.content = field({0x82, 0x03}, field({0x12}, field({0x12}, to_bytes(params))));
    return told(message)["message"]["interactive"];
  };
  EXPECT_EQ(flow(R"({"id":"b1","flow_token":"t","deep":{"id":"no"}})")["selectedButtonId"], "b1");
  EXPECT_FALSE(flow(R"({"deep":{"id":"no"}})").contains("selectedButtonId"));
  EXPECT_FALSE(flow(R"({"id":7})").contains("selectedButtonId"));
  for (const std::string& params :
       {std::string("no JSON"), std::string("[1]"), std::string(100'000, '['),
        std::string(R"({"id":)") + std::string(100'000, '['), std::string("{\"id\":\"\xff\"}")}) {
    EXPECT_FALSE(flow(params).contains("flow_token"));
  }
}

TEST(MessageJson, LostMessagesAreVisible) {
  LostMessage lost;
  lost.id = "3EB0AA";
  lost.chat = from_ana().chat;
  lost.sender = from_ana().sender;
  lost.at = from_ana().at;
  for (const auto& [reason, type] : {std::pair(LostMessage::Reason::kUndecryptable, "undecryptable"),
                                     std::pair(LostMessage::Reason::kUnavailable, "unavailable"),
                                     std::pair(LostMessage::Reason::kMalformed, "malformed")}) {
    lost.reason = reason;
    const json data = json::parse(exchange_data(lost, kTelling));
    EXPECT_EQ(data["id"], "3EB0AA");
    EXPECT_EQ(data["message"]["type"], type);
    EXPECT_EQ(data["message"]["content"]["text"], "");
    EXPECT_EQ(data["sender"]["jid"], "5511888888888@s.whatsapp.net");
  }
}

TEST(MessageJson, AStatusNamesMessagesAndWhoseTheyAre) {
  StatusChange change;
  change.kind = StatusChange::Kind::kRead;
  change.message_ids = {"3EB0AA", "3EB0BB"};
  change.chat = from_ana().chat;
  change.actor = from_ana().sender;
  change.at = from_ana().at;
  EXPECT_EQ(json::parse(status_data(change, kTelling)),
            json::parse(R"({"messageIds":["3EB0AA","3EB0BB"],"status":"read",
      "chat":{"jid":"5511888888888@s.whatsapp.net","lid":"222000000000000@lid","name":null,"type":"private"},
      "recipient":"5511888888888@s.whatsapp.net",
      "sender":{"jid":"5511888888888@s.whatsapp.net","lid":"222000000000000@lid","name":null},
      "isFromMe":true,"timestamp":"2026-04-28T10:30:00Z"})"));
  change.chat = in_group().chat;
  EXPECT_EQ(json::parse(status_data(change, kTelling))["messageSender"], "5511999999999@s.whatsapp.net");
  change.of_own_message = false;
  EXPECT_EQ(json::parse(status_data(change, kTelling))["recipient"], "5511999999999@s.whatsapp.net");
  change.kind = StatusChange::Kind::kServerError;
  change.why = Error{Errc::kRejected, Cause::kServerError, "the server said 479"};
  EXPECT_EQ(json::parse(status_data(change, kTelling))["error"],
            json::parse(R"({"code":"SERVER_ERROR","message":"the server said 479"})"));
}

TEST(MessageJson, EveryChangeHasANameOfTheContract) {
  const std::vector<std::string> names{"delivered", "inactive",    "sender", "read",        "read_self",
                                       "played",    "played_self", "retry",  "server_error"};
  for (std::size_t kind = 0; kind < names.size(); ++kind) {
    EXPECT_EQ(change_name(static_cast<StatusChange::Kind>(kind)), names[kind]);
  }
}

TEST(MessageJson, HowFarAMessageIs) {
  ChatMessage message = to_ana();
  const std::vector<std::pair<MessageState, std::pair<std::string, int>>> ours{
      {MessageState::kError, {"error", -1}},   {MessageState::kPending, {"pending", 0}},
      {MessageState::kServerAck, {"sent", 1}}, {MessageState::kDelivered, {"delivered", 2}},
      {MessageState::kRead, {"read", 4}},      {MessageState::kPlayed, {"played", 5}}};
  for (const auto& [state, word] : ours) {
    message.state = state;
    EXPECT_EQ(shown(message)["status"], word.first);
    EXPECT_EQ(shown(message)["statusCode"], word.second);
  }
  message = from_ana();
  EXPECT_EQ(shown(message)["status"], "received");
  message.state = MessageState::kRead;
  EXPECT_EQ(shown(message)["statusCode"], 4);
}

TEST(MessageJson, TellsOfLabels) {
  LabelChange change;
  change.label_id = "7";
  change.name = "New \xFF";
  change.color = 3;
  auto told = render_told(event::LabelUpdated{change}, kTelling);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->first, "label.update");
  EXPECT_EQ(json::parse(told->second),
            json({{"type", "edit"}, {"labelId", "7"}, {"name", "New \uFFFD"}, {"color", 3}, {"deleted", false}}));
  change.kind = LabelChange::Kind::kDeleted;
  EXPECT_EQ(json::parse(label_data(change))["deleted"], true);
  change.kind = LabelChange::Kind::kAssigned;
  change.chat = from_ana().chat;
  EXPECT_EQ(json::parse(label_data(change)), json({{"type", "chat"},
                                                   {"labelId", "7"},
                                                   {"name", "New \uFFFD"},
                                                   {"chatJid", "5511888888888@s.whatsapp.net"},
                                                   {"action", "add"},
                                                   {"labeled", true}}));
  change.kind = LabelChange::Kind::kRemoved;
  change.chat = in_group().chat;
  EXPECT_EQ(json::parse(label_data(change))["chatJid"], "120363000000000001@g.us");
  EXPECT_EQ(json::parse(label_data(change))["action"], "remove");
  EXPECT_EQ(json::parse(label_data(change))["labeled"], false);
}

TEST(MessageJson, SettingsSayWhatIsTold) {
  Settings settings;
  Chat status{*Jid::parse("status@broadcast"), {}, ""};
  for (const Chat& chat : {from_ana().chat, in_group().chat, status}) EXPECT_TRUE(is_told(chat, settings));
  settings.ignore_group_messages = true;
  EXPECT_FALSE(is_told(in_group().chat, settings));
  EXPECT_TRUE(is_told(status, settings));
  settings.ignore_status = true;
  EXPECT_FALSE(is_told(status, settings));
  EXPECT_TRUE(is_told(from_ana().chat, settings));
}

}  // namespace
}  // namespace ponte::instance
