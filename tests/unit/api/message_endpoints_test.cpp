// Messages and chats over a real socket: each status and each message of the contract.
#include "crypto/base64.h"
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

using instance::Jid;
using nlohmann::json;

const std::string kText = "/api/message/text/sales";

class MessageEndpoints : public ApiTest {
 protected:
  void SetUp() override {
    instances.add("sales");
    instances.edit("sales", [](instance::InstanceInfo& info) { info.number_jid = "5511999999999@s.whatsapp.net"; });
    instances.messages = {message("3EB0B"), message("3EB0A")};
    start();
  }
  static instance::ChatMessage message(const std::string& id) {
    instance::ChatMessage out;
    out.id = id;
    out.chat.other = {Jid::parse("5511888888888@s.whatsapp.net"), Jid::parse("222000000000000@lid")};
    out.chat.jid = *out.chat.other.lid;
    out.sender = out.chat.other;
    out.push_name = "Ana";
    out.at = Wall(Milliseconds(1'777'372'200'000));
    out.content = {0x0A, 2, 'h', 'i'};
    return out;
  }
  Answer post(const std::string& target, const json& body) { return call("POST", target, kAccount, body.dump()); }
  void expect_refusal(const Answer& answer, int status, const std::string& message, const std::string& code) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.message(), message);
    EXPECT_EQ(answer.code(), code);
  }
};

TEST_F(MessageEndpoints, ATextIsSent) {
  const Answer answer = post(kText, {{"number", "+55 11 88888-8888"}, {"message", "hi"}, {"linkPreview", false}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json body = answer.json();
  EXPECT_EQ(body["message"], "Message sent successfully");
  EXPECT_EQ(body["status"], "sent");
  const json& data = body["data"];
  EXPECT_EQ(data["messageId"], "3EB0FAKE");
  EXPECT_EQ(data["direction"], "outgoing");
  EXPECT_EQ(data["messageType"], "text");
  EXPECT_EQ(data["content"]["text"], "hi");
  EXPECT_EQ(data["chat"]["jid"], "5511888888888@s.whatsapp.net");
  EXPECT_EQ(data["chat"]["type"], "private");
  EXPECT_FALSE(data["chat"].contains("groupName"));
  EXPECT_EQ(data["source"], "api");
  EXPECT_FALSE(data.contains("replyTo") || data.contains("mentions"));
  EXPECT_EQ(instances.last_text->text.to, *Jid::parse("5511888888888@s.whatsapp.net"));
  EXPECT_EQ(instances.last_text->typing, Milliseconds(0));
}

TEST_F(MessageEndpoints, ATextTakesAllThatTheContractHas) {
  const Answer answer = post(kText, {{"number", "120363000000000001@g.us"},
                                     {"message", "hi @5511777777777"},
                                     {"delay", 3},
                                     {"replyTo", "3EB0A"},
                                     {"mention", {"5511777777777", "333000000000000@lid"}},
                                     {"mentionAll", true},
                                     {"source", "crm"},
                                     {"messageId", "mine-1"},
                                     {"replyPrivate", false}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["data"]["messageId"], "mine-1");
  EXPECT_EQ(answer.json()["data"]["chat"]["type"], "group");
  EXPECT_TRUE(answer.json()["data"]["chat"].contains("groupName"));
  const auto& request = *instances.last_text;
  EXPECT_EQ(request.typing, Seconds(3));
  EXPECT_EQ(request.text.reply_to, "3EB0A");
  EXPECT_EQ(request.text.mentions.size(), 2U);
  EXPECT_TRUE(request.text.mention_all);
  EXPECT_EQ(request.text.source, "crm");
  EXPECT_EQ(request.text.to.server, "g.us");
}

TEST_F(MessageEndpoints, AnAnswerInPrivateGoesToTheAuthor) {
  instances.messages[0].chat = {*Jid::parse("120363000000000001@g.us"), {}, "Team"};
  const json body = {
      {"number", "120363000000000001@g.us"}, {"message", "hi"}, {"replyTo", "3EB0B"}, {"replyPrivate", true}};
  ASSERT_EQ(post(kText, body).status, 200);
  EXPECT_EQ(instances.last_text->text.to, *Jid::parse("222000000000000@lid"));
  EXPECT_EQ(instances.last_text->text.reply_chat, *Jid::parse("120363000000000001@g.us"));
  json unknown = body;
  unknown["replyTo"] = "none";
  expect_refusal(post(kText, unknown), 404, "Message not found", "MESSAGE_NOT_FOUND");
  instances.messages[0].from_me = true;
  expect_refusal(post(kText, body), 400, "Invalid request body", "INVALID_REQUEST");
  json alone = body;
  alone.erase("replyTo");
  expect_refusal(post(kText, alone), 400, "Invalid request body", "INVALID_REQUEST");
}

TEST_F(MessageEndpoints, ATextThatIsNoneIsRefused) {
  const json good = {{"number", "5511888888888"}, {"message", "hi"}};
  const auto with = [&](const char* key, const json& value) {
    json body = good;
    body[key] = value;
    return post(kText, body);
  };
  expect_refusal(post(kText, {{"message", "hi"}}), 400, "Number is required", "INVALID_FIELD");
  expect_refusal(with("number", nullptr), 400, "Number is required", "INVALID_FIELD");
  expect_refusal(with("number", " "), 400, "Number is required", "INVALID_FIELD");
  for (const char* number : {"abc", "123", "status@broadcast", "1@newsletter", "5511888888888@evil.example"})
    expect_refusal(with("number", number), 400, "Invalid phone number", "INVALID_NUMBER");
  expect_refusal(post(kText, {{"number", "5511888888888"}}), 400, "Message is required", "INVALID_FIELD");
  expect_refusal(with("message", ""), 400, "Message is required", "INVALID_FIELD");
  for (const auto& [key, value] : std::map<std::string, json>{{"number", 5511888888888},
                                                              {"message", 7},
                                                              {"delay", -1},
                                                              {"delay", "3"},
                                                              {"mention", "5511888888888"},
                                                              {"mentionAll", "yes"},
                                                              {"messageId", "a b"},
                                                              {"source", std::string(101, 'x')},
                                                              {"replyTo", std::string(129, 'x')},
                                                              {"linkPreview", 1}}) {
    const Answer answer = with(key.c_str(), value);
    expect_refusal(answer, 400, "Invalid request body", "INVALID_REQUEST");
    EXPECT_NE(answer.json()["error"]["details"].get<std::string>().find(key), std::string::npos) << answer.body;
  }
  expect_refusal(with("mention", {"abc"}), 400, "Invalid request body", "INVALID_REQUEST");
  expect_refusal(with("mention", {"120363000000000001@g.us"}), 400, "Invalid request body", "INVALID_REQUEST");
  expect_refusal(with("message", std::string("a\0b", 3)), 400, "Invalid request body", "INVALID_REQUEST");
  expect_refusal(with("message", std::string(65'537, 'x')), 400, "Invalid request body", "INVALID_REQUEST");
  EXPECT_FALSE(instances.last_text);
  std::string long_text;
  for (int i = 0; i < 65'536; ++i) long_text += "\xC3\xA9";
  EXPECT_EQ(with("message", long_text).status, 200) << "characters count, not bytes";
}

TEST_F(MessageEndpoints, WhatWhatsAppSaysToATextHasItsOwnAnswer) {
  const json body = {{"number", "5511888888888"}, {"message", "hi"}, {"messageId", "mine"}};
  struct Row {
    Error error;
    int status;
    const char* message;
    const char* code;
  };
  const Row rows[] = {
      {{Errc::kNotFound, Cause::kNotOnWhatsApp, ""}, 400, "Number is not on WhatsApp", "NOT_ON_WHATSAPP"},
      {{Errc::kNotFound, Cause::kMessageNotFound, ""}, 404, "Message not found", "MESSAGE_NOT_FOUND"},
      {{Errc::kRejected, Cause::kSendForbidden, ""}, 403, "Not allowed to send to this chat", "SEND_FORBIDDEN"},
      {{Errc::kNotFound, Cause::kSendForbidden, ""}, 403, "Not allowed to send to this chat", "SEND_FORBIDDEN"},
      {{Errc::kRejected, Cause::kSendReachOutLocked, ""},
       403,
       "The account may not begin new chats now",
       "SEND_REACH_OUT_LOCKED"},
      {{Errc::kRejected, Cause::kSendNewChatLimit, ""},
       403,
       "The account may not begin new chats now",
       "SEND_NEW_CHAT_LIMIT"},
      {{Errc::kRateLimited, Cause::kSendRateLimited, ""},
       429,
       "WhatsApp limits how much is sent. Try again later.",
       "SEND_RATE_LIMITED"},
      {{Errc::kRejected, Cause::kSendStaleAddressing, ""}, 500, "Failed to send message", "SEND_STALE_ADDRESSING"},
      {{Errc::kRejected, Cause::kSendRefused, ""}, 500, "Failed to send message", "SEND_REFUSED"},
      {{Errc::kUnavailable, Cause::kSendNoDevice, ""}, 500, "Failed to send message", "SEND_NO_DEVICE"},
      {{Errc::kTimedOut, Cause::kSendTimeout, ""}, 500, "Failed to send message", "SEND_TIMEOUT"},
      {{Errc::kTimedOut, Cause::kSendUnconfirmed, ""}, 500, "Failed to send message", "SEND_UNCONFIRMED"},
      {{Errc::kUnavailable, Cause::kOverloaded, ""}, 503, "Service unavailable", "OVERLOADED"},
      {{Errc::kCancelled, Cause::kLoggedOut, ""}, 500, "Failed to send message", "LOGGED_OUT"},
  };
  for (const Row& row : rows) {
    instances.send_error = row.error;
    const Answer answer = post(kText, body);
    expect_refusal(answer, row.status, row.message, row.code);
    EXPECT_EQ(answer.json()["error"]["messageId"], "mine") << answer.body;
  }
}

TEST_F(MessageEndpoints, WithoutAConnectionItIs503) {
  const json text = {{"number", "5511888888888"}, {"message", "hi"}};
  for (const auto& [target, body] : std::vector<std::pair<std::string, json>>{
           {kText, text},
           {"/api/chat/presence/sales", {{"number", "5511888888888"}, {"state", "typing"}}},
           {"/v1/instances/sales/chats/older", {{"number", "5511888888888"}}},
           {"/api/chat/markRead/sales", {{"number", "5511888888888"}, {"messageId", "x"}}}}) {
    instances.next_error = instance::not_connected();
    const Answer answer = post(target, body);
    expect_refusal(answer, 503, "Instance is not connected to WhatsApp", "NOT_CONNECTED");
    EXPECT_FALSE(answer.json()["error"].contains("messageId"));
  }
}

TEST_F(MessageEndpoints, TypingIsShown) {
  const std::string target = "/api/chat/presence/sales";
  const Answer answer = post(target, {{"number", "5511888888888"}, {"state", "recording"}, {"duration", 20}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["message"], "Presence updated successfully");
  EXPECT_EQ(instances.last_presence->state, instance::ChatState::kRecording);
  EXPECT_EQ(instances.last_presence->duration, Seconds(20));
  for (const char* state : {"typing", "pause", "paused"}) {
    EXPECT_EQ(post(target, {{"number", "5511888888888"}, {"state", state}}).status, 200);
  }
  EXPECT_EQ(instances.last_presence->state, instance::ChatState::kPaused);
  expect_refusal(post(target, {{"state", "typing"}}), 400, "Number is required", "INVALID_FIELD");
  expect_refusal(post(target, {{"number", "5511888888888"}}), 400,
                 "State is required. Use 'typing', 'recording', or 'pause'", "INVALID_FIELD");
  expect_refusal(post(target, {{"number", "5511888888888"}, {"state", "dancing"}}), 400,
                 "Invalid state. Use 'typing', 'recording', or 'pause'", "INVALID_FIELD");
  expect_refusal(post(target, {{"number", "5511888888888"}, {"state", "typing"}, {"duration", -1}}), 400,
                 "Invalid request body", "INVALID_REQUEST");
}

TEST_F(MessageEndpoints, MessagesAreMarkedAsRead) {
  const std::string target = "/api/chat/markRead/sales";
  EXPECT_EQ(post(target, {{"number", "5511888888888"}, {"messageId", "a"}}).status, 200);
  EXPECT_EQ(instances.last_read->ids, std::vector<std::string>{"a"});
  EXPECT_EQ(post(target, {{"number", "5511888888888"}, {"messageIds", {"a", "b"}}}).status, 200);
  EXPECT_EQ(instances.last_read->ids.size(), 2U);
  expect_refusal(post(target, {{"number", "5511888888888"}}), 400, "MessageID is required", "INVALID_FIELD");
  expect_refusal(post(target, {{"number", "5511888888888"}, {"messageIds", json::array()}}), 400,
                 "MessageID is required", "INVALID_FIELD");
  expect_refusal(post(target, {{"number", "5511888888888"}, {"messageIds", {""}}}), 400, "Invalid request body",
                 "INVALID_REQUEST");
  expect_refusal(post(target, {{"number", "5511888888888"}, {"messageIds", std::vector<std::string>(257, "x")}}), 400,
                 "Invalid request body", "INVALID_REQUEST");
}

TEST_F(MessageEndpoints, HistoryIsNewestFirst) {
  const std::string target = "/api/chat/history/sales";
  const Answer answer = post(target, {{"number", "5511888888888"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json body = answer.json();
  EXPECT_EQ(body["message"], "Chat history retrieved successfully");
  ASSERT_EQ(body["messages"].size(), 2U);
  EXPECT_EQ(body["messages"][0]["id"], "3EB0B");
  EXPECT_EQ(body["messages"][0]["content"]["text"], "hi");
  EXPECT_EQ(body["messages"][0]["status"], "received");
  EXPECT_EQ(body["count"], 2);
  EXPECT_EQ(body["hasMore"], false);
  EXPECT_TRUE(body["nextCursor"].is_null());
  EXPECT_EQ(body["chat_jid"], "5511888888888@s.whatsapp.net");
  EXPECT_EQ(instances.last_history->limit, 50U);
  const json more = post(target, {{"number", "5511888888888"}, {"count", 2}, {"cursor", "c"}}).json();
  EXPECT_EQ(more["hasMore"], true);
  EXPECT_EQ(more["nextCursor"], "next-page");
  EXPECT_EQ(instances.last_history->cursor, "c");
}

TEST_F(MessageEndpoints, OlderMessagesAreAskedFor) {
  const std::string target = "/v1/instances/sales/chats/older";
  const Answer answer = post(target, {{"number", "5511888888888"}, {"count", 20}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["message"], "Older messages received");
  EXPECT_EQ(instances.last_older->chat.user, "5511888888888");
  EXPECT_EQ(instances.last_older->count, 20U);
  EXPECT_EQ(post(target, {{"number", "5511888888888"}}).status, 200);
  EXPECT_EQ(instances.last_older->count, 50U);
  EXPECT_EQ(post(target, {{"number", "5511888888888"}, {"count", 30.0}}).status, 200);
  EXPECT_EQ(instances.last_older->count, 30U);
  for (const json& count : {json(51), json(2.5), json(1e300)}) {
    expect_refusal(post(target, {{"number", "5511888888888"}, {"count", count}}), 400, "Invalid request body",
                   "INVALID_REQUEST");
  }
  instances.next_error = Error{Errc::kTimedOut, Cause::kHistoryUnanswered, "the phone said nothing"};
  expect_refusal(post(target, {{"number", "5511888888888"}}), 500, "Failed to get older messages",
                 "HISTORY_UNANSWERED");
}

TEST_F(MessageEndpoints, HistoryIsBetweenTimes) {
  const std::string target = "/api/chat/history/sales";
  ASSERT_EQ(post(target,
                 {{"number", "5511888888888"}, {"from", "2026-02-16T18:32:39Z"}, {"to", "2026-02-16T20:32:39.5+02:00"}})
                .status,
            200);
  EXPECT_EQ(instances.last_history->from, Wall(Seconds(1'771'266'759)));
  EXPECT_EQ(instances.last_history->to, Wall(Seconds(1'771'266'760))) << "its second is within";
  expect_refusal(post(target, {{"number", "5511888888888"}, {"from", "yesterday"}}), 400,
                 "invalid 'from' date format. Use ISO 8601 format (e.g., '2026-02-16T18:32:39Z')", "INVALID_FIELD");
  expect_refusal(post(target, {{"number", "5511888888888"}, {"to", "2026-13-01"}}), 400,
                 "invalid 'to' date format. Use ISO 8601 format (e.g., '2026-02-16T18:32:39Z')", "INVALID_FIELD");
  for (const json& count : {json(0), json(501), json(-1), json("50"), json(1.5)}) {
    expect_refusal(post(target, {{"number", "5511888888888"}, {"count", count}}), 400, "Invalid request body",
                   "INVALID_REQUEST");
  }
  instances.read_error = Error{Errc::kStorage, Cause::kStoreCorrupt, "record"};
  expect_refusal(post(target, {{"number", "5511888888888"}}), 500, "Failed to get chat history", "STORE_CORRUPT");
}

TEST_F(MessageEndpoints, ContactsAreListedAndFound) {
  instance::ContactInfo ana;
  ana.party = message("x").sender;
  ana.full_name = "Ana Lima";
  ana.push_name = "ana";
  instance::ContactInfo bo;
  bo.party.pn = Jid::parse("5521977777777@s.whatsapp.net");
  bo.push_name = "Bo";
  instances.known = {ana, bo};
  const json all = call("GET", "/api/chat/contacts/sales").json();
  EXPECT_EQ(all["total"], 2);
  EXPECT_EQ(all["contacts"][0], json::parse(R"({"found":true,"jid":"5511888888888@s.whatsapp.net",
      "lid":"222000000000000@lid","name":"Ana Lima","fullName":"Ana Lima","pushName":"ana"})"));
  EXPECT_TRUE(all["contacts"][1]["lid"].is_null());
  const json one = call("GET", "/api/chat/contacts/sales?number=%2B5511888888888").json();
  EXPECT_EQ(one["contact"]["lid"], "222000000000000@lid");
  EXPECT_EQ(one["contact"]["found"], true);
  const Answer nobody = call("GET", "/api/chat/contacts/sales?number=5511000000000");
  EXPECT_EQ(nobody.status, 200);
  EXPECT_EQ(nobody.json()["contact"]["found"], false);
  expect_refusal(call("GET", "/api/chat/contacts/sales?number=abc"), 400, "Invalid phone number", "INVALID_NUMBER");
  expect_refusal(call("GET", "/api/chat/contacts/sales?number="), 400, "Invalid phone number", "INVALID_NUMBER");
  instances.read_error = Error{Errc::kStorage, Cause::kStoreCorrupt, "record"};
  expect_refusal(call("GET", "/api/chat/contacts/sales"), 500, "Failed to get contacts", "STORE_CORRUPT");
}

TEST_F(MessageEndpoints, OneMessageAndItsStatus) {
  const Answer found = call("GET", "/api/chat/getMessage/sales?messageId=3EB0A");
  ASSERT_EQ(found.status, 200) << found.body;
  EXPECT_EQ(found.json()["data"]["id"], "3EB0A");
  instances.messages[0].from_me = true;
  instances.messages[0].state = protocol::messages::MessageState::kRead;
  const json status = call("GET", "/api/chat/status/sales?messageId=3EB0B").json();
  EXPECT_EQ(status, json::parse(R"({"success":true,"message":"Message status retrieved successfully",
      "message_id":"3EB0B","status":"read","status_code":4,"direction":"sent",
      "chat_jid":"5511888888888@s.whatsapp.net","timestamp":"2026-04-28T10:30:00Z"})"));
  EXPECT_EQ(call("GET", "/api/chat/status/sales?messageId=3EB0A").json()["direction"], "received");
  for (const char* path : {"/api/chat/getMessage/sales", "/api/chat/status/sales"}) {
    expect_refusal(call("GET", path), 400, "Message ID is required (use ?messageId=<message-id>)", "INVALID_FIELD");
    expect_refusal(call("GET", std::string(path) + "?messageId="), 400,
                   "Message ID is required (use ?messageId=<message-id>)", "INVALID_FIELD");
    expect_refusal(call("GET", std::string(path) + "?messageId=none"), 404, "Message not found", "MESSAGE_NOT_FOUND");
    expect_refusal(call("GET", std::string(path) + "?messageId=" + std::string(500, 'x')), 404, "Message not found",
                   "MESSAGE_NOT_FOUND");
  }
}

TEST_F(MessageEndpoints, MediaInBase64AndAsBytes) {
  instances.media["3EB0A"] = {"image/jpeg", "image", "holiday.jpg", {0xFF, 0xD8, 0x00, 0x01}};
  const json body = call("GET", "/api/chat/base64/sales?messageId=3EB0A").json();
  EXPECT_EQ(body["message"], "Base64 retrieved successfully");
  EXPECT_EQ(body["mime_type"], "image/jpeg");
  EXPECT_EQ(body["media_type"], "image");
  EXPECT_EQ(body["base64"], "/9gAAQ==");
  const Answer bytes = call("GET", "/v1/instances/sales/messages/3EB0A/media");
  EXPECT_EQ(bytes.status, 200);
  EXPECT_EQ(bytes.header("content-type"), "image/jpeg");
  EXPECT_EQ(bytes.body, std::string("\xFF\xD8\x00\x01", 4));
  EXPECT_EQ(bytes.header("content-disposition"), "inline; filename=\"holiday.jpg\"");
  EXPECT_EQ(bytes.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(bytes.header("cache-control"), "private, no-store");
  expect_refusal(call("GET", "/api/chat/base64/sales"), 400, "messageId query parameter is required", "INVALID_FIELD");
  for (const char* target : {"/api/chat/base64/sales?messageId=none", "/v1/instances/sales/messages/none/media"}) {
    expect_refusal(call("GET", target), 404, "Message not found or no media available", "MEDIA_NOT_AVAILABLE");
  }
  instances.read_error = instance::not_connected();
  expect_refusal(call("GET", "/api/chat/base64/sales?messageId=3EB0A"), 503, "Instance is not connected to WhatsApp",
                 "NOT_CONNECTED");
  instances.read_error = Error{Errc::kUnavailable, Cause::kHttpFailed, "gone"};
  expect_refusal(call("GET", "/v1/instances/sales/messages/3EB0A/media"), 500, "Failed to fetch media", "HTTP_FAILED");
}

/// The sender writes type and name of a file: neither may make a page of it, or a header.
TEST_F(MessageEndpoints, AStrangersFileIsNoPageOfOurs) {
  for (const char* type :
       {"text/html", "image/svg+xml", "application/xhtml+xml", "image/png\r\nX-Evil: 1", "", "IMAGE/PNG; a=b"}) {
    instances.media["x"] = {type, "document", "../../\"evil\r\nSet-Cookie: a=b\".html", {'<'}};
    const Answer answer = call("GET", "/v1/instances/sales/messages/x/media");
    const bool shown = std::string(type).starts_with("IMAGE/PNG");
    EXPECT_EQ(answer.header("content-type"), shown ? "image/png" : "application/octet-stream") << type;
    EXPECT_EQ(answer.header("content-security-policy"), "default-src 'none'; sandbox");
    EXPECT_EQ(answer.header("set-cookie") + answer.header("x-evil"), "");
    EXPECT_EQ(answer.header("content-disposition"),
              std::string(shown ? "inline" : "attachment") + "; filename=\"_._..__evil__Set-Cookie__a_b_.html\"");
  }
}

TEST_F(MessageEndpoints, FiguresAreSums) {
  auto& figures = instances.figures;
  figures.totals.counts = {3, 4, {{"text", 6}, {"image", 1}}};
  figures.totals.outgoing_by_state = {0, 1, 0, 2, 1, 0};
  figures.totals.contacts = 2;
  figures.totals.first_at = Wall(Seconds(1'777'000'000));
  figures.totals.last_at = Wall(Seconds(1'777'372'200));
  figures.last_7_days = {1, 1, {}};
  figures.last_30_days = {3, 2, {}};
  EXPECT_EQ(call("GET", "/api/instance/metrics/sales").json()["metrics"], json::parse(R"({"instance":"sales",
      "totalMessages":7,"messagesByType":{"image":1,"text":6},
      "messagesByStatus":{"pending":1,"delivered":2,"read":1,"received":3},"last7Days":2,"last30Days":5,
      "uniqueContacts":2,"firstMessageAt":"2026-04-24T03:06:40Z","lastMessageAt":"2026-04-28T10:30:00Z"})"));
  instances.add("support");
  const json both = call("GET", "/api/instance/metrics/sales,support,sales").json()["metrics"];
  EXPECT_EQ(both["totalMessages"], 14) << "each counts once";
  EXPECT_EQ(both["messagesByType"]["text"], 12);
  EXPECT_EQ(call("GET", "/api/instance/metrics/sales,nobody").status, 404);
}

TEST_F(MessageEndpoints, TheListSaysHowFarTheHistoryHasCome) {
  EXPECT_FALSE(call("GET", "/api/instance/list").json()["instances"][0].contains("history"));
  instances.progress.emplace();
  instances.progress->progress = 40;
  instances.progress->messages = 1200;
  instances.progress->conversations = 30;
  EXPECT_EQ(call("GET", "/api/instance/list").json()["instances"][0]["history"],
            json::parse(R"({"progress":40,"messages":1200,"conversations":30,"done":false,"updatedAt":null})"));
}

TEST_F(MessageEndpoints, AnUnknownInstanceIs404) {
  for (const auto& [method, target, body] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"POST", "/api/message/text/nobody", R"({"number":"5511888888888","message":"x"})"},
           {"POST", "/api/chat/history/nobody", R"({"number":"5511888888888"})"},
           {"GET", "/api/chat/contacts/nobody", ""},
           {"GET", "/api/chat/contacts/nobody?number=5511888888888", ""},
           {"POST", "/api/chat/markRead/nobody", R"({"number":"5511888888888","messageId":"x"})"},
           {"POST", "/api/chat/presence/nobody", R"({"number":"5511888888888","state":"typing"})"},
           {"GET", "/api/chat/getMessage/nobody?messageId=x", ""},
           {"GET", "/api/chat/status/nobody?messageId=x", ""},
           {"GET", "/api/chat/base64/nobody?messageId=x", ""},
           {"GET", "/v1/instances/nobody/messages/x/media", ""}}) {
    expect_refusal(call(method, target, kAccount, body), 404, "Instance not found", "INSTANCE_NOT_FOUND");
  }
}

}  // namespace
}  // namespace ponte::api::test
