#include "api/instance_json.h"

#include <algorithm>

#include "api/text.h"
#include "api/webhook_json.h"
#include "instance/event_names.h"
#include "instance/proxy.h"

namespace ponte::api {
namespace {

const char* display_status(instance::State state) {
  switch (state) {
    case instance::State::kDisconnected: return "Disconnected";
    case instance::State::kConnecting: return "Connecting";
    case instance::State::kConnected: return "Connected";
    case instance::State::kLoggedOut: return "Logged out";
    case instance::State::kPasskeyRequired: return "Passkey required";
  }
  return "Disconnected";
}

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

Json connection_json(const instance::InstanceInfo& info) {
  const bool online = info.state == instance::State::kConnected && info.settings.keep_online_status;
  Json out = {{"state", instance::state_name(info.state)},
              {"numberJid", text_or_null(info.number_jid)},
              {"presenceStatus", online ? "available" : "unavailable"},
              {"displayStatus", display_status(info.state)},
              {"since", rfc3339(info.state_since)}};
  if (info.lid) out["lid"] = *info.lid;
  if (!info.platform.empty()) out["platform"] = info.platform;
  return out;
}

using Stage = instance::PasskeyState::Stage;

const char* stage_name(Stage stage) {
  switch (stage) {
    case Stage::kRequested: return "requested";
    case Stage::kSubmitted: return "submitted";
    case Stage::kConfirm: return "confirm";
    case Stage::kConfirmed: return "confirmed";
    case Stage::kEnded: return "ended";
  }
  return "ended";
}

}  // namespace

Result<Json> passkey_json(const instance::PasskeyState& passkey) {
  Json out = {{"stage", stage_name(passkey.stage)}, {"expiresAt", rfc3339(passkey.expires_at)}};
  if (passkey.stage == Stage::kRequested) {
    auto options = parse_object(passkey.options);
    if (!options)
      return Error{Errc::kMalformed, Cause::kPairingMalformed, "request options: " + options.error().message};
    const auto wrapped = options->find("publicKey");
    out["publicKey"] = wrapped == options->end() ? std::move(*options) : *wrapped;
  }
  if (passkey.code) out["code"] = *passkey.code;
  return out;
}

Json reason_json(const Error& reason, Wall since) {
  Json out = {{"code", cause_name(reason.cause)}, {"message", reason.message}};
  if (reason.retry_after) out["retryAt"] = rfc3339(since + *reason.retry_after);
  return out;
}

namespace {

constexpr char kInstance[] = R"({"type":"object",
"required":["id","name","status","numberJid","createdAt","updatedAt","connection","profile","webhook","websocket",
"chatwoot","proxy","settings","s3"],"properties":{
"id":{"type":"string","format":"uuid"},
"name":{"type":"string","pattern":"^[A-Za-z0-9_-]{1,100}$"},
"token":{"type":"string","description":"The instance token; shown to the account token only"},
"status":{"$ref":"#/components/schemas/State"},
"numberJid":{"type":["string","null"],"pattern":"^[0-9]+@s[.]whatsapp[.]net$"},
"createdAt":{"type":"string","format":"date-time"},
"updatedAt":{"type":"string","format":"date-time"},
"connection":{"type":"object","required":["state","numberJid","presenceStatus","displayStatus","since"],"properties":{
"state":{"$ref":"#/components/schemas/State"},
"numberJid":{"type":["string","null"],"pattern":"^[0-9]+@s[.]whatsapp[.]net$"},
"presenceStatus":{"enum":["available","unavailable"]},
"displayStatus":{"enum":["Disconnected","Connecting","Connected","Logged out","Passkey required"]},
"since":{"type":"string","format":"date-time"},
"lid":{"type":"string","description":"The account's other name on WhatsApp, once it is linked"},
"platform":{"type":"string","description":"Of the phone, once it is linked"}}},
"profile":{"type":"object","required":["name","pictureUrl","isBusiness","businessName"],"properties":{
"name":{"type":"string"},"pictureUrl":{"type":"string"},"isBusiness":{"type":"boolean"},
"businessName":{"type":"string"}}},
"webhook":{"type":"object","required":["enabled","label","url","byEvents","events","mediaBase64"],"properties":{
"enabled":{"type":"boolean"},"label":{"type":"string"},"url":{"type":"string"},"byEvents":{"type":"boolean"},
"events":{"type":"array","items":{"type":"string"}},"mediaBase64":{"type":"boolean"},
"secret":{"type":"string","description":"In the answer that makes it, and never again"}}},
"websocket":{"$ref":"#/components/schemas/WebSocket"},
"chatwoot":{"type":"object","required":["enabled"],"properties":{"enabled":{"type":"boolean"}}},
"proxy":{"$ref":"#/components/schemas/Proxy"},
"settings":{"$ref":"#/components/schemas/Settings"},
"s3":{"type":"object",
"required":["enabled","region","bucket","accessKey","secretKey","endpoint","pathPrefix"],"properties":{
"enabled":{"type":"boolean"},"region":{"type":["string","null"]},"bucket":{"type":["string","null"]},
"accessKey":{"type":["string","null"]},"secretKey":{"type":["string","null"]},"endpoint":{"type":["string","null"]},
"pathPrefix":{"type":["string","null"]}}},
"history":{"$ref":"#/components/schemas/History"},
"reason":{"$ref":"#/components/schemas/Reason"}}})";

constexpr char kReason[] = R"({"description":"Why it is not connected, where something went wrong","type":"object",
"required":["code","message"],"properties":{"code":{"type":"string","pattern":"^[A-Z][A-Z0-9_]*$"},
"message":{"type":"string"},
"retryAt":{"type":"string","format":"date-time","description":"When Ponte tries again by itself"}}})";

constexpr char kPasskey[] = R"({"type":"object","required":["stage","expiresAt"],"properties":{
"stage":{"enum":["requested","submitted","confirm","confirmed","ended"]},
"expiresAt":{"type":"string","format":"date-time"},
"publicKey":{"type":"object","additionalProperties":true,
"description":"In stage requested: for PublicKeyCredential.parseRequestOptionsFromJSON"},
"code":{"type":"string","pattern":"^[0-9A-Z]{4}-[0-9A-Z]{4}$","description":"To be compared with the phone's"}}})";

constexpr char kWebSocket[] = R"({"type":"object","required":["enabled","events","mediaBase64"],"properties":{
"enabled":{"type":"boolean"},"events":{"type":"array","items":{"$ref":"#/components/schemas/EventName"}},
"mediaBase64":{"type":"boolean"}}})";

constexpr char kEventName[] =
    R"({"type":"string","enum":["message.exchange","message.status","call.update","group.flow",
"instance.state","label.update"]})";

constexpr char kState[] =
    R"({"type":"string","enum":["disconnected","connecting","connected","loggedout","passkey_required"]})";

constexpr char kSettings[] = R"({"type":"object",
"required":["autoRejectCalls","callRejectMessage","ignoreGroupMessages","keepOnlineStatus","autoReadMessages",
"disableHistorySync","ignoreStatus"],"properties":{
"autoRejectCalls":{"type":"boolean"},"callRejectMessage":{"type":"string"},"ignoreGroupMessages":{"type":"boolean"},
"keepOnlineStatus":{"type":"boolean"},"autoReadMessages":{"type":"boolean"},"disableHistorySync":{"type":"boolean"},
"ignoreStatus":{"type":"boolean"}}})";

// null counts as absent in every request.
constexpr char kSettingsChange[] = R"({"type":"object","additionalProperties":true,"properties":{
"autoRejectCalls":{"type":["boolean","null"]},"callRejectMessage":{"type":["string","null"],"maxLength":4096},
"ignoreGroupMessages":{"type":["boolean","null"]},"keepOnlineStatus":{"type":["boolean","null"]},
"autoReadMessages":{"type":["boolean","null"]},"disableHistorySync":{"type":["boolean","null"]},
"ignoreStatus":{"type":["boolean","null"]}}})";

constexpr char kProxy[] = R"({"description":"Without its password","type":"object",
"required":["enabled","host","port","protocol","username"],"properties":{
"enabled":{"type":"boolean"},"host":{"type":["string","null"]},
"port":{"type":["string","null"],"pattern":"^[0-9]{1,5}$"},"protocol":{"enum":["http","https","socks5",null]},
"username":{"type":["string","null"]}}})";

}  // namespace

std::vector<NamedSchema> instance_schemas() {
  return {{"Instance", kInstance},   {"Reason", kReason},
          {"Passkey", kPasskey},     {"State", kState},
          {"WebSocket", kWebSocket}, {"EventName", kEventName},
          {"Settings", kSettings},   {"SettingsChange", kSettingsChange},
          {"Proxy", kProxy}};
}

Json settings_json(const instance::Settings& settings) {
  return {{"autoRejectCalls", settings.auto_reject_calls},
          {"callRejectMessage", settings.call_reject_message},
          {"ignoreGroupMessages", settings.ignore_group_messages},
          {"keepOnlineStatus", settings.keep_online_status},
          {"autoReadMessages", settings.auto_read_messages},
          {"disableHistorySync", settings.disable_history_sync},
          {"ignoreStatus", settings.ignore_status}};
}

Json proxy_json(const std::optional<instance::Proxy>& proxy) {
  if (!proxy) {
    return {{"enabled", false}, {"host", nullptr}, {"port", nullptr}, {"protocol", nullptr}, {"username", nullptr}};
  }
  return {{"enabled", true},
          {"host", proxy->host},
          {"port", std::to_string(proxy->port)},
          {"protocol", instance::protocol_name(proxy->protocol)},
          {"username", proxy->username.empty() ? Json(nullptr) : Json(proxy->username)}};
}

Json websocket_json(const std::optional<instance::WebSocketConfig>& websocket) {
  const instance::WebSocketConfig shown = websocket.value_or(instance::WebSocketConfig{});
  return {{"enabled", shown.enabled}, {"events", shown.events}, {"mediaBase64", shown.media_base64}};
}

Result<std::vector<std::string>> read_event_names(const std::optional<std::vector<std::string>>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    if (!instance::is_event_name(name)) {
      return Error{Errc::kInvalidArgument, Cause::kInvalidRequest,
                   "events: expected message.exchange, message.status, call.update, group.flow, instance.state or "
                   "label.update"};
    }
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  if (out.empty()) out.assign(instance::kEventNames.begin(), instance::kEventNames.end());
  return out;
}

instance::SettingsChange read_settings(FieldReader& fields) {
  instance::SettingsChange change;
  change.auto_reject_calls = fields.boolean("autoRejectCalls");
  change.call_reject_message = fields.string("callRejectMessage");
  change.ignore_group_messages = fields.boolean("ignoreGroupMessages");
  change.keep_online_status = fields.boolean("keepOnlineStatus");
  change.auto_read_messages = fields.boolean("autoReadMessages");
  change.disable_history_sync = fields.boolean("disableHistorySync");
  change.ignore_status = fields.boolean("ignoreStatus");
  return change;
}

Json instance_json(const instance::InstanceInfo& info, TokenShown token,
                   const std::optional<instance::WebhookInfo>& webhook) {
  Json out = {{"id", info.id}, {"name", info.name}};
  if (token == TokenShown::kYes) out["token"] = info.token;
  out["status"] = instance::state_name(info.state);
  out["numberJid"] = text_or_null(info.number_jid);
  out["createdAt"] = rfc3339(info.created_at);
  out["updatedAt"] = rfc3339(info.updated_at);
  out["connection"] = connection_json(info);
  out["profile"] = {{"name", info.push_name},
                    {"pictureUrl", ""},
                    {"isBusiness", !info.business_name.empty()},
                    {"businessName", info.business_name}};
  out["webhook"] = webhook_summary_json(webhook);
  out["websocket"] = websocket_json(info.websocket);
  out["chatwoot"] = {{"enabled", false}};
  out["proxy"] = proxy_json(info.proxy);
  out["settings"] = settings_json(info.settings);
  out["s3"] = {{"enabled", false},     {"region", nullptr},   {"bucket", nullptr},    {"accessKey", nullptr},
               {"secretKey", nullptr}, {"endpoint", nullptr}, {"pathPrefix", nullptr}};
  if (info.reason) out["reason"] = reason_json(*info.reason, info.reason_since);
  return out;
}

}  // namespace ponte::api
