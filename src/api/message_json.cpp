#include "api/message_json.h"

#include "api/text.h"

namespace ponte::api {
namespace {

constexpr char kParty[] = R"({"type":"object","required":["jid","lid","name"],"properties":{
"jid":{"type":["string","null"],"description":"Of the phone number where it is known, else the LID"},
"lid":{"type":["string","null"]},"name":{"type":["string","null"]}}})";

constexpr char kChat[] = R"({"type":"object","required":["jid","lid","name","type"],"properties":{
"jid":{"type":["string","null"]},"lid":{"type":["string","null"]},"name":{"type":["string","null"]},
"type":{"enum":["private","group","newsletter","status","broadcast"]}}})";

constexpr char kMedia[] = R"({"type":["object","null"],
"required":["type","url","s3Url","mimetype","mimeType","isVoiceNote"],"properties":{
"type":{"type":"string"},"url":{"type":["string","null"],"description":"Of the decrypted bytes; needs a token"},
"s3Url":{"type":"null"},"mimetype":{"type":"string"},"mimeType":{"type":"string"},"fileName":{"type":"string"},
"caption":{"type":"string"},"size":{"type":"integer","minimum":0},"duration":{"type":"integer","minimum":0},
"width":{"type":"integer","minimum":0},"height":{"type":"integer","minimum":0},
"pages":{"type":"integer","minimum":0},"sha256":{"type":"string","pattern":"^[0-9a-f]{64}$"},
"isVoiceNote":{"type":"boolean"},"isGif":{"type":"boolean"},"isAnimated":{"type":"boolean"}}})";

constexpr char kMessage[] = R"({"type":"object","description":"Of each kind those members are there that it has",
"required":["id","direction","timestamp","chat","sender","type","source","fromOffline","content","text","isEdit",
"media","edit","status","statusCode"],"properties":{
"id":{"type":"string"},"direction":{"enum":["incoming","outgoing"]},
"timestamp":{"type":"string","format":"date-time"},"chat":{"$ref":"#/components/schemas/Chat"},
"sender":{"$ref":"#/components/schemas/Party"},
"type":{"type":"string","pattern":"^[a-z_]+$"},"source":{"type":["string","null"]},"fromOffline":{"type":"boolean"},
"content":{"type":"object","required":["text"],"properties":{"text":{"type":"string"}}},"text":{"type":"string"},
"isEdit":{"type":"boolean"},"media":{"$ref":"#/components/schemas/Media"},
"edit":{"type":["object","null"],"required":["original_id","text","type"],"properties":{
"original_id":{"type":"string"},"text":{"type":"string"},"type":{"type":"string"}}},
"reply":{"type":"object","required":["message_id","text"],"properties":{
"message_id":{"type":"string"},"text":{"type":"string"},"participant":{"type":"string"},"type":{"type":"string"}}},
"mentions":{"type":"object","required":["mentionedUsers","all"],"properties":{
"mentionedUsers":{"type":"array","items":{"type":"string"}},"all":{"type":"boolean"}}},
"reaction":{"type":"object","required":["message_id","text","emoji"],"properties":{
"message_id":{"type":"string"},"participant":{"type":"string"},"text":{"type":"string"},"emoji":{"type":"string"}}},
"revoke":{"type":"object","required":["message_id","id"],"properties":{
"message_id":{"type":"string"},"participant":{"type":"string"},"id":{"type":"string"}}},
"pin":{"type":"object","required":["message_id","removed"],"properties":{
"message_id":{"type":"string"},"participant":{"type":"string"},"removed":{"type":"boolean"}}},
"target":{"type":"object","required":["message_id"],"properties":{
"message_id":{"type":"string"},"participant":{"type":"string"}}},
"location":{"type":"object"},"contact":{"type":"object"},"contacts":{"type":"array","items":{"type":"object"}},
"poll":{"type":"object"},"buttons":{"type":"object"},"list":{"type":"object"},"template":{"type":"object"},
"interactive":{"type":"object"},"button_response":{"type":"object"},"list_response":{"type":"object"},
"groupInvite":{"type":"object"},"event":{"type":"object"},"isForwarded":{"type":"boolean"},
"forwardingScore":{"type":"integer","minimum":0},"isViewOnce":{"type":"boolean"},
"expiration":{"type":"integer","minimum":0},"isEncrypted":{"type":"boolean"},"isTruncated":{"type":"boolean"},
"status":{"enum":["pending","sent","delivered","received","read","played","error"]},
"statusCode":{"type":"integer","minimum":-1,"maximum":5}}})";

constexpr char kContact[] = R"({"type":"object","required":["found","jid","lid","name"],"properties":{
"found":{"const":true},"jid":{"type":["string","null"]},"lid":{"type":["string","null"]},
"name":{"type":"string","description":"As the address book has it, else as he calls himself"},
"fullName":{"type":"string"},"firstName":{"type":"string"},"pushName":{"type":"string"},
"businessName":{"type":"string"},"username":{"type":"string"}}})";

constexpr char kHistory[] = R"({"type":"object",
"required":["progress","messages","conversations","done","updatedAt"],"properties":{
"progress":{"type":"integer","minimum":0,"maximum":100},"messages":{"type":"integer","minimum":0},
"conversations":{"type":"integer","minimum":0},"done":{"type":"boolean"},
"updatedAt":{"type":["string","null"],"format":"date-time"}}})";

Json jid_json(const std::optional<instance::Jid>& jid) {
  return jid ? Json(jid->to_string()) : Json(nullptr);
}

void add(Json& out, const char* key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}

}  // namespace

instance::Telling telling_of(const EndpointContext& context, const instance::InstanceInfo& info) {
  const std::string url = context.events != nullptr ? context.events->base_url : std::string(context.public_url);
  return {info.name, url, info.number_jid, info.push_name, info.settings};
}

Json shown_message(const instance::ChatMessage& message, const instance::Telling& telling) {
  return Json::parse(instance::message_json(message, telling));
}

Json sent_json(const instance::ChatMessage& message, const instance::Telling& telling) {
  const Json shown = shown_message(message, telling);
  Json out = {{"messageId", shown["id"]}, {"direction", shown["direction"]}, {"messageType", shown["type"]}};
  for (const char* key : {"content", "chat", "sender", "timestamp", "source"}) out[key] = shown[key];
  if (const auto mentions = shown.find("mentions"); mentions != shown.end()) out["mentions"] = *mentions;
  if (const auto reply = shown.find("reply"); reply != shown.end()) out["replyTo"] = (*reply)["message_id"];
  if (shown["chat"]["type"] == "group") out["chat"]["groupName"] = shown["chat"]["name"];
  return out;
}

Json contact_json(const instance::ContactInfo& contact) {
  const auto& [party, full_name, first_name, push_name, business_name, username] = contact;
  Json out = {{"found", true}, {"jid", jid_json(party.pn ? party.pn : party.lid)}, {"lid", jid_json(party.lid)}};
  out["name"] = !full_name.empty() ? full_name : !push_name.empty() ? push_name : business_name;
  add(out, "fullName", full_name);
  add(out, "firstName", first_name);
  add(out, "pushName", push_name);
  add(out, "businessName", business_name);
  add(out, "username", username);
  return out;
}

Json history_json(const instance::HistoryProgress& progress) {
  return {{"progress", progress.progress},
          {"messages", progress.messages},
          {"conversations", progress.conversations},
          {"done", progress.done},
          {"updatedAt", progress.last_at ? Json(rfc3339(*progress.last_at)) : Json(nullptr)}};
}

Json instance_item(const EndpointContext& context, const instance::InstanceInfo& info, TokenShown token) {
  Json out = instance_json(info, token, context.webhooks.default_webhook(info.id));
  // Who never was linked has none.
  if (!info.number_jid) return out;
  const auto history = context.instances.history_progress(info.name);
  if (history.ok() && *history) out["history"] = history_json(**history);
  return out;
}

std::vector<NamedSchema> message_schemas() {
  return {{"Party", kParty},     {"Chat", kChat},       {"Media", kMedia},
          {"Message", kMessage}, {"Contact", kContact}, {"History", kHistory}};
}

}  // namespace ponte::api
