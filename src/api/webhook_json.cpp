#include "api/webhook_json.h"

#include "api/text.h"

namespace ponte::api {
namespace {

constexpr char kWebhook[] = R"({"type":"object",
"required":["label","enabled","url","authorization","byEvents","events","mediaBase64"],"properties":{
"label":{"type":"string"},"enabled":{"type":"boolean"},"url":{"type":"string"},
"authorization":{"type":["string","null"]},"byEvents":{"type":"boolean"},
"events":{"type":"array","items":{"$ref":"#/components/schemas/EventName"}},"mediaBase64":{"type":"boolean"},
"disabledReason":{"type":"string","description":"Where its receiver has disabled it"},
"previousSecretUntil":{"type":"string","format":"date-time","description":"Until then both secrets sign"},
"secret":{"type":"string","description":"In the answer that makes it, and never again"}}})";

constexpr char kWebhookStatus[] = R"({"allOf":[{"$ref":"#/components/schemas/Webhook"},{"type":"object",
"required":["pending","delivered","missed","deadLetters","droppedDeadLetters","failures"],"properties":{
"pending":{"type":"integer","minimum":0},"delivered":{"type":"integer","minimum":0},
"missed":{"type":"integer","minimum":0},"deadLetters":{"type":"integer","minimum":0},
"droppedDeadLetters":{"type":"integer","minimum":0},"failures":{"type":"integer","minimum":0},
"nextTryAt":{"type":"string","format":"date-time"}}}]})";

constexpr char kDeadLetter[] = R"({"type":"object",
"required":["id","event","timestamp","attempts","status","cause","diedAt","redriven","data"],"properties":{
"id":{"type":"integer","minimum":1},"event":{"type":"string"},"timestamp":{"type":"string","format":"date-time"},
"attempts":{"type":"integer","minimum":0},"status":{"type":["integer","null"]},"cause":{"type":["string","null"]},
"diedAt":{"type":"string","format":"date-time"},"redriven":{"type":"boolean"},
"data":{"type":"object","additionalProperties":true}}})";

constexpr char kDeliveryAttempt[] = R"({"type":"object",
"required":["timestamp","event","id","outcome","status","cause","durationMs"],"properties":{
"timestamp":{"type":"string","format":"date-time"},"event":{"type":"string"},"id":{"type":["integer","null"]},
"outcome":{"enum":["delivered","retry","dead_letter","disabled","failed"]},"status":{"type":["integer","null"]},
"cause":{"type":["string","null"]},"message":{"type":"string"},"durationMs":{"type":"integer","minimum":0}}})";

}  // namespace

std::vector<NamedSchema> webhook_schemas() {
  return {{"Webhook", kWebhook},
          {"WebhookStatus", kWebhookStatus},
          {"DeadLetter", kDeadLetter},
          {"DeliveryAttempt", kDeliveryAttempt}};
}

Json webhook_json(const instance::WebhookInfo& webhook) {
  const instance::WebhookSettings& settings = webhook.settings;
  Json out = {{"label", settings.label},
              {"enabled", settings.enabled},
              {"url", settings.url},
              {"authorization", settings.authorization ? Json(*settings.authorization) : Json(nullptr)},
              {"byEvents", settings.by_events},
              {"events", settings.events},
              {"mediaBase64", settings.media_base64}};
  if (!webhook.disabled_reason.empty()) out["disabledReason"] = webhook.disabled_reason;
  if (webhook.previous_secret_until) out["previousSecretUntil"] = rfc3339(*webhook.previous_secret_until);
  return out;
}

Json webhook_json(const instance::ConfiguredWebhook& configured) {
  Json out = webhook_json(configured.webhook);
  if (configured.secret) out["secret"] = *configured.secret;
  return out;
}

Json webhook_summary_json(const std::optional<instance::WebhookInfo>& webhook) {
  const instance::WebhookSettings settings = webhook ? webhook->settings : instance::WebhookSettings{};
  return {{"enabled", settings.enabled},    {"label", settings.label},   {"url", settings.url},
          {"byEvents", settings.by_events}, {"events", settings.events}, {"mediaBase64", settings.media_base64}};
}

Json webhook_status_json(const instance::WebhookStatus& status) {
  Json out = webhook_json(status.webhook);
  out["pending"] = status.pending;
  out["delivered"] = status.delivered;
  out["missed"] = status.missed;
  out["deadLetters"] = status.dead_letters;
  out["droppedDeadLetters"] = status.dropped;
  out["failures"] = status.failures;
  if (status.next_try) out["nextTryAt"] = rfc3339(*status.next_try);
  return out;
}

Json dead_letter_json(const instance::DeadLetter& letter) {
  Json out = {{"id", letter.sequence},
              {"event", letter.name},
              {"timestamp", rfc3339(letter.at)},
              {"attempts", letter.attempts},
              {"status", letter.status == 0 ? Json(nullptr) : Json(letter.status)},
              {"cause", letter.cause.empty() ? Json(nullptr) : Json(letter.cause)},
              {"diedAt", rfc3339(letter.died_at)},
              {"redriven", letter.redriven}};
  auto data = parse_object(letter.data);
  out["data"] = data ? std::move(*data) : Json(letter.data);
  return out;
}

Json delivery_attempt_json(const instance::DeliveryAttempt& attempt) {
  Json out = {{"timestamp", rfc3339(attempt.at)},
              {"event", attempt.event},
              {"id", attempt.sequence == 0 ? Json(nullptr) : Json(attempt.sequence)},
              {"outcome", attempt.outcome},
              {"status", attempt.status == 0 ? Json(nullptr) : Json(attempt.status)},
              {"cause", attempt.cause.empty() ? Json(nullptr) : Json(attempt.cause)},
              {"durationMs", attempt.duration.count()}};
  if (!attempt.message.empty()) out["message"] = attempt.message;
  return out;
}

std::string label_or_default(std::optional<std::string_view> label) {
  return std::string(label && !label->empty() ? *label : instance::kDefaultLabel);
}

Result<instance::WebhookChange> read_webhook(FieldReader& fields) {
  instance::WebhookChange change;
  const auto enabled = fields.boolean("enabled");
  change.rotate_secret = fields.boolean("rotateSecret").value_or(false);
  change.settings.label = label_or_default(fields.string("label"));
  change.settings.enabled = enabled.value_or(false);
  change.settings.url = fields.string("url").value_or("");
  change.settings.authorization = fields.string("authorization");
  change.settings.by_events = fields.boolean("byEvents").value_or(false);
  change.settings.events = fields.strings("events").value_or(std::vector<std::string>());
  change.settings.media_base64 = fields.boolean("mediaBase64").value_or(false);
  PONTE_TRY(fields.status());
  if (enabled) return change;
  if (!change.rotate_secret) {
    return Error{Errc::kInvalidArgument, Cause::kInvalidRequest,
                 "enabled: expected true, or false to clear the webhook"};
  }
  instance::WebhookChange rotation;
  rotation.settings.label = change.settings.label;
  rotation.rotate_secret = rotation.keeps_settings = true;
  return rotation;
}

std::optional<instance::WebhookChange> read_webhook_block(FieldReader& fields) {
  instance::WebhookChange change;
  change.settings.enabled = fields.boolean("webhookEnabled").value_or(false);
  change.settings.url = fields.string("webhookURL").value_or("");
  change.settings.authorization = fields.string("webhookAuthorization");
  change.settings.by_events = fields.boolean("webhookByEvents").value_or(false);
  change.settings.events = fields.strings("webhookEvents").value_or(std::vector<std::string>());
  change.settings.media_base64 = fields.boolean("webhookMediaBase64").value_or(false);
  return change.settings.enabled ? std::optional(std::move(change)) : std::nullopt;
}

}  // namespace ponte::api
