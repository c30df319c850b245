#include "api/instance_json.h"

#include "api/text.h"
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

Json reason_json(const Error& reason, Wall since) {
  Json out = {{"code", cause_name(reason.cause)}, {"message", reason.message}};
  if (reason.retry_after) out["retryAt"] = rfc3339(since + *reason.retry_after);
  return out;
}

}  // namespace

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

Json instance_json(const instance::InstanceInfo& info, TokenShown token) {
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
  out["webhook"] = {{"enabled", false},  {"label", "default"},      {"url", ""},
                    {"byEvents", false}, {"events", Json::array()}, {"mediaBase64", false}};
  out["websocket"] = {{"enabled", false}, {"events", Json::array()}, {"mediaBase64", false}};
  out["chatwoot"] = {{"enabled", false}};
  out["proxy"] = proxy_json(info.proxy);
  out["settings"] = settings_json(info.settings);
  out["s3"] = {{"enabled", false},     {"region", nullptr},   {"bucket", nullptr},    {"accessKey", nullptr},
               {"secretKey", nullptr}, {"endpoint", nullptr}, {"pathPrefix", nullptr}};
  if (info.reason) out["reason"] = reason_json(*info.reason, info.reason_since);
  return out;
}

}  // namespace ponte::api
